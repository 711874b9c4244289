"""The client: one object for all calls to one service, or to many."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from segue.client.call import Call, target
from segue.client.connections import Connections
from segue.client.failures import CallTimedOut
from segue.client.options import CallOptions, HttpOptions
from segue.client.redirects import at_home
from segue.core.binding.json_codec import DEFAULT_JSON
from segue.http.headers import MutableHeaders

if TYPE_CHECKING:
    import httpx2
    from typing_extensions import TypeForm

    from segue.client.events import EventOptions
    from segue.client.reply import Reply, StreamedReply
    from segue.client.websocket import Connecting, SocketOptions
    from segue.core.ports import Codec
    from segue.http.sse import Event

__all__ = ["Http"]

T = TypeVar("T")
Send = Callable[[Call], Awaitable["StreamedReply"]]


class Http:
    """Calls other services.

        async with Http(base_url="https://films.example/api") as http:
            film = await http.get("/films/7", Film)                 # decoded and validated
            made = await http.post("/films", Film, json=film)
            reply = await http.get("/films/8")                      # a Reply, whatever its status
            async with http.stream("GET", "/export") as reply:
                async for piece in reply: ...

    With a type, a call gives a value of it, and raises StatusFailed and UnfitReply; without one it gives the Reply. Every
    failure is a CallFailed. Calls end (30 s), replies have a limit (10 MB), what may be repeated is; cookies, proxies and
    the settings of the environment count only when they are asked for: see HttpOptions.

    In an app, list ``Outgoing`` and take ``http: Http`` in a handler. Sync code says ``segue.wait(http.get(...))``. It opens
    with the first call; leaving the block, or ``close()``, closes its connections.
    """

    def __init__(self, **options: Unpack[HttpOptions]) -> None:
        unknown = set(options) - set(HttpOptions.__annotations__)
        if unknown:
            raise TypeError(
                f"Http takes no {', '.join(sorted(unknown))}; it takes {', '.join(HttpOptions.__annotations__)}"
            )
        if options.get("public_only") and options.get("proxy"):
            raise ValueError(
                "public_only and proxy exclude each other: the proxy finds the address, nobody could check it"
            )
        base = options.get("base_url")
        self._options = options
        self._base = None if base is None else target(None, base)
        self._headers = MutableHeaders(options.get("headers", ()))
        self._headers.setdefault("user-agent", "segue")
        self._headers.setdefault("accept", "*/*")
        self._connections = Connections(options)
        self._codec: Codec = DEFAULT_JSON
        self._request_id: str | None = None

    # --- calls ---------------------------------------------------------------------------------------------------

    @overload
    async def request(self, method: str, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def request(
        self, method: str, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]
    ) -> T: ...
    async def request(
        self, method: str, url: str, type: Any = None, /, **options: Unpack[CallOptions]
    ) -> Any:
        """Sends a call and reads its reply: as a ``type`` if one is given, otherwise as a Reply.

        Raises CallFailed: Unreachable, AddressRefused, CallTimedOut, CallBroken, TooManyRedirects, ReplyTooLarge, and with a
        type StatusFailed and UnfitReply. ValueError and TypeError for a call that cannot be sent.
        """
        call = self._call(method, url, options)
        if type is not None and "accept" not in MutableHeaders(options.get("headers", ())):
            call.headers["accept"] = "application/json"
        reply: StreamedReply | None = None
        bound = asyncio.timeout(call.timeout)
        try:
            async with bound:
                reply = await self._send(call, options)
                read = await reply.read()
        except TimeoutError:
            raise self._too_late(call, bound) from None
        finally:
            if reply is not None:
                await reply.close()
        if type is None:
            return read
        return read.raise_for_status().json(type)

    @overload
    async def get(self, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def get(self, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]) -> T: ...
    async def get(self, url: str, type: Any = None, /, **options: Unpack[CallOptions]) -> Any:
        """Asks for what is at ``url``; see :meth:`request`."""
        return await self.request("GET", url, type, **options)

    @overload
    async def post(self, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def post(self, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]) -> T: ...
    async def post(self, url: str, type: Any = None, /, **options: Unpack[CallOptions]) -> Any:
        """Hands something over; see :meth:`request`."""
        return await self.request("POST", url, type, **options)

    @overload
    async def put(self, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def put(self, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]) -> T: ...
    async def put(self, url: str, type: Any = None, /, **options: Unpack[CallOptions]) -> Any:
        """Puts something there; see :meth:`request`."""
        return await self.request("PUT", url, type, **options)

    @overload
    async def patch(self, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def patch(self, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]) -> T: ...
    async def patch(self, url: str, type: Any = None, /, **options: Unpack[CallOptions]) -> Any:
        """Changes what is there; see :meth:`request`."""
        return await self.request("PATCH", url, type, **options)

    @overload
    async def delete(self, url: str, /, **options: Unpack[CallOptions]) -> Reply: ...
    @overload
    async def delete(self, url: str, type: TypeForm[T], /, **options: Unpack[CallOptions]) -> T: ...
    async def delete(self, url: str, type: Any = None, /, **options: Unpack[CallOptions]) -> Any:
        """Takes away what is there; see :meth:`request`."""
        return await self.request("DELETE", url, type, **options)

    async def head(self, url: str, **options: Unpack[CallOptions]) -> Reply:
        """Asks for the header of what is there; see :meth:`request`."""
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[CallOptions]) -> Reply:
        """Asks what may be done there; see :meth:`request`."""
        return await self.request("OPTIONS", url, **options)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, **options: Unpack[CallOptions]
    ) -> AsyncGenerator[StreamedReply, None]:
        """A reply that is read as it comes, within ``Timeouts.read`` from one piece to the next.

            async with http.stream("GET", "/export.csv") as reply:
                async for line in reply.lines(): ...

        Leaving the block before its end closes the connection.
        """
        call = self._call(method, url, options)
        bound = asyncio.timeout(call.timeout)
        try:
            async with bound:
                reply = await self._send(call, options)
        except TimeoutError:
            raise self._too_late(call, bound) from None
        try:
            yield reply
        finally:
            await reply.close()

    @overload
    def events(self, url: str, /, **options: Unpack[EventOptions]) -> AsyncIterator[Event]: ...
    @overload
    def events(self, url: str, type: Any, /, **options: Unpack[EventOptions]) -> AsyncIterator[Event]: ...
    def events(self, url: str, type: Any = None, /, **options: Unpack[EventOptions]) -> AsyncIterator[Event]:
        """Server-Sent Events, on and on: when the stream ends, it connects again and says what it has seen last.

            async for event in http.events("/prices", Price):
                print(event.data.cents)

        With a type, ``data`` is decoded as JSON and validated. See EventOptions.
        """
        from segue.client.events import received

        return received(self, url, type, options, self._codec)

    def websocket(self, url: str, **options: Unpack[SocketOptions]) -> Connecting:
        """A WebSocket to a server: once, or again and again.

            async with http.websocket("wss://films.example/chat") as socket:
                await socket.send("hello")

            async for socket in http.websocket("wss://films.example/chat"):    # connects again when it is closed
                async for message in socket: ...

        ``socket`` is what a handler of Segue gets as well, a ``segue.WebSocket``. See SocketOptions.
        """
        from segue.client.websocket import Connecting

        address = url
        for scheme, plain in (("ws://", "http://"), ("wss://", "https://")):
            if url[: len(scheme)].lower() == scheme:
                address = plain + url[len(scheme) :]
        place = target(self._base, address)
        return Connecting(place, self._for(place), self._connections, self._codec, options)

    # --- life ----------------------------------------------------------------------------------------------------

    def answering(self, request_id: str | None, codec: Codec) -> Http:
        """The same client and connections, for who answers a request: its id goes along, its app's JSON is spoken."""
        other = object.__new__(Http)
        other.__dict__ = {**self.__dict__, "_request_id": request_id, "_codec": codec}
        return other

    async def close(self) -> None:
        """Closes the connections of this loop. The next call opens new ones."""
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- how -----------------------------------------------------------------------------------------------------

    def _call(self, method: str, url: str, options: CallOptions) -> Call:
        unknown = set(options) - set(CallOptions.__annotations__)
        if unknown:
            raise TypeError(
                f"a call takes no {', '.join(sorted(unknown))}; it takes {', '.join(CallOptions.__annotations__)}"
            )
        place = target(self._base, url)
        call = Call.made(method, place, self._for(place), options, self._codec.encode)
        call.timeout = options.get("timeout", self._connections.timeouts.total)
        return call

    def _for(self, place: Any) -> MutableHeaders:
        """What is sent with each call to ``place``: secrets only to the host that they are for."""
        home = self._base
        headers = at_home(self._headers, home or place, place)
        if self._options.get("request_ids", True) and self._request_id is not None:
            headers.setdefault("x-request-id", self._request_id)
        return headers

    async def _send(self, call: Call, options: CallOptions) -> StreamedReply:
        sender = self._connections.sender()
        at_base = self._base is None or self._base.origin == call.url.origin
        auth = options.get("auth", self._options.get("auth", False) if at_base else False)
        from segue.client.sender import Manner

        manner = Manner(
            _as_auth(auth) if auth else None,
            options.get("redirects", self._connections.limits.redirects),
            options.get("retries", self._connections.retries.times),
            options.get("limit", self._connections.limits.body),
            self._codec.decode,
        )
        send: Send = functools.partial(sender.send, manner)
        for one in reversed(self._options.get("middleware", ())):
            send = functools.partial(_through, one, send)
        return await send(call)

    def _too_late(self, call: Call, bound: asyncio.Timeout) -> BaseException:
        why = f"no reply within {call.timeout:g} s" if bound.expired() else "it took too long"
        return CallTimedOut(call.method, str(call.url), why)


async def _through(middleware: Any, send: Send, call: Call) -> StreamedReply:
    reply: StreamedReply = await middleware(call, send)
    return reply


def _as_auth(auth: Any) -> httpx2.Auth:
    import httpx2

    if isinstance(auth, tuple):
        return httpx2.BasicAuth(*auth)
    if not isinstance(auth, httpx2.Auth):
        raise TypeError(f"auth= takes (user, password) or an httpx2.Auth, not {type(auth).__name__}")
    return auth
