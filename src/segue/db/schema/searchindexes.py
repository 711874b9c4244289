"""Full-text indexes: which fields of a model are searched for words, and what each database needs for it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql

from segue.db.models.constraints import Searchable
from segue.db.models.mapping import Mapping
from segue.db.queries.searching import index_name, vector_text

__all__ = ["add_search_index", "words_of", "words_statements"]


_WORDS = "tables of words"


def add_search_index(table: Any, mapping: Mapping, constraint: Searchable, dialect: str) -> None:
    """Adds to a table what finds words in it: an index, or on SQLite a table of words that triggers keep up to date."""
    columns = [mapping.columns[name].column for name in constraint.fields]
    name = index_name(mapping)
    match dialect:
        case "postgresql":
            made_of = vector_text(constraint.language, columns)
            if constraint.stored:
                words = sa.Column(name, postgresql.TSVECTOR(), sa.Computed(made_of, persisted=True))
                table.append_column(words)
                sa.Index(f"{name}_words", words, postgresql_using="gin")
                return
            text = sa.text(f"({made_of})")
            table.append_constraint(sa.Index(name, text, postgresql_using="gin", _table=table))
        case "mysql" | "mariadb":
            made = [table.c[one] for one in columns]
            sa.Index(name, *made, mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT")
        case "sqlite":
            ddl: Any = sa.DDL
            table.info.setdefault(_WORDS, {})[name] = columns
            for statement in words_statements(mapping.table, name, columns):
                event.listen(table, "after_create", ddl(statement.replace("%", "%%")))
            event.listen(table, "before_drop", ddl(f'DROP TABLE IF EXISTS "{name}"'))
        case _:
            pass


def words_of(table: sa.Table) -> dict[str, list[str]]:
    """The tables of words that a table of SQLite has, each with the columns that the words stand in."""
    found: dict[str, list[str]] = table.info.get(_WORDS, {})
    return found


def words_statements(table: str, name: str, columns: Sequence[str]) -> list[str]:
    """What makes a table of words on SQLite, and the triggers that keep it up to date."""
    listed = ", ".join(f'"{one}"' for one in columns)
    old = ", ".join(f'old."{one}"' for one in columns)
    new = ", ".join(f'new."{one}"' for one in columns)
    forget = f'INSERT INTO "{name}" ("{name}", rowid, {listed}) VALUES (\'delete\', old.rowid, {old})'  # noqa: S608 -- names of the program
    learn = f'INSERT INTO "{name}" (rowid, {listed}) VALUES (new.rowid, {new})'  # noqa: S608 -- names of the program
    options = f"content='{table}', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0'"
    return [
        f'CREATE VIRTUAL TABLE "{name}" USING fts5({listed}, {options})',
        f'CREATE TRIGGER "{name}_insert" AFTER INSERT ON "{table}" BEGIN {learn}; END',
        f'CREATE TRIGGER "{name}_delete" AFTER DELETE ON "{table}" BEGIN {forget}; END',
        f'CREATE TRIGGER "{name}_update" AFTER UPDATE ON "{table}" BEGIN {forget}; {learn}; END',
    ]
