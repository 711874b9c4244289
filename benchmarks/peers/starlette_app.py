"""Starlette; it has no validation, so the order is validated by pydantic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order


async def plaintext(request: Request) -> Response:
    return PlainTextResponse(HELLO)


async def hello(request: Request) -> Response:
    return JSONResponse({"hello": request.path_params["name"]})


async def order(request: Request) -> Response:
    try:
        checked = Order.model_validate_json(await request.body())
    except ValidationError as error:
        return Response(error.json(), 422, media_type="application/json")
    return Response(checked.model_dump_json(), media_type="application/json")


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> Response:
    return StreamingResponse(chunks(), media_type="application/octet-stream")


async def upload(request: Request) -> Response:
    async with request.form() as form:
        file = form["file"]
        return PlainTextResponse(str(file.size if isinstance(file, UploadFile) else 0))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return


async def detail(request: Request) -> Response:
    return PlainTextResponse(request.path_params["item"])


class Layer:
    """A pure ASGI middleware, which Starlette recommends over its slower ``BaseHTTPMiddleware``."""

    def __init__(self, app: Any, name: bytes) -> None:
        self._app = app
        self._name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((self._name, b"1"))
            await send(message)

        await self._app(scope, receive, send_with_header)


app = Starlette(
    routes=[
        Route("/plaintext", plaintext),
        Route("/hello/{name}", hello),
        Route("/order", order, methods=["POST"]),
        Route("/stream", stream),
        Route("/upload", upload, methods=["POST"]),
        WebSocketRoute("/echo", echo),
        *[Route(f"/resource{number}/{{item}}/detail", detail) for number in resources()],
    ],
    middleware=[Middleware(Layer, name=b"x-layer-%d" % index) for index in range(MIDDLEWARES)],
)
