"""The endpoint of a WebSocket: checks the handshake and answers with the change of protocols (RFC 6455, section 4)."""

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from segue.http.errors import BadRequest, Forbidden, UpgradeRequired
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket, WebSocketOptions

__all__ = ["BindSession", "Session", "websocket_endpoint"]

logger = logging.getLogger("segue.websocket")

Session = Callable[[WebSocket], Awaitable[None]]
BindSession = Callable[[Request], Awaitable[Session]]
"""Binds the parameters of a handler to a request, all but the socket. What it raises is an ordinary reply."""

_KEY = re.compile(r"[A-Za-z0-9+/]{22}==\Z")
_CARRIED = frozenset({"ws", "wss"})  # the scheme where the carrier has done the handshake itself (ASGI)
_HTTP_SCHEMES = {"ws": "http", "wss": "https"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def websocket_endpoint(
    bind: BindSession,
    *,
    origins: Sequence[str] = (),
    subprotocols: Sequence[str] = (),
    limits: WebSocketOptions | None = None,
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """What answers the requests for a WebSocket: with 101, and a session that ``bind`` has made.

    A page of another origin cannot connect, because the browser would send the cookies of its user along: only the
    own origin may, and those in ``origins`` (``"https://app.example.com"``; ``"*"`` is any). A client that names no
    origin is no browser, and may. ``subprotocols`` in the order of preference.

    Until the socket is open every refusal is an ordinary reply: 400 for what is no handshake, 426 for another version
    of the protocol, 403 for another origin, and whatever ``bind`` raises.
    """
    options = limits or WebSocketOptions()
    allowed = frozenset(_normal(origin) for origin in origins)

    async def endpoint(request: Request) -> Response:
        if request.connection.scheme not in _CARRIED:
            _check_handshake(request)
        if "*" not in allowed:
            _check_origin(request, allowed)
        subprotocol = _choose(subprotocols, request) if subprotocols else None
        return Response(Upgrade(await bind(request), options, subprotocol), 101)

    return endpoint


def _check_handshake(request: Request) -> None:
    headers = request.headers
    if "websocket" not in _tokens(request, "upgrade") or "upgrade" not in _tokens(request, "connection"):
        raise BadRequest("This address is a WebSocket: it is opened by a request with Upgrade: websocket.")
    versions = headers.get_all("sec-websocket-version")
    if len(versions) != 1:
        raise BadRequest("A handshake has one Sec-WebSocket-Version.")
    if versions[0] != "13":
        raise UpgradeRequired(
            "Of the WebSocket protocol, version 13 is spoken here.", headers={"sec-websocket-version": "13"}
        )
    keys = headers.get_all("sec-websocket-key")
    if len(keys) != 1 or not _KEY.match(keys[0]):
        raise BadRequest("Sec-WebSocket-Key is not 16 bytes in base64.")


def _check_origin(request: Request, allowed: frozenset[str]) -> None:
    named = request.headers.get_all("origin")
    if not named:
        return
    scheme = request.scheme
    own = _normal(f"{_HTTP_SCHEMES.get(scheme, scheme)}://{request.host}") if request.host else ""
    if len(named) == 1 and (origin := _normal(named[0])) and (origin == own or origin in allowed):
        return
    logger.warning(
        "%r: a page of the origin %r asked for this WebSocket, whose own origin is %r. If it may connect, add it to "
        "origins=[...] of the route; if the scheme or host is wrong, name the proxy in trusted_proxies.",
        request,
        ", ".join(named)[:200],
        own[:200],
    )
    raise Forbidden("Pages of this origin may not connect.")


def _normal(origin: str) -> str:
    """In lower case, without the port that the scheme has anyway (RFC 6454, section 4)."""
    origin = origin.lower()
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition("://")[0], ""))


def _choose(subprotocols: Sequence[str], request: Request) -> str | None:
    offered = {part.strip() for part in (request.headers.joined("sec-websocket-protocol") or "").split(",")}
    return next((name for name in subprotocols if name in offered), None)


def _tokens(request: Request, name: str) -> set[str]:
    return {part.strip().lower() for part in (request.headers.joined(name) or "").split(",")}
