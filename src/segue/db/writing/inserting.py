"""Inserts objects: one at a time, or many in one statement."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET

from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Bound, Translator
from segue.db.compiling.types import array_type, converter_from, converter_to
from segue.db.databases.database import Running, database_of, running
from segue.db.errors import ValidationError
from segue.db.models.attributes import slot_of
from segue.db.models.lineage import Part, parts
from segue.db.models.mapping import ColumnField, Mapping, resolve_all
from segue.db.models.state import Peers, State, put
from segue.db.reading.rows import needs_state
from segue.db.writing.asyncchecks import asks, check_by_asking
from segue.db.writing.filling import asks_to_fill, fill
from segue.db.writing.linking import has_new_links, write_new_links
from segue.db.writing.quickchecks import plainly_right
from segue.db.writing.saving import prepare, read_back
from segue.db.writing.writesignals import Inserted, Inserting, heard, tell

__all__ = ["inserted", "inserted_many"]

_set_state: Any = State.__dict__["_state"].__set__
_set_changes: Any = State.__dict__["_changes"].__set__

# A statement has so many places for values: SQLite 32,766, PostgreSQL 32,767, MariaDB 65,535.
_MOST_VALUES = 30_000

Columns = tuple[ColumnField, ...]

#: What stands behind the rows of an INSERT: what tells it from others, and what makes its text for the columns given.
Ending = tuple[Any, Callable[[Columns], str]]


async def inserted(target: Any) -> Any:
    """Inserts an object and puts in what the database gave it."""
    resolve_all()
    mapping: Mapping = type(target).__mapping__
    database = database_of(mapping.model)
    if not (heard(mapping, Inserting, Inserted) or has_new_links(target, mapping) or len(parts(mapping)) > 1):
        await _checked(target, mapping)
        await _insert_one(Running(database, database._transaction.get()), mapping, target)
        return target
    async with database.transaction():
        await tell(mapping, Inserting(target, frozenset(), database))
        await _checked(target, mapping)
        await _insert_one(Running(database, database._transaction.get()), mapping, target)
        await write_new_links(target, mapping)
        await tell(mapping, Inserted(target, frozenset(), database))
    return target


async def _checked(target: Any, mapping: Mapping) -> None:
    prepare(target, mapping, new=True)
    if asks(mapping):
        await check_by_asking(target, mapping)
    if asks_to_fill(mapping):
        await fill(target, mapping, new=True)


async def _insert_one(run: Running, mapping: Mapping, target: Any) -> None:
    back: list[ColumnField] = []
    for part in parts(mapping):
        back += await _insert_part(run, mapping, part, target)
    _remember([target], tuple(back), mapping, run)


async def _insert_part(run: Running, mapping: Mapping, part: Part, target: Any) -> Columns:
    """Inserts the row of one of the tables of an object; gives the columns that the database has filled."""
    columns = tuple(c for c in part.columns if not c.generated and getattr(target, c.name) is not UNSET)
    back = tuple(c for c in part.columns if getattr(target, c.name) is UNSET or c.generated)
    statement = _insert(run, mapping, part.home, columns, back)
    args = statement.arguments([getattr(target, column.name) for column in columns])
    engine = run.database.engine
    if not back:
        await run.execute(statement.sql, args)
    elif engine.dialect.insert_returning:
        _fill([target], back, await run.fetch(statement.sql, args, write=True), engine.name)
    else:
        await _without_returning(run, part.home, statement.sql, args, [target], back)
    return back


def _insert(run: Running, mapping: Mapping, home: Mapping, columns: Columns, back: Columns) -> Statement:
    key = ("insert", mapping.token, home.order, tuple(c.token for c in columns))
    found: Statement | None = run.database.statements.find(key)
    if found is not None:
        return found
    engine = run.database.engine
    sql = Translator(engine.name)
    table = stored_table(home)
    # Without a column it is the row of defaults.
    made: Any = sa.insert(table).values({})
    if columns:
        made = made.values({c.column: sql.bind(Bound(sql.value(), c.kind)) for c in columns})
    if back and engine.dialect.insert_returning:
        made = made.returning(*(table.c[c.column] for c in back))
    statement = compiled(made, sql.bound, engine.dialect, engine.name)
    run.database.statements.keep(key, statement)
    return statement


async def inserted_many(
    targets: Sequence[Any], *, size: int = 500, ending: Ending | None = None
) -> list[Any]:
    """Inserts objects, ``size`` in one statement, all or none."""
    if not targets:
        return []
    resolve_all()
    mapping: Mapping = type(targets[0]).__mapping__
    if not (
        heard(mapping, Inserting, Inserted)
        or asks(mapping)
        or asks_to_fill(mapping)
        or any(has_new_links(target, mapping) for target in targets)
    ):
        _prepare_all(targets, mapping.model, mapping)
        return await _inserted_many(targets, mapping, size, ending)
    database = database_of(mapping.model)
    async with database.transaction():
        for target in targets:
            await tell(mapping, Inserting(target, frozenset(), database))
        _prepare_all(targets, mapping.model, mapping)
        if asks(mapping):
            for target in targets:
                await check_by_asking(target, mapping)
        if asks_to_fill(mapping):
            beside: set[str] = set()
            for target in targets:
                await fill(target, mapping, new=True, beside=beside)
        made = await _inserted_many(targets, mapping, size, ending)
        for target in targets:
            await write_new_links(target, mapping)
            await tell(mapping, Inserted(target, frozenset(), database))
    return made


async def _inserted_many(
    targets: Sequence[Any], mapping: Mapping, size: int, ending: Ending | None
) -> list[Any]:
    model = mapping.model
    run = running(model)
    tables = parts(mapping)
    if ending is not None and len(tables) > 1:
        raise TypeError(
            f"objects of {model.__name__} are spread over the tables {', '.join(one.home.table for one in tables)}, and no database "
            f"inserts or updates in several at once: get_or_create() and create_or_update() do it one by one"
        )
    size = min(size, _MOST_VALUES // max(1, len(mapping.columns)))
    first = next(iter(tables))
    groups = _groups(targets, first.columns)
    if len(tables) == 1 and len(groups) == 1 and len(targets) <= size:
        _remember(targets, await _insert_group(run, first.home, mapping, *groups[0], ending), mapping, run)
    else:
        async with run.database.transaction():
            run = running(model, run.database)
            back: dict[ColumnField, None] = {}
            for part in tables:
                # The rows of the next table have the keys that the first one made.
                for columns, alike in _groups(targets, part.columns):
                    for start in range(0, len(alike), size):
                        some = alike[start : start + size]
                        back |= dict.fromkeys(
                            await _insert_group(run, part.home, mapping, columns, some, ending)
                        )
            _remember(targets, tuple(back), mapping, run)
    return list(targets)


def _prepare_all(targets: Sequence[Any], model: type, mapping: Mapping) -> None:
    """Raises ValidationError with every bad field of every object; ``loc`` begins with the number of the object."""
    right = plainly_right(mapping)
    slots = [slot_of(model, one.name).__get__ for one in mapping.relations.values() if one.refers]
    slots += [slot_of(model, name).__get__ for name in mapping.pointers]
    plain = (
        not hasattr(model, "validate")
        and mapping.lineage.kinds is None
        and not any(c.options.on_update is not None or c.filled for c in mapping.columns.values())
    )
    problems: list[Any] = []
    for at, target in enumerate(targets):
        if type(target) is not model:
            raise TypeError(
                f"objects of one model are inserted together, not {type(target).__name__} and {model.__name__}"
            )
        if (
            plain
            and right(target)
            and all(slot(target) is UNSET for slot in slots)
            and _complete(target, mapping)
        ):
            continue
        try:
            prepare(target, mapping, new=True)
        except ValidationError as error:
            problems += [{**one, "loc": [at, *one["loc"]]} for one in error.problems]
    if problems:
        raise ValidationError(mapping.model, problems)


def _complete(target: Any, mapping: Mapping) -> bool:
    """Whether no key of a relation is missing."""
    return all(
        getattr(target, column.name) is not UNSET
        for relation in mapping.relations.values()
        for column in relation.columns
    )


def _groups(targets: Sequence[Any], columns: Columns) -> list[tuple[Columns, list[Any]]]:
    """The objects by those of these columns that they have values for."""
    stored = tuple(column for column in columns if not column.generated)
    may_be_absent = [column for column in stored if column.from_database]
    if not may_be_absent:
        return [(stored, list(targets))]
    get = [attrgetter(column.name) for column in may_be_absent]
    found: dict[tuple[bool, ...], list[Any]] = {}
    for target in targets:
        found.setdefault(tuple([one(target) is UNSET for one in get]), []).append(target)
    return [
        (
            tuple(c for c in stored if c not in may_be_absent or not absent[may_be_absent.index(c)]),
            alike,
        )
        for absent, alike in found.items()
    ]


async def _insert_group(
    run: Running,
    home: Mapping,
    mapping: Mapping,
    columns: Columns,
    targets: list[Any],
    ending: Ending | None,
) -> Columns:
    """Inserts objects with values for the same columns into a table, in one statement; gives the columns that the database has filled."""
    part = next(one for one in parts(mapping) if one.home is home)
    back = tuple(c for c in part.columns if c not in columns or c.generated)
    if ending is None and (len(targets) == 1 or not columns):
        for target in targets:
            await _insert_part(run, mapping, part, target)
        return back
    engine = run.database.engine
    values = [_converted(targets, column, engine.name) for column in columns]
    arrays = (
        [one for column in columns if (one := array_type(column.kind))] if engine.name == "postgresql" else []
    )
    if len(arrays) == len(columns):
        # PERF: one statement for any number of rows, and lists that asyncpg encodes in C: 2.0 ms for 1,000 rows instead of 9.
        sql, args = _from_arrays(run, home, columns, back, arrays, ending), values
    else:
        sql, args = (
            _of_rows(run, home, columns, back, len(targets), ending),
            list(chain.from_iterable(zip(*values, strict=True))),
        )
    if not back:
        await run.execute(sql, args)
    elif engine.dialect.insert_returning:
        _fill(targets, back, await run.fetch(sql, args, write=True), engine.name)
    else:
        await _without_returning(run, home, sql, args, targets, back)
    return back


def _converted(targets: list[Any], column: ColumnField, dialect: str) -> list[Any]:
    """The values of a column, as the driver gets them."""
    values = list(map(attrgetter(column.name), targets))
    convert = converter_to(column.kind, dialect)
    return values if convert is None else [None if value is None else convert(value) for value in values]


def _from_arrays(
    run: Running, home: Mapping, columns: Columns, back: Columns, arrays: list[str], ending: Ending | None
) -> str:
    key = ("insert arrays", home.order, tuple(c.token for c in columns), ending and ending[0])
    found: str | None = run.database.statements.find(key)
    if found is None:
        quote = run.database.engine.dialect.identifier_preparer.quote
        names = ", ".join(quote(column.column) for column in columns)
        lists = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(arrays, 1))
        found = f"INSERT INTO {_table(run, home)} ({names}) SELECT * FROM unnest({lists}){_ending(ending, columns)}{_returning(run, back)}"  # noqa: S608 -- names of the program, quoted
        run.database.statements.keep(key, found)
    return found


def _of_rows(
    run: Running, home: Mapping, columns: Columns, back: Columns, count: int, ending: Ending | None
) -> str:
    key = ("insert rows", home.order, tuple(c.token for c in columns), count, ending and ending[0])
    found: str | None = run.database.statements.find(key)
    if found is None:
        dialect = run.database.engine.dialect
        quote = dialect.identifier_preparer.quote
        names = ", ".join(quote(column.column) for column in columns)
        width = len(columns)
        if dialect.paramstyle in ("qmark", "format"):
            row = ", ".join(repeat("?" if dialect.paramstyle == "qmark" else "%s", width))
            rows = ", ".join(repeat(f"({row})", count))
        else:
            rows = ", ".join(
                f"({', '.join(f'${at * width + place}' for place in range(1, width + 1))})"
                for at in range(count)
            )
        found = f"INSERT INTO {_table(run, home)} ({names}) VALUES {rows}{_ending(ending, columns)}{_returning(run, back)}"  # noqa: S608 -- names of the program, quoted
        run.database.statements.keep(key, found)
    return found


def _ending(ending: Ending | None, columns: Columns) -> str:
    return "" if ending is None else ending[1](columns)


def _table(run: Running, home: Mapping) -> str:
    return str(run.database.engine.dialect.identifier_preparer.format_table(stored_table(home)))


def _returning(run: Running, back: Columns) -> str:
    dialect = run.database.engine.dialect
    if not back or not dialect.insert_returning:
        return ""
    return f" RETURNING {', '.join(dialect.identifier_preparer.quote(column.column) for column in back)}"


def _fill(targets: Sequence[Any], back: Columns, rows: Sequence[Any], dialect: str) -> None:
    """Puts what the database gave into the objects."""
    for at, column in enumerate(back):
        convert = converter_from(column.kind, dialect)
        values = [row[at] for row in rows]
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        for target, value in zip(targets, values, strict=True):
            put(target, column.name, value)


async def _without_returning(
    run: Running, home: Mapping, sql: str, args: Sequence[Any], targets: Sequence[Any], back: Columns
) -> None:
    """MySQL gives the first of the numbers that it counted; the rest is read."""
    async with run.database.transaction():
        inside = running(home.model, run.database)
        await inside.execute(sql, args)
        automatic = [c for c in back if c.automatic]
        if automatic:
            rows = await inside.fetch("SELECT LAST_INSERT_ID()", ())
            for at, target in enumerate(targets):
                put(target, automatic[0].name, int(rows[0][0]) + at)
        rest = [c for c in back if not c.automatic]
        if rest:
            for target in targets:
                await read_back(target, home, rest, inside)


def _remember(targets: Sequence[Any], back: Columns, mapping: Mapping, run: Running) -> None:
    """Objects that were inserted together are peers, as those of one query are."""
    deque(map(_set_changes, targets, repeat(None)), 0)
    if run.transaction is not None:
        run.transaction.on_rollback(lambda: _forget(targets, back, mapping))
    if not needs_state(mapping):
        return
    names = [column.name for relation in mapping.relations.values() for column in relation.columns]
    names += [one.name for pointer in mapping.pointers.values() for one in (pointer.type, pointer.key)]
    names += [column.name for column in mapping.key if column.name not in names and mapping.relations]
    rows = list(zip(*(map(attrgetter(name), targets) for name in names), strict=True)) if names else []
    places = {name: at for at, name in enumerate(names)}
    deque(map(_set_state, targets, repeat(Peers(mapping.model, rows, run.database, places, raw=False))), 0)


def _forget(targets: Sequence[Any], back: Columns, mapping: Mapping) -> None:
    """The transaction was rolled back: the objects are new again."""
    for target in targets:
        for column in back:
            put(target, column.name, UNSET)
        if needs_state(mapping):
            _set_state(target, None)
