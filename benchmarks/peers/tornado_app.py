"""Tornado's own server, its loop on uvloop; it has no validation, so the order is validated by pydantic.

Tornado has no middleware: five ``prepare`` methods in a chain of handler classes are its usual way to share such code.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import tornado.httpserver
import tornado.web
import tornado.websocket
import uvloop
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_pydantic import Order

Handler: Any = tornado.web.RequestHandler
for index in range(MIDDLEWARES):

    class Layer(Handler):
        name = f"x-layer-{index}"

        def prepare(self, name: str = name, above: Any = Handler) -> None:
            self.set_header(name, "1")
            above.prepare(self)

    Handler = Layer


class Plaintext(Handler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(HELLO)


class Hello(Handler):
    async def get(self, name: str) -> None:
        self.write({"hello": name})


class OrderHandler(Handler):
    async def post(self) -> None:
        self.set_header("Content-Type", "application/json")
        try:
            self.write(Order.model_validate_json(self.request.body).model_dump_json())
        except ValidationError as error:
            self.set_status(422)
            self.write(error.json())


class Stream(Handler):
    async def get(self) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        for _ in range(CHUNKS):
            self.write(CHUNK)
            await self.flush()


class Upload(Handler):
    async def post(self) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write(str(len(self.request.files["file"][0]["body"])))


class Echo(tornado.websocket.WebSocketHandler):
    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message)


class Detail(Handler):
    async def get(self, item: str) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write(item)


app = tornado.web.Application(
    [
        ("/plaintext", Plaintext),
        (r"/hello/([^/]+)", Hello),
        ("/order", OrderHandler),
        ("/stream", Stream),
        ("/upload", Upload),
        ("/echo", Echo),
        *[(rf"/resource{number}/([^/]+)/detail", Detail) for number in resources()],
    ],
    log_function=lambda handler: None,
)


async def main(port: int) -> None:
    server = tornado.httpserver.HTTPServer(app, max_buffer_size=MAX_UPLOAD, idle_connection_timeout=120)
    server.listen(port, "127.0.0.1", backlog=2048)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
