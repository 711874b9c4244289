"""Segue, served by ``segue serve`` with its default settings, limits on.

``BENCH_FEATURES=1`` adds features that ``/plaintext`` does not use, to show that they cost it nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from peers import CHUNK, CHUNKS, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_msgspec import Order
from segue import App, File, Request, Response, WebSocket

Handle = Callable[[Request], Awaitable[Response]]
WRITE_BYTES = 1024 * 1024

app = App()


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


@app.post("/order")
async def order(order: Order) -> Order:
    return order


@app.get("/stream")
async def stream() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.post("/upload", max_body=MAX_UPLOAD)
async def upload(file: File) -> str:
    return str(file.size)


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


@app.put("/big", max_body=None, timeout=None)
async def big(request: Request) -> str:
    """Streams a body of any size to the file named by ``BENCH_BIG_FILE``; one batch is in memory at a time."""
    size, batch, waiting = 0, [], 0
    with Path(os.environ["BENCH_BIG_FILE"]).open("wb", buffering=0) as file:  # noqa: ASYNC230 - once per request
        async for chunk in request.stream():
            batch.append(chunk)
            waiting += len(chunk)
            if waiting >= WRITE_BYTES:
                size += await asyncio.to_thread(file.write, b"".join(batch))
                batch, waiting = [], 0
        size += await asyncio.to_thread(file.write, b"".join(batch))
    return str(size)


async def detail(item: str) -> str:
    return item


for number in resources():
    app.get(f"/resource{number}/{{item}}/detail")(detail)


def layer(name: str) -> Callable[[Request, Handle], Awaitable[Response]]:
    async def middleware(request: Request, next: Handle) -> Response:
        response = await next(request)
        response.headers[name] = "1"
        return response

    return middleware


for index in range(MIDDLEWARES):
    app.middleware(layer(f"x-layer-{index}"))


def add_unused_features() -> None:
    """An included app with middleware, lifespan, error handler, sync and typed handlers, 50 routes."""
    other = App()

    @other.lifespan
    @asynccontextmanager
    async def lifespan(_: App) -> AsyncIterator[None]:
        yield

    for index in range(5):
        other.middleware(layer(f"x-other-{index}"))
    for index in range(50):
        other.get(f"/page{index}/{{item}}")(detail)

    @other.get("/sync/{number:int}")
    def sync(number: int, times: int = 1) -> list[int]:
        return [number] * times

    @other.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    app.include(other, at="/other")


if os.environ.get("BENCH_FEATURES") == "1":
    add_unused_features()
