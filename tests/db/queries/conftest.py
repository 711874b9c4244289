"""Films, their people and their facts: what the tests of queries ask about."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import cinema

from segue.db import Database


@pytest.fixture
async def films(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    """An open database with the films of `cinema` in it."""
    database = Database(url, models=cinema.MODELS)
    await database.open()
    await database.create_all()
    try:
        await cinema.fill()
        yield database
    finally:
        await database.drop_all()
        await database.close()
