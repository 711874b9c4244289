"""Trees and other webs: the objects that a relation of a model to itself leads to, step after step."""

from typing import Any

from segue.db.models.mapping import Relation
from segue.db.queries.expressions import Key
from segue.db.queries.paths import Path

__all__ = ["Following"]


class Following:
    """Over which relation, and how far."""

    __slots__ = ("depth", "relation")

    def __init__(self, model: Any, relation: Any, depth: int | None) -> None:
        if not isinstance(relation, Path) or len(relation._steps) != 1:
            raise TypeError(
                f"follow() is given a relation of {model.__name__} to itself, not {relation!r:.80}"
            )
        found: Relation = relation._steps[0]
        if not issubclass(model, found.target):
            raise TypeError(
                f"follow() goes on where it arrives: {relation!r} leads to {found.target.__name__}, not to {model.__name__}"
            )
        if len(model.__mapping__.key) != 1:
            raise TypeError(f"follow() needs a key of one column, and {model.__name__} has several")
        if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
            raise ValueError(f"depth is a number of steps, from 0 on, not {depth!r:.80}")
        self.relation = found
        self.depth = depth

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape."""
        key += (self.relation.token, self.depth is not None)
        if self.depth is not None:
            values.append(self.depth)
