"""Nothing is lost and nothing hangs: many writers, several processes, clients that go away, more requests than connections."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from shop import Author

from segue import App
from segue.db import Database, transactional
from segue.testing import AsyncClient
from segue.testing.plugin import LiveServerFactory

pytestmark = pytest.mark.anyio


async def test_two_hundred_writers_lose_nothing(closed: str) -> None:
    async with Database(closed, models=[Author], pool_size=5, pool_timeout=60) as db:
        counter = await Author.create(name="counter", email="counter", born=0)

        async def write(number: int) -> None:
            async with db.transaction():
                await Author.create(name=str(number), email=str(number))
                await Author.where(Author.id == counter.id).update(born=Author.born + 1)

        await asyncio.gather(*[write(number) for number in range(200)])
        assert await Author.all().count() == 201
        assert (await Author.get(counter.id)).born == 200
        assert db.statistics.waiting == 0
        assert db.statistics.open <= 6


@pytest.mark.parametrize("kind", ["read", "transaction"])
async def test_more_requests_than_connections_come_to_an_end(closed: str, kind: str) -> None:
    db = Database(closed, models=[Author], pool_size=5, pool_timeout=60)
    app = App(plugins=[db])

    @app.get("/read")
    async def read() -> list[int]:
        await Author.all()
        return [await Author.all().count()]

    @app.get("/transaction")
    async def transaction() -> list[int]:
        async with db.transaction():
            await Author.all()
            async with db.transaction():
                return [await Author.all().count()]

    async with AsyncClient(app) as client:
        replies = await asyncio.gather(*[client.get(f"/{kind}") for _ in range(200)])
    assert {one.status for one in replies} == {200}


_WORKER = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from shop import Author
from segue.db import Database
from segue.db import transactional

@transactional(retries=200, isolation="serializable")
async def count_up() -> None:
    one = await Author.get(name="counter")
    one.born += 1
    await one.save()

async def main() -> None:
    async with Database(sys.argv[1], models=[Author], pool_timeout=60):
        for _ in range(10):
            await count_up()

asyncio.run(main())
"""


async def test_two_processes_lose_no_update(closed: str) -> None:
    async with Database(closed, models=[Author]):
        await Author.create(name="counter", email="counter", born=0)
        folder = str(next(path for path in sys.path if path.endswith("tests/db")))
        workers = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", _WORKER, closed, folder, stderr=subprocess.PIPE
            )
            for _ in range(2)
        ]
        for one in workers:
            _, errors = await asyncio.wait_for(one.communicate(), 60)
            assert one.returncode == 0, errors.decode()
        assert (await Author.get(name="counter")).born == 20


@pytest.mark.row("FAULT-8")
def test_a_request_whose_client_has_gone_is_rolled_back(
    closed_sqlite: str, live_server: LiveServerFactory
) -> None:
    db = Database(closed_sqlite, models=[Author])
    app = App(plugins=[db])
    inside, left = threading.Event(), threading.Event()

    @app.post("/handler", on_disconnect="cancel")
    async def handler() -> None:
        try:
            async with db.transaction():
                await Author.create(name="a", email="a")
                inside.set()
                await asyncio.sleep(60)
        finally:
            left.set()

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        try:
            async with db.transaction():
                await Author.create(name="b", email="b")
                inside.set()
                while True:
                    yield b"x" * 65536
                    await asyncio.sleep(0.01)
        finally:
            left.set()

    @app.get("/names")
    async def names() -> list[str]:
        return await Author.all().values(Author.name)

    server = live_server(app)
    address = urlsplit(server.url)
    for request in (b"POST /handler", b"GET /stream"):
        inside.clear()
        left.clear()
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(request + b" HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n")
            assert inside.wait(10)
        gone = time.monotonic()
        assert left.wait(10)
        assert time.monotonic() - gone < 5
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(b"GET /names HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        assert answer.endswith(b"\r\n\r\n[]"), answer


async def test_who_waits_for_a_lock_is_told(closed: str) -> None:
    """A transaction that is held does not make those wait for ever who want the same."""
    async with Database(closed, models=[Author], pool_size=2, pool_timeout=0.2) as db:
        held = asyncio.Event()
        done = asyncio.Event()

        async def hold() -> None:
            async with db.transaction():
                await Author.create(name="a", email="a")
                held.set()
                await done.wait()

        tasks = [asyncio.create_task(hold())]
        await held.wait()

        @transactional(retries=2)
        async def write() -> None:
            await Author.create(name="b", email="b")

        if db.engine.name == "sqlite":
            with pytest.raises(Exception, match="held the connection that writes"):
                await write()
        else:
            await write()
        done.set()
        await asyncio.gather(*tasks)
        assert await Author.all().count() >= 1
