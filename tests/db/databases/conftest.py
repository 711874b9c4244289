"""Apps with a database each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shop import Author, Post, Tag

from segue.db import Database


@pytest.fixture
async def closed(url: str, anyio_backend: str) -> AsyncIterator[str]:
    """The URL of a database with the tables of the shop, which nobody has open."""
    models = [Author, Tag, Post]
    async with Database(url, models=models) as database:
        await database.drop_all()
        await database.create_all()
    yield url
    async with Database(url, models=models) as database:
        await database.drop_all()


@pytest.fixture
def closed_sqlite(tmp_path: Path) -> str:
    """The same on SQLite, for tests that are no coroutines."""

    async def make() -> None:
        async with Database(f"sqlite:///{tmp_path}/sync.db", models=[Author, Tag, Post]) as database:
            await database.create_all()

    asyncio.run(make())
    return f"sqlite:///{tmp_path}/sync.db"
