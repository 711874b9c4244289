"""One file with one app, served as it is: sync and async handlers, and a WebSocket."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from process_rig import serve
from websockets.sync.client import connect

PROGRAM = """
import asyncio, threading
from segue import App, WebSocket

app = App()
here = threading.get_ident()

@app.get("/sync")
def sync() -> str:
    return "here" if threading.get_ident() == here else "in a thread"

@app.get("/async")
async def on_the_loop() -> str:
    await asyncio.sleep(0)
    return "here" if threading.get_ident() == here else "in a thread"

@app.websocket("/echo/{name}")
async def echo(socket: WebSocket, name: str) -> None:
    async for message in socket:
        await socket.send(f"{name}: {message}")
"""


@pytest.mark.row("U14", "U17")
def test_sync_async_and_websocket_in_one_file(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "1") as server:
        assert server.get("/sync") == (200, "in a thread")
        assert server.get("/async") == (200, "here")
        with connect(f"ws://127.0.0.1:{server.port}/echo/Django") as socket:
            socket.send("Nuages")
            assert socket.recv(timeout=20) == "Django: Nuages"
            assert server.get("/sync") == (200, "in a thread")  # while the socket is open
