"""A request that is cancelled in the middle of anything leaves nothing behind for the next one."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from databases import Database

from segue.db.engine import DatabaseError, Engine

pytestmark = pytest.mark.anyio

CANCELLATIONS = 1_000


async def tagged_read(engine: Engine, database: Database, tag: int) -> int:
    """A query that takes a moment and answers with its tag."""
    if database.kind == "postgresql":
        rows = await engine.fetch("SELECT $1::int FROM pg_sleep($2)", [tag, random.random() / 500])
    elif database.kind == "mariadb":
        rows = await engine.fetch("SELECT %s + SLEEP(%s)", [tag, random.random() / 500])
    else:
        steps = random.choice([1, 100_000])
        rows = await engine.fetch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT ? + 0 * max(i) FROM n",
            [steps, tag],
        )
    return int(rows[0][0])


async def tagged_transaction(engine: Engine, database: Database, tag: int) -> int:
    """Two rows or none, and what the same connection then says of them."""
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    async with engine.connection() as connection:
        await connection.begin()
        await connection.execute(insert, [2 * tag, f"{tag} a", 1900])
        await connection.execute(insert, [2 * tag + 1, f"{tag} b", 1900])
        rows = await connection.fetch(database.marked("SELECT title FROM film WHERE id = ?"), [2 * tag])
        await connection.commit()
    return int(rows[0][0].split()[0])


async def tagged_stream(engine: Engine, database: Database, tag: int) -> int:
    async with engine.connection(write=False) as connection:
        sql = "SELECT id FROM scene WHERE film_id = 0"
        async with contextlib.aclosing(connection.stream(sql, size=10)) as stream:
            async for rows in stream:
                assert [row[0] for row in rows] == list(range(rows[0][0], rows[0][0] + len(rows)))
    return tag


@pytest.mark.row("SEC-63", "FAULT-14")
async def test_no_reply_reaches_another_request(engine: Engine, database: Database) -> None:
    async with engine.connection() as connection:
        await connection.execute("INSERT INTO film VALUES (0, 'The first', 1900)")
        scenes = database.marked("INSERT INTO scene VALUES (?, ?)")
        await connection.execute_many(scenes, [(n, 0) for n in range(50)])
    cancelled = answered = 0
    tag = 0
    gate = asyncio.Semaphore(12)

    async def request(tag: int) -> None:
        nonlocal cancelled, answered
        work = random.choice([tagged_read, tagged_read, tagged_transaction, tagged_stream])
        async with gate:
            task = asyncio.create_task(work(engine, database, tag))
            for _ in range(random.choice([0, 1, 2, 3, 5, 8, 20])):
                await asyncio.sleep(0)
            if random.random() < 0.7:
                await asyncio.sleep(random.random() / 200)
            if random.random() < 0.9:
                task.cancel()
            try:
                assert await task == tag
            except asyncio.CancelledError:
                cancelled += 1
            else:
                answered += 1

    async with asyncio.timeout(100):
        while cancelled < CANCELLATIONS:
            async with asyncio.TaskGroup() as group:
                for _ in range(200):
                    tag += 1
                    group.create_task(request(tag))
        assert answered
        # All is as it was: no link missing, none in a transaction, each answers for itself.
        statistics = engine.statistics
        assert statistics.waiting == 0
        assert statistics.open <= 11
        for _ in range(20):
            tag += 1
            assert await tagged_read(engine, database, tag) == tag
        rows = await engine.fetch("SELECT id FROM film WHERE id > 0")
        # Transactions were done whole or not at all.
        assert {row[0] ^ 1 for row in rows} == {row[0] for row in rows}
        if database.kind in ("postgresql", "mariadb"):
            await never_used_again(engine, database)


async def never_used_again(engine: Engine, database: Database) -> None:
    """The connection of a query that is cancelled under way is closed: the next query is on another one."""
    mine = "SELECT pg_backend_pid()" if database.kind == "postgresql" else "SELECT connection_id()"
    for _ in range(3):
        used: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(hold(engine, mine, used, database.sleep(20)))
        before = await used
        await asyncio.sleep(0.02)  # it may also be cancelled before its query is sent
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(12):
            assert (await engine.fetch(mine))[0][0] != before


async def hold(engine: Engine, mine: str, used: asyncio.Future[int], sleep: str) -> None:
    async with engine.connection() as connection:
        used.set_result((await connection.fetch(mine))[0][0])
        await connection.fetch(sleep)


async def test_a_cancelled_transaction_is_rolled_back(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    inside = asyncio.Event()

    async def begin_and_wait() -> None:
        async with engine.connection() as connection:
            await connection.begin()
            await connection.execute(insert, [1, "Nuages", 1940])
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(begin_and_wait())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # It holds no lock either.
    async with asyncio.timeout(10):
        await engine.execute(insert, [1, "Nuages", 1940])
    assert len(await engine.fetch("SELECT id FROM film")) == 1


async def test_a_timeout_inside_a_transaction_ends_it(engine: Engine, database: Database) -> None:
    insert = database.marked("INSERT INTO film VALUES (?, ?, ?)")
    slow = f"INSERT INTO film (id, title) SELECT 2, 'x' FROM ({database.sleep(20)}) AS slow"
    async with engine.connection() as connection:
        await connection.begin()
        await connection.execute(insert, [1, "Nuages", 1940])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.execute(slow)
        # What follows is not run on its own, outside of the transaction.
        with pytest.raises(DatabaseError):
            await connection.execute(insert, [3, "Minor Swing", 1937])
    assert len(await engine.fetch("SELECT id FROM film")) == 0


async def test_who_waits_for_a_connection_may_leave(database: Database) -> None:
    engine = database.engine(pool_size=1)
    await engine.open()
    try:
        async with engine.connection():
            waiting = [asyncio.create_task(engine.execute("SELECT 1")) for _ in range(5)]
            while engine.statistics.waiting < 5:  # noqa: ASYNC110 -- nobody tells who waits
                await asyncio.sleep(0)
            for task in waiting[1:]:
                task.cancel()
        await waiting[0]
        assert engine.statistics.waiting == 0
        async with asyncio.timeout(5), engine.connection() as connection:
            assert len(await connection.fetch("SELECT 1")) == 1
    finally:
        await engine.close()
