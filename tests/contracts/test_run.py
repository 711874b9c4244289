"""`app.run(server=...)`: one script on every server, with the same replies (unusual requests: test_servers.py)."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segue import App
from segue.server.others import OTHERS

PROGRAM = """
import sys
from segue import App, Request

app = App()

@app.get("/hello/{name}")
async def hello(name: str, times: int = 1) -> dict[str, str]:
    return {"hello": name * times}

@app.get("/sync")
def sync() -> str:
    return "in a thread"

@app.post("/echo")
async def echo(request: Request) -> bytes:
    return await request.body()

@app.get("/stream")
async def stream():
    for number in range(3):
        yield f"{number}\\n"

app.run(port=int(sys.argv[2]), server=sys.argv[1])
"""

ASKED = [
    ("GET", "/hello/Django?times=2", b""),
    ("GET", "/hello/a?times=x", b""),
    ("GET", "/sync", b""),
    ("POST", "/echo", bytes(range(256)) * 40),
    ("GET", "/stream", b""),
    ("GET", "/missing", b""),
    ("PUT", "/sync", b"x"),
    ("HEAD", "/sync", b""),
]
OF_THE_SERVER = {"date", "server", "connection", "transfer-encoding", "keep-alive", "via"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def replies(folder: Path, server: str) -> list[tuple[int, dict[str, str], bytes]]:
    script, port = folder / "script.py", free_port()
    script.write_text(PROGRAM, encoding="utf-8")
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(script), server, str(port)],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, "it does not listen"
                time.sleep(0.05)
        return [ask(port, *one) for one in ASKED]
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(port: int, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body or None, {"Accept": "application/json"})
        response = connection.getresponse()
        content = response.read()
        headers = {
            name.lower(): value for name, value in response.getheaders() if name.lower() not in OF_THE_SERVER
        }
        # A server that knows the whole of a stream may say how long it is.
        if path == "/stream":
            headers.pop("content-length", None)
        return response.status, headers, content
    finally:
        connection.close()


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, dict[str, str], bytes]]:
    return replies(tmp_path_factory.mktemp("native"), "auto")


@pytest.mark.row("BO13")
@pytest.mark.parametrize(
    "server", [pytest.param(name, marks=pytest.mark.requires(one.package)) for name, one in OTHERS.items()]
)
def test_the_same_script_on_every_server(
    server: str, tmp_path: Path, native: list[tuple[int, dict[str, str], bytes]]
) -> None:
    told = replies(tmp_path, server)
    # fastpysgi says of a reply to HEAD that it would have no bytes; the others say how many.
    same = len(ASKED) - 1 if server == "fastpysgi" else len(ASKED)
    assert told[:same] == native[:same]


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(SystemExit, match=r"There is no server 'waitres'\. There are: segue, uvicorn"):
        App().run(server="waitres")
    with pytest.raises(TypeError, match="Start waitress by its own command"):
        App().run(server="waitress", workers=2)
