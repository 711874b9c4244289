"""A client for public addresses only, and those who try to send it elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest
from client_rig import peer, run

from segue import App, EventStream, Response, WebSocket
from segue.client import AddressRefused, Http
from segue.client.addresses import is_public
from segue.testing import LiveServer

# Every way to write an address of this machine that resolvers and browsers know, and the neighbours that clouds have.
INSIDE = [
    "127.0.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.1", "127.0.1", "127.0.0.1.",
    "0.0.0.0", "0", "localhost", "LOCALHOST.", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fd00:ec2::254]", "[fc00::1]", "[ff02::1]",
    "１２７.0.0.1", "①②⑦.⓪.⓪.①", "ⓛocalhost",  # noqa: RUF001 -- what attackers write
]  # fmt: skip


@pytest.mark.row("SEC-81")
@pytest.mark.parametrize("host", INSIDE)
def test_no_spelling_of_an_inner_address_is_connected_to(host: str) -> None:
    port = 80

    def connected(*_: object) -> None:
        pytest.fail("a connection was made")

    with peer(connected, "127.0.0.1") as server:
        port = server.port

        async def call() -> None:
            async with Http(public_only=True) as http:
                with pytest.raises(AddressRefused, match="not public"):
                    await http.get(f"http://{host}:{port}/")
                with pytest.raises(AddressRefused, match="not public"):
                    async with http.websocket(f"ws://{host}:{port}/"):
                        pass
                with pytest.raises(AddressRefused, match="not public"):
                    async for _ in http.events(f"http://{host}:{port}/"):
                        pass

        run(call())
        assert server.asked == []


@pytest.mark.row("SEC-81")
@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe", "127.0.0.2"])
def test_a_redirect_does_not_lead_inside(host: str, serve: Callable[..., LiveServer]) -> None:
    app = App()

    @app.get("/")
    async def away() -> Response:
        return Response(b"", 302, {"location": f"http://{host}/latest/meta-data/"})

    url = serve(app).url

    async def call() -> None:
        # The server of the test stands for a public one.
        async with Http(public_only=True, allowed=["127.0.0.1"]) as http:
            with pytest.raises(AddressRefused, match="not public"):
                await http.get(url)

    run(call())


@pytest.mark.row("SEC-81")
def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a name server that gives a good address to who checks, and a bad one to who connects."""
    answers = ["127.0.0.1", "127.0.0.2"]
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **named: Any) -> Any:
        if host != "rebind.test":
            return real(host, port, *args, **named)
        asked.append(host)
        at = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port or 0))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    def inside(*_: object) -> None:
        pytest.fail("the second address was connected to")

    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    with peer(reply) as good, peer(inside, "127.0.0.2"):

        async def call() -> None:
            async with Http(public_only=True, allowed=["127.0.0.1/32"]) as http:
                assert (await http.get(f"http://rebind.test:{good.port}/")).text == "ok"
                assert asked == ["rebind.test"]
            async with Http(public_only=True, allowed=["127.0.0.1/32"]) as http:
                with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
                    await http.get(f"http://rebind.test:{good.port}/")
            assert len(good.asked) == 1

        run(call())


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: Any, port: Any, *args: Any, **named: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, 0)) for at in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with peer(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") as server:

        async def call() -> None:
            async with Http(public_only=True, allowed=["127.0.0.1/32"]) as http:
                assert (await http.get(f"http://both.test:{server.port}/")).status == 204

        run(call())


def test_a_connection_that_one_client_has_checked_is_not_lent_to_another(
    serve: Callable[..., LiveServer],
) -> None:
    app = App()

    @app.get("/")
    async def home() -> str:
        return "inside"

    @app.websocket("/socket")
    async def talk(socket: WebSocket) -> None: ...

    @app.get("/events")
    async def events() -> EventStream[int]:
        yield 1

    url = serve(app).url

    async def call() -> None:
        async with Http() as free, Http(public_only=True) as careful:
            assert (await free.get(url)).text == "inside"
            with pytest.raises(AddressRefused):
                await careful.get(url)

    run(call())


def test_a_proxy_would_make_the_check_worthless() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        Http(public_only=True, proxy="http://127.0.0.1:3128")


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "93.184.215.14",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_what_is_public_is_let_through(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
