"""A native server for WebSockets on the loop of a test, and peers that break the rules frame by frame."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from segue.core.results.websockets import websocket_endpoint
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import WebSocket, WebSocketOptions
from segue.server.clock import Clock
from segue.server.http1 import HTTP1Protocol
from segue.server.limits import Limits
from segue.server.service import Service

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # the example of RFC 6455, section 1.3
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Seconds(Clock):
    """A clock that goes on by a second whenever the service looks."""

    def tick(self) -> None:
        self.now += 1.0


class Application:
    """Answers every request with the same WebSocket."""

    def __init__(
        self, session: Callable[[WebSocket], Awaitable[None]], limits: WebSocketOptions | None
    ) -> None:
        self.endpoint: Any = None
        self.default_headers: RawHeaders = [(b"x-content-type-options", b"nosniff")]

        async def bind(request: Request) -> Callable[[WebSocket], Awaitable[None]]:
            return session

        self.answer = websocket_endpoint(bind, limits=limits)

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def handle(self, request: Request) -> Response:
        request.endpoint = self.endpoint
        return await self.answer(request)


class Serving:
    """A running server."""

    def __init__(self, application: Any, limits: Limits | None = None) -> None:
        self.application = application
        self.service = Service(application, limits)
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    async def idle(self, seconds: float = 5.0) -> None:
        """Returns when no connection is left."""
        async with asyncio.timeout(seconds):
            while self.service.connections:  # noqa: ASYNC110 -- the service has no event for this
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serve(application: Any, limits: Limits | None = None, tick: float = 0.05) -> AsyncIterator[Serving]:
    """Serves on the running loop. ``tick``: seconds between two looks at the deadlines; 0 is for tests that look."""
    serving = Serving(application, limits)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HTTP1Protocol(serving.service), "127.0.0.1", 0)
    serving.port = server.sockets[0].getsockname()[1]

    async def sweep() -> None:
        while True:
            await asyncio.sleep(tick)
            serving.service.sweep()

    sweeping = loop.create_task(sweep()) if tick else None
    try:
        yield serving
    finally:
        server.close()
        for connection in list(serving.service.connections):
            connection.abort()
        await serving.idle()
        if sweeping is not None:
            sweeping.cancel()


def serve_session(
    session: Callable[[WebSocket], Awaitable[None]],
    limits: WebSocketOptions | None = None,
    tick: float = 0.05,
) -> Any:
    return serve(Application(session, limits), tick=tick)


def handshake(path: str = "/", *fields: tuple[str, str], without: tuple[str, ...] = ()) -> bytes:
    """The request of a handshake; ``fields`` replace or add, ``without`` leaves out."""
    wanted = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        **dict(fields),
    }
    lines = [f"{name}: {value}" for name, value in wanted.items() if name not in without]
    return (f"GET {path} HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False, mask: bool = True
) -> bytes:
    """One frame as a client sends it."""
    head = bytes([opcode | (0x80 if fin else 0) | (0x40 if rsv1 else 0)])
    bit, size = (0x80 if mask else 0), len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += struct.pack("!BH", bit | 126, size)
    else:
        head += struct.pack("!BQ", bit | 127, size)
    # A mask of zeros is a mask, and leaves what a test sends readable.
    return head + (b"\0\0\0\0" if mask else b"") + payload


def deflated(payload: bytes) -> bytes:
    """A payload for permessage-deflate (RFC 7692, section 7.2.1)."""
    packer = zlib.compressobj(9, wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Peer:
    """A client that sends whatever it is told, and reads frames only when it is asked to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader = reader
        self.writer = writer
        self.head = head

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    @property
    def fields(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return dict(line.split(": ", 1) for line in lines if line)

    async def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def receive(self, seconds: float = 10.0) -> tuple[int, bytes]:
        """Opcode and payload of the next frame. Raises IncompleteReadError at the end."""
        async with asyncio.timeout(seconds):
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(size)

    async def close_code(self, seconds: float = 10.0) -> int:
        """Reads on until the close frame and the end of the connection; the code, or 1006 when there was no frame."""
        code = 1006
        try:
            while True:
                opcode, payload = await self.receive(seconds)
                if opcode == CLOSE:
                    code = int.from_bytes(payload[:2], "big") if payload else 1005
                    break
            self.writer.write(frame(CLOSE, payload[:2]))
            async with asyncio.timeout(seconds):
                await self.reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.writer.close()
        return code


@asynccontextmanager
async def connect(serving: Serving, request: bytes | None = None) -> AsyncIterator[Peer]:
    """Opens a connection and sends a handshake, or ``request``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port, limit=2**20)
    try:
        writer.write(handshake() if request is None else request)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        yield Peer(reader, writer, head)
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionError:
            pass


async def echo(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)
