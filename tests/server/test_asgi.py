"""The ASGI adapter, message by message: what servers cannot be made to do at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from segue import App, Request, WebSocket, WebSocketDisconnected
from segue.http.websocket import WebSocketOptions
from segue.server.asgi import serve
from segue.server.limits import Limits

Message = dict[str, Any]


class Carrier:
    """Plays an ASGI server: `receive` gives what is put in, `sent` has what the app sent."""

    def __init__(self, *messages: Message) -> None:
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.received = 0
        for message in messages:
            self.inbox.put_nowait(message)

    async def receive(self) -> Message:
        message = await self.inbox.get()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def scope_of(
    path: str, method: str = "GET", headers: Iterable[tuple[bytes, bytes]] = (), **more: Any
) -> Message:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("192.0.2.2", 80),
        **more,
    }


END: Message = {"type": "http.request", "body": b"", "more_body": False}
GONE: Message = {"type": "http.disconnect"}


def run(app: App, scope: Message, *messages: Message, limits: Limits | None = None) -> Carrier:
    async def main() -> Carrier:
        carrier = Carrier(*messages)
        await asyncio.wait_for(serve(app, scope, carrier.receive, carrier.send, limits or Limits()), 10)
        return carrier

    return asyncio.run(main())


def echo_app() -> App:
    app = App()

    @app.any("/echo")
    @app.any("/echo/{rest:path}")
    async def echo(request: Request, rest: str = "") -> list[object]:
        return [
            request.prefix,
            request.path,
            request.target,
            str(request.url),
            (await request.body()).decode(),
        ]

    return app


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ["", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb", "http://localhost/echo/%C3%A4%2Fb", ""]),
        ({"raw_path": None}, ["", "/echo/ä/b", "/echo/%C3%A4/b", "http://localhost/echo/%C3%A4/b", ""]),
        (
            {"root_path": "/r ö", "path": "/r ö/echo/ä/b", "raw_path": b"/r%20%C3%B6/echo/%C3%A4%2Fb"},
            ["/r%20%C3%B6", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb", "http://localhost/r%20%C3%B6/echo/%C3%A4%2Fb", ""],
        ),
        # Whoever rewrites the path of a scope rarely thinks of raw_path: the path counts.
        ({"path": "/echo/x", "raw_path": b"/other"}, ["", "/echo/x", "/echo/x", "http://localhost/echo/x", ""]),
        ({"query_string": b"a=1"}, ["", "/echo/ä%2Fb", "/echo/%C3%A4%2Fb?a=1", "http://localhost/echo/%C3%A4%2Fb?a=1", ""]),
    ],
)  # fmt: skip
def test_paths(more: Message, told: list[str]) -> None:
    import json

    scope = {**scope_of("/echo/ä/b"), "raw_path": b"/echo/%C3%A4%2Fb", **more}
    assert json.loads(run(echo_app(), scope, END).body) == told


@pytest.mark.parametrize(("policy", "ends"), [("cancel", "cancelled"), ("finish", "finished, gone: True")])
def test_the_disconnect_policy_holds(policy: Any, ends: str) -> None:
    app = App()
    seen: list[str] = []
    over = asyncio.Event()

    @app.get("/", on_disconnect=policy)
    async def slow(request: Request) -> str:
        try:
            async with asyncio.timeout(1):
                await over.wait()
        except TimeoutError:
            seen.append(f"finished, gone: {request.disconnected}")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "nobody reads it"

    run(app, scope_of("/"), END, GONE)
    assert seen == [ends]


def test_a_stream_ends_with_its_client() -> None:
    app = App()
    seen: list[str] = []

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0)
        finally:
            seen.append("closed")

    carrier = run(app, scope_of("/"), END, GONE)
    assert seen == ["closed"]
    assert carrier.sent[-1].get("more_body", True)


def test_a_client_that_does_not_read_is_given_up() -> None:
    app = App()
    seen: list[str] = []

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        try:
            for _ in range(100):
                seen.append("piece")
                yield b"x"
        finally:
            seen.append("closed")

    class Stuck(Carrier):
        async def send(self, message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

    async def main() -> None:
        carrier = Stuck(END)
        limits = Limits(write_timeout=0.05)
        await asyncio.wait_for(serve(app, scope_of("/"), carrier.receive, carrier.send, limits), 10)

    asyncio.run(main())
    assert seen == ["piece", "closed"]


def test_a_handler_has_its_time() -> None:
    app = App()

    @app.get("/", timeout=0.1)
    async def slow() -> None:
        await asyncio.Event().wait()

    carrier = run(app, scope_of("/"), END)
    assert (carrier.status, carrier.body) == (503, b"503 Service Unavailable\nThe request took too long.\n")


def test_a_body_that_stops_coming() -> None:
    more = {"type": "http.request", "body": b"x", "more_body": True}
    length = [(b"content-length", b"5")]
    scope = scope_of("/echo", "POST", length)
    assert run(echo_app(), scope, more, limits=Limits(body_timeout=0.05)).status == 408
    for messages in ([more, {**more, "more_body": False}], [{**more, "body": b"xxxxxx"}]):
        assert run(echo_app(), scope, *messages).status == 400


def test_cancellation_by_the_server_is_not_swallowed() -> None:
    app = App()
    began = asyncio.Event()

    @app.get("/")
    async def slow() -> None:
        began.set()
        await asyncio.Event().wait()

    async def main() -> None:
        carrier = Carrier(END)
        task = asyncio.create_task(serve(app, scope_of("/"), carrier.receive, carrier.send))
        await began.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())


def test_what_is_left_to_do_is_done_after_the_response() -> None:
    app = App()
    order: list[str] = []

    @app.get("/")
    async def index(request: Request) -> str:
        request.after(order.append, "after")
        return "x"

    class Noting(Carrier):
        async def send(self, message: Message) -> None:
            order.append(message["type"])

    async def main() -> None:
        carrier = Noting(END)
        await serve(app, scope_of("/"), carrier.receive, carrier.send)

    asyncio.run(main())
    assert order == ["http.response.start", "http.response.body", "after"]


def test_a_file_is_left_to_a_server_that_can_send_one(tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    content = b"0123456789" * 100_000
    file.write_bytes(content)
    app = App()

    @app.get("/")
    async def film() -> Path:
        return file

    offers = {"extensions": {"http.response.pathsend": {}}}
    carrier = run(app, scope_of("/", **offers), END)
    assert carrier.sent[1] == {"type": "http.response.pathsend", "path": str(file)}
    part = run(app, scope_of("/", headers=[(b"range", b"bytes=2-4")], **offers), END)
    assert (part.status, part.body) == (206, b"234")
    assert run(app, scope_of("/"), END).body == content


def test_lifespan_messages() -> None:
    seen: list[str] = []

    def make(fails: str = "") -> App:
        app = App()

        @app.lifespan
        async def life() -> AsyncIterator[None]:
            if fails == "start":
                raise OSError("no database")
            seen.append("up")
            yield
            seen.append("down")
            if fails == "stop":
                raise OSError("no goodbye")

        @app.get("/")
        async def index() -> str:
            return "x"

        return app

    async def live(app: App) -> list[Message]:
        carrier = Carrier({"type": "lifespan.startup"})
        task = asyncio.create_task(serve(app, {"type": "lifespan"}, carrier.receive, carrier.send))
        while not carrier.sent:  # noqa: ASYNC110 -- until the app has answered
            await asyncio.sleep(0)
        if not task.done():
            web = Carrier(END)
            await serve(app, scope_of("/"), web.receive, web.send)
            carrier.inbox.put_nowait({"type": "lifespan.shutdown"})
        await task
        return carrier.sent

    assert asyncio.run(live(make())) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]
    assert seen == ["up", "down"]
    failed = asyncio.run(live(make("start")))
    assert failed == [{"type": "lifespan.startup.failed", "message": "OSError: no database"}]
    assert asyncio.run(live(make("stop")))[-1]["type"] == "lifespan.shutdown.failed"


def test_an_app_whose_server_runs_no_lifespan_is_started_by_its_first_request() -> None:
    app = App()
    seen: list[str] = []

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        await asyncio.sleep(0.01)
        seen.append("up")
        yield

    @app.get("/")
    async def index() -> str:
        return ",".join(seen)

    async def main() -> None:
        carriers = [Carrier(END) for _ in range(5)]
        await asyncio.gather(*(serve(app, scope_of("/"), one.receive, one.send) for one in carriers))
        assert [one.body for one in carriers] == [b"up"] * 5
        await app.shutdown()

    asyncio.run(main())
    assert seen == ["up"]


def test_a_scope_that_nobody_knows() -> None:
    with pytest.raises(TypeError, match="'carrier-pigeon' is not known"):
        run(App(), {"type": "carrier-pigeon"})


# --- WebSockets --------------------------------------------------------------------------------------------------


def socket_scope(path: str = "/", **more: Any) -> Message:
    scope = scope_of(path, **more)
    return {**scope, "type": "websocket", "scheme": "ws", "subprotocols": []}


CONNECT: Message = {"type": "websocket.connect"}


def talk(session: Any, *messages: Message, options: WebSocketOptions | None = None) -> Carrier:
    app = App()
    app.websocket("/", limits=options or WebSocketOptions())(session)
    return run(app, socket_scope(), CONNECT, *messages)


def test_a_handler_that_only_sends_learns_that_its_peer_is_gone() -> None:
    seen: list[str] = []

    async def session(socket: WebSocket) -> None:
        try:
            while True:
                await socket.send("x")
                await asyncio.sleep(0)
        finally:
            seen.append("ended")

    carrier = talk(session, {"type": "websocket.disconnect", "code": 1001})
    assert seen == ["ended"]
    assert carrier.sent[-1]["type"] == "websocket.send"


def test_no_more_is_received_than_the_queue_holds() -> None:
    class Counting(Carrier):
        taken = 0

        async def receive(self) -> Message:
            message = await super().receive()
            self.taken += message["type"] == "websocket.receive"
            return message

    go = asyncio.Event()
    got: list[str | bytes] = []
    app = App()

    @app.websocket("/", limits=WebSocketOptions(max_queue=4))
    async def session(socket: WebSocket) -> None:
        await go.wait()
        got.extend([await socket.receive() for _ in range(20)])

    async def main() -> None:
        carrier = Counting(CONNECT, *({"type": "websocket.receive", "text": str(n)} for n in range(20)))
        task = asyncio.create_task(serve(app, socket_scope(), carrier.receive, carrier.send))
        for _ in range(100):
            await asyncio.sleep(0)
        assert carrier.taken == 4
        go.set()
        await asyncio.wait_for(task, 10)

    asyncio.run(main())
    assert got == [str(n) for n in range(20)]


def test_a_peer_that_does_not_read_is_closed() -> None:
    app = App()
    seen: list[int] = []

    @app.websocket("/", limits=WebSocketOptions(send_timeout=0.05))
    async def session(socket: WebSocket) -> None:
        try:
            await socket.send("x")
        except WebSocketDisconnected as gone:
            seen.append(gone.code)

    class Stuck(Carrier):
        async def send(self, message: Message) -> None:
            if message["type"] == "websocket.send":
                await asyncio.Event().wait()
            self.sent.append(message)

    async def main() -> Carrier:
        carrier = Stuck(CONNECT)
        await asyncio.wait_for(serve(app, socket_scope(), carrier.receive, carrier.send), 10)
        return carrier

    carrier = asyncio.run(main())
    assert seen == [1013]
    assert carrier.sent[-1] == {"type": "websocket.close", "code": 1013, "reason": "the peer does not read"}


@pytest.mark.row("FC13")
def test_a_refusal_is_a_reply_where_the_carrier_can_send_one() -> None:
    async def main(extensions: Message) -> list[Message]:
        carrier = Carrier(CONNECT)
        await serve(App(), socket_scope("/none", extensions=extensions), carrier.receive, carrier.send)
        return carrier.sent

    plain = asyncio.run(main({}))
    assert plain == [{"type": "websocket.close", "code": 3404, "reason": ""}]
    start, body = asyncio.run(main({"websocket.http.response": {}}))
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 404)
    assert b"Not Found" in body["body"]
