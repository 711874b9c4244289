"""What every peer is asked to do: how the server is started, how it is loaded, and what a right reply looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.clients.form import FORM_TYPE, form_body
from harness.load import OwnClient, Wrk
from harness.order import INVALID_JSON, ORDER, ORDER_JSON
from harness.server import Server, ServerFailed

STREAM_BYTES = 64 * 16_384
UPLOAD_BYTES = 10 * 1024 * 1024
ROUTE = "/resource999/42/detail"


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise ServerFailed(f"wrong reply: {what} is {str(found)[:80]!r}, expected {str(wanted)[:80]!r}")


def _plaintext(server: Server) -> None:
    status, body, headers = server.request("GET", "/plaintext")
    _expect((status, body), (200, b"Hello, World!"), "the reply")
    _expect(headers.get("content-type", "").partition(";")[0], "text/plain", "Content-Type")


def _json(server: Server) -> None:
    status, body, headers = server.request("GET", "/hello/Django")
    _expect(status, 200, "status")
    _expect(json.loads(body), {"hello": "Django"}, "the reply")
    _expect(headers.get("content-type", "").partition(";")[0], "application/json", "Content-Type")


def _order(server: Server) -> None:
    status, body, _ = server.request("POST", "/order", ORDER_JSON, "application/json")
    _expect(status, 200, "status")
    _expect(json.loads(body), ORDER, "the echoed order")
    status, _, _ = server.request("POST", "/order", INVALID_JSON, "application/json")
    if status < 400:
        raise ServerFailed(f"wrong reply: an invalid order gave {status}, so nothing was validated")


def _route(server: Server) -> None:
    status, body, _ = server.request("GET", ROUTE)
    _expect((status, body), (200, b"42"), "the reply")


def _middleware(server: Server) -> None:
    _plaintext(server)
    _, _, headers = server.request("GET", "/plaintext")
    _expect(
        sum(name.startswith("x-layer-") for name in headers), 5, "the number of headers set by middlewares"
    )


def _stream(server: Server) -> None:
    status, body, headers = server.request("GET", "/stream")
    _expect((status, len(body)), (200, STREAM_BYTES), "status and length")
    if "content-length" in headers:
        raise ServerFailed("wrong reply: it has a Content-Length, so it was collected and not streamed")


def _upload(server: Server) -> None:
    status, body, _ = server.request("POST", "/upload", form_body(100_000), FORM_TYPE)
    _expect((status, body), (200, b"100000"), "the reply")


def _no_check(server: Server) -> None:
    """The WebSocket client compares every echoed message itself."""


@dataclass(frozen=True)
class Work:
    """One column of the comparison.

    ``unit`` is what is counted; ``env`` chooses the variant of the app (see ``peers``); ``beside`` names a work measured directly
    before this one for every peer, because a ratio of the two is reported.
    """

    name: str
    title: str
    load: Wrk | OwnClient
    check: Callable[[Server], None]
    unit: str = "requests"
    env: Mapping[str, str] = field(default_factory=dict)
    beside: str | None = None
    limits: bool = True


WORKS = (
    Work("plaintext", "Plaintext", Wrk("/plaintext"), _plaintext),
    Work("json", "JSON, one path parameter", Wrk("/hello/Django"), _json),
    Work("order", "POST of 20 JSON fields, validated, echoed", Wrk("/order", script="order.lua"), _order),
    Work("route", "One route more", Wrk(ROUTE), _route, env={"BENCH_ROUTES": "1"}, limits=False),
    Work(
        "routes",
        "1,000 routes more, the last one hit",
        Wrk(ROUTE),
        _route,
        env={"BENCH_ROUTES": "1000"},
        beside="route",
        limits=False,
    ),
    Work(
        "middleware",
        "Plaintext through five middlewares",
        Wrk("/plaintext"),
        _middleware,
        env={"BENCH_MIDDLEWARE": "5"},
        limits=False,
    ),
    Work("stream", "1 MiB streamed reply in 64 chunks", Wrk("/stream", connections=16), _stream),
    Work(
        "upload",
        "10 MiB multipart upload",
        OwnClient("upload", "/upload", 4),
        _upload,
        "uploads",
        limits=False,
    ),
    Work("websocket", "WebSocket echo", OwnClient("websocket", "/echo", 64), _no_check, "messages"),
    Work(
        "idle",
        "Idle keep-alive connections",
        OwnClient("idle", "/plaintext", 10_000),
        _plaintext,
        "connections",
    ),
)
