"""Django with the smallest settings that run; its forms do not read JSON, so the order is validated by pydantic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources
from peers.order_pydantic import Order

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",
    MIDDLEWARE=[f"{__name__}.layer_{index}" for index in range(MIDDLEWARES)],
)


def plaintext(request: HttpRequest) -> HttpResponse:
    return HttpResponse(HELLO, content_type="text/plain; charset=utf-8")


def hello(request: HttpRequest, name: str) -> HttpResponse:
    return JsonResponse({"hello": name})


def order(request: HttpRequest) -> HttpResponse:
    try:
        checked = Order.model_validate_json(request.body)
    except ValidationError as error:
        return HttpResponse(error.json(), status=422, content_type="application/json")
    return HttpResponse(checked.model_dump_json(), content_type="application/json")


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks(), content_type="application/octet-stream")


def upload(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.FILES["file"].size), content_type="text/plain")


def detail(request: HttpRequest, item: str) -> HttpResponse:
    return HttpResponse(item, content_type="text/plain")


def layer(name: str) -> Any:
    def factory(get_response: Any) -> Any:
        def middleware(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = get_response(request)
            response.headers[name] = "1"
            return response

        return middleware

    return factory


# Settings name a middleware by its import path, so each must be an attribute of this module.
globals().update({f"layer_{index}": layer(f"x-layer-{index}") for index in range(MIDDLEWARES)})

urlpatterns = [
    path("plaintext", plaintext),
    path("hello/<name>", hello),
    path("order", order),
    path("stream", stream),
    path("upload", upload),
    *[path(f"resource{number}/<item>/detail", detail) for number in resources()],
]
app = get_wsgi_application()
