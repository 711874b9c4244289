"""Writes objects: inserts those that are new, updates what was changed of the others, deletes."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET

from segue.db.compiling.statements import compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Bound, Translator
from segue.db.databases.database import Database, Running, database_of
from segue.db.errors import Missing, Stale
from segue.db.models.attributes import Unloaded, key_of, keys_from, slot_of
from segue.db.models.lineage import parts
from segue.db.models.mapping import ColumnField, Mapping, resolve_all
from segue.db.models.state import changed, is_stored, put
from segue.db.queries.expressions import Expr
from segue.db.reading.rows import needs_state
from segue.db.writing.asyncchecks import asks, check_by_asking
from segue.db.writing.filling import asks_to_fill, compute, fill
from segue.db.writing.validating import check_all
from segue.db.writing.writesignals import Deleted, Deleting, Updated, Updating, heard, tell

__all__ = ["deleted", "is_new", "lock_of", "prepare", "read_back", "refreshed", "saved", "stale"]


def is_new(target: Any) -> bool:
    """Whether the object has yet to be inserted."""
    mapping: Mapping = type(target).__mapping__
    if len(mapping.key) == 1 and mapping.key[0].automatic and getattr(target, mapping.key[0].name) is UNSET:
        return True
    return needs_state(mapping) and not is_stored(target)


def _settle_references(target: Any, mapping: Mapping) -> None:
    """Puts the keys of related objects into the columns that hold them."""
    for pointer in mapping.pointers.values():
        there: Any = slot_of(type(target), pointer.name).__get__(target)
        if there is not UNSET:
            label, text = pointer.pair(there)
            if text is UNSET:
                raise ValueError(
                    f"{pointer!r} is a {type(there).__name__} that is not saved yet: save it first"
                )
            put(target, pointer.type.name, label)
            put(target, pointer.key.name, text)
    for relation in mapping.relations.values():
        if not relation.refers:
            continue
        slot = slot_of(type(target), relation.name)
        other: Any = slot.__get__(target)
        if other is None or other is UNSET or type(other) is Unloaded:
            if other is None and relation.null:
                slot.__set__(target, UNSET)
                for column in relation.columns:
                    put(target, column.name, None)
            continue
        for column, key in zip(relation.columns, keys_from(relation, other), strict=True):
            if key is UNSET:
                raise ValueError(
                    f"{relation!r} is a {type(other).__name__} that is not saved yet: `await {type(other).__name__.lower()}.save()` first"
                )
            if getattr(target, column.name) != key:
                put(target, column.name, key)


def prepare(target: Any, mapping: Mapping, *, new: bool) -> None:
    """Puts keys of related objects in their columns and checks all values. Raises ValidationError."""
    _settle_references(target, mapping)
    if mapping.lineage.kinds is not None:
        # Its class says so, whatever was assigned.
        put(target, mapping.lineage.kinds, mapping.lineage.kind)
    for column in _updated_at_each_change(mapping):
        if not (new and getattr(target, column.name) is not UNSET and column.options.default is not UNSET):
            put(target, column.name, column.options.on_update())  # type: ignore[misc] # those that have one
    check_all(target, mapping, new=new)
    compute(target, mapping)


def _updated_at_each_change(mapping: Mapping) -> list[ColumnField]:
    found = mapping.kept.get("on update")
    if found is None:
        found = mapping.kept["on update"] = [
            c for c in mapping.columns.values() if c.options.on_update is not None
        ]
    return list(found)


async def read_back(target: Any, mapping: Mapping, columns: Sequence[ColumnField], run: Running) -> None:
    """Reads columns that the database has made."""
    query = mapping.model.where(*_is(target, mapping)).select(*(mapping.expression(c.name) for c in columns))
    row = await query.unscoped().using(run.database).one()
    for column, value in zip(columns, row, strict=True):
        put(target, column.name, value)


def _is(target: Any, mapping: Mapping) -> list[Expr[bool]]:
    return [mapping.expression(c.name) == getattr(target, c.name) for c in mapping.key]


async def saved(target: Any, *, only: Iterable[str] | None = None) -> Any:
    """Inserts an object, or updates what was changed of it since it was loaded."""
    resolve_all()
    if is_new(target):
        from segue.db.writing.inserting import inserted

        return await inserted(target)
    mapping: Mapping = type(target).__mapping__
    database = database_of(mapping.model)
    if not heard(mapping, Updating, Updated):
        await _write(target, mapping, only, database)
        return target
    async with database.transaction():
        await tell(mapping, Updating(target, frozenset(only or _to_write(target, mapping)), database))
        written = await _write(target, mapping, only, database)
        await tell(mapping, Updated(target, written, database))
    return target


async def _write(
    target: Any, mapping: Mapping, only: Iterable[str] | None, database: Database
) -> frozenset[str]:
    """Updates a row; gives the columns that were written."""
    prepare(target, mapping, new=False)
    if asks(mapping):
        await check_by_asking(target, mapping)
    if asks_to_fill(mapping):
        await fill(target, mapping, new=False)
    names = set(only) if only is not None else _to_write(target, mapping)
    if not names:
        return frozenset()
    lock = lock_of(mapping)
    columns = [c for c in mapping.stored_columns() if c.name in names and not c.options.key and c is not lock]
    run = await _update_parts(target, mapping, columns, database)
    before = changed(target)
    target._changes = before - {column.name for column in columns}
    if lock is not None:
        put(target, lock.name, getattr(target, lock.name) + 1)
    if run.transaction is not None:
        run.transaction.on_rollback(lambda: _take_back(target, before, lock))
    return frozenset(column.name for column in columns)


async def _update_parts(
    target: Any, mapping: Mapping, columns: Sequence[ColumnField], database: Database
) -> Running:
    """Updates the row of an object, or those that it is spread over; raises Stale where there is none."""
    lock = lock_of(mapping)
    run = Running(database, database._transaction.get())
    written = [
        (one.home, some)
        for one in parts(mapping)
        if (some := [c for c in columns if c.home is one.home])
        or (lock is not None and lock.home is one.home)
    ]
    if len(written) > 1 and run.transaction is None:
        async with database.transaction():
            await _update_parts(target, mapping, columns, database)
        return run
    for home, some in written:
        if await run.execute(*_update(run, mapping, home, some, target)) == 0:
            raise stale(target, "changed or deleted by somebody else" if lock is not None else "deleted")
    return run


def _take_back(target: Any, changes: set[str], lock: ColumnField | None) -> None:
    """The transaction was rolled back: what was written is to be written again."""
    target._changes = changes | changed(target)
    if lock is not None:
        put(target, lock.name, getattr(target, lock.name) - 1)


def lock_of(mapping: Mapping) -> ColumnField | None:
    """The column that counts the changes of an object."""
    if "lock" not in mapping.kept:
        mapping.kept["lock"] = next((c for c in mapping.columns.values() if c.options.version), None)
    found: ColumnField | None = mapping.kept["lock"]
    return found


def stale(target: Any, what: str) -> Stale:
    """The error for an object that is not in the database as it was read."""
    return Stale(
        f"{type(target).__name__} {key_of(target)!r} was {what} since it was loaded; refresh() reads it again"
    )


def _to_write(target: Any, mapping: Mapping) -> set[str]:
    """What was assigned to, and what may have changed inside."""
    names = set(changed(target))
    for column in mapping.stored_columns():
        if column.kind.storage in ("json", "array", "hstore"):
            names.add(column.name)
        elif column.options.on_update is not None and names:
            names.add(column.name)
    return names


def _update(
    run: Running, mapping: Mapping, home: Mapping, columns: Sequence[ColumnField], target: Any
) -> tuple[str, Sequence[Any]]:
    engine = run.database.engine
    lock = lock_of(mapping)
    lock = lock if lock is not None and lock.home is home else None
    key = ("update", mapping.token, home.order, tuple(c.token for c in columns))
    statement = run.database.statements.find(key)
    if statement is None:
        sql = Translator(engine.name)
        table = stored_table(home)
        given: dict[str, Any] = {c.column: sql.bind(Bound(sql.value(), c.kind)) for c in columns}
        found_by = mapping.key if lock is None else (*mapping.key, lock)
        where = [table.c[c.column] == sql.bind(Bound(sql.value(), c.kind)) for c in found_by]
        if lock is not None:
            given[lock.column] = table.c[lock.column] + sa.literal_column("1")
        statement = compiled(
            sa.update(table).values(given).where(*where), sql.bound, engine.dialect, engine.name
        )
        run.database.statements.keep(key, statement)
    values = [getattr(target, c.name) for c in (*columns, *mapping.key)]
    if lock is not None:
        values.append(getattr(target, lock.name))
    return statement.sql, statement.arguments(values)


async def deleted(target: Any, *, for_good: bool = False) -> None:
    """Deletes an object. ``for_good``: its row too, where the model keeps what is deleted."""
    mapping: Mapping = type(target).__mapping__
    resolve_all()
    if is_new(target):
        raise ValueError(f"{target!r} was never saved, so it cannot be deleted")
    database = database_of(mapping.model)
    if not heard(mapping, Deleting, Deleted):
        await _remove(target, mapping, database, for_good)
        return
    async with database.transaction():
        await tell(mapping, Deleting(target, frozenset(), database))
        await _remove(target, mapping, database, for_good)
        await tell(mapping, Deleted(target, frozenset(), database))


async def _remove(target: Any, mapping: Mapping, database: Database, for_good: bool) -> None:
    from segue.db.writing.changing import removed

    lock = lock_of(mapping)
    query = mapping.model.where(*_is(target, mapping)).using(database)
    if lock is not None:
        query = query.where(mapping.expression(lock.name) == getattr(target, lock.name))
    if for_good:
        query = query.unscoped()._then("for good", None)
    if await removed(query) == 0:
        raise stale(target, "changed or deleted by somebody else" if lock is not None else "deleted")
    if "mark deleted" in mapping.kept and not for_good:
        for name, value in mapping.kept["mark deleted"]().items():
            put(target, name, value)
        if lock is not None:
            put(target, lock.name, getattr(target, lock.name) + 1)
        return
    if needs_state(mapping):
        state = target._state
        put(target, "_state", None)
        transaction = database._transaction.get()
        if transaction is not None:
            transaction.on_rollback(lambda: setattr(target, "_state", state))


async def refreshed(target: Any) -> Any:
    """Reads the columns of an object again, and forgets what was loaded of its relations."""
    mapping: Mapping = type(target).__mapping__
    resolve_all()
    found = await mapping.model.where(*_is(target, mapping)).unscoped().first()
    if found is None:
        raise Missing(f"there is no {mapping.model.__name__} {key_of(target)!r} any more")
    for name in mapping.columns:
        put(target, name, getattr(found, name))
    for name in (*mapping.relations, *mapping.pointers):
        slot_of(type(target), name).__set__(target, UNSET)
    target._changes = set()
    if needs_state(mapping):
        target._state = found._state
    return target
