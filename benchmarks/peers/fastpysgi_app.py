"""Limit: a C server (fastpysgi, WSGI) that calls one bare function; no framework at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import fastpysgi
import msgspec

from peers import CHUNK, CHUNKS, HELLO
from peers.order_msgspec import Order

encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/plaintext":
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [HELLO]
    if path.startswith("/hello/"):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [encode({"hello": path[7:]})]
    if path == "/order":
        order = decode_order(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Type", "application/json")])
        return [encode(order)]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return chunks()
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"not found"]


if __name__ == "__main__":
    fastpysgi.server.tcp_nodelay = 1
    fastpysgi.run(app, "127.0.0.1", int(sys.argv[1]), loglevel=fastpysgi.LL_ERROR)
