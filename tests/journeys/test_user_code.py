"""Code of users that blocks, waits and holds: the server names it, serves the others, and never waits for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from process_rig import serve

PROGRAM = """
import asyncio
import os
import time

import segue
from segue import App
from segue.db import Database, Field, Model

db = Database(os.environ["DATABASE_URL"], pool_size=5, pool_timeout=60)
app = App("code of users", plugins=[db])


class UserCodeRow(Model):
    said: Field[str]


@app.lifespan
async def tables(_: App):
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(4711)")
        await db.create_all()
    yield


@app.get("/")
async def home() -> str:
    return "home"


@app.get("/sleep")
async def sleepy() -> str:
    time.sleep(2)
    return "slept"


@app.get("/nested")
async def nested() -> str:
    async with db.transaction():
        await UserCodeRow.create(said="outer")
        await asyncio.sleep(0.01)
        async with db.transaction():
            await UserCodeRow.create(said="inner")
        return "nested"


async def several() -> int:
    first, second = await asyncio.gather(UserCodeRow.all(), UserCodeRow.all())
    return len(first) + len(second)


@app.get("/thread")
def thread() -> str:
    time.sleep(0.01)
    segue.wait(several())
    return "thread"
"""


@pytest.fixture
def database(servers: dict[str, str]) -> Iterator[str]:
    """A database of its own in PostgreSQL."""
    import asyncpg

    name = "segue_user_code"
    url = servers["postgresql"]

    async def run(*statements: str) -> None:
        connection = await asyncpg.connect(url)
        for one in statements:
            await connection.execute(one)
        await connection.close()

    asyncio.run(run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"))
    yield f"{url.rpartition('/')[0]}/{name}"
    asyncio.run(run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def asked(port: int, path: str, times: list[float] | None = None) -> bytes:
    """One request on a connection of its own; the status line."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    received = await reader.read()
    writer.close()
    if times is not None:
        times.append(time.perf_counter() - began)
    return received.partition(b"\r\n")[0]


@pytest.mark.row("BEY-6")
@pytest.mark.requires("postgresql", "asyncpg")
def test_code_that_sleeps_is_named_and_two_hundred_share_five_connections(
    tmp_path: Path, database: str, pace: Callable[[], float]
) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2", env={"DATABASE_URL": database}) as server:
        times = asyncio.run(others_while_one_sleeps(server.port))
        line = 1 + PROGRAM.splitlines().index("    time.sleep(2)")
        server.says(f"served.py:{line} in sleepy: `time.sleep(2)`")
        assert len(times) > 100
        assert times[int(len(times) * 0.99)] < 0.05 * pace(), "99 of 100 of the others"

    # One worker, so that all two hundred have the same five.
    with serve(PROGRAM, tmp_path, "--workers", "1", env={"DATABASE_URL": database}) as server:
        answers = asyncio.run(two_hundred(server.port))
        assert set(answers) == {b"HTTP/1.1 200 OK"}
        assert len(answers) == 600
        assert asyncio.run(asked(server.port, "/")) == b"HTTP/1.1 200 OK"


async def others_while_one_sleeps(port: int) -> list[float]:
    """What each of the others took, sorted, from before the sleep until after it."""
    times: list[float] = []
    sleeping = asyncio.create_task(asked(port, "/sleep"))

    async def other(number: int) -> None:
        await asyncio.sleep(0.004 * number)
        while not sleeping.done():
            assert await asked(port, "/", times) == b"HTTP/1.1 200 OK"
            await asyncio.sleep(0.015)

    await asyncio.gather(*(other(number) for number in range(6)))
    assert await sleeping == b"HTTP/1.1 200 OK"
    return sorted(times)


async def two_hundred(port: int) -> list[bytes]:
    """Clients of handlers that hold a connection, ask for more, and wait in threads, all at once."""

    async def client(number: int) -> list[bytes]:
        paths = ("/nested", "/thread", "/nested") if number % 2 else ("/thread", "/nested", "/thread")
        return [await asked(port, path) for path in paths]

    found = await asyncio.wait_for(asyncio.gather(*(client(number) for number in range(200))), 90)
    return [one for each in found for one in each]
