"""Documents that refer to others: loaded with one query for each relation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from segue.db.models.attributes import slot_of
from segue.db.models.columns import Relation
from segue.db.models.relations import other_side
from segue.db.models.state import tracked
from segue.db.mongo.criteria import condition
from segue.db.mongo.documents import mapping_of, name_of, object_of, stored
from segue.db.queries.paths import ManyPath, OnePath

if TYPE_CHECKING:
    from segue.db.mongo.mongodb import MongoDB

__all__ = ["load_related"]


async def load_related(database: "MongoDB", found: Sequence[Any], path: Any) -> None:
    """Loads what a path leads to, step by step."""
    if not isinstance(path, OnePath | ManyPath):
        raise TypeError(f"load() is given relations, Event.film, not {path!r:.80}")
    if isinstance(path, ManyPath) and (path._limit is not None or path._loads or path._order):
        raise TypeError(f"MongoDB has no counterpart of {path!r} with an order, a limit, or more to load")
    objects = list(found)
    for at, relation in enumerate(path._steps):
        last = at == len(path._steps) - 1
        where = path._where if last and isinstance(path, ManyPath) else ()
        objects = await _step(database, objects, relation, where)


async def _step(
    database: "MongoDB", objects: list[Any], relation: Relation, where: Sequence[Any]
) -> list[Any]:
    if relation.refers:
        return await _one(database, objects, relation)
    back = other_side(relation)
    if not relation.many or back is None:
        raise TypeError(
            f"MongoDB has no counterpart of {relation!r}: relations are a Ref, and a Many on its other side. Keep keys in a list for others"
        )
    return await _many(database, objects, relation, back, where)


async def _one(database: "MongoDB", objects: list[Any], relation: Relation) -> list[Any]:
    [column] = relation.columns
    keys = {key for one in objects if (key := getattr(one, column.name)) is not None}
    others = await _of_keys(database, relation.target, "_id", keys, column.kind, ())
    known = {getattr(one, mapping_of(relation.target).key[0].name): one for one in others}
    for one in objects:
        other = known.get(getattr(one, column.name))
        if other is not None:
            slot_of(type(one), relation.name).__set__(one, other)
            tracked(one)
    return others


async def _many(
    database: "MongoDB", objects: list[Any], relation: Relation, back: Relation, where: Sequence[Any]
) -> list[Any]:
    [column] = back.columns
    key = mapping_of(relation.model).key[0].name
    keys = {getattr(one, key) for one in objects}
    others = await _of_keys(database, relation.target, name_of(column), keys, column.kind, where)
    for one in objects:
        mine = [other for other in others if getattr(other, column.name) == getattr(one, key)]
        slot_of(type(one), relation.name).__set__(one, mine)
        tracked(one)
        for other in mine:
            slot_of(type(other), back.name).__set__(other, one)
            tracked(other)
    return others


async def _of_keys(
    database: "MongoDB", model: Any, name: str, keys: set[Any], kind: Any, where: Sequence[Any]
) -> list[Any]:
    if not keys:
        return []
    asked: dict[str, Any] = {name: {"$in": [stored(key, kind) for key in keys]}}
    if where:
        asked = {"$and": [asked, *(condition(one) for one in where)]}
    found = database.collection(model).find(asked).sort([("_id", 1)])
    return [object_of(model, one) async for one in found]
