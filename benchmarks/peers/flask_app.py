"""Flask; it has no validation, so the order is validated by pydantic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

app = Flask(__name__)


@app.get("/plaintext")
def plaintext() -> Response:
    return Response(HELLO, mimetype="text/plain")


@app.get("/hello/<name>")
def hello(name: str) -> Response:
    return jsonify(hello=name)


@app.post("/order")
def order() -> Response:
    try:
        checked = Order.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        return Response(error.json(), 422, mimetype="application/json")
    return Response(checked.model_dump_json(), mimetype="application/json")


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.get("/stream")
def stream() -> Response:
    return Response(chunks(), mimetype="application/octet-stream")


@app.post("/upload")
def upload() -> Response:
    file = request.files["file"]
    return Response(str(file.stream.seek(0, 2)), mimetype="text/plain")


def detail(item: str) -> Response:
    return Response(item, mimetype="text/plain")


for number in resources():
    app.add_url_rule(f"/resource{number}/<item>/detail", f"detail{number}", detail)


def layer(name: str) -> Any:
    def after(response: Response) -> Response:
        response.headers[name] = "1"
        return response

    return after


for index in range(MIDDLEWARES):
    app.after_request(layer(f"x-layer-{index}"))
