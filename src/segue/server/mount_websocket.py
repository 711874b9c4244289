"""A WebSocket of a mounted ASGI application."""

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

from segue.http.errors import BadRequest, UpgradeRequired
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import CloseCode, Upgrade, WebSocket, WebSocketDisconnected, WebSocketOptions
from segue.server.mount_response import foreign_response

__all__ = ["SocketCall", "is_handshake"]

_Message = MutableMapping[str, Any]
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==\Z")


def is_handshake(request: Request) -> bool:
    """Whether a request opens a WebSocket. Raises BadRequest and UpgradeRequired for one that does it wrongly."""
    if request.connection.scheme in ("ws", "wss"):
        return True
    upgrade = request.headers.joined("upgrade")
    if upgrade is None or "websocket" not in [part.strip().lower() for part in upgrade.split(",")]:
        return False
    if request.headers.get("sec-websocket-version") != "13":
        raise UpgradeRequired(
            "Of the WebSocket protocol, version 13 is spoken here.", headers={"sec-websocket-version": "13"}
        )
    if not _KEY.match(request.headers.get("sec-websocket-key", "")):
        raise BadRequest("Sec-WebSocket-Key is not 16 bytes in base64.")
    return True


class SocketCall:
    """One handshake, and the socket when the application accepts it."""

    def __init__(self, request: Request) -> None:
        self.task: asyncio.Task[None] | None = None
        self._request = request
        self._told = False
        self._reply: Response | None = None
        self._reply_body: list[bytes] = []
        self._decision: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._socket: asyncio.Future[WebSocket] = asyncio.get_running_loop().create_future()
        self._failure: Exception | None = None

    async def response(self) -> Response:
        try:
            return await self._decision
        except BaseException:
            if self.task is not None:
                self.task.cancel()
            raise

    async def receive(self) -> _Message:
        if not self._told:
            self._told = True
            return {"type": "websocket.connect"}
        try:
            message = await (await self._socket).receive()
        except WebSocketDisconnected as closed:
            return {"type": "websocket.disconnect", "code": closed.code, "reason": closed.reason}
        kind = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.receive", kind: message}

    async def send(self, message: _Message) -> None:
        kind = message["type"]
        if not self._decision.done():
            self._decide(kind, message)
            return
        socket = await self._socket
        if kind == "websocket.send":
            text = message.get("text")
            await socket.send(message.get("bytes") or b"" if text is None else text)
        elif kind == "websocket.close":
            await socket.close(message.get("code") or CloseCode.NORMAL, message.get("reason") or "")
        else:
            raise RuntimeError(f"an ASGI application sent {kind!r} over a WebSocket that is open")

    def _decide(self, kind: str, message: _Message) -> None:
        headers = message.get("headers") or ()
        if kind == "websocket.accept":
            response = foreign_response(self._request, 101, headers, b"")
            response.body = Upgrade(self._session, WebSocketOptions(), message.get("subprotocol"))
            self._decision.set_result(response)
        elif kind == "websocket.close":
            self._decision.set_result(Response("403 Forbidden\n", 403))
        elif kind == "websocket.http.response.start":
            self._reply = foreign_response(self._request, message["status"], headers, b"")
        elif kind == "websocket.http.response.body" and self._reply is not None:
            self._reply_body.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self._reply.body = b"".join(self._reply_body)
                self._decision.set_result(self._reply)
        else:
            raise RuntimeError(f"an ASGI application sent {kind!r} before it accepted a WebSocket")

    async def _session(self, socket: WebSocket) -> None:
        self._socket.set_result(socket)
        if self.task is None:
            return
        try:
            await asyncio.wait([self.task])
        except asyncio.CancelledError:
            self.task.cancel()
            raise
        if self._failure is not None:
            raise self._failure

    def ended(self, error: Exception | None) -> None:
        """The application has returned, or raised."""
        self._failure = error
        if not self._decision.done():
            self._decision.set_exception(
                error or RuntimeError("the mounted application ended without answering a WebSocket")
            )
