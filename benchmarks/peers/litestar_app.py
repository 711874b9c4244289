"""Litestar."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Litestar, MediaType, WebSocket, get, post, websocket
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response import Stream

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_msgspec import Order
from peers.starlette_app import Layer


@get("/plaintext", media_type=MediaType.TEXT)
async def plaintext() -> bytes:
    return HELLO


@get("/hello/{name:str}")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@post("/order", status_code=200)
async def order(data: Order) -> Order:
    return data


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@get("/stream")
async def stream() -> Stream:
    return Stream(chunks(), media_type="application/octet-stream")


@post("/upload", status_code=200, media_type=MediaType.TEXT, request_max_body_size=MAX_UPLOAD)
async def upload(data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> str:
    size = 0
    while chunk := await data.read(65_536):
        size += len(chunk)
    return str(size)


@websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


def detail_route(number: int) -> Any:
    @get(f"/resource{number}/{{item:str}}/detail", media_type=MediaType.TEXT, name=f"detail{number}")
    async def detail(item: str) -> str:
        return item

    return detail


app = Litestar(
    route_handlers=[plaintext, hello, order, stream, upload, echo, *map(detail_route, resources())],
    middleware=[DefineMiddleware(Layer, name=b"x-layer-%d" % index) for index in range(MIDDLEWARES)],
    openapi_config=None,
    logging_config=None,
)
