"""What the two clients share: one visitor of an application, with its cookies and habits. Runs on a loop."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from segue.core.app import App
from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.http.connection import Connection
from segue.http.headers import Headers, HeaderSource, MutableHeaders
from segue.http.url import URL
from segue.http.websocket import WebSocketChannel
from segue.server.application import Application
from segue.server.limits import Limits
from segue.testing.exchange import Exchange
from segue.testing.jar import CookieJar
from segue.testing.outgoing import Outgoing, RequestOptions, outgoing, resolve
from segue.testing.response import ClientResponse, ResponseHead

if TYPE_CHECKING:
    from segue.security.sessions.state import SessionState

__all__ = ["ClientOptions", "TooManyRedirects", "Visitor"]

_MAX_REDIRECTS = 20
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_SAYING = frozenset({b"sec-fetch-site", b"origin"})
_SERVER_PORTS = {"http": 80, "https": 443}


class TooManyRedirects(Exception):
    """The app redirected 20 times in a row. ``history`` has the responses."""

    def __init__(self, history: list[ClientResponse]) -> None:
        self.history = history
        shown = " -> ".join(str(response.url) for response in history[-4:])
        super().__init__(f"{len(history)} redirects in a row, the last ones: {shown}")


class ClientOptions(TypedDict, total=False):
    """How a client behaves.

    - `base_url`: what relative URLs are relative to; `http://localhost`. `headers`: sent with every request.
      `client`: the address and port that the app sees.
    - `follow_redirects`: whether redirects are followed (no); each request may say otherwise.
    - `raise_server_exceptions`: whether what a handler does not catch is raised in the test (yes); otherwise it is a
      500, as users see it.
    - `timeout`: seconds that the app may take for a response, or for the next piece of one; 30. None: for ever.
    - `limits`: those of the server that is played.
    """

    base_url: str
    headers: HeaderSource
    client: tuple[str, int] | None
    follow_redirects: bool
    raise_server_exceptions: bool
    timeout: float | None
    limits: Limits


class _Habits(msgspec.Struct, kw_only=True, frozen=True):
    base_url: str = "http://localhost"
    headers: Any = ()
    client: tuple[str, int] | None = ("127.0.0.1", 50_000)
    follow_redirects: bool = False
    raise_server_exceptions: bool = True
    timeout: float | None = 30.0
    limits: Limits = Limits()


class Visitor:
    """Sends requests to one application, keeps the cookies, follows the redirects."""

    def __init__(self, application: Application, options: ClientOptions) -> None:
        self.application = application
        #: How the app writes and reads JSON; for one that does not say, as all do.
        self.codec: JSONCodec = getattr(application, "json", DEFAULT_JSON)
        self.options = habits = _Habits(**options)
        self.base_url = URL.parse(habits.base_url)
        if not self.base_url.scheme or not self.base_url.host:
            raise ValueError(f"base_url has to be a whole URL like http://localhost, not {habits.base_url!r}")
        self.headers = MutableHeaders([("accept", "*/*"), ("user-agent", "segue-testing")])
        self.headers.update(habits.headers)
        self.cookies = CookieJar(self.base_url.host)
        self.started = False

    def override(self, kind: Any, provider: Any) -> AbstractContextManager[None]:
        """Lets something else be provided by the app. Raises TypeError for an application that is no Segue app."""
        overriding = getattr(self.application, "overriding", None)
        if overriding is None:
            raise TypeError(f"{self.application!r} provides nothing: override() is for apps of Segue")
        manager: AbstractContextManager[None] = overriding(kind, provider)
        return manager

    async def open_session(self) -> SessionState:
        """The session that the next request would have. Raises LookupError where the app has none."""
        from segue.security.sessions.manager import SESSIONS

        application: Any = self.application
        if not isinstance(application, App):
            raise TypeError(f"{application!r} is no app of Segue, so its sessions cannot be opened")
        application.freeze()
        if SESSIONS not in application:
            raise LookupError(f"{application!r} has no sessions: list the plugin segue.security.Sessions")
        manager = application[SESSIONS]
        cookie = self.cookies.get(manager.cookie.full_name, "")
        return await manager.keeper.load(cookie, time.time())

    async def close_session(self, state: SessionState) -> None:
        """Writes it, and keeps its cookie."""
        from segue.security.sessions.manager import SESSIONS

        application: Any = self.application
        await state.save()
        if state.cookie is not None:
            cookie = application[SESSIONS].cookie.made(state.cookie, 3_600)
            self.cookies.take(self.base_url, [cookie.header()])

    async def start(self) -> None:
        async with asyncio.timeout(self.options.timeout):
            await self.application.startup()
        self.started = True

    async def stop(self) -> None:
        if self.started:
            self.started = False
            async with asyncio.timeout(self.options.timeout):
                await self.application.shutdown()

    def outgoing(self, method: str, url: URL, options: RequestOptions) -> Outgoing:
        cookies = self.cookies.header(url)
        for name, value in options.get("cookies", {}).items():
            cookies = f"{cookies}; {name}={value}" if cookies else f"{name}={value}"
        if "json" in options:
            options = {**options, "json": msgspec.Raw(self.codec.encode(options["json"]))}
        request = outgoing(method, url, self.headers, cookies, options)
        if cookies and method not in _SAFE and not any(name in _SAYING for name, _ in request.headers):
            # As a browser does that sends a form or a script's request from a page of the app.
            request.headers.append((b"sec-fetch-site", b"same-origin"))
        return request

    def connection(self, url: URL) -> Connection:
        port = url.port or _SERVER_PORTS.get(url.scheme, 0)
        return Connection(url.scheme, self.options.client, (url.host.strip("[]"), port))

    async def open(
        self, method: str, reference: str, options: RequestOptions
    ) -> tuple[Exchange, ResponseHead]:
        """Sends a request, and those that redirects lead to; the last response is still to be read."""
        history: list[ClientResponse] = []
        url = resolve(self.base_url, reference)
        follow = options.get("follow_redirects", self.options.follow_redirects)
        while True:
            exchange, head = await self.send(self.outgoing(method.upper(), url, options), history)
            if not follow or head.location is None:
                return exchange, head
            history = [*history, await self.read(exchange, head)]
            if len(history) > _MAX_REDIRECTS:
                raise TooManyRedirects(history)
            target = resolve(url, head.location)
            method, options = _redirected(
                method.upper(), head.status, options, same_origin=target.origin == url.origin
            )
            url = target

    async def send(
        self, sent: Outgoing, history: list[ClientResponse], *, channel: WebSocketChannel | None = None
    ) -> tuple[Exchange, ResponseHead]:
        """Sends one request and waits for the head of its response."""
        exchange = Exchange(
            self.application,
            sent,
            self.connection(sent.url),
            limits=self.options.limits,
            raise_exceptions=self.options.raise_server_exceptions,
            channel=channel,
        )
        try:
            async with asyncio.timeout(self.options.timeout):
                await exchange.begin()
        except TimeoutError:
            await exchange.close(at_once=True)
            raise TimeoutError(
                f"{sent.method} {sent.url} was not answered within {self.options.timeout} seconds"
            ) from None
        except asyncio.CancelledError:
            exchange.leave()
            raise
        except BaseException:
            await exchange.close(at_once=True)
            raise
        headers = Headers(exchange.fields)
        self.cookies.take(sent.url, headers.get_all("set-cookie"))
        head = ResponseHead(sent.method, sent.url, exchange.response.status, headers, history)
        head.decode = self.codec.decode
        return exchange, head

    async def read(self, exchange: Exchange, head: ResponseHead) -> ClientResponse:
        """Reads a response to its end."""
        try:
            async with asyncio.timeout(self.options.timeout):
                content = await exchange.rest()
        except TimeoutError:
            raise TimeoutError(
                f"the body of the response to {head.method} {head.url} did not end within "
                f"{self.options.timeout} seconds; read an endless one with client.stream()"
            ) from None
        finally:
            await exchange.close(at_once=True)
        return ClientResponse(head, content)

    async def request(self, method: str, reference: str, options: RequestOptions) -> ClientResponse:
        return await self.read(*await self.open(method, reference, options))


def _redirected(
    method: str, status: int, options: RequestOptions, *, same_origin: bool
) -> tuple[str, RequestOptions]:
    """The method and options of the request that follows a redirect (RFC 9110, section 15.4; WHATWG Fetch 4.4)."""
    kept: RequestOptions = {**options}
    kept.pop("params", None)
    if (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST"):
        method = "GET"
        for name in ("json", "data", "files", "content"):
            kept.pop(name, None)  # type: ignore[misc] # mypy asks for literals
    dropped = {"host", "content-type", "content-length"} if method == "GET" else {"host"}
    if not same_origin:
        kept.pop("cookies", None)
        dropped |= {"authorization", "proxy-authorization", "cookie"}
    own = MutableHeaders(kept.get("headers", ())).multi_items()
    kept["headers"] = [(name, value) for name, value in own if name not in dropped]
    return method, kept
