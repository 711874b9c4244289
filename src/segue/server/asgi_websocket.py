"""A WebSocket that an ASGI server carries, with the limits of the native one where the carrier leaves them to us."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import NO_MESSAGE, CloseCode, WebSocketDisconnected, WebSocketOptions
from segue.server.outbound import close_body
from segue.server.reply import pieces

__all__ = ["ASGIChannel", "refuse"]

_Message = MutableMapping[str, Any]
_HANDSHAKE = frozenset(
    {b"connection", b"upgrade", b"sec-websocket-accept", b"sec-websocket-extensions", b"content-length"}
)


class ASGIChannel:
    """What the handler's socket talks to. Frames, pings and compression are the carrier's.

    A task receives ahead of the handler, so that a handler that only sends learns that the peer is gone.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
        request: Request,
        options: WebSocketOptions,
    ) -> None:
        self._receive = receive
        self._send = send
        self._request = request
        self._options = options
        self._queue: deque[str | bytes] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._closed: WebSocketDisconnected | None = None
        #: The session was cancelled because its peer is gone.
        self.cancelled = False
        self._session = asyncio.current_task()
        self._receiving = False
        self._pump: asyncio.Task[None] | None = None
        self._farewell: asyncio.Task[None] | None = None

    async def accept(self, subprotocol: str | None, fields: RawHeaders) -> None:
        """Opens the socket, with the response's own header fields."""
        headers = [field for field in fields if field[0] not in _HANDSHAKE]
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})
        self._pump = asyncio.get_running_loop().create_task(self._run())

    async def end(self) -> None:
        """The session is over; waits until the close is sent."""
        self._session = None
        if self._pump is not None:
            self._pump.cancel()
        if self._farewell is not None:
            await asyncio.wait([self._farewell])

    async def _run(self) -> None:
        while self._closed is None:
            if len(self._queue) >= self._options.max_queue:
                self._room.clear()
                await self._room.wait()
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._request.connection.closed = True
                self._cancel_session()
                self._disconnected(message.get("code") or CloseCode.NO_STATUS, message.get("reason") or "")
            elif message["type"] == "websocket.receive":
                text = message.get("text")
                await self._take(message.get("bytes") or b"" if text is None else text)

    async def _take(self, message: str | bytes) -> None:
        size = len(message) if isinstance(message, bytes) else len(message.encode("utf-8", "surrogatepass"))
        if size > self._options.max_message:
            await self.close(CloseCode.MESSAGE_TOO_BIG, "")
        else:
            self._queue.append(message)
            self._arrived.set()

    def _disconnected(self, code: int, reason: str) -> None:
        if self._closed is not None:
            return
        self._closed = WebSocketDisconnected(code, reason)
        self._arrived.set()
        self._room.set()

    def _cancel_session(self) -> None:
        """The peer is gone: a handler that waits for it is told, one that does something else is cancelled if it wants."""
        endpoint = self._request.endpoint
        if (
            self._closed is None
            and not self._receiving
            and self._session is not None
            and endpoint is not None
            and endpoint.on_disconnect == "cancel"
        ):
            self.cancelled = True
            self._session.cancel()

    def _closing(self) -> WebSocketDisconnected:
        closed = self._closed or WebSocketDisconnected()
        return WebSocketDisconnected(closed.code, closed.reason)

    async def receive(self) -> str | bytes:
        while not self._queue:
            if self._closed is not None:
                raise self._closing()
            if self._receiving:
                raise RuntimeError(
                    "two tasks receive from one WebSocket at the same time; let one receive and hand the messages on"
                )
            self._arrived.clear()
            self._receiving = True
            try:
                async with asyncio.timeout(self._options.receive_timeout):
                    await self._arrived.wait()
            except TimeoutError:
                await self.close(CloseCode.GOING_AWAY, NO_MESSAGE)
            finally:
                self._receiving = False
        self._room.set()
        return self._queue.popleft()

    async def send(self, message: str | bytes) -> None:
        if self._closed is not None:
            raise self._closing()
        kind = "text" if isinstance(message, str) else "bytes"
        try:
            async with asyncio.timeout(self._options.send_timeout):
                await self._send({"type": "websocket.send", kind: message})
        except TimeoutError:
            await self.close(CloseCode.TRY_AGAIN_LATER, "the peer does not read")
            raise self._closing() from None
        except (OSError, RuntimeError) as error:
            # What carriers raise when the peer went between two messages.
            self._disconnected(CloseCode.ABNORMAL, str(error)[:100])
            raise self._closing() from None

    async def close(self, code: int, reason: str) -> None:
        if self._closed is not None:
            return
        self._disconnected(code, reason)
        # A task of its own: the session may end, and with it the one that closes.
        self._farewell = asyncio.get_running_loop().create_task(
            self._close(code, reason, asyncio.current_task()), name="close of a WebSocket"
        )
        await asyncio.shield(self._farewell)

    async def _close(self, code: int, reason: str, closing: object) -> None:
        if self._pump is not None and self._pump is not closing:
            # granian 2.8 loses the code when somebody receives meanwhile.
            self._pump.cancel()
            await asyncio.wait([self._pump])
        try:
            async with asyncio.timeout(self._options.send_timeout):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            pass  # the peer has closed it meanwhile


async def refuse(
    send: Callable[[_Message], Awaitable[None]],
    request: Request,
    response: Response,
    fields: RawHeaders,
    *,
    offers_reply: bool,
) -> None:
    """Answers a handshake with an ordinary response; where the carrier cannot, it makes a 403 of it.

    Then the code of the close is 3000 and the status: 3404 where there is no route.
    """
    if not offers_reply:
        await close_body(response.body)
        await send({"type": "websocket.close", "code": 3000 + response.status, "reason": ""})
        return
    await send({"type": "websocket.http.response.start", "status": response.status, "headers": fields})
    # As one message: refusals are short, and granian 2.8 takes no second one.
    async with aclosing(pieces(request, response)) as body:
        whole = b"".join([piece async for piece in body])
    await send({"type": "websocket.http.response.body", "body": whole, "more_body": False})
