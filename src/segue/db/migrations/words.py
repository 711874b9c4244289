"""Tables of words of SQLite (FTS5) in revisions: made, filled and kept up to date by triggers, and dropped.

    op.create_words("film_search", "film", ["title", "notes"])
    op.drop_words("film_search", "film", ["title", "notes"])

Other databases have an index for that, which is one as others are: there these operations do nothing.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations, ops

from segue.db.schema.searchindexes import words_of, words_statements

__all__ = ["CreateWords", "DropWords", "compare_words"]

_CONTENT = re.compile(r"content='((?:[^']|'')*)'")


class _Words(MigrateOperation):
    """A table of words: its name, the table whose words it has, and the columns that they stand in."""

    called: ClassVar[str] = ""

    def __init__(self, name: str, table_name: str, columns: Sequence[str]) -> None:
        self.name = name
        self.table_name = table_name
        self.columns = list(columns)

    @classmethod
    def run(cls, operations: Operations, name: str, table_name: str, columns: Sequence[str]) -> Any:
        """What ``op.create_words`` and ``op.drop_words`` are."""
        return operations.invoke(cls(name, table_name, columns))


@Operations.register_operation("create_words", "run")
class CreateWords(_Words):
    """Makes a table of words, with those of the rows that are there."""

    called = "create_words"

    def reverse(self) -> MigrateOperation:
        return DropWords(self.name, self.table_name, self.columns)


@Operations.register_operation("drop_words", "run")
class DropWords(_Words):
    """Drops a table of words, and what keeps it up to date."""

    called = "drop_words"

    def reverse(self) -> MigrateOperation:
        return CreateWords(self.name, self.table_name, self.columns)


@Operations.implementation_for(CreateWords)
def _create(operations: Operations, one: CreateWords) -> None:
    if operations.get_context().dialect.name != "sqlite":
        return
    for statement in words_statements(one.table_name, one.name, one.columns):
        _run(operations, statement)
    # The words of the rows that were there before.
    _run(operations, f'INSERT INTO "{one.name}" ("{one.name}") VALUES (\'rebuild\')')  # noqa: S608 -- a name of the program


@Operations.implementation_for(DropWords)
def _drop(operations: Operations, one: DropWords) -> None:
    if operations.get_context().dialect.name != "sqlite":
        return
    for when in ("insert", "delete", "update"):
        _run(operations, f'DROP TRIGGER IF EXISTS "{one.name}_{when}"')
    _run(operations, f'DROP TABLE IF EXISTS "{one.name}"')


def _run(operations: Operations, statement: str) -> None:
    context = operations.get_context()
    if context.as_sql:
        context.impl.static_output(statement + ";")
    elif context.connection is not None:
        context.connection.exec_driver_sql(statement)


@renderers.dispatch_for(CreateWords)
@renderers.dispatch_for(DropWords)
def _rendered(_: AutogenContext, one: _Words) -> str:
    return f"op.{one.called}({one.name!r}, {one.table_name!r}, {one.columns!r})"


def compare_words(
    connection: sa.Connection, metadata: sa.MetaData, found: ops.UpgradeOps, owned: Iterable[str]
) -> None:
    """Adds what is missing of tables of words, and drops those that no model has. Other changes happen between."""
    if connection.dialect.name != "sqlite":
        return
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'trigger') AND sql IS NOT NULL"
    )
    there: dict[str, str] = {row[0]: row[1] for row in rows}
    known = {table.name for table in metadata.tables.values()} | set(owned)
    here: dict[str, tuple[str, list[str]]] = {}
    for table in metadata.tables.values():
        for name, columns in words_of(table).items():
            here[name] = (table.name, columns)
    fine = {
        name
        for name, (table_name, columns) in here.items()
        if all(one in there.values() for one in words_statements(table_name, name, columns))
    }
    # A table that is made anew loses its triggers, but they are put back: its words stay as they are.
    for name, sql in there.items():
        content = _CONTENT.search(sql)
        if "using fts5(" not in sql.lower() or content is None or name in fine:
            continue
        if content[1] in known:
            found.ops.insert(0, DropWords(name, content[1], _columns(sql)))
    found.ops += [CreateWords(name, *here[name]) for name in sorted(here.keys() - fine)]


def _columns(sql: str) -> list[str]:
    """The columns of a table of words, of the statement that made it."""
    inner = sql[sql.index("(") + 1 : sql.lower().index(", content=")]
    return [one.strip().strip('"') for one in inner.split(",")]
