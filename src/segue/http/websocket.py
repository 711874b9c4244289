"""WebSocket values (RFC 6455): the socket that a handler talks to, and the reply that opens one.

The pipeline treats a WebSocket as a request whose response is an :class:`Upgrade`; so middleware, routing and
binding work as for any other request. The server, the ASGI adapter and the test client bring the channel.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from types import UnionType
from typing import Any, Protocol, TypeVar, overload, runtime_checkable

import msgspec

from segue.http.errors import BadRequest, HTTPError

__all__ = [
    "NO_MESSAGE",
    "CloseCode",
    "InvalidMessage",
    "Upgrade",
    "WebSocket",
    "WebSocketChannel",
    "WebSocketDisconnected",
    "WebSocketOptions",
]

logger = logging.getLogger("segue.websocket")

T = TypeVar("T")


class CloseCode:
    """Close codes by name (RFC 6455, section 7.4.1, and the IANA registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


NO_MESSAGE = "no message in time"
"""The reason of the close after ``receive_timeout``."""

# What an endpoint may put into a close frame; 1005, 1006 and 1015 stand for frames that never came.
_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_LONGEST_REASON = 123


class WebSocketDisconnected(ConnectionError):
    """The peer is gone or the socket was closed; ``code`` and ``reason`` say how."""

    def __init__(self, code: int = CloseCode.ABNORMAL, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"WebSocket closed with code {code}" + (f": {reason}" if reason else ""))


class InvalidMessage(BadRequest):
    """A message that is not what the handler expects; the socket is closed with 1007."""


class WebSocketChannel(Protocol):
    """What carries messages: one for each kind of server."""

    async def receive(self) -> str | bytes:
        """The next message. Raises WebSocketDisconnected once the socket is closed."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Sends one message, and waits while the peer is slow. Raises WebSocketDisconnected."""

    async def close(self, code: int, reason: str) -> None:
        """Closes the socket; does nothing when it is closed."""


@runtime_checkable
class SpeaksJSON(Protocol):
    """How values are written and read: by the endpoint of the socket, as its app does it."""

    def encode_json(self, value: Any) -> bytes: ...
    def decode_json(self, data: bytes, kind: Any) -> Any: ...


class _PlainJSON:
    """Where no app says how."""

    def encode_json(self, value: Any) -> bytes:
        return msgspec.json.encode(value)

    def decode_json(self, data: bytes, kind: Any) -> Any:
        return msgspec.json.decode(data, type=kind)


_PLAIN_JSON = _PlainJSON()


class WebSocketOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Limits and habits of a socket; the defaults are those of SECURITY.md.

    ``max_message``: bytes of one message, whole (more closes with 1009). ``max_queue``: messages that wait for the
    handler before the peer is held up. ``ping_interval`` and ``ping_timeout``: seconds; a peer that does not answer
    is closed. ``compression``: permessage-deflate (RFC 7692) where the peer offers it. ``send_timeout``: seconds
    that one message may wait for a peer that does not read; then the socket is closed with 1013. ``receive_timeout``:
    seconds that who receives waits for a message; then it is closed with 1001. The same for a handler's end and for a
    client's (``segue.client``).
    """

    max_message: int = 1024 * 1024
    max_queue: int = 64
    ping_interval: float | None = 20.0
    ping_timeout: float = 20.0
    compression: bool = True
    send_timeout: float = 30.0
    receive_timeout: float | None = None


class WebSocket:
    """An open WebSocket, as a handler gets it.

        @app.websocket("/chat/{room}")
        async def chat(socket: WebSocket, room: str) -> None:
            async for message in socket:
                await socket.send(f"{room}: {message}")

    The iteration ends when the peer closes. When the handler returns, the socket is closed with 1000.
    ``subprotocol`` is the one that was agreed on, or None.
    """

    __slots__ = ("_channel", "_json", "closed", "subprotocol")

    def __init__(
        self,
        channel: WebSocketChannel,
        subprotocol: str | None = None,
        json: SpeaksJSON = _PLAIN_JSON,
    ) -> None:
        self._channel = channel
        self._json = json
        self.subprotocol = subprotocol
        #: Set once the handler closed the socket, or was told by an exception that it is closed.
        self.closed = False

    async def receive(self) -> str | bytes:
        """The next message: text or bytes. Raises WebSocketDisconnected once the socket is closed."""
        try:
            return await self._channel.receive()
        except WebSocketDisconnected:
            self.closed = True
            raise

    @overload
    async def receive_json(self) -> Any: ...
    @overload
    async def receive_json(self, type: type[T]) -> T: ...
    @overload
    async def receive_json(self, type: UnionType) -> Any: ...
    async def receive_json(self, type: Any = Any) -> Any:
        """The next message, decoded as JSON and validated as ``type``. Raises msgspec.ValidationError."""
        message = await self.receive()
        return self._json.decode_json(message.encode() if isinstance(message, str) else message, type)

    async def send(self, message: str | bytes) -> None:
        """Sends text or bytes; waits while the peer is slow. Raises WebSocketDisconnected."""
        try:
            await self._channel.send(message)
        except WebSocketDisconnected:
            self.closed = True
            raise

    async def send_json(self, value: Any) -> None:
        """Sends ``value`` as a text message of JSON."""
        await self.send(self._json.encode_json(value).decode())

    @overload
    async def receive_as(self, type: type[T]) -> T: ...
    @overload
    async def receive_as(self, type: UnionType) -> Any: ...
    async def receive_as(self, type: Any) -> Any:
        """The next message as a ``type``, or as one of several (``Say | Leave``): text is JSON, bytes are MessagePack.

        Raises InvalidMessage for any other, which closes the socket with 1007 if the handler lets it pass.
        """
        message = await self.receive()
        try:
            if isinstance(message, str):
                return self._json.decode_json(message.encode(), type)
            return msgspec.msgpack.decode(message, type=type)
        except (ValueError, RecursionError) as error:
            raise InvalidMessage(f"{error!s:.100}") from None

    async def send_value(self, value: Any, *, binary: bool = False) -> None:
        """Sends ``value`` as JSON text, or as MessagePack with ``binary``."""
        await self.send(msgspec.msgpack.encode(value) if binary else self._json.encode_json(value).decode())

    async def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Closes the socket; does nothing when it is closed.

        ``code``: 1000, another that the standard lets an endpoint send (RFC 6455, section 7.4), or one of your own
        from 3000 to 4999. ``reason``: at most 123 bytes of UTF-8. Raises ValueError for any other.
        """
        if code not in _SENDABLE and not 3000 <= code <= 4999:
            raise ValueError(
                f"a WebSocket cannot be closed with {code!r}: codes of your own are 3000 to 4999 (RFC 6455, 7.4.2)"
            )
        if len(reason.encode()) > _LONGEST_REASON:
            raise ValueError(
                f"the reason of a close frame has at most {_LONGEST_REASON} bytes of UTF-8: {reason!r:.200}"
            )
        self.closed = True
        await self._channel.close(code, reason)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self.receive()
            except WebSocketDisconnected:
                return
            yield message


class Upgrade:
    """The body of a 101 response: what to do with the socket once it is open."""

    __slots__ = ("options", "session", "subprotocol")

    def __init__(
        self,
        session: Callable[[WebSocket], Awaitable[None]],
        options: WebSocketOptions,
        subprotocol: str | None = None,
    ) -> None:
        self.session = session
        self.options = options
        self.subprotocol = subprotocol

    async def run(self, channel: WebSocketChannel, request: object, endpoint: object) -> None:
        """Runs the session over ``channel`` and closes it: what every carrier does once it has accepted.

        1000 when the session returns; 1007 for an InvalidMessage, 1008 for another error of the client (HTTPError 400 to
        499); 1011 for any other exception, which is logged with ``request`` and the name of ``endpoint``.
        """
        json = endpoint if isinstance(endpoint, SpeaksJSON) else _PLAIN_JSON
        socket = WebSocket(channel, self.subprotocol, json)
        try:
            await self.session(socket)
        except HTTPError as error:
            if error.status >= 500:
                logger.error("%r: %s failed", request, endpoint or "the application", exc_info=error)
                await channel.close(CloseCode.INTERNAL_ERROR, "")
            else:
                invalid = isinstance(error, InvalidMessage)
                code = CloseCode.INVALID_DATA if invalid else CloseCode.POLICY_VIOLATION
                await channel.close(code, _shortened(error.detail))
        except Exception as error:
            # Its own peer that went away is no fault; that of another socket, which it talked to, is one.
            if not (isinstance(error, WebSocketDisconnected) and socket.closed):
                logger.error("%r: %s failed", request, endpoint or "the application", exc_info=error)
            await channel.close(CloseCode.INTERNAL_ERROR, "")
        else:
            await channel.close(CloseCode.NORMAL, "")


def _shortened(reason: str) -> str:
    return reason.encode("utf-8", "replace")[:_LONGEST_REASON].decode("utf-8", "ignore")
