"""TLS, HTTP/2, and names that are verified though their addresses are connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypercorn.asyncio
import hypercorn.config
import pytest
import trustme
from client_rig import run

from segue import App, Request, WebSocket
from segue.client import Http, Retries, Unreachable
from segue.server.config import TLS, ServerConfig
from segue.testing import LiveServer

Serve = Callable[..., LiveServer]


class Authority:
    """A certificate for a name, and a context that trusts it."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.cert, self.key = str(folder / "cert.pem"), str(folder / "key.pem")
        authority = trustme.CA()
        certificate = authority.issue_cert(*names)
        certificate.cert_chain_pems[0].write_to_path(self.cert)
        certificate.private_key_pem.write_to_path(self.key)
        self.trusting = ssl.create_default_context()
        authority.configure_trust(self.trusting)


def app() -> App:
    made = App()

    @made.get("/")
    async def home(request: Request) -> str:
        return f"{request.scheme} {request.headers.get('host', '')}"

    @made.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    return made


def test_the_name_is_verified_and_sent_though_an_address_is_connected_to(
    serve: Serve, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "films.test")
    tls = TLS(certfile=authority.cert, keyfile=authority.key)
    port = serve(app(), ServerConfig(binds=("127.0.0.1:0",), tls=tls)).port
    hosts = {"films.test": "127.0.0.1", "other.test": "127.0.0.1"}

    async def call() -> None:
        async with Http(hosts=hosts, tls=authority.trusting, retries=Retries(times=0)) as http:
            assert (await http.get(f"https://films.test:{port}/")).text == f"https films.test:{port}"
            with pytest.raises(Unreachable, match="TLS failed"):
                await http.get(f"https://other.test:{port}/")
            async with http.websocket(f"wss://films.test:{port}/echo") as socket:
                await socket.send("hello")
                assert await socket.receive() == "hello"
            with pytest.raises(Unreachable):
                async with http.websocket(f"wss://other.test:{port}/echo"):
                    pass
        async with Http(hosts=hosts, retries=Retries(times=0)) as http:
            with pytest.raises(Unreachable, match="TLS failed"):
                await http.get(f"https://films.test:{port}/")

    run(call())


@contextmanager
def http2_server(authority: Authority) -> Iterator[int]:
    """Another server, which speaks HTTP/2, with our app."""
    config = hypercorn.config.Config()
    listener = socket.create_server(("127.0.0.1", 0))
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile, config.keyfile = authority.cert, authority.key
    config.accesslog = config.errorlog = None
    found: dict[str, Any] = {}
    started = threading.Event()

    async def main() -> None:
        found["loop"], found["stop"] = asyncio.get_running_loop(), asyncio.Event()
        started.set()
        await hypercorn.asyncio.serve(app(), config, shutdown_trigger=found["stop"].wait)  # type: ignore[arg-type]

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert started.wait(20)
    try:
        yield listener.getsockname()[1]
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(20)
        listener.detach()


def test_http2_where_the_server_speaks_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "127.0.0.1")

    async def call(port: int) -> None:
        url = f"https://127.0.0.1:{port}/"
        versions: list[str] = []

        async def note(call: Any, next: Any) -> Any:
            reply = await next(call)
            versions.append(reply.http_version)
            return reply

        async with Http(tls=authority.trusting, http2=True, middleware=[note]) as http:
            replies = await asyncio.gather(*(http.get(url) for _ in range(20)))
            assert {one.text for one in replies} == {f"https 127.0.0.1:{port}"}
        async with Http(tls=authority.trusting, middleware=[note]) as http:
            await http.get(url)
        assert versions == ["HTTP/2"] * 20 + ["HTTP/1.1"]

    with http2_server(authority) as port:
        run(call(port))
