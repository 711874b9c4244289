"""Adds to relations to many and takes away from them: rows of a link table, or the other side's key."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET

from segue.db.databases.database import database_of
from segue.db.models.attributes import key_of, slot_of
from segue.db.models.columns import Link, Relation
from segue.db.models.mapping import Mapping
from segue.db.models.relations import link_of, other_side
from segue.db.queries.paths import ManyPath
from segue.db.writing.writesignals import LinkChange, Linked, Linking, Unlinked, Unlinking, heard, tell

__all__ = ["added", "assigned", "has_new_links", "present_in", "taken_away", "turned_side", "write_new_links"]


async def added(target: Any, path: Any, others: Sequence[Any], columns: dict[str, Any]) -> None:
    """Makes others related to an object. Those that are it already stay; ``columns``: of the row between."""
    relation = _relation(target, path, others)
    async with database_of(relation.model).transaction():
        await _add(target, relation, await _absent(target, relation, others, columns), columns)
    _remember(target, relation, lambda known: [*known, *(one for one in others if one not in known)])


async def taken_away(target: Any, path: Any, others: Sequence[Any]) -> None:
    """Ends the relation of an object to others."""
    relation = _relation(target, path, others)
    async with database_of(relation.model).transaction():
        await _take(target, relation, others)
    _remember(target, relation, lambda known: [one for one in known if one not in others])


async def assigned(target: Any, path: Any, others: Iterable[Any]) -> None:
    """Makes these others related to an object, and no more."""
    wanted = list(others)
    relation = _relation(target, path, wanted)
    async with database_of(relation.model).transaction():
        present = await present_in(target, relation)
        await _take(target, relation, [one for one in present if one not in wanted])
        await _add(target, relation, [one for one in wanted if one not in present], {})
    _remember(target, relation, lambda _: wanted)


def _relation(target: Any, path: Any, others: Sequence[Any]) -> Relation:
    if not isinstance(path, ManyPath) or len(path._steps) != 1:
        raise TypeError(
            f"the relation is said as {type(target).__name__}.<name>, one to many, not as {path!r:.80}"
        )
    relation = path._last
    if relation.ruled:
        raise TypeError(
            f"{relation!r} is a rule, so objects are related by what they are, and not added or removed"
        )
    if not isinstance(target, relation.model):
        raise TypeError(
            f"{relation!r} is a relation of {relation.model.__name__}, not of {type(target).__name__}"
        )
    for one in others:
        if not isinstance(one, relation.target):
            raise TypeError(f"{relation!r} leads to {relation.target.__name__}, not to {one!r:.80}")
    if key_of(target) is UNSET:
        raise ValueError(f"this {type(target).__name__} is not saved yet: save() first")
    return relation


async def _absent(
    target: Any, relation: Relation, others: Sequence[Any], columns: dict[str, Any]
) -> Sequence[Any]:
    """Those that are not related yet, if anybody wants to hear of them; what is said of the row between holds for all."""
    if columns or not _is_heard(relation):
        return others
    present = await present_in(target, relation)
    return [one for one in others if one not in present]


async def _add(
    target: Any, relation: Relation, others: Sequence[Any], columns: dict[str, Any], *, new: bool = False
) -> None:
    if not others:
        return
    if not _is_heard(relation):
        await _add_rows(target, relation, others, columns)
        return
    for one in others:
        if key_of(one) is UNSET:
            await one.save()
    await _tell(Linking, target, relation, others, new=new)
    await _add_rows(target, relation, others, columns)
    await _tell(Linked, target, relation, others, new=new)


async def _add_rows(target: Any, relation: Relation, others: Sequence[Any], columns: dict[str, Any]) -> None:
    back = other_side(relation)
    if back is not None:
        if columns:
            raise TypeError(f"{relation!r} has no row between that could hold {', '.join(columns)}")
        for one in others:
            setattr(one, back.name, target)
            await one.save()
        return
    link = link_of(relation)
    for one in others:
        if key_of(one) is UNSET:
            await one.save()
    await _add_links(link, target, others, columns)
    if relation.options.symmetric:
        turned = Link(link.model, link.there, link.here)
        await _add_links(turned, target, [one for one in others if one != target], columns)


async def _add_links(link: Link, target: Any, others: Sequence[Any], columns: dict[str, Any]) -> None:
    here, there = link.here.name, link.there.name
    rows = await _links(link, target, others)
    present = {_keys(row, link.there): row for row in rows}
    new: dict[Any, Any] = {}
    for one in others:
        row = present.get(_key(one))
        if row is None:
            new[_key(one)] = link.model(**{here: target, there: one, **columns})
        elif columns:
            for name, value in columns.items():
                setattr(row, name, value)
            await row.save()
    await link.model.create_many(list(new.values()))


async def _take(target: Any, relation: Relation, others: Sequence[Any]) -> None:
    if others and _is_heard(relation):
        present = await present_in(target, relation)
        others = [one for one in others if one in present]
    if not others:
        return
    await _tell(Unlinking, target, relation, others)
    await _take_rows(target, relation, others)
    await _tell(Unlinked, target, relation, others)


async def _take_rows(target: Any, relation: Relation, others: Sequence[Any]) -> None:
    back = other_side(relation)
    if back is not None:
        if not back.null:
            raise TypeError(
                f"{relation!r}: each {relation.target.__name__} needs its {back.name}. Delete it, or give it another one"
            )
        for one in others:
            setattr(one, back.name, None)
            await one.save()
        return
    link = link_of(relation)
    await _query(link, target, others).delete()
    if relation.options.symmetric:
        await _query(Link(link.model, link.there, link.here), target, others).delete()


def turned_side(relation: Relation) -> Relation | None:
    """The same relation to many as the other side has it, if it has one."""
    if other_side(relation) is not None or relation.options.symmetric:
        return None
    link = link_of(relation)
    for one in relation.target.__mapping__.relations.values():
        if one is not relation and one.many and other_side(one) is None:
            found = link_of(one)
            if found.model is link.model and found.here is link.there:
                return one
    return None


def _is_heard(relation: Relation) -> bool:
    kinds = (Linking, Linked, Unlinking, Unlinked)
    return heard(relation.model.__mapping__, *kinds) or heard(relation.target.__mapping__, *kinds)


async def _tell(
    kind: type[LinkChange[Any]],
    target: Any,
    relation: Relation,
    others: Sequence[Any],
    *,
    new: bool = False,
) -> None:
    """Tells both sides."""
    database = database_of(relation.model)
    await tell(type(target).__mapping__, kind(target, relation.name, tuple(others), database, new))
    turned = turned_side(relation) if _is_heard(relation) else None
    for one in others if turned is not None else ():
        await tell(type(one).__mapping__, kind(one, turned.name, (target,), database))  # type: ignore[union-attr] # looked at above


def _query(link: Link, target: Any, others: Sequence[Any] | None) -> Any:
    mapping: Mapping = link.model.__mapping__
    query = link.model.where(mapping.expression(link.here.name) == target)
    return query if others is None else query.where(mapping.expression(link.there.name).is_in(others))


async def _links(link: Link, target: Any, others: Sequence[Any] | None) -> list[Any]:
    found: list[Any] = await _query(link, target, others)
    return found


async def present_in(target: Any, relation: Relation) -> list[Any]:
    """The objects to which one is related."""
    back = other_side(relation)
    other: Any = relation.target
    if back is not None:
        found: list[Any] = await other.where(other.__mapping__.expression(back.name) == target)
        return found
    link = link_of(relation)
    expression = link.model.__mapping__.expression(link.there.name)
    return [getattr(row, link.there.name) for row in await _query(link, target, None).load(expression)]


def _key(one: Any) -> tuple[Any, ...]:
    found = key_of(one)
    return found if isinstance(found, tuple) else (found,)


def _keys(row: Any, relation: Relation) -> tuple[Any, ...]:
    return tuple(getattr(row, column.name) for column in relation.columns)


def _remember(target: Any, relation: Relation, change: Any) -> None:
    """Changes the list that was loaded, if one was."""
    slot = slot_of(type(target), relation.name)
    known = slot.__get__(target)
    if known is not UNSET:
        slot.__set__(target, change(known))


def _many_slots(mapping: Mapping) -> list[tuple[Relation, Any]]:
    found: list[tuple[Relation, Any]] | None = mapping.kept.get("many slots")
    if found is None:
        found = mapping.kept["many slots"] = [
            (one, slot_of(mapping.model, one.name)) for one in mapping.relations.values() if one.many
        ]
    return found


def has_new_links(target: Any, mapping: Mapping) -> bool:
    """Whether an object that is about to be inserted was made with related objects: ``Post(tags=[jazz])``."""
    return any(slot.__get__(target) not in (UNSET, []) for _, slot in _many_slots(mapping))


async def write_new_links(target: Any, mapping: Mapping) -> None:
    """Writes the relations that an object was made with."""
    for relation, slot in _many_slots(mapping):
        others = slot.__get__(target)
        if others is not UNSET and others:
            await _add(target, relation, list(others), {}, new=True)
