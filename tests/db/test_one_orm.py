"""One set of models for sync and async code, with transactions, near the speed of the driver."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from time import process_time

import pytest
from shop import Author, Post, Tag

from segue import App, wait
from segue.db import Database
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


async def test_sync_and_async_handlers_share_models_and_transactions(db: Database) -> None:
    app = App(plugins=[db])

    @app.post("/async/{name}")
    async def in_the_loop(name: str, fail: bool = False) -> dict[str, int]:
        async with db.transaction():
            author = await Author.create(name=name, email=name)
            if fail:
                raise ZeroDivisionError
        return {"id": author.id}

    @app.post("/sync/{name}")
    def in_a_thread(name: str, fail: bool = False) -> dict[str, int]:
        async def both() -> Author:
            async with db.transaction():
                author = await Author.create(name=name, email=name)
                await Tag.create(name=name)
                if fail:
                    raise ZeroDivisionError
            return author

        author = wait(both())
        assert wait(Author.get(author.id)).name == name
        assert [one.name for one in wait(Author.where(Author.name == name))] == [name]
        return {"id": author.id}

    async with AsyncClient(app, raise_server_exceptions=False) as client:
        replies = await asyncio.gather(
            *(client.post(f"/{kind}/{kind}{number}") for kind in ("async", "sync") for number in range(20))
        )
        assert {reply.status for reply in replies} == {200}
        assert (await client.post("/async/lost?fail=1")).status == 500
        assert (await client.post("/sync/lost?fail=1")).status == 500
    assert await Author.all().count() == 40
    assert await Tag.all().count() == 20


@pytest.mark.row("U-DJ-02")
@pytest.mark.requires("postgresql")
async def test_queries_and_transactions_are_async_to_the_bottom(postgresql_url: str) -> None:
    """Many transactions are open at the same time on one loop, and no thread is begun for any of them."""
    async with Database(postgresql_url, models=[Author, Tag, Post], pool_size=12) as db:
        await db.create_all()
        app = App(plugins=[db])
        all_inside = asyncio.Barrier(10)
        threads: set[int] = set()

        @app.post("/{name}")
        async def write(name: str, fail: bool = False) -> dict[str, int]:
            async with db.transaction():
                tag = await Tag.create(name=name)
                # All ten are here, each in a transaction of its own, and none sees what the others wrote.
                await all_inside.wait()
                seen = await Tag.all().count()
                async with db.transaction():
                    await Tag.where(Tag.id == tag.id).update(name=f"{name}!")
                threads.add(threading.get_ident())
                if fail:
                    raise ZeroDivisionError
            return {"seen": seen}

        async with AsyncClient(app, raise_server_exceptions=False) as client:
            before = threading.active_count()
            replies = await asyncio.gather(
                *(client.post(f"/async {number}?fail={int(number == 3)}") for number in range(10))
            )
            assert threading.active_count() == before
        assert sorted(reply.status for reply in replies) == [200] * 9 + [500]
        assert {reply.json()["seen"] for reply in replies if reply.status == 200} == {1}
        assert threads == {threading.get_ident()}
        assert await Tag.where(Tag.name.endswith("!")).count() == 9
        # One that is cancelled in the middle leaves nothing, and its connection is not lost.
        inside = asyncio.Event()

        async def work() -> None:
            async with db.transaction():
                await Tag.create(name="cancelled")
                inside.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await inside.wait()
        task.cancel()
        await asyncio.wait([task])
        assert await Tag.where(Tag.name == "cancelled").count() == 0
        assert [one.name async for one in Tag.where(Tag.name == "async 1!")] == ["async 1!"]
        await db.drop_all()


@pytest.mark.row("BEY-11")
@pytest.mark.requires("postgresql")
async def test_an_object_by_its_key_and_a_thousand_rows_cost_little_more_than_with_the_driver(
    postgresql_url: str,
) -> None:
    # The types are tested in typing_tests/test_models.py, sync and async use above; benchmarks/data has the figures.
    async with Database(postgresql_url, models=[Author, Tag, Post]) as db:
        await db.create_all()
        await Tag.create_many([Tag(name=f"tag {number}") for number in range(1000)])
        keys = await Tag.order_by(Tag.id).values(Tag.id)

        async with db.engine.connection(write=False) as connection:
            raw = connection.raw

            async def get() -> object:
                return await Tag.get(keys[7])

            async def get_by_hand() -> object:
                return await raw.fetch("SELECT id, name FROM tag WHERE id = $1", keys[7])

            async def rows() -> object:
                return await Tag.all()

            async def rows_by_hand() -> object:
                return await raw.fetch("SELECT id, name FROM tag")

            async def ratio(
                own: Callable[[], Awaitable[object]], other: Callable[[], Awaitable[object]], times: int
            ) -> float:
                """Of the least that each needs, one after the other, so that what else runs here hits both."""
                taken: dict[object, list[float]] = {own: [], other: []}
                for _ in range(15):
                    for work, found in taken.items():
                        started = process_time()
                        for _ in range(times):
                            await work()
                        found.append(process_time() - started)
                return min(taken[other]) / min(taken[own])

            # The promise is 0.8 and 0.5; half of that is asserted here, where other things run too.
            assert await ratio(get, get_by_hand, 100) > 0.4
            assert await ratio(rows, rows_by_hand, 5) > 0.25
        await db.drop_all()
