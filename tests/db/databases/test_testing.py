"""Databases of tests: made for them, one engine for sync and async tests, what each writes taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from shop import Author, Post, Tag

import segue
from segue import App
from segue.db import ConfigurationError, Database
from segue.testing import AsyncClient, Client

KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
]


@pytest.fixture(scope="module", params=KINDS)
def shop_database(request: pytest.FixtureRequest, servers: dict[str, str]) -> Iterator[Database]:
    """What a project has in its conftest."""
    url = "sqlite:///shop.db" if request.param == "sqlite" else servers[request.param]
    db = Database(url, models=[Author, Tag, Post])
    with db.testing():
        assert db.url != url
        yield db
    assert db.url == url
    assert not db.is_open


@pytest.fixture
def rolled_back(shop_database: Database) -> Iterator[Database]:
    with shop_database.rolled_back():
        yield shop_database


def _app(db: Database) -> App:
    app = App(plugins=[db])

    @app.post("/authors/{name}")
    async def add(name: str) -> Author:
        async with db.transaction():
            return await Author.create(name=name, email=name)

    @app.get("/authors")
    def names() -> list[str]:
        return segue.wait(Author.order_by(Author.name).values(Author.name))

    return app


@pytest.mark.row("U23")
@pytest.mark.parametrize("turn", [1, 2])
def test_a_plain_function(rolled_back: Database, turn: int) -> None:
    told: list[str] = []
    with Client(_app(rolled_back), raise_server_exceptions=False) as client:
        assert client.get("/authors").json() == []
        assert client.post("/authors/a").status == 200
        # What fails does not spoil what follows.
        assert client.post("/authors/a").status == 409
        assert client.post("/authors/b").status == 200
        assert client.get("/authors").json() == ["a", "b"]
    segue.wait(Author.create(name="c", email="c"))
    assert segue.wait(Author.all().count()) == 3
    with rolled_back.transaction():
        rolled_back.on_commit(lambda: told.append("committed"))
    assert told == ["committed"]


@pytest.mark.row("U23")
@pytest.mark.anyio
@pytest.mark.parametrize("turn", [1, 2])
async def test_a_coroutine(rolled_back: Database, turn: int) -> None:
    async with AsyncClient(_app(rolled_back), raise_server_exceptions=False) as client:
        assert await Author.all().count() == 0
        await asyncio.gather(*[client.post(f"/authors/{name}") for name in "abc"])
        await Author.create(name="d", email="d")
        assert (await client.get("/authors")).json() == ["a", "b", "c", "d"]
        assert [one.name async for one in Author.order_by(Author.name).stream(size=2)] == ["a", "b", "c", "d"]
        with rolled_back.counting() as statements:
            await client.get("/authors")
        assert len(statements) == 1


@pytest.mark.anyio
async def test_transactions_of_their_own_are_taken_back_too(rolled_back: Database) -> None:
    with suppress(LookupError):
        async with rolled_back.transaction():
            async with rolled_back.transaction(own=True):
                await Author.create(name="a", email="a")
            raise LookupError
    assert await Author.all().count() == 0


def test_nothing_is_left(shop_database: Database) -> None:
    assert segue.wait(Author.all().count()) == 0


def test_what_is_not_made_for_tests_is_not_rolled_back(tmp_path: object) -> None:
    with Database(f"sqlite:///{tmp_path}/a.db") as db:
        with pytest.raises(ConfigurationError, match=r"db\.testing"):
            db.rolled_back().__enter__()
        with pytest.raises(ConfigurationError, match="open already"):
            db.testing().__enter__()


REVISION = '''"""An author."""

from segue.db import Field, Model, field
from segue.db.migrations import data, op, types
import sqlalchemy as sa

after = ()


class Known(Model, table="{table}"):
    name: Field[str] = field(max_length=80)
    email: Field[str] = field(max_length=80)


async def fill() -> None:
    await Known.create(name="Django", email="django@example.com")


def upgrade() -> None:
    op.create_table("{table}",
        sa.Column("id", types.integer(), primary_key=True),
        sa.Column("name", types.string(80)),
        sa.Column("email", types.string(80)),
    )
    data(fill)
'''


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_are_those_of_the_revisions(kind: str, servers: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "0001_authors.py").write_text(REVISION.format(table=Author.__mapping__.table))
    url = "sqlite:///shop.db" if kind == "sqlite" else servers[kind]
    db = Database(url, models=[Author], migrations=str(tmp_path))
    with db.testing(migrate=True):
        for _ in range(2):
            with db.rolled_back():
                assert segue.wait(Author.all().values(Author.name)) == ["Django"]
                segue.wait(Author.all().delete())


@pytest.mark.anyio
async def test_who_is_cancelled_leaves_the_connection_to_others(rolled_back: Database) -> None:
    slow = {"postgresql": "SELECT pg_sleep(0.3)", "mariadb": "SELECT sleep(0.3)"}.get(
        rolled_back.engine.name, "SELECT 1"
    )
    asking = asyncio.create_task(rolled_back.execute(slow))
    await asyncio.sleep(0.1)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    await Author.create(name="a", email="a")
    assert await Author.all().count() == 1
