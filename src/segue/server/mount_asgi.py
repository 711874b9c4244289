"""An ASGI application, mounted: its scope, its messages and its lifespan, seen from the server's side."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from segue.http.errors import ClientDisconnected, HTTPError
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.server.mount_lifespan import MountedLifespan
from segue.server.mount_response import foreign_response
from segue.server.mount_websocket import SocketCall, is_handshake
from segue.server.prefix import decoded_octets

__all__ = ["ASGIApplication", "MountedASGI", "scope_of"]

_Message = MutableMapping[str, Any]
ASGIApplication = Callable[
    [dict[str, Any], Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]

logger = logging.getLogger("segue.server")

_AHEAD = 64 * 1024
_POLL = (
    0.5  # seconds between two looks at whether the client is gone, while the application waits to hear of it
)
_SOON = 0.02  # seconds that a head waits for its body: most responses are one piece, and travel as one


class MountedASGI:
    """Translates requests to ASGI's messages and those of the response back."""

    def __init__(self, app: ASGIApplication) -> None:
        self.app = app
        self.default_headers: RawHeaders = []
        self._lifespan = MountedLifespan(app)
        #: Calls that go on after their response, such as background tasks of the application.
        self._calls: set[asyncio.Task[None]] = set()

    async def startup(self) -> None:
        """Runs the application's startup, if it has a lifespan. Raises RuntimeError when that fails."""
        await self._lifespan.start()

    async def shutdown(self) -> None:
        """Waits for nothing that is still running, and runs the application's shutdown."""
        for task in self._calls:
            task.cancel()
        if self._calls:
            await asyncio.wait(self._calls)
        await self._lifespan.stop()

    async def handle(self, request: Request) -> Response:
        """Answers by the application. Raises what it raises before its response begins."""
        if is_handshake(request):
            socket = SocketCall(request)
            self._spawn(
                self.app(scope_of(request, "websocket", self._lifespan.state), socket.receive, socket.send),
                socket,
            )
            return await socket.response()
        call = _HTTPCall(request)
        self._spawn(self.app(scope_of(request, "http", self._lifespan.state), call.receive, call.send), call)
        return await call.response()

    def _spawn(self, work: Awaitable[None], call: "_HTTPCall | SocketCall") -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 -- it is the call's to raise or to log
                call.ended(error)
            else:
                call.ended(None)

        task = call.task = asyncio.get_running_loop().create_task(run(), name="mounted ASGI application")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)


def scope_of(request: Request, kind: str, state: dict[str, Any] | None) -> dict[str, Any]:
    """The ASGI scope of a request. ``path`` holds ``root_path``, as the specification has it."""
    raw = request.target.partition("?")[0].encode("ascii")
    root = request.prefix.encode("ascii")
    connection = request.connection
    scheme = connection.scheme
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "scheme": scheme,
        "path": decoded_octets(root + raw).decode("utf-8", "replace"),
        "raw_path": root + raw,
        "query_string": request.query_string.encode("ascii"),
        "root_path": decoded_octets(root).decode("utf-8", "replace"),
        "headers": list(request.raw_headers),
        "client": connection.client,
        "server": connection.server,
        "extensions": {},
    }
    if kind == "http":
        scope["method"] = request.method
    else:
        scope["scheme"] = {"http": "ws", "https": "wss"}.get(scheme, scheme)
        offered = request.headers.joined("sec-websocket-protocol") or ""
        scope["subprotocols"] = [part.strip() for part in offered.split(",") if part.strip()]
        scope["extensions"] = {"websocket.http.response": {}}
    if state is not None:
        scope["state"] = state.copy()
    shared: dict[str, Any] = (request.made or {}).get("mounted", {})
    # Where Starlette and what is built on it look for them; who nobody knows is left out.
    scope.update({name: value for name, value in shared.items() if value is not None})
    return scope


class _HTTPCall:
    """One request to the application, and what it sends."""

    def __init__(self, request: Request) -> None:
        self.task: asyncio.Task[None] | None = None
        self._request = request
        self._chunks = request.stream()
        self._body_ended = False
        self._head: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._start: _Message | None = None
        self._pieces: deque[bytes] = deque()
        self._ahead = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._over = asyncio.Event()  # the response was sent, or nobody wants it any more
        self._complete = False
        self._failure: Exception | None = None

    async def response(self) -> Response:
        try:
            return await self._head
        except BaseException:
            self._over.set()
            if self.task is not None:
                self.task.cancel()
            raise

    # --- the application calls -----------------------------------------------------------------------------------

    async def receive(self) -> _Message:
        if not self._body_ended:
            try:
                piece = await anext(self._chunks, b"")
            except ClientDisconnected:
                return {"type": "http.disconnect"}
            except HTTPError as refused:
                # The application would make a 500 of it; it is the client's fault, and answered as such.
                self._settle(refused)
                raise
            self._body_ended = not piece
            return {"type": "http.request", "body": piece, "more_body": not self._body_ended}
        while not self._over.is_set() and not self._request.connection.closed:
            try:
                async with asyncio.timeout(_POLL):
                    await self._over.wait()
            except TimeoutError:
                continue
        return {"type": "http.disconnect"}

    async def send(self, message: _Message) -> None:
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            self._start = message
            asyncio.get_running_loop().call_later(_SOON, self._release)
        elif kind == "http.response.body" and self._start is not None and not self._complete:
            await self._send_body(bytes(message.get("body", b"")), bool(message.get("more_body", False)))
        else:
            raise RuntimeError(f"an ASGI application sent {kind!r} at this point of an HTTP response")

    async def _send_body(self, piece: bytes, more: bool) -> None:
        if not more and not self._head.done():
            self._complete = True
            self._begin(piece)
            self._over.set()
            return
        self._release()
        if self._over.is_set():
            raise ClientDisconnected("the client closed the connection")
        if piece:
            self._pieces.append(piece)
            self._ahead += len(piece)
        self._complete = not more
        self._changed.set()
        while self._ahead > _AHEAD and not self._over.is_set():
            self._room.clear()
            await self._room.wait()

    def _release(self) -> None:
        """Lets the head go; the body follows."""
        if not self._head.done():
            self._begin(self._stream())

    def _begin(self, body: bytes | AsyncIterator[bytes]) -> None:
        start = self._start or {"status": 500, "headers": []}
        try:
            response = foreign_response(self._request, start["status"], start.get("headers", ()), body)
        except Exception as error:  # noqa: BLE001 -- raised where the response is awaited
            self._settle(error)
        else:
            self._head.set_result(response)

    def _settle(self, error: Exception) -> None:
        if not self._head.done():
            self._head.set_exception(error)

    def ended(self, error: Exception | None) -> None:
        """The application has returned, or raised."""
        if not self._complete:
            self._failure = error or RuntimeError(
                "the mounted application ended without completing its response"
            )
            if isinstance(error, ClientDisconnected) and self._over.is_set():
                self._failure = None
            elif self._start is None:
                self._settle(self._failure)
            else:
                self._release()
        elif error is not None:
            logger.error(
                "%r: the mounted application failed after its response", self._request, exc_info=error
            )
        self._changed.set()

    # --- the server reads ----------------------------------------------------------------------------------------

    async def _stream(self) -> AsyncIterator[bytes]:
        try:
            while True:
                while self._pieces:
                    piece = self._pieces.popleft()
                    self._ahead -= len(piece)
                    self._room.set()
                    yield piece
                if self._complete:
                    return
                if self._failure is not None:
                    raise self._failure
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._over.set()
            self._room.set()
