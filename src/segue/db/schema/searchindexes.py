"""Full-text indexes: which columns of a table are searched for words, and what each database needs for it."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event

from segue.db.models.constraints import Searchable
from segue.db.models.mapping import Mapping
from segue.db.queries.searching import search_name, vector_text

__all__ = ["WordIndex", "add_search_index", "is_kept_up", "word_index_of", "word_index_there"]

_INFO = "segue words"


class WordIndex(NamedTuple):
    """What finds words in a table: an index, or on SQLite a table of words that triggers keep up to date.

    ``columns``: the first one counts more. ``language`` and ``stored`` are for PostgreSQL: other forms of a word, and words in a column of
    their own.
    """

    table: str
    columns: tuple[str, ...]
    language: str = "simple"
    stored: bool = False
    schema: str | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return search_name(self.table)

    def create(self, dialect: str, *, concurrently: bool = False) -> list[str]:
        """The statements that make it; of a table with rows it knows them then."""
        listed = ", ".join(f'"{one}"' for one in self.columns)
        table, index_name = self._whole(self.table, '"'), self._whole(self.name, '"')
        match dialect:
            case "postgresql":
                made_of = vector_text(self.language, [f'"{one}"' for one in self.columns])
                index = f"CREATE INDEX {'CONCURRENTLY ' if concurrently else ''}"
                told = f"{self.language}: {', '.join(self.columns)}"
                if self.stored:
                    add = f'ALTER TABLE {table} ADD COLUMN "{self.name}" tsvector GENERATED ALWAYS AS ({made_of}) STORED'
                    comment = f"COMMENT ON COLUMN {table}.\"{self.name}\" IS '{told}'"
                    return [add, f'{index}"{self.name}_words" ON {table} USING gin ("{self.name}")', comment]
                comment = f"COMMENT ON INDEX {index_name} IS '{told}'"
                return [f'{index}"{self.name}" ON {table} USING gin (({made_of}))', comment]
            case "mysql" | "mariadb":
                columns = ", ".join(f"`{one}`" for one in self.columns)
                table = self._whole(self.table, "`")
                # Made in place where there was one before, MariaDB 10.11 does not know the rows that are there.
                return [f"ALTER TABLE {table} ADD FULLTEXT INDEX `{self.name}` ({columns}), ALGORITHM=COPY"]
            case "sqlite":
                return self._words(listed)
            case _:
                return []

    def drop(self, dialect: str) -> list[str]:
        """The statements that take it away."""
        table, index_name = self._whole(self.table, '"'), self._whole(self.name, '"')
        match dialect:
            case "postgresql" if self.stored:
                return [f'ALTER TABLE {table} DROP COLUMN "{self.name}"']
            case "postgresql":
                return [f"DROP INDEX {index_name}"]
            case "mysql" | "mariadb":
                table = self._whole(self.table, "`")
                return [f"DROP INDEX `{self.name}` ON {table}"]
            case "sqlite":
                triggers = [
                    f'DROP TRIGGER IF EXISTS "{self.name}_{one}"' for one in ("insert", "delete", "update")
                ]
                return [*triggers, f'DROP TABLE IF EXISTS "{self.name}"']
            case _:
                return []

    def _whole(self, name: str, quote: str) -> str:
        schema = "" if self.schema is None else f"{quote}{self.schema}{quote}."
        return f"{schema}{quote}{name}{quote}"

    def _words(self, listed: str) -> list[str]:
        name, table = self.name, self.table
        old = ", ".join(f'old."{one}"' for one in self.columns)
        new = ", ".join(f'new."{one}"' for one in self.columns)
        forget = f'INSERT INTO "{name}" ("{name}", rowid, {listed}) VALUES (\'delete\', old.rowid, {old})'  # noqa: S608 -- names of the program
        learn = f'INSERT INTO "{name}" (rowid, {listed}) VALUES (new.rowid, {new})'  # noqa: S608 -- names of the program
        options = f"content='{table}', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0'"
        return [
            f'CREATE VIRTUAL TABLE "{name}" USING fts5({listed}, {options})',
            f'CREATE TRIGGER "{name}_insert" AFTER INSERT ON "{table}" BEGIN {learn}; END',
            f'CREATE TRIGGER "{name}_delete" AFTER DELETE ON "{table}" BEGIN {forget}; END',
            f'CREATE TRIGGER "{name}_update" AFTER UPDATE ON "{table}" BEGIN {forget}; {learn}; END',
            f'INSERT INTO "{name}" ("{name}") VALUES (\'rebuild\')',  # noqa: S608 -- names of the program
        ]


def add_search_index(table: sa.Table, mapping: Mapping, constraint: Searchable, dialect: str) -> None:
    """Notes of a table what finds words in it, and lets it be made with the table."""
    columns = tuple(mapping.columns[name].column for name in constraint.fields)
    words = WordIndex(table.name, columns, constraint.language, constraint.stored, table.schema)
    # Not in the table's own info: revisions would be written with that.
    table.metadata.info.setdefault(_INFO, {})[table.key] = words
    ddl: Any = sa.DDL
    for statement in words.create(dialect):
        event.listen(table, "after_create", ddl(statement.replace("%", "%%")))
    if dialect == "sqlite":  # elsewhere it goes with the table
        event.listen(table, "before_drop", ddl(f'DROP TABLE IF EXISTS "{words.name}"'))


def word_index_of(table: sa.Table) -> WordIndex | None:
    """What a table of the models says about it."""
    found: WordIndex | None = table.metadata.info.get(_INFO, {}).get(table.key)
    return found


def word_index_there(connection: sa.Connection, table: str, schema: str | None) -> WordIndex | None:
    """What there is in a database. One of PostgreSQL that does not tell what it is made of has no columns."""
    name = search_name(table)
    match connection.dialect.name:
        case "sqlite":
            sql = connection.scalar(
                sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), {"name": name}
            )
            made = re.match(r'CREATE VIRTUAL TABLE "[^"]*" USING fts5\((.*), content=', sql or "")
            return None if made is None else WordIndex(table, tuple(re.findall(r'"([^"]*)"', made[1])))
        case "mysql" | "mariadb":
            look = sa.inspect(connection)
            for one in look.get_indexes(table, schema=schema) if look.has_table(table, schema) else ():
                if one["name"] == name:
                    return WordIndex(table, _texts(one["column_names"]), schema=schema)
            return None
        case "postgresql":
            return _there_on_postgresql(connection, table, schema)
        case _:
            return None


def is_kept_up(connection: sa.Connection, words: WordIndex) -> bool:
    """Whether what keeps it up to date is there: on SQLite triggers, which somebody may have dropped."""
    if connection.dialect.name != "sqlite":
        return True
    rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type IN ('table', 'trigger')")
    there = {row[0] for row in rows}
    return all(one in there for one in words.create("sqlite") if one.startswith("CREATE"))


def _texts(names: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(one for one in names if one is not None)


_ON_POSTGRESQL = """
SELECT c.relkind = 'r' AS stored, coalesce(col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')) AS told
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = :name AND NOT a.attisdropped AND c.relkind = 'r'
WHERE n.nspname = coalesce(:schema, current_schema())
  AND (c.relkind = 'i' AND c.relname = :name OR c.relkind = 'r' AND c.relname = :table AND a.attname IS NOT NULL)
"""


def _there_on_postgresql(connection: sa.Connection, table: str, schema: str | None) -> WordIndex | None:
    asked = {"name": search_name(table), "schema": schema, "table": table}
    row = connection.execute(sa.text(_ON_POSTGRESQL), asked).first()
    if row is None:
        return None
    language, _, columns = (row.told or "").partition(": ")
    return WordIndex(
        table, tuple(filter(None, columns.split(", "))), language or "simple", bool(row.stored), schema
    )
