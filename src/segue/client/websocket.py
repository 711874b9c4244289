"""WebSockets to others: one connection, or one after the other."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, cast

from segue.client.backoff import Backoff
from segue.client.call import Call
from segue.client.connections import Connections
from segue.client.dialing import NotPublic
from segue.client.failures import AddressRefused, CallBroken, CallFailed, CallTimedOut, Unreachable
from segue.client.options import CallOptions
from segue.http.headers import HeaderSource, MutableHeaders
from segue.http.url import URL
from segue.http.websocket import NO_MESSAGE, CloseCode, WebSocket, WebSocketDisconnected, WebSocketOptions

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from segue.core.ports import Codec

__all__ = ["Connecting", "HandshakeRefused", "SocketOptions"]

# Closed for a reason that a further attempt may find gone: 1001 and 1012 are servers that stop or start again.
_COMES_BACK = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_SETTLED = 10.0  # seconds after which a connection was a success, though nothing came over it


class SocketOptions(TypedDict, total=False):
    """What ``http.websocket`` takes beside the URL.

    - `headers`, `cookies`, `origin`, `subprotocols`: of the opening request.
    - `options`: limits and habits, the same WebSocketOptions as those of a handler: the largest message, pings that find a
      dead peer, compression, how many messages may wait, and for how long.
    - `again`: the time between two connections, where the socket is iterated over: ``Backoff()``.
    """

    headers: HeaderSource
    cookies: Mapping[str, str]
    origin: str
    subprotocols: Sequence[str]
    options: WebSocketOptions
    again: Backoff


class HandshakeRefused(CallFailed):
    """The server answered the opening request with something else than a WebSocket: ``status``."""

    def __init__(self, url: str, status: int, body: bytes) -> None:
        self.status = status
        told = body[:200].decode("utf-8", "replace")
        super().__init__("GET", url, f"no WebSocket, but {status}: {told}".rstrip(": "))


class Connecting:
    """A WebSocket that is about to be opened: with ``async with`` once, with ``async for`` again and again.

    ``async for`` goes on with a new socket when the server, or the net between, was the reason for the end (1001, 1006, 1011
    to 1014), after a time that grows and is left to chance. It stops after a close with 1000, from either side, and raises
    WebSocketDisconnected for other codes, CallFailed for a server that will not have it.
    """

    def __init__(
        self,
        url: URL,
        headers: MutableHeaders,
        connections: Connections,
        codec: Codec,
        options: SocketOptions,
    ) -> None:
        unknown = set(options) - set(SocketOptions.__annotations__)
        if unknown:
            raise TypeError(
                f"a WebSocket takes no {', '.join(sorted(unknown))}; it takes {', '.join(SocketOptions.__annotations__)}"
            )
        asked: CallOptions = {}
        if "headers" in options:
            asked["headers"] = options["headers"]
        if "cookies" in options:
            asked["cookies"] = options["cookies"]
        headers = MutableHeaders([pair for pair in headers.multi_items() if pair[0] != "accept"])
        # The library sends these two as they are.
        MutableHeaders([("origin", options.get("origin", ""))])
        MutableHeaders([(one, "") for one in options.get("subprotocols", ())])
        self._call = Call.made("GET", url, headers, asked)
        self._connections = connections
        self._codec = codec
        self._options = options
        self._channel: Channel | None = None

    async def __aenter__(self) -> WebSocket:
        self._channel = channel = await self._opened()
        return channel.socket(self._codec)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close(CloseCode.NORMAL if error is None else CloseCode.GOING_AWAY, "")

    async def __aiter__(self) -> AsyncIterator[WebSocket]:
        again = self._options.get("again", Backoff())
        attempt = 0
        while True:
            try:
                channel = await self._opened()
            except CallFailed as error:
                if not _passes(error):
                    raise
            else:
                began = time.monotonic()
                try:
                    yield channel.socket(self._codec)
                finally:
                    await channel.close(CloseCode.NORMAL, "")
                ended = channel.ended
                if channel.left or ended is None or ended.code == CloseCode.NORMAL:
                    return
                if ended.code not in _COMES_BACK:
                    raise ended
                if channel.received or time.monotonic() - began > _SETTLED:
                    attempt = 0
            await asyncio.sleep(again.delay(attempt))
            attempt += 1

    async def _opened(self) -> Channel:
        try:
            connection = await self._connected()
        except CallFailed:
            raise
        except TimeoutError:
            raise CallTimedOut("GET", str(self._call.url), "no WebSocket within its time") from None
        except Exception as error:
            failure = _failure(self._call, error)
            if failure is None:
                raise
            raise failure from error
        options = self._options.get("options", WebSocketOptions())
        return Channel(connection, options)

    async def _connected(self) -> ClientConnection:
        from websockets.asyncio.client import connect

        url, options = self._call.url, self._options.get("options", WebSocketOptions())
        secure = url.scheme == "https"
        place = str(url.replace(scheme="wss" if secure else "ws"))
        with_port: dict[str, Any] = {}
        async with asyncio.timeout(self._connections.timeouts.total):
            proxy = self._connections.options.get("proxy")
            if proxy is None:
                with_port["sock"] = await self._dialed(url.port or (443 if secure else 80))
            if secure:
                context = self._connections.tls()
                context.set_alpn_protocols(["http/1.1"])
                with_port["ssl"] = context
            headers = [
                pair for pair in self._call.headers.multi_items() if pair[0] not in ("host", "user-agent")
            ]
            try:
                return await connect(
                    place,
                    origin=cast("Any", self._options.get("origin")),
                    subprotocols=cast("Any", list(self._options.get("subprotocols", ())) or None),
                    compression="deflate" if options.compression else None,
                    additional_headers=headers,
                    user_agent_header=self._call.headers.get("user-agent"),
                    proxy=True if proxy == "environment" else proxy,
                    open_timeout=None,
                    ping_interval=options.ping_interval,
                    ping_timeout=options.ping_timeout,
                    close_timeout=self._connections.timeouts.connect,
                    max_size=options.max_message,
                    max_queue=options.max_queue,
                    **with_port,
                )
            except BaseException:
                if "sock" in with_port:
                    with_port["sock"].close()
                raise

    async def _dialed(self, port: int) -> socket.socket:
        loop = asyncio.get_running_loop()

        async def connect(address: str) -> socket.socket:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                made.setblocking(False)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await loop.sock_connect(made, (address, port))
            except BaseException:
                made.close()
                raise
            return made

        host = self._call.url.host.strip("[]")
        made: socket.socket = await self._connections.dialer().dial(
            host, connect, socket.socket.close, self._connections.timeouts.connect
        )
        return made


class Channel:
    """What carries the messages of one socket: the library's connection, as Segue's own sockets see it."""

    def __init__(self, connection: ClientConnection, options: WebSocketOptions) -> None:
        self._connection = connection
        self._send_timeout = options.send_timeout
        self._receive_timeout = options.receive_timeout
        #: How it ended, once that was seen.
        self.ended: WebSocketDisconnected | None = None
        #: Whether this side has closed it, before the other did.
        self.left = False
        self.received = False

    def socket(self, codec: Codec) -> WebSocket:
        return WebSocket(self, self._connection.subprotocol, _Spoken(codec))

    async def receive(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            async with asyncio.timeout(self._receive_timeout):
                message = await self._connection.recv()
        except ConnectionClosed as error:
            raise self._end(error) from None
        except TimeoutError:
            await self._connection.close(CloseCode.GOING_AWAY, NO_MESSAGE)
            self.ended = WebSocketDisconnected(CloseCode.GOING_AWAY, NO_MESSAGE)
            raise self.ended from None
        self.received = True
        return message

    async def send(self, message: str | bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async with asyncio.timeout(self._send_timeout):
                await self._connection.send(message)
        except ConnectionClosed as error:
            raise self._end(error) from None
        except TimeoutError:
            self._connection.transport.abort()
            self.ended = WebSocketDisconnected(CloseCode.TRY_AGAIN_LATER, "the peer does not read")
            raise self.ended from None

    async def close(self, code: int, reason: str) -> None:
        from websockets.protocol import State

        if self.ended is None:
            open_still = self._connection.state is State.OPEN
            await self._connection.close(code, reason)
            # What the other side said, unless this side was first.
            told = self._connection.close_code, self._connection.close_reason
            if open_still:
                self.left = True
            self.ended = WebSocketDisconnected(told[0] or CloseCode.ABNORMAL, told[1] or "")

    def _end(self, error: Any) -> WebSocketDisconnected:
        """Who closed first says why: the other side, or this one because of what it received."""
        told = error.sent if error.sent is not None and not error.rcvd_then_sent else error.rcvd or error.sent
        if told is None:
            self.ended = WebSocketDisconnected(CloseCode.ABNORMAL, "the connection broke off")
        else:
            self.ended = WebSocketDisconnected(told.code, told.reason)
        return self.ended


class _Spoken:
    """JSON as the app of the client speaks it."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def encode_json(self, value: Any) -> bytes:
        return self._codec.encode(value)

    def decode_json(self, data: bytes, kind: Any) -> Any:
        return self._codec.decode(data, kind)


def _passes(error: CallFailed) -> bool:
    """Whether a further attempt may succeed."""
    if isinstance(error, HandshakeRefused):
        return error.status in _TRANSIENT
    return isinstance(error, Unreachable | CallTimedOut | CallBroken) and not isinstance(
        error, AddressRefused
    )


def _failure(call: Call, error: BaseException) -> CallFailed | None:
    from websockets.exceptions import InvalidHandshake, InvalidStatus, ProxyError

    cause = error if isinstance(error, InvalidStatus) else error.__cause__
    if isinstance(cause, InvalidStatus):  # a redirect is one too: browsers do not follow them either
        return HandshakeRefused(str(call.url), cause.response.status_code, bytes(cause.response.body or b""))
    if isinstance(error, NotPublic):
        return AddressRefused(call.method, str(call.url), str(error))
    if isinstance(error, OSError | ProxyError):
        return Unreachable(call.method, str(call.url), f"no connection: {error}")
    if isinstance(error, InvalidHandshake | EOFError):
        return CallBroken(call.method, str(call.url), f"no WebSocket: {error}")
    return None
