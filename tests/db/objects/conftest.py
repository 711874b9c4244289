"""Databases for models of a test's own, and statements counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from shop import Opened

from segue.db import Database


@pytest.fixture
async def opened(url: str, anyio_backend: str) -> AsyncIterator[Opened]:
    """Opens a database of each kind with the tables of models; they are dropped after the test."""
    async with AsyncExitStack() as stack:

        async def open_with(*models: Any) -> Database:
            database = Database(url, models=models)
            await database.open()
            stack.push_async_callback(database.close)
            await database.drop_all()
            await database.create_all()
            stack.push_async_callback(database.drop_all)
            return database

        yield open_with


class Counted:
    """The statements that an engine has run."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Database], Counted]:
    """Counts the statements outside transactions from now on."""

    def count(database: Database) -> Counted:
        found = Counted()
        engine = database.engine
        for name in ("fetch", "execute"):
            real = getattr(engine, name)

            def counting(sql: str, *args: Any, _real: Any = real, **options: Any) -> Any:
                found.statements.append(sql)
                return _real(sql, *args, **options)

            monkeypatch.setattr(engine, name, counting)
        return found

    return count
