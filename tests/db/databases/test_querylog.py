"""Which statements run, who made them, how often and how long."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from shop import Author

from segue import App
from segue.db import Database
from segue.testing import AsyncClient, Client

pytestmark = pytest.mark.anyio


async def test_statements_are_counted_with_their_line(closed: str) -> None:
    async with Database(closed, models=[Author]) as db:
        with db.counting() as statements:
            await Author.create(name="a", email="a")
            found = await Author.all()
            assert found[0].name == "a"
            await Author.all().delete()
        assert len(statements) == 3 if db.engine.dialect.insert_returning else len(statements) >= 3
        assert all(one.place is not None and one.place.file == __file__ for one in statements)
        select = next(one for one in statements if one.sql.startswith("SELECT author"))
        assert select.rows == 1
        assert select.seconds > 0
        assert "test_querylog.py" in repr(statements)
        await Author.all()
        assert "SELECT" in repr(statements)
        count = len(statements)
        await Author.all()
        assert len(statements) == count


async def test_those_in_transactions_are_counted_too(closed: str) -> None:
    async with Database(closed, models=[Author]) as db, db.transaction():
        with db.counting() as statements:
            for number in range(3):
                await Author.where(Author.id == number)
        assert len(statements) == 3
        assert list(statements.repeated(3).values()) == [3]
        assert statements.repeated(4) == {}


async def test_slow_statements_are_warned_of(closed: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Database(closed, models=[Author], slow=0.0):
        with caplog.at_level(logging.WARNING, "segue.db.statements"):
            await Author.where(Author.name == "nobody's secret")
    warned = [one.getMessage() for one in caplog.records if "slow statement" in one.getMessage()]
    assert len(warned) == 1
    assert "test_querylog.py" in warned[0]
    assert "nobody's secret" not in warned[0]


async def test_nothing_is_measured_when_nobody_listens(closed: str) -> None:
    async with Database(closed, models=[Author]) as db:
        assert type(db.engine).__name__ != "LoggedEngine"
        await Author.all()
        assert db.statistics.waiting == 0


def test_a_request_that_asks_again_and_again_is_told_in_development(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db = Database(f"sqlite:///{tmp_path}/a.db", models=[Author])
    app = App(plugins=[db], debug=True)
    app.development = True
    seen: list[object] = []

    @app.middleware
    async def look(request, next):  # type: ignore[no-untyped-def]
        response = await next(request)
        seen.append((request.made or {}).get("panels"))
        return response

    @app.get("/")
    async def names() -> list[str]:
        await db.create_all()
        return [str(await Author.get_or_none(number)) for number in range(6)]

    with Client(app) as client:
        client.get("/")
    warned = [one.getMessage() for one in caplog.records if "ran one statement 6 times" in one.getMessage()]
    assert len(warned) == 1
    assert "test_querylog.py" in warned[0]


async def test_clients_are_counted(closed: str) -> None:
    db = Database(closed, models=[Author])
    app = App(plugins=[db])
    app.get("/")(lambda: Author.all())  # noqa: PLW0108 -- a handler

    async with AsyncClient(app) as client:
        with db.counting() as statements:
            await client.get("/")
        assert len(statements) == 1
