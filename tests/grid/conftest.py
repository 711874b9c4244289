"""Grids over databases of a test's own."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.db.engine import engine_for

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
        pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
    ],
)
def url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: dict[str, str]
) -> Iterator[str]:
    """An empty database of each kind in turn, dropped after the module."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('grid')}/test.db"
        return
    server = servers[request.param]
    name = f"segue_test_{secrets.token_hex(8)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        drop = 'DROP DATABASE "{}" WITH (FORCE)' if request.param == "postgresql" else "DROP DATABASE `{}`"
        asyncio.run(_run(server, drop.format(name)))


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """An empty database of SQLite."""
    return f"sqlite:///{tmp_path}/test.db"


async def _run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()
