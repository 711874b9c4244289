"""Migrations: files of Python that take a database from one shape of its tables to the next, and back.

    from segue.db.migrations import Migrations

    migrations = Migrations(database)
    await migrations.diff("films have a rating")     # writes migrations/0002_films_have_a_rating.py
    await migrations.migrate()
    await migrations.rollback()

In a revision: ``op`` (Alembic's operations), ``data`` (rows, with models of that revision), ``dialect_sql``, ``types`` (of columns). What a folder holds:
``revision``, ``folder``. What runs it: ``runner``, ``operations``, ``record``, ``resuming``, ``bridge``. What writes it: ``comparison``,
``renames``, ``source``. What a step does to those who use the tables: ``planner``, ``splitting``, ``gradual``.
"""

from segue.db.compiling.dialect_sql import dialect_sql
from segue.db.migrations import gradual
from segue.db.migrations.errors import Drift, Irreversible, MigrationError, Unsafe
from segue.db.migrations.migrations import Migrations, Status
from segue.db.migrations.operations import data, op
from segue.db.schema import column_types as types

__all__ = [
    "Drift",
    "Irreversible",
    "MigrationError",
    "Migrations",
    "Status",
    "Unsafe",
    "data",
    "dialect_sql",
    "gradual",
    "op",
    "types",
]
