"""The handshake of a WebSocket: who may connect, and what everybody else is told (RFC 6455, section 4)."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from segue import App, Next
from segue.core.results.websockets import websocket_endpoint
from segue.http.connection import Connection
from segue.http.errors import HTTPError, NotFound
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket, WebSocketOptions

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))

from websocket_rig import KEY, TEXT, connect, echo, frame, handshake, serve


async def no_session(socket: WebSocket) -> None: ...


async def bind(request: Request) -> Callable[[WebSocket], Awaitable[None]]:
    return no_session


def ask(
    *changes: tuple[str, str | None],
    scheme: str = "http",
    origins: Sequence[str] = (),
    subprotocols: Sequence[str] = (),
) -> Response:
    """The answer to a handshake with some fields changed, added, or left out (None)."""
    fields: list[tuple[str, str]] = [
        ("host", "shop.example"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-version", "13"),
    ]
    for name, value in changes:
        fields = [field for field in fields if field[0] != name]
        if value is not None:
            fields.append((name, value))
    raw = [(name.encode(), value.encode("latin-1")) for name, value in fields]
    request = Request("GET", "/chat", raw, connection=Connection(scheme))
    return asyncio.run(websocket_endpoint(bind, origins=origins, subprotocols=subprotocols)(request))


def refusal(*changes: tuple[str, str | None], **options: Any) -> HTTPError:
    with pytest.raises(HTTPError) as refused:
        ask(*changes, **options)
    return refused.value


def test_a_handshake_is_answered_with_101() -> None:
    response = ask()
    assert response.status == 101
    assert isinstance(response.body, Upgrade)
    assert response.body.options == WebSocketOptions()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("upgrade", None),
        ("upgrade", "h2c"),
        ("upgrade", "websocketz"),
        ("connection", "keep-alive"),
        ("connection", None),
        ("sec-websocket-key", None),
        ("sec-websocket-key", ""),
        ("sec-websocket-key", "short"),
        ("sec-websocket-key", KEY + "\n"),
        ("sec-websocket-key", KEY[:-1]),
        ("sec-websocket-key", "é" * 24),
        ("sec-websocket-version", None),
    ],
)
def test_what_is_no_handshake_is_a_bad_request(field: str, value: str | None) -> None:
    assert refusal((field, value)).status == 400


@pytest.mark.parametrize("version", ["8", "0", "14", "13, 8", "²", ""])
def test_another_version_is_told_which_one_is_spoken(version: str) -> None:
    error = refusal(("sec-websocket-version", version))
    assert (error.status, error.headers["sec-websocket-version"]) == (426, "13")
    assert error.headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    ("host", "scheme", "origin", "allowed"),
    [
        ("shop.example", "https", "https://shop.example", True),
        ("shop.example", "https", "https://SHOP.example", True),
        ("shop.example:443", "https", "https://shop.example", True),
        ("shop.example", "https", "https://shop.example:443", True),
        ("127.0.0.1:8000", "http", "http://127.0.0.1:8000", True),
        ("[::1]:8000", "http", "http://[::1]:8000", True),
        ("shop.example", "wss", "https://shop.example", True),
        ("shop.example", "ws", "http://shop.example", True),
        ("shop.example", "https", None, True),
        ("shop.example", "https", "https://evil.example", False),
        ("shop.example", "https", "http://shop.example", False),
        ("shop.example", "https", "https://shop.example:8443", False),
        ("shop.example", "https", "https://shop.example.evil.example", False),
        ("shop.example", "https", "https://evil-shop.example", False),
        ("shop.example", "https", "https://a.shop.example", False),
        ("shop.example", "https", "null", False),
        ("shop.example", "https", "", False),
        ("shop.example", "https", "https://shop.example/", False),
        ("shop.example", "https", "https://shop.example https://evil.example", False),
        ("shop.example", "https", "é", False),
        ("", "https", "https://", False),
    ],
)
def test_only_pages_of_the_own_origin_connect(
    host: str, scheme: str, origin: str | None, allowed: bool
) -> None:
    changes = (("host", host), ("origin", origin))
    if allowed:
        assert ask(*changes, scheme=scheme).status == 101
    else:
        assert refusal(*changes, scheme=scheme).status == 403


def test_two_origins_are_none() -> None:
    raw = [(b"host", b"a"), (b"origin", b"http://a"), (b"origin", b"http://a")]
    request = Request("GET", "/", raw, connection=Connection("ws"))
    with pytest.raises(HTTPError) as refused:
        asyncio.run(websocket_endpoint(bind)(request))
    assert refused.value.status == 403


def test_a_route_may_name_other_origins() -> None:
    origins = ["https://app.example", "HTTPS://Other.example:443"]
    for origin in ("https://app.example", "https://other.example", "http://shop.example"):
        assert ask(("origin", origin), origins=origins).status == 101
    assert refusal(("origin", "https://evil.example"), origins=origins).status == 403
    assert ask(("origin", "https://anybody.example"), origins=["*"]).status == 101


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("chat", "chat"),
        ("chat.v2, chat", "chat"),
        ("superchat ,chat", "superchat"),
        ("other", None),
        ("Chat", None),
        ("é, chat", "chat"),
        ("", None),
        (None, None),
    ],
)
def test_the_first_subprotocol_of_ours_that_the_client_offers_is_spoken(
    offered: str | None, chosen: str | None
) -> None:
    response = ask(("sec-websocket-protocol", offered), subprotocols=["superchat", "chat"])
    assert isinstance(response.body, Upgrade)
    assert response.body.subprotocol == chosen


class Site:
    """Answers like an app: errors are replies, and each reply gets a header."""

    def __init__(self, **options: Any) -> None:
        async def session_of(request: Request) -> Callable[[WebSocket], Awaitable[None]]:
            if request.path == "/missing":
                raise NotFound("no such room")
            return echo

        self.default_headers = [(b"x-content-type-options", b"nosniff")]
        self.answer = websocket_endpoint(session_of, **options)
        self.accepted = 0

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def handle(self, request: Request) -> Response:
        try:
            response = await self.answer(request)
            self.accepted += 1
        except HTTPError as error:
            response = Response(f"{error.status}\n", error.status, error.headers)
        response.headers["x-from-middleware"] = "yes"
        return response


@pytest.mark.row("SEC-71")
def test_a_page_of_another_site_is_refused_before_anything_is_accepted() -> None:
    async def run() -> None:
        site = Site()
        async with serve(site) as serving:
            host = f"127.0.0.1:{serving.port}"
            stolen = ("Cookie", "session=victim"), ("Host", host)
            async with connect(serving, handshake("/", *stolen, ("Origin", "https://evil.example"))) as peer:
                assert peer.status == 403
                assert "sec-websocket-accept" not in peer.fields
            assert site.accepted == 0
            async with connect(serving, handshake("/", *stolen, ("Origin", f"http://{host}"))) as peer:
                assert peer.status == 101
                await peer.send(frame(TEXT, b"mine"))
                assert await peer.receive() == (TEXT, b"mine")

    asyncio.run(run())


@pytest.mark.row("TO3")
def test_refusals_are_ordinary_replies_on_the_wire() -> None:
    cases = [
        (handshake("/", ("Origin", "https://evil.example")), 403, {}),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, {}),
        (
            handshake("/", ("Sec-WebSocket-Version", "8")),
            426,
            {"sec-websocket-version": "13", "upgrade": "websocket"},
        ),
        (handshake("/", ("Sec-WebSocket-Key", "nonsense")), 400, {}),
        (handshake("/missing"), 404, {}),
        (handshake("/", ("Sec-WebSocket-Protocol", "chat, other")), 101, {"sec-websocket-protocol": "chat"}),
        (
            handshake("/", ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")),
            101,
            {
                "sec-websocket-extensions": "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                "server_max_window_bits=12; client_max_window_bits=12"
            },
        ),
    ]

    async def run() -> None:
        async with serve(Site(subprotocols=["chat"])) as serving:
            for request, status, fields in cases:
                async with connect(serving, request) as peer:
                    assert peer.status == status, request
                    assert fields.items() <= peer.fields.items()
                    # Middleware adds to what opens a WebSocket as to anything else (AI5).
                    assert peer.fields["x-from-middleware"] == "yes"
                    assert peer.fields["x-content-type-options"] == "nosniff"

    asyncio.run(run())


@pytest.mark.parametrize(
    "request_bytes",
    [
        handshake("/", ("Sec-WebSocket-Protocol", "caf\xe9, \xff")),
        handshake("/", ("Origin", "https://caf\xe9.example")),
        handshake("/", ("Sec-WebSocket-Extensions", "permessage-d\xe9flate; =;;,")),
        handshake("/", ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits=99")),
        handshake("/", ("Sec-WebSocket-Key", "\xe9" * 24)),
        handshake("/caf\xe9"),
        handshake("/%ff"),
    ],
)
def test_no_byte_of_a_handshake_ends_the_server(request_bytes: bytes) -> None:
    async def run() -> None:
        async with serve(Site(subprotocols=["chat"])) as serving:
            async with connect(serving, request_bytes) as peer:
                assert peer.status in {101, 400, 403}
            async with connect(serving) as peer:
                assert peer.status == 101

    asyncio.run(run())


def test_an_app_binds_and_wraps_a_websocket_like_any_other_request() -> None:
    app = App()
    left = []

    @app.middleware
    async def stamp(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers["x-stamp"] = "yes"
        return response

    @app.websocket("/rooms/{number:int}", subprotocols=["chat"])
    async def room(socket: WebSocket, number: int, request: Request, limit: int = 10) -> None:
        await socket.send_json([number, limit, request.path, socket.subprotocol])
        async for message in socket:
            await socket.send(message)
        left.append(number)

    async def run() -> None:
        async with serve(app) as serving:
            wanted = handshake("/rooms/7?limit=3", ("Sec-WebSocket-Protocol", "chat"))
            async with connect(serving, wanted) as peer:
                assert (peer.status, peer.fields["x-stamp"]) == (101, "yes")
                assert peer.fields["x-frame-options"] == "DENY"
                assert await peer.receive() == (TEXT, b'[7,3,"/rooms/7","chat"]')
                await peer.send(frame(TEXT, b"hi"))
                assert await peer.receive() == (TEXT, b"hi")
            await serving.idle()
            assert left == [7]
            for path, status in (("/rooms/seven", 404), ("/rooms/7?limit=x", 422), ("/nowhere", 404)):
                async with connect(serving, handshake(path)) as peer:
                    assert (peer.status, peer.fields["x-stamp"]) == (status, "yes")
                    assert "sec-websocket-accept" not in peer.fields

    asyncio.run(run())


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_an_upgrade_that_nobody_asked_for_is_not_sent(request_bytes: bytes) -> None:
    app = App()

    @app.get("/")
    async def surprise() -> Response:
        return Response(Upgrade(no_session, WebSocketOptions()), 101)

    async def run() -> None:
        async with serve(app) as serving, connect(serving, request_bytes) as peer:
            assert peer.status in {426, 500}

    asyncio.run(run())
