"""`segue serve examples/films.py --workers 2` under bad input, slow clients, killed workers, reload and stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import statistics
import time
from collections.abc import Callable

import psutil
import pytest
from journey_process import Serving
from journey_traffic import Listener, Searcher, Traffic, exchange

pytestmark = pytest.mark.requires("procfs")

BODY = b'{"title":"x"}'
MALFORMED = {
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
    "bad request line": b"GET /films\r\nhost: a\r\n\r\n",
    "no host": b"GET /films HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /films HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "space before the colon": b"GET /films HTTP/1.1\r\nhost: a\r\nx-y : z\r\n\r\n",
    "folded header": b"GET /films HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
    "NUL in a header": b"GET /films HTTP/1.1\r\nhost: a\r\nx: y\0z\r\n\r\n",
    "NUL in the target": b"GET /films?q=\0 HTTP/1.1\r\nhost: a\r\n\r\n",
    "too long a target": b"GET /films?q=" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n",
    "too many headers": b"GET /films HTTP/1.1\r\nhost: a\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
    "length and chunks": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\ntransfer-encoding: chunked\r\n\r\n" + BODY,
    "two lengths": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-length: 13\r\ncontent-length: 12\r\n\r\n" + BODY,
    "signed length": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-length: +13\r\n\r\n" + BODY,
    "huge length": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-length: " + b"9" * 40 + b"\r\n\r\n",
    "more than allowed": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n",
    "bad chunk size": b"POST /films HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "unknown coding": b"POST /films HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
    "unknown version": b"GET /films HTTP/9.9\r\nhost: a\r\n\r\n",
}  # fmt: skip


def converse(port: int, sent: bytes) -> bytes:
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        received = b""
        try:
            client.sendall(sent)
            while piece := client.recv(65536):
                received += piece
        except ConnectionError:  # what it had not read when it closed makes a reset of the end
            pass
        return received


def unhealthy(port: int, count: int) -> list[bytes]:
    """The replies of so many questions for its health that were not "ok"."""
    question = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    replies = [converse(port, question) for _ in range(count)]
    return [reply for reply in replies if not reply.endswith(b'{"status":"ok","films":3201}')]


def test_malformed_requests_are_refused_and_forgotten(films: Serving) -> None:
    workers = films.workers()
    replies = {name: converse(films.port, sent) for name, sent in MALFORMED.items()}
    statuses = {name: reply[9:12] for name, reply in replies.items() if reply}
    assert {
        name: status
        for name, status in statuses.items()
        if status not in {b"400", b"413", b"414", b"431", b"501", b"505"}
    } == {}
    assert set(MALFORMED) - set(statuses) <= {"no request", "too long a target", "too many headers"}
    assert {
        name: reply for name, reply in replies.items() if len(re.findall(rb"HTTP/1\.1 [0-9]{3} ", reply)) > 1
    } == {}
    assert not any(word in reply for reply in replies.values() for word in (b"Traceback", b".py", b"File "))
    assert unhealthy(films.port, 20) == []
    assert films.workers() == workers
    assert "Traceback" not in "".join(films.log)


def test_fifty_slow_clients_slow_nobody_down(films: Serving, pace: Callable[[], float]) -> None:
    asyncio.run(_slow_clients(films, pace))
    assert "Traceback" not in "".join(films.log)


async def _slow_clients(films: Serving, pace: Callable[[], float]) -> None:
    before = films.memory()
    slow: list[asyncio.StreamWriter] = []
    for number in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", films.port)
        slow.append(writer)
        if number % 3 == 0:  # reads nothing of what it asks for, again and again
            writer.write(b"GET /films/export.jsonl HTTP/1.1\r\nhost: films\r\n\r\n" * 50)
        elif number % 3 == 1:
            writer.write(b"GET /films HTTP/1.1\r\nhost: films\r\nx-slow: ")
        else:
            writer.write(
                b"POST /films HTTP/1.1\r\nhost: films\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
            )

    async def drip() -> None:
        while True:
            for number, writer in enumerate(slow):
                if number % 3:
                    writer.write(b" ")
            await asyncio.sleep(0.2)

    dripping = asyncio.create_task(drip())
    async with Traffic(films.port, rate=100, visitors=4) as traffic:
        await traffic.more(300)
    dripping.cancel()
    grown = films.memory() - before
    for writer in slow:
        writer.close()
    assert traffic.failures == []
    assert statistics.median(traffic.times) < 0.1 * pace()
    assert grown < 100_000_000


def test_a_killed_worker_takes_only_what_it_had_in_hand(films: Serving) -> None:
    asyncio.run(_killed_worker(films))
    assert films.stop() == 0


async def _killed_worker(films: Serving) -> None:
    workers = films.workers()
    assert len(workers) == 2
    async with Traffic(films.port) as traffic:
        await traffic.more(100)
        os.kill(workers[0], signal.SIGKILL)
        replaced = lambda: len(set(films.workers()) - {workers[0]}) == 2  # noqa: E731
        await asyncio.to_thread(films.wait_for, replaced, 5)
        await traffic.more(100)
        failed = len(traffic.failures)
        await traffic.more(300)
    # Each visitor has one connection, so it can lose one request; afterwards nobody loses any.
    assert failed <= traffic.visitors
    assert len(traffic.failures) == failed
    assert workers[1] in films.workers()


def test_reload_under_traffic_loses_nothing(films: Serving) -> None:
    asyncio.run(_reload(films))
    assert films.stop() == 0
    assert "Traceback" not in "".join(films.log)


async def _reload(films: Serving) -> None:
    old = set(films.workers())
    async with Traffic(films.port) as traffic:
        listeners = [Listener(films.port) for _ in range(20)]
        searchers = [Searcher(films.port) for _ in range(20)]
        async with asyncio.timeout(30):
            for one in [*listeners, *searchers]:
                await one.opened.wait()
        await traffic.more(200)
        films.reload()
        async with asyncio.timeout(30):
            await asyncio.to_thread(films.wait_for, lambda: not old & set(films.workers()), 30)
            await asyncio.gather(*(one.task for one in [*listeners, *searchers]))
        await traffic.more(200)
        again = Listener(films.port)
        async with asyncio.timeout(30):
            await again.opened.wait()
        again.task.cancel()
    assert traffic.failures == []
    assert len(films.workers()) == 2
    # A browser comes back when it was told to; a WebSocket hears that the service restarts.
    assert {b"retry:" in one.end and one.end.endswith(b"0\r\n\r\n") for one in listeners} == {True}
    assert {one.code for one in searchers} == {1012}


def test_sigterm_under_traffic_ends_in_order(films: Serving) -> None:
    asyncio.run(_sigterm(films))
    assert "Traceback" not in "".join(films.log)


async def _sigterm(films: Serving) -> None:
    workers = films.workers()
    listeners = [Listener(films.port) for _ in range(10)]
    searchers = [Searcher(films.port) for _ in range(10)]
    async with asyncio.timeout(30):
        for one in [*listeners, *searchers]:
            await one.opened.wait()
    begun_requests = [await _half_sent(films.port) for _ in range(10)]
    async with Traffic(films.port) as traffic:
        await traffic.more(200)
        assert traffic.failures == []
        begun = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(films.stop))
        async with asyncio.timeout(10):
            await asyncio.gather(*(one.task for one in [*listeners, *searchers]))
        assert not stopping.done()
        replies = [await _second_half(*request) for request in begun_requests]
        assert await stopping == 0
        assert time.monotonic() - begun < 11
    # Who comes later finds nobody, or an idle connection closed; no request that was begun is lost, no reply cut.
    assert replies == [(201, False)] * 10
    assert [failure for failure in traffic.failures if failure.startswith("lost")] == []
    assert {one.code for one in searchers} <= {1001, 1012}
    assert not any(psutil.pid_exists(pid) for pid in workers)


async def _half_sent(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /films HTTP/1.1\r\nhost: films\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\nexpect: 100-continue\r\n\r\n" % len(BODY)
    )
    # The server asks for the body, so the request has arrived and its handler has begun.
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(BODY[:5])
    return reader, writer


async def _second_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bool]:
    writer.write(BODY[5:])
    reply = await exchange(reader)
    writer.close()
    return reply
