"""Rules of models that are loaded with others: what a rule hides is not loaded either."""

from collections.abc import Iterable
from typing import Any

from segue.db.models.columns import Relation
from segue.db.models.rules import rule_conditions
from segue.db.queries.expressions import Condition, Key
from segue.db.queries.paths import ManyPath, Path

__all__ = ["RuledLoads", "rules_on"]


class RuledLoads:
    """The conditions that hold for objects at the end of paths over relations to one, by path."""

    __slots__ = ("listed",)

    def __init__(self, listed: list[tuple[tuple[Relation, ...], list[Condition]]]) -> None:
        self.listed = listed

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape."""
        key.append(len(self.listed))
        for steps, conditions in self.listed:
            key += (tuple(step.token for step in steps), len(conditions))
            for one in conditions:
                one.walk(key, values)


def rules_on(relations: Iterable[Any]) -> RuledLoads:
    """What rules say now of the objects that are joined for ``load``."""
    found: dict[tuple[Relation, ...], list[Condition]] = {}
    for one in relations:
        if not isinstance(one, Path):
            continue
        steps = one._steps[:-1] if isinstance(one, ManyPath) else one._steps
        for end in range(1, len(steps) + 1):
            conditions = rule_conditions(steps[end - 1].target)
            if conditions:
                found[steps[:end]] = conditions
    return RuledLoads(list(found.items()))
