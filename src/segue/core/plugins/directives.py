"""Directives: words of a plugin's own for declaring, with the same rules as routes have."""

import difflib
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from segue.core.routing.claims import Level, remaining
from segue.core.source import Source

__all__ = ["Directed", "Directive", "Statement", "settled"]


class Directive(NamedTuple):
    """``to.directive(name, function, key=...)``."""

    name: str
    function: Callable[..., Any]
    key: Callable[..., Hashable] | None
    plugin: str | None
    place: Source


class Directed(NamedTuple):
    """``app.declare(name, *arguments, **named)``."""

    name: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    place: Source


class Statement(NamedTuple):
    """A use of a directive, and where in the tree of included apps it stands."""

    directed: Directed
    known: Mapping[str, Directive]
    app: Any
    level: Level


def settled(statements: Sequence[Statement], problems: list[str]) -> list[tuple[Statement, Directive]]:
    """The statements to carry out: none that another one further out overrides.

    ``problems`` takes those of unknown directives, and two of one level and the same key.
    """
    found: list[tuple[Statement, Directive]] = []
    alike: dict[tuple[Directive, Hashable], list[Statement]] = {}
    for statement in statements:
        directed = statement.directed
        directive = statement.known.get(directed.name)
        if directive is None:
            near = difflib.get_close_matches(directed.name, statement.known, 1, 0.5)
            hint = f"Did you mean {near[0]!r}?" if near else "A plugin gives it: to.directive(name, function)"
            problems.append(f"{directed.place}: there is no directive {directed.name!r}. {hint}")
            continue
        found.append((statement, directive))
        if directive.key is not None:
            try:
                key = directive.key(*directed.arguments, **directed.named)
            except TypeError as error:
                problems.append(f"{directed.place}: {directed.name!r} cannot be declared so: {error}")
                found.pop()
                continue
            alike.setdefault((directive, key), []).append(statement)
    overridden: list[Statement] = []
    for (directive, key), group in alike.items():
        first, *others = left = remaining(group)
        overridden += [one for one in group if one not in left]
        problems += [
            f"{directive.name} {key!r} is declared at {first.directed.place} and at {other.directed.place}. "
            f"Take one away, or let an app that includes both declare it"
            for other in others
        ]
    return [(statement, directive) for statement, directive in found if statement not in overridden]
