"""Writes that do not know yet whether an object is there: get or create, create or update, and many at once."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import MYSQL, Bound, Translator
from segue.db.databases.database import Running, database_of
from segue.db.engine.errors import UniqueViolation
from segue.db.models.columns import ColumnField
from segue.db.models.lineage import parts
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.writing.filling import asks_to_fill, fill
from segue.db.writing.inserting import inserted_many
from segue.db.writing.permitting import check_changes, check_upsert
from segue.db.writing.saving import lock_of, prepare

__all__ = ["create_or_update", "get_or_create", "update_many", "upserted"]

_AT_ONCE = 200


async def get_or_create(model: Any, defaults: dict[str, Any], unique: dict[str, Any]) -> tuple[Any, bool]:
    """The object with unique values, and whether it was created; somebody else may create it at the same time."""
    found = await model.get_or_none(**unique)
    if found is not None:
        return found, False
    try:
        async with database_of(model).transaction():
            return await model.create(**unique, **defaults), True
    except UniqueViolation:
        found = await model.get_or_none(**unique)
        if found is None:
            raise
        return found, False


async def create_or_update(model: Any, values: dict[str, Any], unique: dict[str, Any]) -> tuple[Any, bool]:
    """The object with unique values and with these values, and whether it was created."""
    async with database_of(model).transaction():
        found, created = await get_or_create(model, values, unique)
        if not created:
            for name, value in values.items():
                setattr(found, name, value)
            await found.save()
    return found, created


async def upserted(
    targets: Iterable[Any], on: Sequence[str], update: Sequence[str] | None, size: int
) -> list[Any]:
    """Inserts objects; of those whose values in ``on`` are there already, updates the row."""
    listed = list(targets)
    if not listed:
        return []
    resolve_all()
    mapping: Mapping = type(listed[0]).__mapping__
    check_upsert(mapping.model)
    keys = columns_named(mapping, on)
    changed = (
        [c for c in mapping.stored_columns() if c not in keys and not c.options.key]
        if update is None
        else columns_named(mapping, update)
    )
    database = database_of(mapping.model)
    quote = database.engine.dialect.identifier_preparer.quote
    mysql = database.engine.name in MYSQL

    def ending(given: Sequence[ColumnField]) -> str:
        wanted = [quote(c.column) for c in changed if c in given and c is not lock_of(mapping)]
        pieces = [f"{one} = VALUES({one})" if mysql else f"{one} = excluded.{one}" for one in wanted]
        lock = lock_of(mapping)
        if lock is not None:
            table = database.engine.dialect.identifier_preparer.format_table(stored_table(mapping))
            name = quote(lock.column)
            pieces.append(f"{name} = {name if mysql else f'{table}.{name}'} + 1")
        named = ", ".join(quote(c.column) for c in keys)
        if mysql:
            first = quote(keys[0].column)
            return f" ON DUPLICATE KEY UPDATE {', '.join(pieces) or f'{first} = {first}'}"
        if not pieces:
            # So that the row comes back.
            pieces = [f"{quote(keys[0].column)} = excluded.{quote(keys[0].column)}"]
        return f" ON CONFLICT ({named}) DO UPDATE SET {', '.join(pieces)}"

    shape = ("upsert", tuple(c.token for c in keys), tuple(c.token for c in changed))
    return await inserted_many(listed, size=size, ending=(shape, ending))


def columns_named(mapping: Mapping, names: Iterable[str]) -> list[ColumnField]:
    """Columns by the names of fields; a relation to one stands for its key."""
    found: list[ColumnField] = []
    for name in names:
        relation = mapping.relations.get(name)
        if relation is not None and relation.refers:
            found += relation.columns
        elif name in mapping.columns and not mapping.columns[name].generated:
            found.append(mapping.columns[name])
        else:
            raise TypeError(
                f"{mapping.model.__name__} has no column {name!r} that is written; it has "
                f"{', '.join(c.name for c in mapping.stored_columns())}"
            )
    if not found:
        raise TypeError("the names of fields are given, such as on=('slug',)")
    return found


async def update_many(targets: Iterable[Any], names: Sequence[str]) -> int:
    """Updates these columns of many objects, some hundred in one statement; gives how many rows there were."""
    listed = list(targets)
    if not listed:
        return 0
    resolve_all()
    mapping: Mapping = type(listed[0]).__mapping__
    columns = columns_named(mapping, names)
    columns += [c for c in mapping.columns.values() if c.options.on_update is not None and c not in columns]
    for target in listed:
        prepare(target, mapping, new=False)
        if asks_to_fill(mapping):
            await fill(target, mapping, new=False)
    database = database_of(mapping.model)
    total = 0
    async with database.transaction():
        await check_changes(mapping.model, listed)
        run = Running(database, database._transaction.get())
        for start in range(0, len(listed), _AT_ONCE):
            some = listed[start : start + _AT_ONCE]
            keys = [tuple(getattr(one, c.name) for c in mapping.key) for one in some]
            written = 0
            for part in parts(mapping):
                there = [column for column in columns if column.home is part.home]
                if not there:
                    continue
                statement = _update(run, mapping, part.home, there, len(some))
                values: list[Any] = []
                for column in there:
                    for target, key in zip(some, keys, strict=True):
                        values += [*key, getattr(target, column.name)]
                values += [one for key in keys for one in key]
                written = await run.execute(statement.sql, statement.arguments(values))
            total += written
        await check_changes(mapping.model, listed)
    for target in listed:
        target._changes = {
            name for name in (target._changes or ()) if name not in {column.name for column in columns}
        }
    return total


def _update(
    run: Running, mapping: Mapping, home: Mapping, columns: Sequence[ColumnField], count: int
) -> Statement:
    engine = run.database.engine
    key = ("update many", mapping.token, home.order, tuple(c.token for c in columns), count)
    found: Statement | None = run.database.statements.find(key)
    if found is None:
        sql = Translator(engine.name)
        table = stored_table(home)

        def is_it() -> Any:
            return sa.and_(*(table.c[c.column] == sql.bind(Bound(sql.value(), c.kind)) for c in mapping.key))

        given: dict[str, Any] = {}
        for column in columns:
            cases = [(is_it(), sql.bind(Bound(sql.value(), column.kind))) for _ in range(count)]
            given[column.column] = sa.case(*cases, else_=table.c[column.column])
        lock = lock_of(mapping)
        if lock is not None and lock.home is home:
            given[lock.column] = table.c[lock.column] + sa.literal_column("1")
        made = sa.update(table).values(given).where(sa.or_(*(is_it() for _ in range(count))))
        found = compiled(made, sql.bound, engine.dialect, engine.name)
        run.database.statements.keep(key, found)
    return found
