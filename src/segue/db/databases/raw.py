"""SQL that a program writes itself, with its values beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segue.db.compiling.statements import compiled
from segue.db.compiling.translation import Bound
from segue.db.databases.database import Running
from segue.db.models.kinds import kind_of_value
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
        bound: dict[str, Bound] = {}
        made = sa.text(sql)
        for at, name in enumerate(names):
            value = parameters[name]
            kind = kind_of_value("") if value is None else kind_of_value(value)
            bound[name] = Bound(at, kind)
        missing = set(made._bindparams) - set(names)
        if missing:
            raise TypeError(f"the statement has :{', :'.join(sorted(missing))}, for which no value was given")
        extra = set(names) - set(made._bindparams)
        if extra:
            raise TypeError(
                f"{', '.join(sorted(extra))} was given, and does not stand in the statement as :name"
            )
        found = compiled(made, bound, engine.dialect, engine.name)
        database.statements.keep(key, found)
    run = Running(database, database._transaction.get())
    args: Sequence[Any] = found.arguments([parameters[name] for name in names])
    if _has_rows(sql):
        return [tuple(row) for row in await run.fetch(found.sql, args, write=not _reads(sql))]
    await run.execute(found.sql, args)
    return []


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
