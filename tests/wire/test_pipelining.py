"""Pipelined requests: answered in order, and a client that sends thousands without reading holds only itself up."""

from __future__ import annotations

import asyncio
import threading

import psutil
import pytest
from rig.app import Recorder
from rig.client import connect, read_all, replies
from rig.server import serving

from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits


def recorder() -> Recorder:
    recorder = Recorder()

    @recorder.at("/slow")
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.002)
        return Response(request.query["n"].encode())

    @recorder.at("/fast")
    async def fast(request: Request) -> Response:
        return Response(request.query["n"].encode())

    @recorder.at("/held")
    async def held(request: Request) -> Response:
        await asyncio.sleep(30)
        return Response(b"")

    return recorder


@pytest.mark.row("SEC-14")
def test_ten_thousand_mixed_requests_are_answered_in_order() -> None:
    paths = [b"/slow" if number % 50 == 0 else b"/fast" for number in range(10_000)]
    lines = [b"GET %b?n=%d HTTP/1.1\r\nHost: a\r\n\r\n" % (path, n) for n, path in enumerate(paths)]
    lines[-1] = lines[-1].replace(b"Host: a", b"Host: a\r\nConnection: close")
    with serving(recorder()) as server, connect(server.address, timeout=60) as connection:
        sending = threading.Thread(target=connection.sendall, args=(b"".join(lines),))
        sending.start()
        received = read_all(connection)
        sending.join()
        found = [int(reply.body) for reply in replies(received)]
        assert found == list(range(10_000))
        assert server.logged() == []


@pytest.mark.row("SEC-14")
def test_what_waits_for_its_turn_is_bounded() -> None:
    limits = Limits(max_pipelined=32)
    process = psutil.Process()
    with serving(recorder(), limits) as server, connect(server.address, timeout=2) as connection:
        connection.sendall(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        before = process.memory_info().rss
        line = b"GET /fast?n=1 HTTP/1.1\r\nHost: a\r\nX-Fill: " + b"x" * 400 + b"\r\n\r\n"
        sent, stuck = 0, False
        while not stuck and sent < 200_000_000:
            try:
                sent += connection.send(line * 100)
            except TimeoutError:
                stuck = True
        assert sent < 50_000_000, "what the buffers of the system hold"
        assert process.memory_info().rss - before < 20_000_000
        [protocol] = server.service.connections
        # One read may bring a slice of them at once, and then no other is made.
        assert len(protocol.queue) <= limits.max_pipelined + 65_536 // len(line)  # type: ignore[attr-defined]
