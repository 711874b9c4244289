"""The rules of models: conditions that hold for every query that reaches them."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar

from segue.db.queries.expressions import Condition

__all__ = [
    "Rule",
    "Writing",
    "add_rule",
    "add_write_rule",
    "row_rule",
    "rule_conditions",
    "rules_of",
    "write_conditions",
]

F = TypeVar("F", bound=Callable[[], Any])

Rule: TypeAlias = Callable[[], Condition | None]
"""Gives the condition that holds now; None for none."""

Writing: TypeAlias = Literal["change", "delete"]


def add_rule(model: Any, rule: Rule) -> None:
    """Makes every query of a model obey a rule, unless it says ``unscoped()``."""
    model.__mapping__.kept.setdefault("rules", []).append(rule)


def add_write_rule(model: Any, writing: "Writing", rule: Rule) -> None:
    """Makes changes, or deletions, by query of a model obey a rule besides those of :func:`add_rule`."""
    model.__mapping__.kept.setdefault(f"rules of {writing}", []).append(rule)


def rules_of(model: Any) -> list[Rule]:
    """The rules of a model and of those that it derives from."""
    mapping = model.__mapping__
    found = list(mapping.kept.get("rules", ()))
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
