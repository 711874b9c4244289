"""Bottle; it has no validation, so the order is validated by pydantic. Its middlewares are plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bottle import Bottle, request, response
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

app = Bottle()


@app.get("/plaintext")
def plaintext() -> bytes:
    response.content_type = "text/plain; charset=utf-8"
    return HELLO


@app.get("/hello/<name>")
def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@app.post("/order")
def order() -> str:
    response.content_type = "application/json"
    try:
        return Order.model_validate_json(request.body.read()).model_dump_json()
    except ValidationError as error:
        response.status = 422
        return error.json()


@app.get("/stream")
def stream() -> Iterator[bytes]:
    response.content_type = "application/octet-stream"
    for _ in range(CHUNKS):
        yield CHUNK


@app.post("/upload")
def upload() -> str:
    response.content_type = "text/plain"
    return str(request.files.file.file.seek(0, 2))


def detail(item: str) -> str:
    response.content_type = "text/plain"
    return item


for number in resources():
    app.get(f"/resource{number}/<item>/detail")(detail)


def layer(name: str) -> Any:
    def plugin(callback: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            response.set_header(name, "1")
            return callback(*args, **kwargs)

        return wrapper

    return plugin


for index in range(MIDDLEWARES):
    app.install(layer(f"x-layer-{index}"))
