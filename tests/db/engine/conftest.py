"""One suite for all engines: `database` is each of them in turn."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from databases import KINDS, Database

from segue.db.engine import Engine


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    kind: str = request.param
    if kind == "memory":
        return Database(kind, "sqlite://")
    if kind == "sqlite":
        return Database(kind, f"sqlite:///{tmp_path}/test.db")
    if kind == "sqlalchemy":  # with a driver of another name, it is any database of SQLAlchemy's
        return Database(kind, f"sqlite+pysqlite:///{tmp_path}/test.db")
    return Database(kind, request.getfixturevalue(f"{kind}_url"))


@pytest.fixture
async def engine(database: Database, anyio_backend: str) -> AsyncIterator[Engine]:
    """Open, with an empty table `film(id, title, year)`: the title is unique, the year at least 1888."""
    engine = database.engine()
    await engine.open()
    try:
        async with engine.connection() as connection:
            await connection.script(
                "DROP TABLE IF EXISTS scene; DROP TABLE IF EXISTS film;"
                "CREATE TABLE film (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL,"
                " year INTEGER, CONSTRAINT film_title UNIQUE (title),"
                " CONSTRAINT film_year CHECK (year >= 1888));"
                "CREATE TABLE scene (id INTEGER PRIMARY KEY, film_id INTEGER NOT NULL,"
                " CONSTRAINT scene_film FOREIGN KEY (film_id) REFERENCES film (id));"
            )
        yield engine
    finally:
        await engine.close()
