"""A PostgreSQL server that is restarted while requests come."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import pytest
from private_cluster import Cluster

from segue import App
from segue.db.engine import Engine, engine_for
from segue.testing import AsyncClient

pytestmark = [pytest.mark.anyio, pytest.mark.requires("pg_ctl")]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.mark.row("FAULT-11")
@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_errors_end_with_the_outage(cluster: Cluster, how: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        engine = engine_for(cluster.url, pool_size=6)
        await engine.open()
        stack.push_async_callback(engine.close)
        await load(cluster, engine, how)


async def load(cluster: Cluster, engine: Engine, how: str) -> None:
    await engine.execute("CREATE TABLE hit (id serial PRIMARY KEY)")
    app = App()

    @app.get("/read")
    async def read() -> dict[str, int]:
        return {"hits": (await engine.fetch("SELECT count(*) FROM hit"))[0][0]}

    @app.post("/write")
    async def write() -> dict[str, int]:
        async with engine.connection() as connection:
            await connection.begin()
            number = (await connection.fetch("INSERT INTO hit DEFAULT VALUES RETURNING id"))[0][0]
            await connection.commit()
        return {"hit": number}

    seen: list[tuple[float, int]] = []
    stop = asyncio.Event()

    async with AsyncClient(app) as client:

        async def ask(method: str, path: str) -> None:
            while not stop.is_set():
                reply = await client.request(method, path)
                seen.append((time.monotonic(), reply.status))
                if reply.status >= 500:
                    await asyncio.sleep(0.05)

        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(ask("GET", "/read"))
                group.create_task(ask("POST", "/write"))
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await asyncio.to_thread(cluster.control, "restart", "-m", how)
            ended = time.monotonic()
            # It has recovered when each of the six connections has answered.
            after = len(seen)
            async with asyncio.timeout(20):
                while sum(status < 300 for _, status in seen[after:]) < 400:  # noqa: ASYNC110 -- the load goes on
                    await asyncio.sleep(0.02)
            stop.set()

    bad = [when for when, status in seen if status >= 300]
    assert {status for _, status in seen if status >= 300} <= {503}
    assert all(when > began for when in bad)
    # A request that was under way when the server was ready again may still tell of before.
    assert all(when < ended + 5 for when in bad)
    assert sum(when > ended + 1 for when in bad) == 0
    last = [status for _, status in seen[-300:]]
    assert set(last) <= {200, 201}
    assert engine.statistics.waiting == 0
