"""The rules of models: conditions that hold for every query that reaches them."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from segue.db.queries.expressions import Condition

__all__ = ["Rule", "add_rule", "row_rule", "rule_conditions", "rules_of"]

F = TypeVar("F", bound=Callable[[], Any])

Rule: TypeAlias = Callable[[], Condition | None]
"""Gives the condition that holds now; None for none."""


def add_rule(model: Any, rule: Rule) -> None:
    """Makes every query of a model obey a rule, unless it says ``unscoped()``."""
    model.__mapping__.kept.setdefault("rules", []).append(rule)


def rules_of(model: Any) -> list[Rule]:
    """The rules of a model and of those that it derives from."""
    mapping = model.__mapping__
    found = list(mapping.kept.get("rules", ()))
    return found if mapping.parent is None else [*rules_of(mapping.parent.model), *found]


def rule_conditions(model: Any) -> list[Condition]:
    """What the rules of a model say now."""
    return [condition for condition in (rule() for rule in rules_of(model)) if condition is not None]


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
