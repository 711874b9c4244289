"""FastAPI."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order
from peers.starlette_app import Layer

app = FastAPI(openapi_url=None)


@app.get("/plaintext")
async def plaintext() -> Response:
    return PlainTextResponse(HELLO)


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@app.post("/order")
async def order(order: Order) -> Order:
    return order


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.get("/stream")
async def stream() -> Response:
    return StreamingResponse(chunks(), media_type="application/octet-stream")


@app.post("/upload")
async def upload(file: UploadFile) -> Response:
    return PlainTextResponse(str(file.size))


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return


async def detail(item: str) -> Any:
    return PlainTextResponse(item)


for number in resources():
    app.get(f"/resource{number}/{{item}}/detail")(detail)

for index in range(MIDDLEWARES):
    app.add_middleware(Layer, name=b"x-layer-%d" % index)
