"""The rules of models: conditions that hold for every query that reaches them."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, TypeAlias, TypeVar

from segue.db.queries.expressions import Condition

__all__ = [
    "Rule",
    "Writing",
    "add_rule",
    "add_write_rule",
    "for_everybody",
    "row_rule",
    "rule_conditions",
    "rules_of",
    "write_conditions",
]

F = TypeVar("F", bound=Callable[[], Any])

Rule: TypeAlias = Callable[[], Condition | None]
"""Gives the condition that holds now; None for none."""

Writing: TypeAlias = Literal["change", "delete"]


_for_everybody: ContextVar[bool] = ContextVar("segue.db rules for everybody", default=False)


def add_rule(model: Any, rule: Rule, *, steady: bool = False) -> None:
    """Makes every query of a model obey a rule, unless it says ``unscoped()``. ``steady``: it says the same whoever asks."""
    kept = model.__mapping__.kept
    kept.setdefault("rules", []).append(rule)
    if steady:
        kept.setdefault("steady rules", []).append(rule)


@contextmanager
def for_everybody() -> Generator[None]:
    """A block in which only steady rules hold: what is made in it is kept, and is not about whoever asks now."""
    token = _for_everybody.set(True)
    try:
        yield
    finally:
        _for_everybody.reset(token)


def add_write_rule(model: Any, writing: "Writing", rule: Rule) -> None:
    """Makes changes, or deletions, by query of a model obey a rule besides those of :func:`add_rule`."""
    model.__mapping__.kept.setdefault(f"rules of {writing}", []).append(rule)


def rules_of(model: Any) -> list[Rule]:
    """The rules of a model and of those that it derives from."""
    mapping = model.__mapping__
    found = list(mapping.kept.get("steady rules" if _for_everybody.get() else "rules", ()))
    return found if mapping.parent is None else [*rules_of(mapping.parent.model), *found]


def rule_conditions(model: Any) -> list[Condition]:
    """What the rules of a model say now."""
    return [condition for condition in (rule() for rule in rules_of(model)) if condition is not None]


def write_conditions(model: Any, writing: "Writing") -> list[Condition]:
    """What the rules for changes, or deletions, by query of a model and of those that it derives from say now."""
    mapping = model.__mapping__
    found = [
        condition for rule in mapping.kept.get(f"rules of {writing}", ()) if (condition := rule()) is not None
    ]
    return found if mapping.parent is None else [*write_conditions(mapping.parent.model, writing), *found]


def row_rule(model: Any) -> Callable[[F], F]:
    """Decorates a function that says which objects of a model there are, for whoever asks now.

        @row_rule(Post)
        def own_or_published() -> Condition | None:
            user = current_user()
            return Post.published.is_not(None) | (Post.author_id == user.id)

    It holds for queries, for objects by their key, for changes and deletions by query, for those that a relation to many loads, and for
    replies that are queries. None: no restriction. ``unscoped()`` asks without it.
    """

    def register(rule: F) -> F:
        add_rule(model, rule)
        return rule

    return register
