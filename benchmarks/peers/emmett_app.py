"""Emmett55 on granian (RSGI); its forms validate tables, not JSON, so the order is validated by pydantic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from emmett55 import App, Pipe, request, response, websocket as socket
from emmett55.tools import service
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

app = App(__name__)


class Layer(Pipe):
    def __init__(self, name: str) -> None:
        self._name = name

    async def pipe(self, next_pipe: Any, **kwargs: Any) -> Any:
        response.headers[self._name] = "1"
        return await next_pipe(**kwargs)


app.pipeline = [Layer(f"x-layer-{index}") for index in range(MIDDLEWARES)]


@app.route("/plaintext", methods="get", output="bytes")
async def plaintext() -> bytes:
    response.content_type = "text/plain; charset=utf-8"
    return HELLO


@app.route("/hello/<str:name>", methods="get")
@service.json
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@app.route("/order", methods="post", output="str")
async def order() -> str:
    response.content_type = "application/json"
    try:
        return Order.model_validate_json(await request.body).model_dump_json()
    except ValidationError as error:
        response.status = 422
        return error.json()


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.route("/stream", methods="get")
async def stream() -> Any:
    response.content_type = "application/octet-stream"
    return response.wrap_aiter(chunks())


@app.route("/upload", methods="post", output="str")
async def upload() -> str:
    response.content_type = "text/plain"
    file = (await request.files).file
    return str(len(file.read()))


@app.websocket("/echo")
async def echo() -> None:
    await socket.accept()
    while True:
        await socket.send(await socket.receive())


def detail_route(number: int) -> None:
    @app.route(f"/resource{number}/<str:item>/detail", methods="get", output="str", name=f"detail{number}")
    async def detail(item: str) -> str:
        response.content_type = "text/plain"
        return item


for number in resources():
    detail_route(number)
