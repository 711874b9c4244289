"""Statements as texts, for reading and for databases that are not there: no connection is needed."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import UNSET

from segue.db.compiling.dialects import dialect_named
from segue.db.compiling.statements import compiled
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Bound, Translator
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.queries.query import Asking
from segue.db.queries.scoping import scoped
from segue.db.reading.selecting import _using
from segue.db.writing import changing

__all__ = ["delete_text", "insert_text", "update_text"]

Text = tuple[str, Sequence[Any]]


def update_text(query: Asking[Any], database: Any, values: dict[str, Any]) -> Text:
    """The statement of an update and its arguments."""
    resolve_all()
    dialect, name = _dialect(query._model, database if database is not None else _using(query))
    given = changing._given(query._mapping, values)
    query = scoped(query)
    bound: list[Any] = []
    for _, value in given:
        value.walk([], bound)
    query._walk([], bound)
    statement = changing._compile(query, given, dialect, name)
    return statement.sql, statement.arguments(bound)


def delete_text(query: Asking[Any], database: Any) -> Text:
    """The statement of a deletion and its arguments."""
    resolve_all()
    dialect, name = _dialect(query._model, database if database is not None else _using(query))
    query = scoped(query)
    bound: list[Any] = []
    query._walk([], bound)
    statement = changing._compile(query, None, dialect, name)
    return statement.sql, statement.arguments(bound)


def insert_text(target: Any, database: Any = None) -> Text:
    """The statement that inserts an object, and its arguments: ``insert_text(post, "oracle")``.

    What only the database knows, its key and its defaults, is left to it.
    """
    resolve_all()
    mapping: Mapping = type(target).__mapping__
    dialect, name = _dialect(mapping.model, database)
    sql = Translator(name)
    columns = [one for one in mapping.stored_columns() if getattr(target, one.name) is not UNSET]
    given = {one.column: sql.bind(Bound(sql.value(), one.kind)) for one in columns}
    statement = compiled(sa.insert(stored_table(mapping)).values(given), sql.bound, dialect, name)
    return statement.sql, statement.arguments([getattr(target, one.name) for one in columns])


def _dialect(model: Any, database: Any) -> tuple[Any, str]:
    if isinstance(database, str):
        return dialect_named(database), database
    from segue.db.databases.database import running

    engine = running(model, database).database.engine
    return engine.dialect, engine.name
