"""Full-text indexes in revisions: ``op.create_word_index("film", ["title", "body"])``, on each database in its own way."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations import Operations
from alembic.operations.ops import (
    AlterColumnOp,
    CreateIndexOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    UpgradeOps,
)

from segue.db.queries.searching import search_name
from segue.db.schema.searchindexes import WordIndex, is_kept_up, word_index_of, word_index_there

__all__ = ["CreateWordIndexOp", "DropWordIndexOp", "compare_word_indexes", "is_of_words"]


class CreateWordIndexOp(CreateIndexOp):
    """Makes an index of words."""

    def __init__(self, words: WordIndex, **kw: Any) -> None:
        super().__init__(words.name, words.table, list(words.columns), schema=words.schema, **kw)
        self.words = words

    def reverse(self) -> "DropWordIndexOp":
        return DropWordIndexOp(self.words)


class DropWordIndexOp(DropIndexOp):
    """Takes an index of words away."""

    def __init__(self, words: WordIndex, **kw: Any) -> None:
        super().__init__(words.name, words.table, schema=words.schema, **kw)
        self.words = words

    def reverse(self) -> CreateWordIndexOp:
        return CreateWordIndexOp(self.words)


@Operations.implementation_for(CreateWordIndexOp)
def _create(operations: Operations, operation: CreateWordIndexOp) -> None:
    concurrently = bool(operation.kw.get("postgresql_concurrently"))
    dialect = operations.migration_context.dialect.name
    _run(operations, operation.words.create(dialect, concurrently=concurrently))


@Operations.implementation_for(DropWordIndexOp)
def _drop(operations: Operations, operation: DropWordIndexOp) -> None:
    _run(operations, operation.words.drop(operations.migration_context.dialect.name))


def _run(operations: Operations, statements: Sequence[str]) -> None:
    ddl: Any = sa.DDL
    for one in statements:
        operations.execute(ddl(one.replace("%", "%%")))


@renderers.dispatch_for(CreateWordIndexOp)
def _render_create(_: Any, operation: CreateWordIndexOp) -> str:
    return f"op.create_word_index({_said(operation.words)}{_more(operation)})"


@renderers.dispatch_for(DropWordIndexOp)
def _render_drop(_: Any, operation: DropWordIndexOp) -> str:
    return f"op.drop_word_index({_said(operation.words)})"


def _said(words: WordIndex) -> str:
    parts = [repr(words.table), repr(list(words.columns))]
    if words.language != "simple":
        parts.append(f"language={words.language!r}")
    if words.stored:
        parts.append("stored=True")
    if words.schema is not None:
        parts.append(f"schema={words.schema!r}")
    return ", ".join(parts)


def _more(operation: CreateWordIndexOp) -> str:
    return ", postgresql_concurrently=True" if operation.kw.get("postgresql_concurrently") else ""


def is_of_words(name: str | None, kind: str, table: str | None) -> bool:
    """Whether it is a part of an index of words, which is compared as a whole."""
    return (
        kind in ("index", "column")
        and table is not None
        and name in (search_name(table), f"{search_name(table)}_words")
    )


def compare_word_indexes(connection: sa.Connection, metadata: sa.MetaData, found: UpgradeOps) -> None:
    """Adds to what has to be done what is to be done about them. What goes, goes first: what it is made of may go too."""
    created: list[MigrateOperation] = []
    changed: list[MigrateOperation] = []
    dropped: list[MigrateOperation] = []
    for one in found.ops:
        if isinstance(one, DropTableOp):
            there = word_index_there(connection, one.table_name, one.schema)
            dropped += [] if there is None else [DropWordIndexOp(there)]
    for table in metadata.tables.values():
        wanted, there = (
            word_index_of(table),
            word_index_there(connection, str(table.name), table.schema),
        )
        whole = wanted is None or is_kept_up(connection, wanted)
        if whole and _alike(wanted, there, connection.dialect.name):
            continue
        dropped += [] if there is None else [DropWordIndexOp(there)]
        created += [] if wanted is None else [CreateWordIndexOp(wanted)]
        names = set(wanted.columns if wanted else ()) ^ set(there.columns if there else ())
        alters = _compare_letters(connection, table, names)
        changed += [ModifyTableOps(str(table.name), alters, schema=table.schema)] if alters else []
    found.ops[:] = [*dropped, *found.ops, *changed, *created]


def _compare_letters(
    connection: sa.Connection, table: sa.Table, names: Collection[str]
) -> list[MigrateOperation]:
    """What is searched for words MariaDB compares in another way: alike are letters of both cases."""
    look = sa.inspect(connection)
    if not look.has_table(str(table.name), schema=table.schema):
        return []
    return [
        AlterColumnOp(
            str(table.name),
            one["name"],
            schema=table.schema,
            modify_type=table.columns[one["name"]].type,
            existing_type=one["type"],
            existing_nullable=one["nullable"],
        )
        for one in look.get_columns(str(table.name), schema=table.schema)
        if one["name"] in names and one["name"] in table.columns
    ]


def _alike(wanted: WordIndex | None, there: WordIndex | None, dialect: str) -> bool:
    if wanted is None or there is None:
        return wanted is there
    if dialect != "postgresql":
        return wanted.columns == there.columns
    return wanted.stored == there.stored and (
        not there.columns or (wanted.columns, wanted.language) == (there.columns, there.language)
    )
