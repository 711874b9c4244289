"""SQL that a program writes itself, with its values beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segue.db.compiling.statements import Statement, compiled
from segue.db.compiling.translation import Bound
from segue.db.compiling.types import sql_type
from segue.db.databases.database import Running
from segue.db.engine.errors import DataError
from segue.db.models.kinds import Kind, kind_of_value
from segue.db.queries.expressions import Expr

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["execute"]


async def execute(database: "Database", sql: str, parameters: dict[str, Any]) -> list[Any]:
    """The rows of a statement, or none."""
    if not isinstance(sql, str):
        raise TypeError(f"execute() is given SQL as text, not {sql!r:.80}")
    if any(isinstance(value, Expr) for value in parameters.values()):
        raise TypeError("parameters of SQL are values, not expressions")
    engine = database.engine
    names = list(parameters)
    key = (
        "raw",
        sql,
        *(
            (name, kind_of_value(parameters[name]).token if parameters[name] is not None else None)
            for name in names
        ),
    )
    found = database.statements.find(key)
    if found is None:
        made = sa.text(sql)
        missing = set(made._bindparams) - set(names)
        if missing:
            raise TypeError(f"the statement has :{', :'.join(sorted(missing))}, for which no value was given")
        extra = set(names) - set(made._bindparams)
        if extra:
            raise TypeError(
                f"{', '.join(sorted(extra))} was given, and does not stand in the statement as :name"
            )
        found = compiled(made, _bound(parameters), engine.dialect, engine.name)
        database.statements.keep(key, found)
    run = Running(database, database._transaction.get())
    values = list(parameters.values())
    try:
        return await _run(run, sql, found, values)
    except DataError as error:
        # A parameter of which nothing else tells what it is, PostgreSQL takes for text: asyncpg says so before anything is sent.
        if engine.name != "postgresql" or "expected str, got" not in str(error):
            raise
    found = compiled(_typed(sql, parameters), _bound(parameters), engine.dialect, engine.name)
    rows = await _run(run, sql, found, values)
    database.statements.keep(key, found)
    return rows


async def _run(run: Running, sql: str, found: Statement, values: list[Any]) -> list[Any]:
    args: Sequence[Any] = found.arguments(values)
    if _has_rows(sql):
        return [tuple(row) for row in await run.fetch(found.sql, args, write=not _reads(sql))]
    await run.execute(found.sql, args)
    return []


def _bound(parameters: dict[str, Any]) -> dict[str, Bound]:
    return {name: Bound(at, _kind(value)) for at, (name, value) in enumerate(parameters.items())}


def _kind(value: Any) -> Kind:
    return kind_of_value("" if value is None else value)


def _typed(sql: str, parameters: dict[str, Any]) -> Any:
    """The statement, in which each parameter that is no text says what it is."""
    told = [
        sa.bindparam(name, type_=sql_type(_kind(value)))
        for name, value in parameters.items()
        if value is not None and not isinstance(value, str)
    ]
    return sa.text(sql).bindparams(*told)


def _first_word(sql: str) -> str:
    text = sql.lstrip()
    while text.startswith("--"):
        text = text.partition("\n")[2].lstrip()
    return text.split(None, 1)[0].rstrip(";(").lower() if text else ""


def _reads(sql: str) -> bool:
    return _first_word(sql) in ("select", "values", "show", "explain", "describe", "table")


def _has_rows(sql: str) -> bool:
    return _first_word(sql) in (
        "select",
        "values",
        "show",
        "explain",
        "describe",
        "table",
        "with",
        "pragma",
    ) or " returning " in f" {sql.lower()} ".replace("\n", " ")
