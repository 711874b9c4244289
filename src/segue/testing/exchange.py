"""One request to an application and its response, on a loop but without a socket."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing

from segue.http.body import NO_BODY, BodySource
from segue.http.connection import Connection
from segue.http.dates import http_date
from segue.http.errors import ClientDisconnected, HTTPError
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket, WebSocketChannel, WebSocketDisconnected
from segue.server.admission import admit, body_length, refusal
from segue.server.application import Application, request_class_of
from segue.server.carried import CarriedBody
from segue.server.limits import Limits
from segue.server.reply import ResponseCut, answered, checked, finish, pieces
from segue.testing.outgoing import Outgoing

__all__ = ["Exchange", "IncompleteResponse"]

# Handlers that finish although their client is gone; the loop itself holds tasks only weakly.
_finishing: set[asyncio.Task[None]] = set()
_AHEAD = 64 * 1024  # bytes that a stream may be ahead of the client that reads it


class IncompleteResponse(ConnectionError):
    """The response broke off: its handler failed after the head was sent, as the log says."""


class Exchange:
    """``await begin()`` for the head, then ``await piece()`` until it gives ``b""``; ``close()`` leaves early."""

    def __init__(
        self,
        application: Application,
        outgoing: Outgoing,
        connection: Connection,
        *,
        limits: Limits,
        raise_exceptions: bool,
        channel: WebSocketChannel | None = None,
    ) -> None:
        self._application = application
        self._outgoing = outgoing
        self._connection = connection
        self._limits = limits
        self._raise = raise_exceptions
        self._channel = channel
        self._upload: AsyncIterator[bytes] | None = None
        self._pieces: deque[bytes] = deque()
        self._ahead = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._begun = False
        self._ended = False
        self._failure: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self.request: Request | None = None
        self.response = Response()
        self.fields: RawHeaders = []

    async def begin(self) -> None:
        """Sends the request and waits for the head of its response: ``response.status`` and ``fields``.

        Raises what a handler did not catch, when the client wants it.
        """
        self._task = asyncio.get_running_loop().create_task(
            self._run(), name=f"answer to {self._outgoing.method} {self._outgoing.url}"
        )
        while not self._begun:
            if self._failure is not None:
                await self._gone()
                raise self._failure
            await self._wait()

    async def piece(self) -> bytes:
        """The next piece of the body, as it was sent; ``b""`` at its end."""
        while not self._pieces:
            if self._failure is not None:
                await self._gone()
                raise self._failure
            if self._ended:
                return b""
            await self._wait()
        piece = self._pieces.popleft()
        self._ahead -= len(piece)
        self._room.set()
        return piece

    async def ended(self) -> None:
        """Waits until the handler has ended. Raises what it raised, when the client wants it."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._failure is not None and not isinstance(self._failure, ClientDisconnected):
            raise self._failure

    async def rest(self) -> bytes:
        """All that is left of the body."""
        found: list[bytes] = []
        while piece := await self.piece():
            found.append(piece)
        return b"".join(found)

    async def close(self, *, at_once: bool = False) -> None:
        """The client leaves: a response that is under way is cut, by the same rules as over a socket.

        Waits until the handler has ended. ``at_once`` cancels one that would rather finish.
        """
        if self._task is not None:
            self.leave(at_once=at_once)
            await self._gone()

    def leave(self, *, at_once: bool = False) -> None:
        """As :meth:`close`, without waiting for the handler."""
        task = self._task
        if task is None or self._ended:
            return
        self._connection.closed = True
        endpoint = self.request.endpoint if self.request is not None else None
        if at_once or self._begun or (endpoint is not None and endpoint.on_disconnect == "cancel"):
            task.cancel()
        else:
            _finishing.add(task)
            task.add_done_callback(_finishing.discard)
        self._room.set()

    async def _gone(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._upload is not None and (aclose := getattr(self._upload, "aclose", None)) is not None:
            await aclose()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _open_body(self) -> BodySource:
        outgoing = self._outgoing
        length = body_length(outgoing.headers, "1.1", self._limits)
        if length == 0:
            return NO_BODY
        self._upload = outgoing.pieces()
        return CarriedBody(length, self._limits, self._pull)

    async def _pull(self) -> bytes:
        if self._connection.closed or self._upload is None:
            raise ClientDisconnected("the client closed the connection")
        async for piece in self._upload:
            if piece:
                return piece
        return b""

    async def _run(self) -> None:
        try:
            await self._answer()
        except asyncio.CancelledError:
            self._failure = self._failure or ClientDisconnected("the client closed the connection")
        except Exception as error:  # noqa: BLE001 -- raised where the test waits
            self._failure = error
        finally:
            self._ended = True
            self._changed.set()
            if self.request is not None:
                await finish(self.request)

    def _raise_unhandled(self, request: Request) -> None:
        if self._raise and request.made is not None and (error := request.made.get("unhandled")) is not None:
            raise error

    async def _answer(self) -> None:
        outgoing = self._outgoing
        defaults = self._application.default_headers
        try:
            source = self._open_body()
            request = admit(
                outgoing.method,
                outgoing.target,
                outgoing.headers,
                source,
                self._connection,
                self._limits,
                kind=request_class_of(self._application),
            )
        except HTTPError as error:
            request = Request(outgoing.method, "/", outgoing.headers)
            response = refusal(error)
            fields = response.head(defaults)
        else:
            self.request = request
            request.made = {**(request.made or {}), "unhandled": None}
            response = await answered(self._application, request, self._limits)
            self._raise_unhandled(request)
            upgrades = self._channel is not None
            response, fields = await checked(
                request, response, defaults, upgrades=upgrades, strict=self._raise
            )
        self.response = response
        self.fields = [*fields, (b"date", http_date(time.time()).encode())]
        self._begun = True
        self._changed.set()
        if isinstance(response.body, Upgrade) and self._channel is not None:
            await self._converse(request, response.body, self._channel)
            return
        try:
            async with aclosing(pieces(request, response)) as body:
                async for piece in body:
                    await self._room.wait()
                    self._ahead += len(piece)
                    if self._ahead > _AHEAD:
                        self._room.clear()
                    self._pieces.append(piece)
                    self._changed.set()
        except ResponseCut as cut:
            if self._raise and cut.__cause__ is not None:
                raise cut.__cause__ from None
            raise IncompleteResponse("the response broke off; the log says why") from cut

    async def _converse(self, request: Request, upgrade: Upgrade, channel: WebSocketChannel) -> None:
        session = upgrade.session
        failure: list[Exception] = []

        async def watched(socket: WebSocket) -> None:
            try:
                await session(socket)
            except Exception as error:
                if not isinstance(error, HTTPError) and not (
                    isinstance(error, WebSocketDisconnected) and socket.closed
                ):
                    failure.append(error)
                raise

        await Upgrade(watched, upgrade.options, upgrade.subprotocol).run(channel, request, request.endpoint)
        if failure and self._raise:
            raise failure[0]
