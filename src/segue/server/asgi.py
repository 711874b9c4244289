"""An application under an ASGI server: uvicorn, granian, hypercorn, or inside another ASGI framework.

ASGI 3.0, https://asgi.readthedocs.io/en/latest/specs/: HTTP and WebSocket 2.5, lifespan 2.0.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from segue.http.body import NO_BODY, BodySource, FileBody
from segue.http.clientcert import parse_client_certificate
from segue.http.connection import Connection
from segue.http.errors import ClientDisconnected, HTTPError
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade
from segue.server.admission import admit, body_length, refusal
from segue.server.application import Application, request_class_of
from segue.server.asgi_lifespan import ensure_started, serve_lifespan
from segue.server.asgi_websocket import ASGIChannel, refuse
from segue.server.carried import CarriedBody
from segue.server.limits import Limits
from segue.server.outbound import close_body
from segue.server.prefix import decoded_octets, quoted_octets, split_prefix
from segue.server.reply import ResponseCut, answered, checked, finish, pieces, whole_file

__all__ = ["Receive", "Scope", "Send", "serve"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

logger = logging.getLogger("segue.server")

_CARRIER_FIELDS = frozenset({b"connection", b"transfer-encoding", b"upgrade", b"keep-alive"})
_LIMITS = Limits()


async def serve(
    application: Application, scope: Scope, receive: Receive, send: Send, limits: Limits = _LIMITS
) -> None:
    """Answers one ASGI scope. Raises TypeError for a type of scope that is neither http, websocket nor lifespan."""
    match scope["type"]:
        case "http":
            await ensure_started(application)
            await _HTTPCall(application, receive, send, limits).run(scope)
        case "websocket":
            await ensure_started(application)
            await _serve_websocket(application, scope, receive, send, limits)
        case "lifespan":
            await serve_lifespan(application, receive, send)
        case other:
            raise TypeError(
                f"an ASGI scope of the type {other!r} is not known; known are http, websocket, lifespan"
            )


class _HTTPCall:
    """One request and its response."""

    __slots__ = (
        "_application",
        "_body_ended",
        "_connection",
        "_gone",
        "_kind",
        "_limits",
        "_listener",
        "_receive",
        "_request",
        "_send",
        "_streaming",
        "_task",
        "_watching",
    )

    def __init__(self, application: Application, receive: Receive, send: Send, limits: Limits) -> None:
        self._application = application
        self._receive = receive
        self._send = send
        self._limits = limits
        self._kind = request_class_of(application)
        self._connection = Connection()
        self._request: Request | None = None
        self._task: asyncio.Task[Any] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._watching = self._streaming = self._body_ended = self._gone = False

    async def run(self, scope: Scope) -> None:
        connection = self._connection = _connection(scope)
        headers = _headers(scope)
        source: BodySource = NO_BODY
        try:
            length = body_length(headers, scope.get("http_version", "1.1"), self._limits)
            if length != 0:
                source = CarriedBody(length, self._limits, self._pull)
            request = _request(scope, headers, source, connection, self._limits, self._kind)
        except HTTPError as error:
            response = refusal(error)
            await self._send_whole(
                Request(scope["method"], "/", headers),
                response,
                response.head(self._application.default_headers),
            )
            return
        self._request = request
        self._task = asyncio.current_task()
        try:
            await self._answer(request, scope.get("extensions") or {})
        except asyncio.CancelledError:
            if self._task is None or not self._gone:
                raise
            self._task.uncancel()
        finally:
            if self._listener is not None:
                self._listener.cancel()
            await finish(request)

    async def _answer(self, request: Request, extensions: Any) -> None:
        application = self._application
        # PERF: most requests are answered before they are slow; only the others pay for a task that listens for the
        # end of the client (15 us).
        response = await answered(application, request, self._limits, self._watch)
        response, fields = await checked(request, response, application.default_headers)
        if isinstance(response.body, bytes):
            await self._send_whole(request, response, fields)
        else:
            await self._send_pieces(request, response, fields, extensions)

    async def _start(self, response: Response, fields: RawHeaders) -> None:
        kept = [field for field in fields if field[0] not in _CARRIER_FIELDS]
        if response.status == 304:  # a carrier would wait for a body of this length
            kept = [field for field in kept if field[0] != b"content-length"]
        await self._send({"type": "http.response.start", "status": response.status, "headers": kept})

    async def _send_whole(self, request: Request, response: Response, fields: RawHeaders) -> None:
        body = b"" if request.method == "HEAD" else response.body
        await self._start(response, fields)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _send_pieces(
        self, request: Request, response: Response, fields: RawHeaders, extensions: Any
    ) -> None:
        path = None
        if isinstance(response.body, FileBody) and "http.response.pathsend" in extensions:
            path = await asyncio.to_thread(whole_file, response.body)
        self._streaming = True
        if self._connection.closed:
            await close_body(response.body)
            return
        self._watch()
        await self._start(response, fields)
        if path is not None and request.method != "HEAD":
            await close_body(response.body)
            await self._send({"type": "http.response.pathsend", "path": path})
            return
        try:
            async with aclosing(pieces(request, response)) as body:
                async for piece in body:
                    async with asyncio.timeout(self._limits.write_timeout):
                        await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except (ConnectionError, TimeoutError):
            return  # the client is gone, or does not read
        except ResponseCut:
            return  # logged; a carrier closes the connection of a response that was not ended

    # --- the client ----------------------------------------------------------------------------------------------

    async def _pull(self) -> bytes:
        """The next piece of the body."""
        while not self._body_ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._connection.closed = True
                raise ClientDisconnected("the client closed the connection")
            piece: bytes = message.get("body", b"")
            if not message.get("more_body", False):
                self._body_ended = True
                if self._watching:
                    self._listen()
            if piece:
                return piece
        return b""

    def _watch(self) -> None:
        """The request takes a while: looks for the end of the client."""
        self._watching = True
        self._listen()

    def _listen(self) -> None:
        # While the handler reads the body, the reading sees the client go.
        reading = self._request is not None and self._request.source is not NO_BODY and not self._body_ended
        if self._listener is None and (self._streaming or not reading):
            self._listener = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._connection.closed = True
        endpoint = None if self._request is None else self._request.endpoint
        if self._task is not None and (
            self._streaming or (endpoint is not None and endpoint.on_disconnect == "cancel")
        ):
            self._gone = True
            self._task.cancel()


async def _serve_websocket(
    application: Application, scope: Scope, receive: Receive, send: Send, limits: Limits
) -> None:
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    headers = _headers(scope)
    offers_reply = "websocket.http.response" in (scope.get("extensions") or {})
    defaults = application.default_headers
    try:
        body_length(headers, scope.get("http_version", "1.1"), limits)
        kind = request_class_of(application)
        request = _request(scope, headers, NO_BODY, _connection(scope), limits, kind)
    except HTTPError as error:
        response = refusal(error)
        await refuse(
            send, Request("GET", "/", headers), response, response.head(defaults), offers_reply=offers_reply
        )
        return
    try:
        response, fields = await checked(
            request, await answered(application, request, limits), defaults, upgrades=True
        )
        upgrade = response.body
        if not isinstance(upgrade, Upgrade):
            await refuse(send, request, response, fields, offers_reply=offers_reply)
            return
        channel = ASGIChannel(receive, send, request, upgrade.options)
        await channel.accept(upgrade.subprotocol, fields)
        try:
            await upgrade.run(channel, request, request.endpoint)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not channel.cancelled or task is None:
                raise
            task.uncancel()
        finally:
            await channel.end()
    finally:
        await finish(request)


def _headers(scope: Scope) -> RawHeaders:
    return [(bytes(name).lower(), bytes(value)) for name, value in scope["headers"]]


def _connection(scope: Scope) -> Connection:
    client, server = scope.get("client"), scope.get("server")
    return Connection(
        scope.get("scheme", "http"),
        (client[0], client[1]) if client else None,
        (server[0], server[1] or 0) if server else None,
        certificate=_certificate(scope),
    )


def _certificate(scope: Scope) -> bytes | None:
    """What the client has shown, and the server has found good (the TLS extension of ASGI)."""
    tls = (scope.get("extensions") or {}).get("tls") or {}
    chain = tls.get("client_cert_chain") or ()
    return parse_client_certificate(chain[0]) if chain and not tls.get("client_cert_error") else None


def _request(
    scope: Scope,
    headers: RawHeaders,
    source: BodySource,
    connection: Connection,
    limits: Limits,
    kind: type[Request],
) -> Request:
    path, root = _raw_path(scope), scope.get("root_path", "").encode("utf-8", "surrogateescape")
    prefix, rest = split_prefix(path, root) or (b"", path)
    query: bytes = scope.get("query_string", b"")
    target = b"%b?%b" % (rest, query) if query else rest
    request = admit(scope.get("method", "GET"), target, headers, source, connection, limits, kind=kind)
    if prefix:
        request.prefix = prefix.decode("ascii")
    return request


def _raw_path(scope: Scope) -> bytes:
    """The path as it came. A framework around us may have changed the decoded one only: then that one counts."""
    path: str = scope["path"]
    raw: bytes | None = scope.get("raw_path")
    if raw:
        raw = raw.partition(b"?")[0]
        decoded = decoded_octets(raw).decode("utf-8", "replace")
        if decoded == path or decoded == scope.get("root_path", "") + path:
            return raw
    return quoted_octets(path.encode("utf-8", "surrogateescape"))
