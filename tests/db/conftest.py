"""Databases of a test's own, on the servers that this machine has."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from segue.db import Database
from segue.db.engine import engine_for

sys.path.insert(0, str(Path(__file__).parent))

import shop


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio: the drivers know no other loop."""
    return "asyncio"


@pytest.fixture(scope="module")
def postgresql_url(servers: dict[str, str]) -> Iterator[str]:
    """An empty PostgreSQL database, dropped after the module. Mark the test with requires("postgresql")."""
    yield from _database(servers["postgresql"], 'DROP DATABASE "{}" WITH (FORCE)')


@pytest.fixture(scope="module")
def mariadb_url(servers: dict[str, str]) -> Iterator[str]:
    """An empty MariaDB database, dropped after the module. Mark the test with requires("mariadb")."""
    yield from _database(servers["mariadb"], "DROP DATABASE `{}`")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
async def db(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    """An open database with the tables of `shop`, empty."""
    database = Database(url, models=[shop.Author, shop.Tag, shop.Post])
    await database.open()
    await database.create_all()
    try:
        yield database
    finally:
        await database.drop_all()
        await database.close()


def _database(server: str, drop: str) -> Iterator[str]:
    name = f"segue_test_{secrets.token_hex(8)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        asyncio.run(_run(server, drop.format(name)))


async def _run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()
