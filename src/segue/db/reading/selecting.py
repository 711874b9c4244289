"""Runs queries: finds the compiled statement of a shape, or makes it, and turns rows into results."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import sqlalchemy as sa

from segue.db.compiling.parts import Selecting
from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.tables import query_table
from segue.db.compiling.translation import Bound, Translator
from segue.db.databases.database import Database, Running, running
from segue.db.models.kinds import Kind
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.queries.expressions import Column
from segue.db.queries.mixedrows import mixed
from segue.db.queries.query import Asking
from segue.db.queries.scoping import scoped
from segue.db.queries.selections import Whole
from segue.db.reading.loading import load_related
from segue.db.reading.rows import Reached, objects, scalars, tuples

__all__ = [
    "compile_get",
    "counted",
    "exists",
    "explained",
    "names_of",
    "selected",
    "statement_text",
    "streamed",
]


def _compile(query: Asking[Any], dialect: Any, name: str) -> Statement:
    resolve_all()
    sql = Translator(name)
    parts = Selecting(query, sql)
    if parts.chosen is not None:
        statement = parts.limited(parts.core(parts.chosen))
        return compiled(statement, sql.bound, dialect, name, rows_of(parts, name))
    reached = parts.reached()
    columns: list[Any] = []
    for one in reached:
        columns += parts.cells(one, one.path)
    # Two columns of one name are two columns.
    labelled = [column.label(f"c{at}") for at, column in enumerate(columns)] if len(reached) > 1 else columns
    return compiled(parts.limited(parts.core(labelled)), sql.bound, dialect, name, objects(name, reached))


def compile_get(mapping: Mapping, database: Database) -> Statement:
    """The statement for an object by its key."""
    resolve_all()
    engine = database.engine
    sql = Translator(engine.name)
    table = query_table(mapping)
    columns = list(mapping.columns.values())
    conditions = [table.c[c.column] == sql.bind(Bound(sql.value(), c.kind)) for c in mapping.key]
    made = sa.select(*(table.c[c.column] for c in columns)).where(*conditions)
    build = objects(engine.name, [Reached(mapping, columns, 0)])
    return compiled(made, sql.bound, engine.dialect, engine.name, build)


def rows_of(parts: Selecting, name: str) -> Any:
    """What makes rows of values and objects of the rows of the database."""
    if not parts.wholes:
        kinds = [one.kind for one in parts.expressions]
        return scalars(name, kinds[0]) if parts.flat else tuples(name, kinds)
    items: list[Kind | list[Reached]] = []
    for at, one in enumerate(parts.expressions):
        kind: Kind = one.kind
        items.append(parts.wholes.get(at, kind))
    made = mixed(name, items)
    return (lambda rows, database: [row[0] for row in made(rows, database)]) if parts.flat else made


def _found(query: Asking[Any], database: Database) -> tuple[Statement, list[Any]]:
    """The statement of a query and its values."""
    key: list[Any] = [query._mapping.token]
    values: list[Any] = []
    query._walk(key, values)
    shape = tuple(key)
    statement = database.statements.find(shape)
    if statement is None:
        engine = database.engine
        statement = _compile(query, engine.dialect, engine.name)
        database.statements.keep(shape, statement)
    return statement, values


def _using(query: Asking[Any]) -> Any:
    one: Asking[Any] | None = query
    while one is not None:
        if one._step == "using":
            return one._payload
        one = one._before
    return None


async def selected(query: Asking[Any]) -> list[Any]:
    """The results of a query."""
    query = scoped(query)
    run = running(query._model, _using(query))
    statement, values = _found(query, run.database)
    rows = await run.fetch(statement.sql, statement.arguments(values))
    found: list[Any] = statement.build(rows, run.database)  # type: ignore[misc] # a SELECT has one
    if found:
        await _load_related(query, found, run)
    return found


async def _load_related(query: Asking[Any], found: Sequence[Any], run: Running) -> None:
    """Loads what ``load`` said, for objects, and for objects in rows."""
    chosen = query._chosen()
    if chosen:
        at = next((at for at, one in enumerate(chosen) if isinstance(one, Whole) and not one.path), None)
        if at is None:
            return
        flat = any(step._step == "values" for step in query._steps())
        found = found if flat else [row[at] for row in found]
    await load_related(query, found, run)


async def streamed(query: Asking[Any], size: int) -> AsyncIterator[Any]:
    """The results of a query, one by one."""
    query = scoped(query)
    run = running(query._model, _using(query))
    statement, values = _found(query, run.database)
    async for rows in run.stream(statement.sql, statement.arguments(values), size):
        found: list[Any] = statement.build(rows, run.database)  # type: ignore[misc] # a SELECT has one
        await _load_related(query, found, run)
        for one in found:
            yield one


async def _scalar(query: Asking[Any], what: str) -> Any:
    query = scoped(query)
    run = running(query._model, _using(query))
    key: list[Any] = [what, query._mapping.token]
    values: list[Any] = []
    query._walk(key, values)
    shape = tuple(key)
    statement = run.database.statements.find(shape)
    if statement is None:
        engine = run.database.engine
        statement = _compile_scalar(query, what, engine.dialect, engine.name)
        run.database.statements.keep(shape, statement)
    rows = await run.fetch(statement.sql, statement.arguments(values))
    return rows[0][0]


def _compile_scalar(query: Asking[Any], what: str, dialect: Any, name: str) -> Statement:
    resolve_all()
    sql = Translator(name)
    parts = Selecting(query, sql)
    parts.orders, parts.lock = [], None
    if what == "exists":
        made = parts.limited(parts.core([sa.literal_column("1")]))
        return compiled(sa.select(sa.exists(made)), sql.bound, dialect, name)
    simple = parts.chosen is None and parts.limit is None and parts.offset is None and parts.distinct is None
    if simple:
        return compiled(parts.core([sa.func.count()]), sql.bound, dialect, name)
    columns = parts.chosen if parts.chosen is not None else parts.key_columns()
    inner = parts.limited(parts.core([one.label(f"c{at}") for at, one in enumerate(columns)])).subquery()
    return compiled(sa.select(sa.func.count()).select_from(inner), sql.bound, dialect, name)


async def counted(query: Asking[Any]) -> int:
    """How many results a query has."""
    return int(await _scalar(query, "count"))


async def exists(query: Asking[Any]) -> bool:
    """Whether a query has a result."""
    return bool(await _scalar(query, "exists"))


async def explained(query: Asking[Any], *, analyze: bool) -> str:
    """How the database finds the results."""
    query = scoped(query)
    run = running(query._model, _using(query))
    statement, values = _found(query, run.database)
    name = run.database.engine.name
    words = {
        "postgresql": "EXPLAIN (ANALYZE, BUFFERS)" if analyze else "EXPLAIN",
        "sqlite": "EXPLAIN QUERY PLAN",
        "mysql": "EXPLAIN ANALYZE" if analyze else "EXPLAIN",
        "mariadb": "ANALYZE" if analyze else "EXPLAIN",
    }.get(name, "EXPLAIN")
    rows = await run.fetch(f"{words} {statement.sql}", statement.arguments(values))
    if name == "sqlite":
        return "\n".join(str(row[-1]) for row in rows)
    return "\n".join("  ".join("" if cell is None else str(cell) for cell in row) for row in rows)


def statement_text(query: Asking[Any], database: Any) -> tuple[str, Sequence[Any]]:
    """The statement of a query and its arguments. ``database``: a name needs no connection."""
    query = scoped(query)
    if isinstance(database, str):
        from segue.db.compiling.dialects import dialect_named

        dialect = dialect_named(database)
        key: list[Any] = []
        values: list[Any] = []
        query._walk(key, values)
        statement = _compile(query, dialect, database)
        return statement.sql, statement.arguments(values)
    run = running(query._model, _using(query))
    statement, values = _found(query, run.database if database is None else database)
    return statement.sql, statement.arguments(values)


def names_of(query: Asking[Any]) -> list[str]:
    """The names of the columns of a query of rows; one that is there twice gets a number."""
    expressions = next(one._payload for one in reversed(query._steps()) if one._step == "select")
    found: list[str] = []
    for one in expressions:
        name = one.field.name if isinstance(one, Column) and not one.path else one.name()
        unique, count = name, 2
        while unique in found:
            unique, count = f"{name}_{count}", count + 1
        found.append(unique)
    return found
