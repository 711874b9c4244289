"""SIGTERM and Ctrl-C: what is in flight ends well, within the grace time; nothing holds up the exit."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from process_rig import PATIENCE, Segue, get, open_socket, serve, until

PROGRAM = """
import asyncio, threading, time
from contextlib import asynccontextmanager
from segue import App, Request, WebSocket

app = App()


def say(text):
    print(text, flush=True)


@app.lifespan
@asynccontextmanager
async def life(app: App):
    say("lifespan begins")
    yield
    say("lifespan ends")


@app.get("/")
async def home() -> str:
    return "home"


@app.get("/slow/{seconds:float}")
async def slow(seconds: float) -> str:
    say("handler begins")
    await asyncio.sleep(seconds)
    say("handler ends")
    return "slow but well"


@app.get("/endless")
async def endless() -> str:
    say("handler begins")
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            say("cancelled")


@app.get("/thread")
def thread() -> str:
    say("handler begins")
    time.sleep(1000)
    return "never"


@app.get("/block")
async def block() -> str:
    say("handler begins")
    time.sleep(1000)
    return "never"


@app.post("/upload")
async def upload(request: Request) -> str:
    say("handler begins")
    return str(len(await request.body()))


@app.websocket("/socket")
async def chat(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)
    say("socket closed")
"""
WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


@pytest.mark.row("FAULT-4", "TO21")
@WORKERS
def test_requests_in_flight_end_well_and_no_new_ones_are_taken(tmp_path: Path, workers: str) -> None:
    with serve(PROGRAM, tmp_path, "--workers", workers, "--grace", "10") as server:
        port = server.port
        answers: list[tuple[int, str]] = []
        clients = [threading.Thread(target=lambda: answers.append(get(port, "/slow/3"))) for _ in range(6)]
        for client in clients:
            client.start()
        until(lambda: server.output.count("handler begins") == 6, "six requests in flight")
        server.signal(signal.SIGTERM)
        until(lambda: refused(port), "a closed door")
        assert server.process.poll() is None
        assert answers == []
        for client in clients:
            client.join()
        assert answers == [(200, "slow but well")] * 6
        assert server.wait() == 0
        assert server.output.count("lifespan ends") == int(workers)
        assert "Traceback" not in server.output


def refused(port: int) -> bool:
    try:
        open_socket(port).close()
    except ConnectionRefusedError:
        return True
    return False


def begin(server: Segue, what: str) -> list[socket.socket]:
    """Brings the server into the state `what`, which would last for ever."""
    if what == "stalled body":
        data = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this"
    elif what == "stalled header":
        data = b"GET / HTTP/1.1\r\nHos"
    else:
        data = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % what.encode()
    found = [open_socket(server.port, data)]
    if what != "stalled header":
        server.says("handler begins")
    return found


@pytest.mark.row("FAULT-5")
@WORKERS
@pytest.mark.parametrize("what", ["stalled body", "stalled header", "endless", "thread", "block"])
def test_nothing_holds_up_the_exit_beyond_the_grace_time(tmp_path: Path, workers: str, what: str) -> None:
    with serve(PROGRAM, tmp_path, "--workers", workers, "--grace", "1") as server:
        sockets = begin(server, what)
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        code = server.wait()
        took = time.monotonic() - began
        for sock in sockets:
            sock.close()
        assert took < 4  # the grace time is one second; what stalls would go on for ten and more
        assert code == 0


def test_the_second_ctrl_c_does_not_wait_for_the_grace_time(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--grace", "60") as server:
        sockets = begin(server, "endless")
        server.signal(signal.SIGINT)
        time.sleep(0.3)
        assert server.process.poll() is None
        began = time.monotonic()
        server.signal(signal.SIGINT)
        server.wait()
        for sock in sockets:
            sock.close()
        assert time.monotonic() - began < 2


def test_connections_that_wait_in_the_queue_are_answered_before_the_end(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path) as server:
        server.signal(signal.SIGSTOP)
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        waiting = [open_socket(server.port, request) for _ in range(20)]
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)
        for sock in waiting:
            sock.settimeout(PATIENCE)
            data = b""
            while piece := sock.recv(4096):
                data += piece
            sock.close()
            assert data.startswith(b"HTTP/1.1 200 ")
        assert server.wait() == 0


@pytest.mark.row("AI13")
def test_the_steps_of_a_shutdown_come_in_their_order(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--grace", "20") as server:
        chat = open_socket(
            server.port,
            b"GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        assert chat.recv(4096).startswith(b"HTTP/1.1 101 ")
        answers: list[tuple[int, str]] = []
        port = server.port
        client = threading.Thread(target=lambda: answers.append(get(port, "/slow/1.5")))
        client.start()
        server.says("handler begins")
        server.signal(signal.SIGTERM)
        # 1. no new connections; 2. WebSockets are told to close, with 1001; 3. requests end; 4. the app ends.
        until(lambda: refused(port), "a closed door")
        chat.settimeout(PATIENCE)
        frame = chat.recv(4096)
        assert (frame[0], int.from_bytes(frame[2:4], "big")) == (0x88, 1001)
        # The answer of a client to a close frame, masked with zeros.
        chat.sendall(b"\x88\x82\x00\x00\x00\x00\x03\xe9")
        server.says("socket closed")
        client.join()
        chat.close()
        assert answers == [(200, "slow but well")]
        assert server.wait() == 0
        told = re.findall(r"^(lifespan \w+|handler \w+|socket closed)$", server.output, re.MULTILINE)
        assert told == ["lifespan begins", "handler begins", "socket closed", "handler ends", "lifespan ends"]


@pytest.mark.row("SA15")
def test_each_time_limit_has_its_answer(tmp_path: Path) -> None:
    limits = ("--body-timeout", "1", "--request-timeout", "3", "--keep-alive", "1", "--grace", "1.5")
    with serve(PROGRAM, tmp_path, *limits) as server:
        body = open_socket(server.port, b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nshort")
        assert read_all(body).startswith(b"HTTP/1.1 408 ")
        idle = open_socket(server.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        began = time.monotonic()
        assert read_all(idle).startswith(b"HTTP/1.1 200 ")
        assert 0.5 < time.monotonic() - began < 5
        assert get(server.port, "/slow/20")[0] == 503
        held = begin(server, "thread")
        began = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert 1 < time.monotonic() - began < 2.5
        for sock in held:
            sock.close()


def read_all(sock: socket.socket) -> bytes:
    sock.settimeout(PATIENCE)
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    sock.close()
    return b"".join(pieces)


def test_a_shutdown_that_fails_is_told_and_is_the_exit_code(tmp_path: Path) -> None:
    program = PROGRAM.replace('say("lifespan ends")', 'raise ValueError("cannot say goodbye")')
    with serve(program, tmp_path) as server:
        assert get(server.port) == (200, "home")
        server.signal(signal.SIGTERM)
        assert server.wait() == 1
    assert "The application's shutdown failed" in server.output
    assert "cannot say goodbye" in server.output
    assert "segue/server" not in server.output
