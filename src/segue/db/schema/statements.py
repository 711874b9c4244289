"""The statements that make all tables of a database, as text: what two programs are compared by."""

import warnings
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segue.db.schema.placement import mappings_of
from segue.db.schema.schema import metadata_of

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["statements_of"]


def statements_of(database: "Database", dialect: str = "postgresql") -> list[str]:
    """The SQL that makes the tables of the models in an empty database. Nothing is run, and no database is asked."""
    from segue.db.compiling.dialects import dialect_named

    found: list[str] = []
    spoken = dialect_named(dialect)

    def take(statement: Any, *_: Any, **__: Any) -> None:
        found.append(str(statement.compile(dialect=spoken)).strip())

    engine = sa.create_mock_engine(_URLS[dialect], take)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Cannot correctly sort tables")
        metadata_of(mappings_of(database), dialect).create_all(engine, checkfirst=False)
    return found


_URLS = {"postgresql": "postgresql+asyncpg://", "sqlite": "sqlite://", "mysql": "mysql+asyncmy://"}
