"""No input and no output of an application ends a worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_rig import PATIENCE, open_socket, serve

PROGRAM = """
import os
from segue import App, Response, WebSocket

app = App()


@app.get("/pid")
async def pid() -> str:
    return str(os.getpid())


@app.get("/status/{status:int}")
async def status(status: int) -> Response:
    response = Response("x")
    response.status = status
    return response


@app.get("/made/{status:int}")
async def made(status: int) -> Response:
    return Response("x", status)


@app.get("/header/{kind}")
async def header(kind: str) -> Response:
    response = Response("x")
    response.headers[NAMES[kind]] = VALUES[kind]
    return response


@app.get("/raw/{kind}")
async def raw(kind: str) -> Response:
    return Response("x", headers={NAMES[kind]: VALUES[kind]})


@app.websocket("/socket", subprotocols=["chat"])
async def chat(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


NAMES = {"crlf": "x-a", "nul": "x-a", "unicode": "x-a", "name": "x a:\\r\\n", "empty": "", "number": "x-a"}
VALUES = {"crlf": "a\\r\\nx-forged: 1", "nul": "a\\0", "unicode": "\\u2603", "name": "b", "empty": "b", "number": 1}


async def foreign(scope, receive, send):
    if scope["type"] != "http":
        return
    part, kind = scope["path"].split("/")[-2:]
    code = int(kind) if part == "status" else 200
    headers = [] if part == "status" else [(NAMES[kind].encode(), str(VALUES[kind]).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": b"x"})


def wsgi(environ, start_response):
    part, kind = environ["PATH_INFO"].split("/")[-2:]
    line = f"{kind} Odd" if part == "status" else "200 OK"
    start_response(line, [] if part == "status" else [(NAMES[kind], VALUES[kind])])
    return [b"x"]


app.mount("/asgi", foreign)
app.mount("/wsgi", wsgi)
"""
KINDS = ("crlf", "nul", "unicode", "name", "empty", "number")
STATUSES = (0, 99, 600, 1000)


def ask(port: int, data: bytes) -> bytes:
    with open_socket(port, data) as sock:
        sock.settimeout(PATIENCE)
        pieces = []
        try:
            while piece := sock.recv(65536):
                pieces.append(piece)
        except ConnectionResetError:
            pass
    return b"".join(pieces)


def get(port: int, path: str) -> bytes:
    return ask(port, b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode("latin-1"))


def upgrade(extra: bytes, path: bytes = b"/socket") -> bytes:
    return (
        b"GET %b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n" % (path, extra)
    )


@pytest.mark.row("SEC-16")
@pytest.mark.parametrize("env", [{}, {"SEGUE_PURE": "1"}], ids=["compiled parser", "pure parser"])
def test_no_input_and_no_output_of_an_application_ends_the_worker(
    tmp_path: Path, env: dict[str, str]
) -> None:
    with serve(PROGRAM, tmp_path, "--max-requests", "1000000", env=env) as server:
        worker = server.workers
        assert len(worker) == 1
        port = server.port
        for status in STATUSES:
            for interface in ("", "/asgi", "/wsgi"):
                answer = get(port, f"{interface}/status/{status}")
                assert answer.startswith(b"HTTP/1.1 500 "), (interface, status, answer)
            assert get(port, f"/made/{status}").startswith(b"HTTP/1.1 500 ")
        for kind in KINDS:
            for place in ("/header", "/raw", "/asgi/header", "/wsgi/header"):
                answer = get(port, f"{place}/{kind}")
                assert b"x-forged" not in answer.partition(b"\r\n\r\n")[0], (place, kind)
                if kind in ("crlf", "nul", "name", "empty"):
                    assert answer.startswith(b"HTTP/1.1 500 "), (place, kind, answer)
        for data in (
            upgrade("Sec-WebSocket-Protocol: schön\r\n".encode()),
            upgrade(b"Sec-WebSocket-Protocol: \xff\xfe\r\n"),
            upgrade("Origin: https://schön.example\r\n".encode()),
            upgrade(b"Origin: \xff\r\n"),
            upgrade(b"", "/socket/ö".encode()),
            upgrade(b"", b"/socket%ff"),
            upgrade(b"", b"/\xff\xfe"),
        ):
            assert ask_upgrade(port, data)
        for path in ("/\xff", "/pid/\xe9", "/pid%ff", "/%00"):
            assert get(port, path)[:9] == b"HTTP/1.1 "
        assert get(port, "/pid").endswith(str(worker[0]).encode())
        assert server.workers == worker


def ask_upgrade(port: int, data: bytes) -> bytes:
    """The first bytes of the answer: an open WebSocket would not end by itself."""
    with open_socket(port, data) as sock:
        sock.settimeout(PATIENCE)
        return sock.recv(65536)
