"""A stream whose connection was ended does not go on, even if it never waits."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from segue import App, Response
from segue.server.http1 import HTTP1Protocol
from segue.server.service import Service


@pytest.mark.parametrize("loop_kind", ["asyncio", "uvloop"])
def test_what_never_waits_ends_with_its_connection(loop_kind: str) -> None:
    app = App()
    made = 0
    closed = False
    services: list[Service] = []

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made, closed
        try:
            # So many that a test which fails comes to an end.
            for made in range(1, 2_001):
                if made == 3:
                    (connection,) = services[0].connections
                    connection.abort()
                yield bytes(64 * 1024)
        finally:
            closed = True

    @app.get("/")
    async def stream() -> Response:
        return Response(pieces())

    async def main() -> None:
        await app.startup()
        service = Service(app)
        services.append(service)
        server = await asyncio.get_running_loop().create_server(
            lambda: HTTP1Protocol(service), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readline()
        async with asyncio.timeout(20):
            while not closed:
                await reader.read(65536)
                await asyncio.sleep(0)
        writer.close()
        server.close()
        await app.shutdown()

    if loop_kind == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    else:
        factory = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
    assert 3 <= made < 20
