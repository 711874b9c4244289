"""Robyn's own server (Rust), one process with one worker; bodies are validated by pydantic through its own support."""

import sys
from collections.abc import Iterator
from typing import Any

# Robyn reads the command line itself when it is imported, and refuses a bare number.
port = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 8000

from robyn import Request, Response, Robyn, StreamingResponse  # noqa: E402
from robyn.robyn import Headers  # noqa: E402

from peers import CHUNK, CHUNKS, HELLO, MIDDLEWARES, resources  # noqa: E402
from peers.order_pydantic import Order  # noqa: E402

app = Robyn(__file__)
TEXT = Headers({"Content-Type": "text/plain; charset=utf-8"})


@app.get("/plaintext")
async def plaintext(request: Request) -> Response:
    return Response(200, TEXT, HELLO)


@app.get("/hello/:name")
async def hello(request: Request) -> dict[str, str]:
    return {"hello": request.path_params["name"]}


@app.post("/order")
async def order(body: Order) -> Any:
    return body


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@app.get("/stream")
async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="application/octet-stream")


@app.post("/upload")
async def upload(request: Request) -> str:
    return str(sum(len(content) for content in request.files.values()))


@app.websocket("/echo")
async def echo(websocket: Any) -> None:
    while True:
        await websocket.send_text(await websocket.receive_text())


async def detail(request: Request) -> str:
    return request.path_params["item"]


for number in resources():
    app.get(f"/resource{number}/:item/detail")(detail)


def layer(name: str) -> Any:
    async def after(response: Response) -> Response:
        response.headers.set(name, "1")
        return response

    return after


for index in range(MIDDLEWARES):
    app.after_request()(layer(f"x-layer-{index}"))

if __name__ == "__main__":
    app.start(host="127.0.0.1", port=port, _check_port=False, keep_alive_timeout=120)
