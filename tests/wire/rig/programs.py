"""The applications that the children serve."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator

from segue import App, Body, File, Request, WebSocket

MB = 1_000_000


def uploads() -> App:
    """Takes bodies of any size: as a stream, spooled to disk, and back again."""
    app = App()

    @app.post("/stream", max_body=None)
    async def stream(request: Request) -> dict[str, int]:
        total = 0
        async for piece in request.stream():
            total += len(piece)
        return {"bytes": total}

    @app.post("/spool", max_body=None)
    async def spool(picture: File) -> dict[str, int]:
        return {"bytes": picture.size}

    @app.post("/echo", max_body=None)
    async def echo(request: Request) -> AsyncIterator[bytes]:
        async for piece in request.stream():
            yield piece

    @app.get("/download")
    async def download() -> AsyncIterator[bytes]:
        piece = b"x" * 65_536
        for _ in range(8_000):
            yield piece

    @app.get("/ping")
    async def ping() -> str:
        return "pong"

    @app.post("/late", max_body=10_000)
    async def late(request: Request) -> dict[str, int]:
        await asyncio.sleep(2)
        return {"bytes": len(await request.body())}

    @app.post("/form")
    async def form(request: Request) -> dict[str, int]:
        return {"fields": len((await request.form()).multi_items())}

    return app


def full_disk() -> App:
    """Temporary files go to the folder that TMPDIR names, which is too small."""
    tempfile.tempdir = os.environ["TMPDIR"]
    return uploads()


def soaked() -> App:
    """A bit of everything: what is asked for again and again must leave nothing behind."""
    app = uploads()

    @app.get("/films/{id:int}")
    async def film(id: int, times: int = 1) -> dict[str, int]:
        return {"id": id * times}

    @app.post("/json")
    async def data(body: Body[dict[str, list[int]]]) -> dict[str, int]:
        return {name: sum(numbers) for name, numbers in body.items()}

    @app.get("/thread")
    def thread() -> str:
        return "from a thread"

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 1_000

    @app.get("/boom")
    async def boom() -> None:
        raise LookupError("boom")

    @app.websocket("/socket")
    async def echo(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    return app
