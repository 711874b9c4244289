"""aiohttp's own server on uvloop; it has no validation, so the order is validated by pydantic."""

from __future__ import annotations

import sys
from typing import Any

import uvloop
from aiohttp import BodyPartReader, WSMsgType, web
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_pydantic import Order


async def plaintext(request: web.Request) -> web.Response:
    return web.Response(body=HELLO, content_type="text/plain")


async def hello(request: web.Request) -> web.Response:
    return web.json_response({"hello": request.match_info["name"]})


async def order(request: web.Request) -> web.Response:
    try:
        checked = Order.model_validate_json(await request.read())
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=error.json(), content_type="application/json") from error
    return web.Response(text=checked.model_dump_json(), content_type="application/json")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    for _ in range(CHUNKS):
        await response.write(CHUNK)
    await response.write_eof()
    return response


async def upload(request: web.Request) -> web.Response:
    size = 0
    reader = await request.multipart()
    while isinstance(part := await reader.next(), BodyPartReader):
        while chunk := await part.read_chunk(65_536):
            size += len(chunk)
    return web.Response(text=str(size))


async def echo(request: web.Request) -> web.WebSocketResponse:
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    async for message in websocket:
        if message.type is WSMsgType.TEXT:
            await websocket.send_str(message.data)
    return websocket


async def detail(request: web.Request) -> web.Response:
    return web.Response(text=request.match_info["item"])


def layer(name: str) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        response.headers[name] = "1"
        return response

    return middleware


app = web.Application(
    middlewares=[layer(f"x-layer-{index}") for index in range(MIDDLEWARES)], client_max_size=MAX_UPLOAD
)
app.router.add_get("/plaintext", plaintext)
app.router.add_get("/hello/{name}", hello)
app.router.add_post("/order", order)
app.router.add_get("/stream", stream)
app.router.add_post("/upload", upload)
app.router.add_get("/echo", echo)
for number in resources():
    app.router.add_get(f"/resource{number}/{{item}}/detail", detail)

if __name__ == "__main__":
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
        keepalive_timeout=120,
        loop=uvloop.new_event_loop(),
    )
