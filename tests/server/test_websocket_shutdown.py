"""What becomes of open WebSockets and event streams when a server stops or reloads: real processes, real signals."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
from websocket_rig import CLOSE, TEXT, Serving, connect, frame, handshake

from segue import WebSocketDisconnected
from segue.client import Backoff, Http

PROGRAM = """
import asyncio
from contextlib import asynccontextmanager
from segue import App, EventStream, WebSocket

app = App()


@app.lifespan
@asynccontextmanager
async def life(app: App):
    yield
    print("torn down", flush=True)


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


@app.get("/events")
async def events() -> EventStream[str]:
    yield "hello"
    await asyncio.sleep(1000)
"""


class Segue:
    """`segue serve` in a process of its own. Only ``port`` is needed to connect to it."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self.output = output
        self.port = 0

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_for_port(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for line in self.text.splitlines():
                if "http://127.0.0.1:" in line:
                    digits = line.partition("http://127.0.0.1:")[2].split()[0]
                    self.port = int(digits.strip("/"))
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"segue serve did not start:\n{self.text}")


@contextmanager
def segue_serve(folder: Path, *arguments: str, bind: str = "127.0.0.1:0") -> Iterator[Segue]:
    program = folder / "live.py"
    program.write_text(PROGRAM, encoding="utf-8")
    output = folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "segue", "serve", str(program), "--bind", bind, *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        server = Segue(process, output)  # type: ignore[arg-type]
        try:
            server.wait_for_port()
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


async def close_codes(
    server: Segue, sockets: int, signal_number: int
) -> tuple[list[int], list[bytes], float]:
    """Opens WebSockets and a tenth as many event streams, sends the signal: the codes, the last events, the seconds."""
    serving: Serving = server  # type: ignore[assignment]
    async with AsyncExitStack() as stack:
        hello = handshake("/echo")
        peers = [await stack.enter_async_context(connect(serving, hello)) for _ in range(sockets)]
        streams = []
        for _ in range(max(1, sockets // 10)):
            stream = await stack.enter_async_context(
                connect(serving, b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            )
            assert b"hello" in await stream.reader.readuntil(b"hello\n\n")
            streams.append(stream)
        for peer in peers:
            assert peer.status == 101
            await peer.send(frame(TEXT, b"hi"))
            assert await peer.receive() == (TEXT, b"hi")
        server.process.send_signal(signal_number)
        began = time.monotonic()
        codes = list(await asyncio.gather(*[peer.close_code(20) for peer in peers]))
        async with asyncio.timeout(20):
            tails = list(await asyncio.gather(*[stream.reader.read() for stream in streams]))
        return codes, tails, time.monotonic() - began


@pytest.mark.parametrize("sockets", [1, 1000])
def test_sigterm_closes_every_socket_with_1001_and_then_exits(sockets: int, tmp_path: Path) -> None:
    with segue_serve(tmp_path) as server:
        codes, tails, _ = asyncio.run(close_codes(server, sockets, signal.SIGTERM))
        assert codes == [1001] * sockets
        assert all(b"retry: " in tail for tail in tails)
        assert server.process.wait(10) == 0
        assert "torn down" in server.text
        assert "Traceback" not in server.text


def test_a_reload_closes_every_socket_with_1012_within_a_second_or_two(tmp_path: Path) -> None:
    with segue_serve(tmp_path, "--workers", "2") as server:
        codes, tails, _ = asyncio.run(close_codes(server, 100, signal.SIGHUP))
        assert codes == [1012] * 100
        assert all(b"retry: " in tail for tail in tails)

        async def come_back() -> None:
            serving: Serving = server  # type: ignore[assignment]
            async with connect(serving, handshake("/echo")) as peer:
                await peer.send(frame(TEXT, b"again"))
                assert await peer.receive() == (TEXT, b"again")
                await peer.send(frame(CLOSE, b"\x03\xe8"))

        asyncio.run(come_back())
        assert "Traceback" not in server.text


class Noted(Backoff, frozen=True):
    """Notes the times that clients wait: when they arrive depends on how busy the machine is."""

    waits: list[float] = msgspec.field(default_factory=list)

    def delay(self, attempt: int) -> float:
        wait = super().delay(attempt)
        if attempt == 0:
            self.waits.append(wait)
        return wait


class Returning:
    """Clients that talk to a server, and come back by themselves when it was away."""

    def __init__(self, url: str, clients: int) -> None:
        self.url = url
        self.clients = clients
        self.greeted: Counter[int] = Counter()
        self.ends: list[int] = []
        self.again = Noted()

    async def stay(self, http: Http, number: int) -> None:
        async for line in http.websocket(self.url, again=self.again):
            try:
                await line.send("hi")
                while True:
                    assert await line.receive() == "hi"
                    self.greeted[number] += 1
            except WebSocketDisconnected as gone:
                self.ends.append(gone.code)

    async def all_greeted(self, times: int) -> None:
        async with asyncio.timeout(60):
            while sum(count >= times for count in self.greeted.values()) < self.clients:  # noqa: ASYNC110 -- counts
                await asyncio.sleep(0.05)


@pytest.mark.row("FAULT-6")
@pytest.mark.parametrize("clients", [1, 1000])
def test_after_a_restart_all_clients_are_back_and_did_not_come_at_once(clients: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def work() -> None:
        returning = Returning(f"ws://127.0.0.1:{port}/echo", clients)
        async with Http() as http:
            with segue_serve(tmp_path, bind=f"127.0.0.1:{port}") as server:
                staying = [asyncio.ensure_future(returning.stay(http, number)) for number in range(clients)]
                await returning.all_greeted(1)
                server.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(server.process.wait, 30) == 0
                assert "torn down" in server.text
                assert "Traceback" not in server.text
            assert returning.ends == [1001] * clients
            waits = Counter(int(wait * 10) for wait in returning.again.waits)
            assert waits.total() == clients
            if clients > 1:
                # Spread over a second: each tenth of it has about a tenth of them.
                assert set(waits) == set(range(10))
                assert max(waits.values()) < clients / 5
            with segue_serve(tmp_path, bind=f"127.0.0.1:{port}"):
                await returning.all_greeted(2)
                for one in staying:
                    one.cancel()
                await asyncio.wait(staying)

    asyncio.run(work())
