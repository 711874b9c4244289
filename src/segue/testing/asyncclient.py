"""The client for tests that are coroutines themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, Unpack

from segue.core.providing.declarations import Provides
from segue.http.headers import MutableHeaders
from segue.http.sse import Event
from segue.server.application import Application
from segue.testing.events import as_events, received_events
from segue.testing.exchange import Exchange
from segue.testing.jar import CookieJar
from segue.testing.outgoing import RequestOptions
from segue.testing.response import ClientResponse, ResponseHead
from segue.testing.socket import AsyncClientSocket, HandshakeOptions, connected
from segue.testing.visitor import ClientOptions, Visitor

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from segue.security.sessions.session import Session

__all__ = ["AsyncClient", "AsyncStreamedResponse"]

T = TypeVar("T")


class AsyncStreamedResponse(ResponseHead):
    """A response whose body comes piece by piece: ``async for piece in response``."""

    __slots__ = ("_exchange", "_timeout")

    def __init__(self, head: ResponseHead, exchange: Exchange, timeout: float | None) -> None:
        super().__init__(head.method, head.url, head.status, head.headers, head.history)
        self._exchange = exchange
        self._timeout = timeout

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.piece():
            yield piece

    async def piece(self) -> bytes:
        """The next piece as the app sent it; ``b""`` at the end."""
        async with asyncio.timeout(self._timeout):
            return await self._exchange.piece()

    async def lines(self) -> AsyncIterator[str]:
        """The body line by line, without the line ends, as they come."""
        rest = b""
        async for piece in self:
            *complete, rest = (rest + piece).split(b"\n")
            for line in complete:
                yield line.removesuffix(b"\r").decode(self.charset)
        if rest:
            yield rest.decode(self.charset)

    async def read(self) -> ClientResponse:
        """All that is left of the body."""
        async with asyncio.timeout(self._timeout):
            return ClientResponse(self, await self._exchange.rest())


class AsyncClient:
    """A client of an app in the same process and on the same loop.

        async with AsyncClient(app) as client:
            response = await client.get("/films/7")
            async with client.stream("GET", "/films.csv") as reply:
                async for piece in reply:
                    ...

    ``async with`` runs the app's lifespan; without it, requests go to an app that was not started. The options are
    those of ClientOptions, the arguments of each request those of RequestOptions.
    """

    def __init__(self, app: Application, **options: Unpack[ClientOptions]) -> None:
        self._visitor = Visitor(app, options)

    @property
    def headers(self) -> MutableHeaders:
        """Sent with every request; change them in place."""
        return self._visitor.headers

    @property
    def cookies(self) -> CookieJar:
        """What the app has set, and what the test puts in."""
        return self._visitor.cookies

    def override(self, kind: TypeForm[T], provider: Provides[T] | T) -> AbstractContextManager[None]:
        """Lets the app be provided with something else while the block runs: an object, or what makes one.

        with client.override(Mailer, FakeMailer()):
            client.post("/invitations")

        Raises LookupError when nothing is provided for ``kind``.
        """
        return self._visitor.override(kind, provider)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session, None]:
        """The session that the next request has: to look into it, and to put something there before.

        async with client.session() as session:
            session["user"] = 7
        """
        from segue.security.sessions.session import Session

        state = await self._visitor.open_session()
        yield Session(state)
        await self._visitor.close_session(state)

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        """Sends a request and reads the response. ``url``: a path, or a whole URL."""
        return await self._visitor.request(method, url, options)

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("GET", url, options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("HEAD", url, options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("OPTIONS", url, options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("POST", url, options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("PUT", url, options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("PATCH", url, options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> ClientResponse:
        return await self._visitor.request("DELETE", url, options)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, **options: Unpack[RequestOptions]
    ) -> AsyncGenerator[AsyncStreamedResponse, None]:
        """A response whose body is read as it comes. Leaving the block before its end is leaving the app."""
        exchange, head = await self._visitor.open(method, url, options)
        try:
            yield AsyncStreamedResponse(head, exchange, self._visitor.options.timeout)
        finally:
            await exchange.close()

    @asynccontextmanager
    async def events(
        self, url: str, *, method: str = "GET", **options: Unpack[RequestOptions]
    ) -> AsyncGenerator[AsyncIterator[Event], None]:
        """The Server-Sent Events of ``url``: ``async with client.events("/ticker") as events: async for ...``."""
        async with self.stream(method, url, **as_events(options)) as response:
            yield received_events(response)

    def websocket(
        self, url: str, **options: Unpack[HandshakeOptions]
    ) -> AbstractAsyncContextManager[AsyncClientSocket]:
        """An open WebSocket. Raises WebSocketRefused when the app answers otherwise."""
        return connected(self._visitor, url, options)

    async def __aenter__(self) -> Self:
        await self._visitor.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._visitor.stop()
