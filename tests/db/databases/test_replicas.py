"""Replicas and failover: where reads and writes go, and what happens when one is lost."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from shop import Author

from segue import App
from segue.db import Database
from segue.db.engine import ConnectionLost
from segue.testing import AsyncClient

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from tcp_proxy import Proxy

pytestmark = pytest.mark.anyio


async def _named(url: str, name: str) -> str:
    """A database with one author, whose name says where it is."""
    async with Database(url, models=[Author]) as db:
        await db.create_all()
        await Author.create(name=name, email=name)
    return url


@pytest.fixture
async def places(tmp_path: Path, anyio_backend: str) -> dict[str, str]:
    """A primary and two replicas that were not told of each other, so that one sees which is read."""
    return {
        name: await _named(f"sqlite:///{tmp_path}/{name}.db", name) for name in ("primary", "first", "second")
    }


@pytest.fixture
def db(places: dict[str, str]) -> Database:
    return Database(
        places["primary"],
        models=[Author],
        replicas=[places["first"], places["second"]],
        primary_params=["fresh"],
    )


async def _who() -> str:
    return (await Author.order_by(Author.id).limit(1))[0].name


@pytest.mark.row("TG-11", "DJ-11")
async def test_reads_go_to_replicas_and_writes_and_what_follows_to_the_primary(db: Database) -> None:
    app = App(plugins=[db])

    @app.get("/read")
    async def read() -> list[str]:
        return [await _who(), await _who(), (await Author.get(1)).name]

    @app.post("/write")
    async def write() -> list[str]:
        before = await _who()
        await Author.create(name="new", email="new")
        mine = await asyncio.create_task(_who())
        return [before, await _who(), mine, str(await Author.all().count())]

    @app.get("/primary")
    @db.primary()
    async def primary() -> list[str]:
        return [await _who()]

    @app.get("/block")
    async def block() -> list[str]:
        with db.primary():
            inside = await _who()
        async with db.transaction():
            written = await _who()
        return [inside, written]

    @app.get("/chosen")
    async def chosen() -> list[str]:
        await Author.where(Author.name == "new").update(born=1)
        with db.replica():
            return [await _who()]

    async with AsyncClient(app) as client:
        replicas = {"first", "second"}
        found = (await client.get("/read")).json()
        assert set(found) == replicas
        before, after, mine, count = (await client.post("/write")).json()
        assert before in replicas
        assert (after, mine, count) == ("primary", "primary", "2")
        # The next request has written nothing.
        assert set((await client.get("/read")).json()) == replicas
        assert set((await client.get("/read?fresh=1")).json()) == {"primary"}
        assert (await client.get("/primary")).json() == ["primary"]
        assert (await client.get("/block")).json() == ["primary", "primary"]
        assert (await client.get("/chosen")).json()[0] in replicas


async def test_another_database_is_named_by_the_query_or_the_model(places: dict[str, str]) -> None:
    async with (
        Database(places["primary"], models=[Author]) as first,
        Database(places["second"], name="archive", models=[Author]),
    ):
        assert await _who() == "second"
        assert (await Author.all().using(first).first()).name == "primary"  # type: ignore[union-attr] # it is there
        assert await Author.all().using("archive").values(Author.name) == ["second"]
        async with first.transaction():
            assert await Author.all().using("archive").count() == 1


@pytest.mark.requires("postgresql")
async def test_a_replica_that_is_lost_is_left_alone(postgresql_url: str, anyio_backend: str) -> None:
    await _named(postgresql_url, "a")
    proxy = await Proxy(postgresql_url).__aenter__()
    async with Database(postgresql_url, models=[Author], replicas=[proxy.url]) as db:
        assert await _who() == "a"
        assert proxy.accepted > 0
        await proxy.__aexit__()
        for _ in range(3):
            assert await _who() == "a"
        assert db.statistics.waiting == 0
        await db.drop_all()


@pytest.mark.row("W-13")
@pytest.mark.requires("postgresql")
async def test_the_second_address_is_used_when_the_first_is_lost(
    postgresql_url: str, anyio_backend: str
) -> None:
    await _named(postgresql_url, "a")
    async with Proxy(postgresql_url) as proxy:
        async with Database([proxy.url, postgresql_url], models=[Author]):
            assert await _who() == "a"
            assert proxy.accepted > 0
            await proxy.__aexit__()
            # A read goes on by itself.
            assert await _who() == "a"
            await Author.create(name="b", email="b")
        # It is not there from the beginning.
        async with Database([proxy.url, postgresql_url], models=[Author]) as db:
            async with db.transaction():
                await Author.create(name="c", email="c")
            assert await Author.all().count() == 3
            await db.drop_all()
        with pytest.raises(ConnectionLost):
            await Database([proxy.url, proxy.url]).open()


async def test_only_the_first_address_is_written(places: dict[str, str], tmp_path: Path) -> None:
    shutil.copy(tmp_path / "primary.db", tmp_path / "copy.db")
    async with Database([places["primary"], f"sqlite:///{tmp_path}/copy.db"], models=[Author]) as db:
        await Author.create(name="b", email="b")
        assert await Author.all().count() == 2
        assert db.engine.name == "sqlite"
    async with Database(f"sqlite:///{tmp_path}/copy.db", models=[Author]):
        assert await Author.all().count() == 1
