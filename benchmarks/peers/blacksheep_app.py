"""BlackSheep under uvicorn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from blacksheep import (
    Application,
    Content,
    FromFiles,
    FromJSON,
    Request,
    Response,
    StreamedContent,
    WebSocket,
    json as json_response,
    text,
)

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

app = Application(show_error_details=False)


@app.router.get("/plaintext")
async def plaintext() -> Response:
    return Response(200, content=Content(b"text/plain; charset=utf-8", HELLO))


@app.router.get("/hello/{name}")
async def hello(name: str) -> Response:
    return json_response({"hello": name})


@app.router.post("/order")
async def order(data: FromJSON[Order]) -> Response:
    return json_response(data.value)


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.router.get("/stream")
async def stream() -> Response:
    return Response(200, content=StreamedContent(b"application/octet-stream", chunks))


@app.router.post("/upload")
async def upload(files: FromFiles) -> Response:
    return text(str(sum(len(part.data) for part in files.value)))


@app.router.ws("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(await websocket.receive_text())


async def detail(item: str) -> Response:
    return text(item)


for number in resources():
    app.router.add_get(f"/resource{number}/{{item}}/detail", detail)


def header_middleware(name: bytes) -> Any:
    async def middleware(request: Request, handler: Any) -> Response:
        response: Response = await handler(request)
        response.add_header(name, b"1")
        return response

    return middleware


for index in range(MIDDLEWARES):
    app.middlewares.append(header_middleware(b"x-layer-%d" % index))
