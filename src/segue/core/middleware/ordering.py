"""Order by relation: what says to come before or after a named neighbour, does (STYLE: never by number)."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol, TypeVar

from segue.core.source import Source

__all__ = ["Neighbour", "Placed", "in_order", "neighbour_name"]

Neighbour = Any
"""Whom an order is about: a plugin by its name, or a function, an object or a class itself."""


class Placed(Protocol):
    """Something that has a place among others of its kind."""

    @property
    def place(self) -> Source: ...
    @property
    def before(self) -> tuple[Neighbour, ...]: ...
    @property
    def after(self) -> tuple[Neighbour, ...]: ...

    def is_known_as(self, neighbour: Neighbour) -> bool:
        """Whether it is the one, or one of those, that ``neighbour`` means."""
        ...


P = TypeVar("P", bound=Placed)


class Known(Protocol):
    """Something that may be named as a neighbour: a plugin, by its name, its class or itself."""

    @property
    def name(self) -> str: ...
    def is_known_as(self, neighbour: Neighbour) -> bool: ...


def in_order(
    items: Sequence[P],
    around: Collection[Any],
    what: str,
    problems: list[str],
    plugins: Collection[Known] = (),
) -> list[P]:
    """``items`` so that each is before and after whom it says, otherwise in the order in which they are.

    ``around``: further ones that stand before all of them. ``plugins``: those that have declared them; one may be named
    though it has declared none. ``problems`` takes neighbours that are not there, those that cannot be, and circles, which
    are left in the order in which they were declared; ``what`` is their kind.
    """
    earlier: list[set[int]] = [set() for _ in items]  # by index: who has to come before it

    def named(neighbour: Neighbour, at: int) -> tuple[list[int], bool]:
        """Those that it means, and whether it is the name of a plugin."""
        known = [one.name for one in plugins if one.is_known_as(neighbour)]
        names = [neighbour, *known]
        found = [
            index
            for index, other in enumerate(items)
            if index != at and any(other.is_known_as(name) for name in names)
        ]
        return found, bool(known)

    for at, one in enumerate(items):
        for neighbour in one.after:
            found, known = named(neighbour, at)
            earlier[at].update(found)
            if not found and not known and not any(other.is_known_as(neighbour) for other in around):
                problems.append(_unknown(one, "after", neighbour, what))
        for neighbour in one.before:
            found, known = named(neighbour, at)
            for index in found:
                earlier[index].add(at)
            if not found and not known:
                outside = any(other.is_known_as(neighbour) for other in around)
                problems.append(
                    f"{one.place}: a {what} of an included app cannot come before {neighbour_name(neighbour)}, "
                    f"which the app around it has. Declare it on the outer app"
                    if outside
                    else _unknown(one, "before", neighbour, what)
                )
    return [items[at] for at in _sorted(items, earlier, what, problems)]


def _sorted(
    items: Sequence[Placed], earlier: Sequence[set[int]], what: str, problems: list[str]
) -> list[int]:
    """Each after those that have to be earlier, which are brought forward: all others stay where they are."""
    order: list[int] = []
    open_: list[int] = []  # what is being placed, the last because of the one before it

    def put(at: int) -> None:
        if at in open_:
            circle = [*open_[open_.index(at) :], at]
            told = " -> ".join(f"{items[one]} ({items[one].place})" for one in reversed(circle))
            problems.append(
                f"each {what} here has to come before the next: {told}. Take one `before` or `after` away"
            )
        elif at not in order:
            open_.append(at)
            for one in sorted(earlier[at]):
                put(one)
            open_.pop()
            order.append(at)

    for at in range(len(items)):
        put(at)
    return order


def _unknown(one: Placed, relation: str, neighbour: Neighbour, what: str) -> str:
    return (
        f"{one.place}: {relation}={neighbour_name(neighbour)}, but this app has no such {what}. Name a plugin that it "
        f'lists, or a {what} that it has; a plugin asks `"name" in to.plugins` for one that may be missing'
    )


def neighbour_name(neighbour: Neighbour) -> str:
    """A neighbour as it is written."""
    return repr(neighbour) if isinstance(neighbour, str) else getattr(neighbour, "__name__", repr(neighbour))
