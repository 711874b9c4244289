"""What the deletion of an object would do: what goes with it, what is left without it, and what forbids it."""

from typing import Any

import msgspec

from segue.db.models.columns import Relation
from segue.db.models.mapping import Mapping, registered, resolve_all
from segue.db.queries.expressions import Condition, any_of
from segue.db.queries.paths import OnePath

__all__ = ["Deletion", "concerned_by", "deletion_of"]


class Deletion(msgspec.Struct, frozen=True, eq=False):
    """What ``await author.deletion()`` tells, as numbers of objects by their model.

    ``deleted``: those that go too. ``cleared``: those whose relation becomes None, or its default. ``kept_by``: those that forbid it.
    """

    deleted: dict[Any, int]
    cleared: dict[Any, int]
    kept_by: dict[Any, int]

    @property
    def allowed(self) -> bool:
        """Whether nothing forbids it."""
        return not self.kept_by


async def deletion_of(target: Any) -> Deletion:
    """Asks the database, one count for each model that is concerned."""
    conditions = concerned_by(target)
    counts = {
        what: {
            one: count
            for one, asked in by_model.items()
            if (count := await one.where(any_of(*asked)).unscoped().count())
        }
        for what, by_model in conditions.items()
    }
    return Deletion(**counts)


def concerned_by(target: Any) -> dict[str, dict[Any, list[Condition]]]:
    """Under ``deleted``, ``cleared`` and ``kept_by``: conditions for the objects of each model that the deletion of an object concerns."""
    resolve_all()
    found: dict[str, dict[Any, list[Condition]]] = {"deleted": {}, "cleared": {}, "kept_by": {}}
    _follow(type(target), (), target, found)
    return found


def _follow(
    model: Any, path: tuple[Relation, ...], target: Any, found: dict[str, dict[Any, list[Condition]]]
) -> None:
    """Those that refer to a model, and those that refer to them where they go too."""
    for relation in _leading_to(model):
        if relation in path:
            continue
        what = {"cascade": "deleted", "set null": "cleared", "set default": "cleared"}.get(
            relation.on_delete, "kept_by"
        )
        steps = (relation, *path)
        found[what].setdefault(relation.model, []).append(OnePath(steps) == target)
        if what == "deleted":
            _follow(relation.model, steps, target, found)


def _leading_to(model: Any) -> list[Relation]:
    home: Mapping = model.__mapping__
    latest: dict[tuple[str | None, str, str | None], Mapping] = {
        (mapping.schema, mapping.table, None if mapping.home is mapping else mapping.model.__name__): mapping
        for mapping in registered()
    }
    found = {
        relation: None
        for mapping in latest.values()
        if mapping.database == home.database
        for relation in mapping.relations.values()
        if relation.refers and issubclass(model, relation.target)
    }
    return list(found)
