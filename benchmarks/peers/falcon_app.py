"""Falcon (ASGI), with msgspec for JSON as Falcon's own media documentation shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import falcon.asgi
import falcon.media
import msgspec
from falcon.asgi import Request, Response, WebSocket

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_msgspec import Order

decode_order = msgspec.json.Decoder(Order).decode


class Plaintext:
    async def on_get(self, request: Request, response: Response) -> None:
        response.content_type = falcon.MEDIA_TEXT
        response.data = HELLO


class Hello:
    async def on_get(self, request: Request, response: Response, name: str) -> None:
        response.media = {"hello": name}


class OrderResource:
    async def on_post(self, request: Request, response: Response) -> None:
        try:
            response.media = decode_order(await request.stream.read())
        except msgspec.ValidationError as error:
            raise falcon.HTTPUnprocessableEntity(description=str(error)) from error


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


class Stream:
    async def on_get(self, request: Request, response: Response) -> None:
        response.content_type = "application/octet-stream"
        response.stream = chunks()


class Upload:
    async def on_post(self, request: Request, response: Response) -> None:
        size = 0
        async for part in await request.get_media():
            async for chunk in part.stream:
                size += len(chunk)
        response.text = str(size)


class Echo:
    async def on_websocket(self, request: Request, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except falcon.WebSocketDisconnected:
            return


class Detail:
    async def on_get(self, request: Request, response: Response, item: str) -> None:
        response.text = item


class Layer:
    def __init__(self, name: str) -> None:
        self._name = name

    async def process_response(
        self, request: Request, response: Response, resource: Any, succeeded: bool
    ) -> None:
        response.set_header(self._name, "1")


app = falcon.asgi.App(middleware=[Layer(f"x-layer-{index}") for index in range(MIDDLEWARES)])
json_handler = falcon.media.JSONHandler(dumps=msgspec.json.encode, loads=msgspec.json.decode)
app.req_options.media_handlers[falcon.MEDIA_JSON] = json_handler
app.resp_options.media_handlers[falcon.MEDIA_JSON] = json_handler
multipart = falcon.media.MultipartFormHandler()
multipart.parse_options.max_body_part_buffer_size = MAX_UPLOAD
app.req_options.media_handlers[falcon.MEDIA_MULTIPART] = multipart
app.add_route("/plaintext", Plaintext())
app.add_route("/hello/{name}", Hello())
app.add_route("/order", OrderResource())
app.add_route("/stream", Stream())
app.add_route("/upload", Upload())
app.add_route("/echo", Echo())
for number in resources():
    app.add_route(f"/resource{number}/{{item}}/detail", Detail())
