"""Whose related objects a write changes: the keys of those on the other side of a relation, before and after."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from msgspec import UNSET

from segue.db.models.attributes import key_of
from segue.db.models.columns import ColumnField, Relation
from segue.db.models.mapping import Mapping
from segue.db.models.relations import link_of, other_side
from segue.db.writing.writesignals import (
    Change,
    Deleting,
    DeletingMany,
    Inserted,
    ManyChange,
    Updated,
    Updating,
    UpdatingMany,
)

__all__ = ["Keys", "owners"]

Keys: TypeAlias = set[Any]
"""Keys of objects: values, or tuples of them where a key has several columns."""


async def owners(relation: Relation, change: Change[Any] | ManyChange[Any]) -> Keys:
    """The keys of the objects of the relation's model whose others are not the same after a change, or may not be."""
    model = _written(change)
    found: Keys = set()
    if isinstance(change, Inserted) and issubclass(model, relation.model):
        found.add(key_of(change.target))
    back = other_side(relation)
    if back is not None:
        if issubclass(model, back.model):
            found |= await _before_and_after(back.columns, change)
        return found
    link = link_of(relation)
    if issubclass(model, link.model):
        found |= await _before_and_after(link.here.columns, change)
    if issubclass(model, relation.target) and isinstance(change, Deleting | DeletingMany):
        # The rows of the link table go with those of the others.
        between: Mapping = link.model.__mapping__
        there = between.expression(link.there.name)
        gone = (
            link.model.where(there == change.target)
            if isinstance(change, Deleting)
            else link.model.where(there.is_in(change.query.using(change.database)))
        )
        found |= await _values(gone.using(change.database), link.here.columns)
    return found


def _written(change: Change[Any] | ManyChange[Any]) -> Any:
    return change.query._model if isinstance(change, ManyChange) else type(change.target)


async def _before_and_after(columns: Sequence[ColumnField], change: Change[Any] | ManyChange[Any]) -> Keys:
    """The keys that columns hold in the rows that are written: what they were, and what they become."""
    if isinstance(change, UpdatingMany | DeletingMany):
        found = await _values(change.query.using(change.database), columns)
        relation = columns[0].reference
        given = [change.values.get(one.name, UNSET) for one in columns]
        if relation is not None and relation.name in change.values:
            other = change.values[relation.name]
            given = (
                [None]
                if other is None
                else [getattr(other, one.name) for one in relation.target.__mapping__.key]
            )
        return found | _whole(given)
    if isinstance(change, Updating | Deleting):
        mapping: Mapping = type(change.target).__mapping__
        here = [mapping.expression(one.name) == getattr(change.target, one.name) for one in mapping.key]
        rows = type(change.target).where(*here).unscoped().using(change.database)
        return await _values(rows, columns)
    if isinstance(change, Inserted | Updated):
        return _whole([getattr(change.target, one.name) for one in columns])
    return set()


def _whole(values: Sequence[Any]) -> Keys:
    if any(value is None or value is UNSET for value in values):
        return set()
    return {values[0] if len(values) == 1 else tuple(values)}


async def _values(query: Any, columns: Sequence[ColumnField]) -> Keys:
    mapping: Mapping = query._model.__mapping__
    rows = await query.order_by().select(*(mapping.expression(one.name) for one in columns)).distinct()
    found: Keys = set()
    for row in rows:
        found |= _whole(row)
    return found
