"""Limit: a bare ASGI function under uvicorn (uvloop, httptools); no framework at all."""

from __future__ import annotations

from typing import Any

import msgspec

from peers import CHUNK, CHUNKS, HELLO
from peers.order_msgspec import Order

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode


def start(content_type: bytes, length: int | None = None) -> dict[str, Any]:
    headers = [(b"content-type", content_type)]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": 200, "headers": headers}


async def echo(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


async def read(receive: Any) -> bytes:
    parts = []
    while True:
        event = await receive()
        parts.append(event["body"])
        if not event.get("more_body"):
            return b"".join(parts)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    path = scope["path"]
    if path == "/plaintext":
        await send(start(b"text/plain; charset=utf-8", len(HELLO)))
        await send({"type": "http.response.body", "body": HELLO})
    elif path.startswith("/hello/"):
        body = encode({"hello": path[7:]})
        await send(start(b"application/json", len(body)))
        await send({"type": "http.response.body", "body": body})
    elif path == "/order":
        body = encode(decode_order(await read(receive)))
        await send(start(b"application/json", len(body)))
        await send({"type": "http.response.body", "body": body})
    elif path == "/stream":
        await send(start(b"application/octet-stream"))
        for _ in range(CHUNKS):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        raise LookupError(path)
