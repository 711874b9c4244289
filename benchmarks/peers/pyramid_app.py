"""Pyramid; it has no validation of its own, so the order is validated by pydantic. Its middlewares are tweens."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order


def plaintext(request: Request) -> Response:
    return Response(HELLO, content_type="text/plain", charset="utf-8")


def hello(request: Request) -> dict[str, str]:
    return {"hello": request.matchdict["name"]}


def order(request: Request) -> Response:
    try:
        checked = Order.model_validate_json(request.body)
    except ValidationError as error:
        return Response(error.json(), 422, content_type="application/json", charset="utf-8")
    return Response(checked.model_dump_json(), content_type="application/json", charset="utf-8")


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


def stream(request: Request) -> Response:
    return Response(app_iter=chunks(), content_type="application/octet-stream")


def upload(request: Request) -> Response:
    return Response(str(request.POST["file"].file.seek(0, 2)), content_type="text/plain")


def detail(request: Request) -> Response:
    return Response(request.matchdict["item"], content_type="text/plain")


def layer(name: str) -> Any:
    def factory(handler: Any, registry: Any) -> Any:
        def tween(request: Request) -> Response:
            response: Response = handler(request)
            response.headers[name] = "1"
            return response

        return tween

    return factory


# A tween is named by an import path that is complete before this module is, so they live in one of their own.
tweens = types.ModuleType("bench_tweens")
sys.modules[tweens.__name__] = tweens
for index in range(MIDDLEWARES):
    setattr(tweens, f"layer_{index}", layer(f"x-layer-{index}"))


def make_app() -> Any:
    config = Configurator()
    for index in range(MIDDLEWARES):
        config.add_tween(f"{tweens.__name__}.layer_{index}")
    for name, pattern, view, method in (
        ("plaintext", "/plaintext", plaintext, "GET"),
        ("order", "/order", order, "POST"),
        ("stream", "/stream", stream, "GET"),
        ("upload", "/upload", upload, "POST"),
    ):
        config.add_route(name, pattern, request_method=method)
        config.add_view(view, route_name=name)
    config.add_route("hello", "/hello/{name}", request_method="GET")
    config.add_view(hello, route_name="hello", renderer="json")
    for number in resources():
        config.add_route(f"detail{number}", f"/resource{number}/{{item}}/detail")
        config.add_view(detail, route_name=f"detail{number}")
    return config.make_wsgi_app()


app = make_app()
