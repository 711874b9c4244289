"""Both ends of a WebSocket without a wire: the channel that a handler talks to, and the socket that a test holds."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypedDict, TypeVar, overload

import msgspec

from segue.http.headers import Headers, HeaderSource, MutableHeaders
from segue.http.url import QueryValues
from segue.http.websocket import NO_MESSAGE, CloseCode, Upgrade, WebSocketDisconnected, WebSocketOptions
from segue.testing.exchange import Exchange
from segue.testing.outgoing import RequestOptions, resolve
from segue.testing.response import ClientResponse, ResponseHead
from segue.testing.visitor import Visitor

__all__ = ["AsyncClientSocket", "HandshakeOptions", "WebSocketRefused", "connected"]

T = TypeVar("T")
_SCHEMES = {"ws": "http", "wss": "https"}


class WebSocketRefused(Exception):
    """The app answered the handshake with something else than a WebSocket: ``response``."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        super().__init__(
            f"{response.url} was answered with {response.status} {response.reason}: {response.content[:500]!r}"
        )


class HandshakeOptions(TypedDict, total=False):
    """What the opening of a WebSocket takes: as RequestOptions, with ``origin`` (that of the page, as a browser
    sends it; without it, the client is no browser) and ``subprotocols``, in the order of preference.
    """

    params: QueryValues
    headers: HeaderSource
    cookies: Mapping[str, str]
    origin: str
    subprotocols: Sequence[str]


class Channel:
    """The handler's end, and the queues to and from the client's."""

    def __init__(self) -> None:
        self.options = WebSocketOptions()
        self.inbound: deque[str | bytes] = deque()
        self.outbound: deque[str | bytes] = deque()
        self.closed: WebSocketDisconnected | None = None
        #: Whether the handler waits for the client: then it learns of the end by an exception.
        self.waiting = False
        #: Whether the handler has closed the socket itself.
        self.left = False
        self._changed = asyncio.Condition()

    async def receive(self) -> str | bytes:
        self.waiting = True
        try:
            async with asyncio.timeout(self.options.receive_timeout):
                return await self.take(self.inbound)
        except TimeoutError:
            await self.close(CloseCode.GOING_AWAY, NO_MESSAGE)
            raise self._closing() from None
        finally:
            self.waiting = False

    async def send(self, message: str | bytes) -> None:
        self.waiting = True
        try:
            async with asyncio.timeout(self.options.send_timeout):
                await self.put(self.outbound, message)
        except TimeoutError:
            await self.close(CloseCode.TRY_AGAIN_LATER, "the peer does not read")
            raise self._closing() from None
        finally:
            self.waiting = False

    async def close(self, code: int, reason: str) -> None:
        self.left = True
        await self.end(code, reason)

    async def end(self, code: int, reason: str) -> None:
        """Closes the socket for both ends, if it is open."""
        async with self._changed:
            if self.closed is None:
                self.closed = WebSocketDisconnected(code, reason)
            self._changed.notify_all()

    async def put(self, queue: deque[str | bytes], message: str | bytes) -> None:
        """Waits for room."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: self.closed is not None or len(queue) < self.options.max_queue
            )
            if self.closed is not None:
                raise self._closing()
            queue.append(message)
            self._changed.notify_all()

    async def take(self, queue: deque[str | bytes]) -> str | bytes:
        """The next message; those that were under way when the socket closed come before its end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.closed is not None or queue)
            if queue:
                self._changed.notify_all()
                return queue.popleft()
            raise self._closing()

    def _closing(self) -> WebSocketDisconnected:
        closed = self.closed or WebSocketDisconnected()
        return WebSocketDisconnected(closed.code, closed.reason)


class AsyncClientSocket:
    """An open WebSocket, seen from the client.

        async with client.websocket("/chat/swing") as socket:
            await socket.send("hello")
            assert await socket.receive() == "swing: hello"

    ``headers``: of the response that opened it. ``subprotocol``: the one that was agreed on, or None. Leaving the
    block closes it, and waits until the handler has ended.
    """

    def __init__(self, channel: Channel, head: ResponseHead, upgrade: Upgrade, timeout: float | None) -> None:
        self.headers: Headers = head.headers
        self.subprotocol = upgrade.subprotocol
        self._channel = channel
        self._timeout = timeout

    async def send(self, message: str | bytes) -> None:
        """Sends text or bytes. Raises WebSocketDisconnected when the app has closed the socket."""
        channel = self._channel
        size = len(message.encode()) if isinstance(message, str) else len(message)
        if size > channel.options.max_message:
            await channel.end(CloseCode.MESSAGE_TOO_BIG, "")
            return
        async with asyncio.timeout(self._timeout):
            await channel.put(channel.inbound, message)

    async def send_json(self, value: object) -> None:
        """Sends ``value`` as JSON text."""
        await self.send(msgspec.json.encode(value).decode())

    async def receive(self) -> str | bytes:
        """The next message. Raises WebSocketDisconnected once the app has closed the socket."""
        async with asyncio.timeout(self._timeout):
            return await self._channel.take(self._channel.outbound)

    @overload
    async def receive_json(self) -> Any: ...
    @overload
    async def receive_json(self, type: type[T]) -> T: ...
    async def receive_json(self, type: Any = Any) -> Any:
        """The next message, decoded as JSON and validated as ``type``."""
        return msgspec.json.decode(await self.receive(), type=type)

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the socket, as a client does."""
        await self._channel.end(code, reason)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self.receive()
            except WebSocketDisconnected:
                return
            yield message


@asynccontextmanager
async def connected(
    visitor: Visitor, reference: str, options: HandshakeOptions
) -> AsyncGenerator[AsyncClientSocket, None]:
    """Opens a WebSocket and closes it at the end. Raises WebSocketRefused."""
    url = resolve(visitor.base_url, reference)
    url = url.replace(scheme=_SCHEMES.get(url.scheme, url.scheme))
    channel = Channel()
    exchange, head = await visitor.send(
        visitor.outgoing("GET", url, _handshake(options)), [], channel=channel
    )
    upgrade = exchange.response.body
    if not isinstance(upgrade, Upgrade):
        raise WebSocketRefused(await visitor.read(exchange, head))
    channel.options = upgrade.options
    socket = AsyncClientSocket(channel, head, upgrade, visitor.options.timeout)
    try:
        yield socket
    except WebSocketDisconnected:
        # The reason may be an exception of the handler: that one is told instead.
        await _end(exchange, channel, visitor.options.timeout)
        raise
    except BaseException:
        await channel.end(CloseCode.GOING_AWAY, "")
        await exchange.close(at_once=True)
        raise
    await _end(exchange, channel, visitor.options.timeout)


async def _end(exchange: Exchange, channel: Channel, timeout: float | None) -> None:
    # A handler that closed the socket itself, or waits for the client, is not interrupted.
    knows = channel.waiting or channel.left
    await channel.end(CloseCode.NORMAL, "")
    if exchange.request is not None:
        exchange.request.connection.closed = True
        endpoint = exchange.request.endpoint
        if not knows and endpoint is not None and endpoint.on_disconnect == "cancel":
            await exchange.close(at_once=True)
    try:
        async with asyncio.timeout(timeout):
            await exchange.ended()
    except TimeoutError:
        await exchange.close(at_once=True)
        raise TimeoutError(
            f"the handler did not end within {timeout} seconds after its WebSocket was closed"
        ) from None


def _handshake(options: HandshakeOptions) -> RequestOptions:
    headers = [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", base64.b64encode(os.urandom(16)).decode()),
    ]
    if "origin" in options:
        headers.append(("origin", options["origin"]))
    if subprotocols := options.get("subprotocols"):
        headers.append(("sec-websocket-protocol", ", ".join(subprotocols)))
    given = MutableHeaders(options.get("headers", ())).multi_items()
    replaced = {name for name, _ in given}
    request: RequestOptions = {"headers": [*(pair for pair in headers if pair[0] not in replaced), *given]}
    if "params" in options:
        request["params"] = options["params"]
    if "cookies" in options:
        request["cookies"] = options["cookies"]
    return request
