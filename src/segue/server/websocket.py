"""Opens WebSockets on the native server: the answer to the handshake, and the session (RFC 6455, section 4.2.2)."""

import asyncio
import base64
import hashlib
import logging

from websockets.extensions import Extension

from segue.http.headers import InvalidHeader, RawHeaders
from segue.http.request import Request
from segue.http.response import InvalidResponse, Response
from segue.http.websocket import Upgrade
from segue.server.deflate import negotiate_deflate
from segue.server.outbound import finish_request
from segue.server.service import Service
from segue.server.websocket_connection import WebSocketConnection

__all__ = ["open_websocket"]

logger = logging.getLogger("segue.server")

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def open_websocket(
    service: Service,
    transport: asyncio.Transport,
    request: Request,
    response: Response,
    upgrade: Upgrade,
    backlog: bytes,
) -> None:
    """Answers the handshake with ``response`` and runs the session of ``upgrade`` until it ends.

    ``backlog``: what the peer has sent after its request.
    """
    extensions: list[Extension] = []
    accepted: str | None = None
    if upgrade.options.compression:
        extensions, accepted = negotiate_deflate(request.headers.get_all("sec-websocket-extensions"))
    try:
        head = service.heads.encode(response, _handshake(request, upgrade.subprotocol, accepted))
    except (InvalidResponse, InvalidHeader) as error:
        logger.error(
            "%r: the response of %s cannot be sent: %s", request, request.endpoint or "the application", error
        )
        body = b"500 Internal Server Error\n"
        failure = Response(body, 500, content_type="text/plain; charset=utf-8")
        transport.write(service.heads.encode(failure, [(b"connection", b"close")]) + body)
        transport.close()
        return
    if transport.is_closing():
        finish_request(service, request)
        return
    connection = WebSocketConnection(service, transport, request, upgrade.options)
    connection.protocol.extensions = extensions
    connection.begin(head, backlog)
    began = service.clock.now
    try:
        await upgrade.run(connection, request, request.endpoint)
    finally:
        connection.end()
        finish_request(service, request)
        if service.access_log is not None:
            service.access_log(request, 101, 0, service.clock.now - began)


def _handshake(request: Request, subprotocol: str | None, extensions: str | None) -> RawHeaders:
    """The fields that accept a handshake (RFC 6455, section 4.2.2)."""
    key = request.headers.get("sec-websocket-key")
    if key is None:
        raise InvalidResponse("it accepts a WebSocket, but the request did not ask for one")
    digest = hashlib.sha1(key.encode("latin-1") + _GUID, usedforsecurity=False).digest()
    fields = [
        (b"upgrade", b"websocket"),
        (b"connection", b"upgrade"),
        (b"sec-websocket-accept", base64.b64encode(digest)),
    ]
    if extensions is not None:
        fields.append((b"sec-websocket-extensions", extensions.encode("ascii")))
    if subprotocol is not None:
        if not subprotocol.isascii() or not subprotocol.isprintable():
            raise InvalidResponse(f"the subprotocol {subprotocol!r:.80} is not a token")
        fields.append((b"sec-websocket-protocol", subprotocol.encode("ascii")))
    return fields
