"""Spans of OpenTelemetry: one for each request, around all that runs for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from segue import App, WebSocket
from segue.observe import Tracing
from segue.testing import AsyncClient, Client

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


def traced(**options: Any) -> tuple[App, InMemorySpanExporter, trace.Tracer]:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")
    app = App("shop", plugins=[Tracing(provider, **options)])

    @app.get("/films/{id:int}")
    async def film(id: int, wait: bool = False) -> str:
        if id == 13:
            raise LookupError("bad luck")
        if wait:
            await asyncio.sleep(0.001)
        with tracer.start_as_current_span(f"query {id}"):
            await asyncio.sleep(0)
        return "film"

    @app.get("/sync")
    def sync() -> str:
        with tracer.start_as_current_span("in a thread"):
            return "ok"

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        for one in range(2):
            await asyncio.sleep(0)
            with tracer.start_as_current_span(f"piece {one}"):
                yield "x"

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.send("hello")
        with tracer.start_as_current_span("talking"):
            await socket.send("bye")

    return app, spans, tracer


def named(spans: InMemorySpanExporter) -> dict[str, Any]:
    return {one.name: one for one in spans.get_finished_spans()}


def test_a_request_is_a_span_in_the_trace_of_its_client() -> None:
    app, spans, _ = traced()
    with Client(app) as client:
        client.get("/films/7?token=secret", headers={**PARENT, "user-agent": "test"})
    one = named(spans)["GET /films/{id:int}"]
    assert f"{one.context.trace_id:032x}" == TRACE
    assert one.kind is trace.SpanKind.SERVER
    assert dict(one.attributes) == {
        "http.request.method": "GET",
        "http.route": "/films/{id:int}",
        "http.response.status_code": 200,
        "url.path": "/films/7",
        "url.scheme": "http",
        "server.address": "localhost",
        "client.address": one.attributes["client.address"],
        "user_agent.original": "test",
    }
    assert named(spans)["query 7"].parent.span_id == one.context.span_id


def test_threads_streams_and_sockets_are_inside() -> None:
    app, spans, _ = traced()
    with Client(app) as client:
        client.get("/sync")
        client.get("/stream")
        with client.websocket("/talk") as socket:
            assert [socket.receive(), socket.receive()] == ["hello", "bye"]
    found = named(spans)
    for inner, outer in (
        ("in a thread", "GET /sync"),
        ("piece 0", "GET /stream"),
        ("piece 1", "GET /stream"),
        ("talking", "GET /talk"),
    ):
        assert found[inner].parent.span_id == found[outer].context.span_id, inner


def test_requests_at_the_same_time_do_not_mix() -> None:
    app, spans, _ = traced()

    async def main() -> None:
        async with AsyncClient(app) as client:
            await asyncio.gather(*[client.get(f"/films/{20 + one}?wait=true") for one in range(20)])
        assert trace.get_current_span() is trace.INVALID_SPAN

    asyncio.run(main())
    by_id = {one.context.span_id: one for one in spans.get_finished_spans()}
    for one in by_id.values():
        if one.name.startswith("query "):
            path = by_id[one.parent.span_id].attributes["url.path"]
            assert path == f"/films/{one.name.removeprefix('query ')}"


def test_a_failure_is_in_its_span_and_an_unknown_path_makes_no_name() -> None:
    app, spans, _ = traced()
    with Client(app, raise_server_exceptions=False) as client:
        client.get("/films/13")
        client.get("/nowhere")
    failed, unknown = spans.get_finished_spans()
    assert failed.status.status_code is trace.StatusCode.ERROR
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "LookupError"
    assert [one.name for one in failed.events] == ["exception"]
    assert (unknown.name, unknown.status.status_code) == ("GET", trace.StatusCode.UNSET)


def test_strangers_need_not_be_believed_and_without_an_sdk_nothing_is_recorded() -> None:
    app, spans, _ = traced(believe=False)
    with Client(app) as client:
        client.get("/films/7", headers=PARENT)
    assert f"{named(spans)['GET /films/{id:int}'].context.trace_id:032x}" != TRACE
    bare = App("bare", plugins=[Tracing()])
    bare.get("/")(lambda: "ok")
    assert Client(bare).get("/").text == "ok"
