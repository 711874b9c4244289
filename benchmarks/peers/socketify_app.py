"""socketify (C++, uWebSockets); it has no validation, so the order is validated by pydantic, and no multipart parser."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import ValidationError
from socketify import App, OpCode, middleware

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

# Without a pool, a response may be freed while the C++ server still points to it, and the process dies.
app = App(request_response_factory_max_items=1_000, websocket_factory_max_items=1_000)


def layer(name: str) -> Any:
    def middleware(response: Any, request: Any, data: Any) -> bool:
        response.write_header(name, "1")
        return True

    return middleware


def through_layers(handler: Any) -> Any:
    if not MIDDLEWARES:
        return handler
    last = lambda response, request, data: handler(response, request)  # noqa: E731 - the helper counts parameters
    return middleware(*[layer(f"x-layer-{index}") for index in range(MIDDLEWARES)], last)


def plaintext(response: Any, request: Any) -> None:
    response.write_header("Content-Type", "text/plain; charset=utf-8").end(HELLO)


def hello(response: Any, request: Any) -> None:
    response.end({"hello": request.get_parameter(0)})


async def order(response: Any, request: Any) -> None:
    body = await response.get_data()
    try:
        checked = Order.model_validate_json(body.getvalue())
    except ValidationError as error:
        response.write_status(422).end(error.json())
        return
    response.write_header("Content-Type", "application/json").end(checked.model_dump_json())


def stream(response: Any, request: Any) -> None:
    response.write_header("Content-Type", "application/octet-stream")
    for _ in range(CHUNKS):
        response.write(CHUNK)
    response.end_without_body(False)


def detail(response: Any, request: Any) -> None:
    response.end(request.get_parameter(0))


app.get("/plaintext", through_layers(plaintext))
app.get("/hello/:name", through_layers(hello))
app.post("/order", order)
app.get("/stream", stream)
app.ws(
    "/echo",
    {"message": lambda socket, message, opcode: socket.send(message, OpCode(opcode)), "idle_timeout": 120},
)
for number in resources():
    app.get(f"/resource{number}/:item/detail", detail)

if __name__ == "__main__":
    app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"})
    app.run()
