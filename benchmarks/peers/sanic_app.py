"""Sanic's own server in one process; its core has no validation, so the order is validated by pydantic."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from pydantic import ValidationError
from sanic import HTTPResponse, Request, Sanic, Websocket, json, raw, text

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_pydantic import Order

app = Sanic("bench", dumps=orjson.dumps)
app.config.ACCESS_LOG = False
app.config.OAS = False
app.config.KEEP_ALIVE_TIMEOUT = 120
app.config.REQUEST_MAX_SIZE = MAX_UPLOAD


@app.get("/plaintext")
async def plaintext(request: Request) -> HTTPResponse:
    return HTTPResponse(HELLO, content_type="text/plain; charset=utf-8")


@app.get("/hello/<name:str>")
async def hello(request: Request, name: str) -> HTTPResponse:
    return json({"hello": name})


@app.post("/order")
async def order(request: Request) -> HTTPResponse:
    try:
        checked = Order.model_validate_json(request.body)
    except ValidationError as error:
        return raw(error.json(), 422, content_type="application/json")
    return raw(checked.model_dump_json(), content_type="application/json")


@app.get("/stream")
async def stream(request: Request) -> None:
    response = await request.respond(content_type="application/octet-stream")
    for _ in range(CHUNKS):
        await response.send(CHUNK)


@app.post("/upload")
async def upload(request: Request) -> HTTPResponse:
    return text(str(len(request.files.get("file").body)))


@app.websocket("/echo")
async def echo(request: Request, websocket: Websocket) -> None:
    async for message in websocket:
        await websocket.send(message)


async def detail(request: Request, item: str) -> HTTPResponse:
    return text(item)


for number in resources():
    app.add_route(detail, f"/resource{number}/<item:str>/detail", name=f"detail{number}")


def layer(name: str) -> Any:
    async def middleware(request: Request, response: HTTPResponse) -> None:
        response.headers[name] = "1"

    return middleware


for index in range(MIDDLEWARES):
    app.register_middleware(layer(f"x-layer-{index}"), "response")

if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), single_process=True, access_log=False, debug=False, motd=False)
