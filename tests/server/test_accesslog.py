"""The access log: one line for each response, which nobody outside can forge."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from process_rig import open_socket, segue, serve, until

from segue.http.connection import Connection
from segue.http.request import Request
from segue.server.accesslog import AccessLogWriter, LogFormatError, compile_format
from segue.server.logs import LogStream

PROGRAM = """
from segue import App, Request

app = App()


@app.get("/{path:path}")
async def anything(path: str) -> str:
    return "12345"
"""
COMMON = re.compile(r'127\.0\.0\.1 - - \[[^\]]+ [+-]\d{4}\] "GET /films\?page=2 HTTP/1\.1" 200 5 0\.\d{3}')


def send(port: int, data: bytes) -> bytes:
    with open_socket(port, data) as sock:
        pieces = []
        while piece := sock.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.row("SEC-82")
def test_a_client_cannot_forge_break_or_flood_the_log(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    hostile = [
        (b"/a%0aGET%20/forged", b"x"),
        (b'/quote"end', b'" 200 0 "forged'),
        (b"/high", b"\x9b31mred\x85next line\xe2\x80\xa8"),
        (b"/tab", b"a\tb\\n"),
        (b"/" + b"a" * 8_000, b"b" * 20_000),
    ]
    with serve(PROGRAM, tmp_path, "--access-log", str(log), "--access-log-format", "combined") as server:
        for path, agent in hostile:
            answer = send(
                server.port,
                b"GET %b HTTP/1.1\r\nHost: a\r\nUser-Agent: %b\r\nConnection: close\r\n\r\n" % (path, agent),
            )
            assert answer.startswith(b"HTTP/1.1 200 ")
        # What HTTP itself forbids does not come so far.
        for bad in (b"/a\x1b[31m", b"/\n/forged", b"/" + b"a" * 1_000_000):
            try:
                send(server.port, b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % bad)
            except ConnectionError:
                pass
        until(lambda: log.read_bytes().count(b"\n") >= len(hostile), "the lines")
    check_lines(log, len(hostile))
    # Other servers hand over whatever they like: the log does not rely on what the native one refuses.
    path = "/\r\n127.0.0.1 forged \x1b[31m\x00\x7f\u2028\u202e" + "a" * 1_000_000
    request = Request(
        "GE\nT", "/", [(b"user-agent", path.encode()[:100_000])], connection=Connection(client=("1\n", 1))
    )
    request.target = path
    for number, style in enumerate(("common", "combined", "json", "{method} {target} {header.user-agent}")):
        other = tmp_path / f"other{number}"
        stream = LogStream(str(other))
        AccessLogWriter(stream, style)(request, 200, 1, 0.1)
        stream.close()
        check_lines(other, 1)


def check_lines(log: Path, count: int) -> None:
    lines = log.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == count
    for line in lines:
        assert len(line) < 8 * 1024
        assert not re.search(rb"[^\x20-\x7e]", line), line
        if line.startswith(b"127.0.0.1 - - "):
            assert re.sub(rb"\\.", b"", line).count(b'"') == 6


def test_the_formats(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--access-log", "-") as server:
        server.get("/films?page=2")
        until(lambda: COMMON.search(server.output), f"a line like {COMMON.pattern}")
    template = "{pid} {method} {host} {target} {status} {bytes} {header.x-id}"
    with serve(PROGRAM, tmp_path, "--access-log", "-", "--access-log-format", template) as server:
        send(server.port, b"GET /a HTTP/1.1\r\nHost: films.example\r\nX-Id: 7\r\nConnection: close\r\n\r\n")
        server.says(f"{server.pid} GET films.example /a 200 5 7\n")
    with serve(PROGRAM, tmp_path, "--access-log", "-", "--access-log-format", "json") as server:
        server.get("/a")
        until(lambda: any(line.startswith("{") for line in server.lines), "a line of JSON")
        line = json.loads(next(line for line in server.lines if line.startswith("{")))
        assert (line["method"], line["target"], line["status"], line["bytes"]) == ("GET", "/a", 200, 5)
        assert 0 <= line["seconds"] < 5


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path) as server:
        server.get("/quiet")
        assert "quiet" not in server.output


@pytest.mark.parametrize("style", ["{nothing}", "{client!r}", "{client:>9}", "{", "{}"])
def test_a_template_that_cannot_be_is_refused(tmp_path: Path, style: str) -> None:
    with pytest.raises(LogFormatError):
        compile_format(style)
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    arguments = ("--port", "0", "--access-log", "-", "--access-log-format", style)
    with segue("serve", "served:app", *arguments, cwd=tmp_path) as server:
        assert server.wait() == 1
        assert "access log" in server.output
        assert "Traceback" not in server.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_log_files_go_on_in_new_ones_after_they_were_moved_away(tmp_path: Path, workers: str) -> None:
    access, log = tmp_path / "access.log", tmp_path / "server.log"
    arguments = ("--access-log", str(access), "--log-file", str(log), "--workers", workers)
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    with segue("serve", "served:app", "--port", "0", *arguments, cwd=tmp_path) as server:
        until(lambda: log.exists() and "serves at" in log.read_text(), "the log")
        server.lines.append(log.read_text())  # where the address is
        server.get("/before")
        until(lambda: "/before" in access.read_text(), "a line")
        access.rename(tmp_path / "access.1")
        log.rename(tmp_path / "server.1")
        server.signal(signal.SIGUSR1)
        until(access.exists, "a new file")

        def seen() -> bool:
            server.get("/after")
            return "/after" in access.read_text()

        until(seen, "lines in the new file")
        old = (tmp_path / "access.1").stat().st_size
        for _ in range(20):
            server.get("/later")
        until(lambda: access.read_text().count("/later") == 20, "all of them in the new file")
        assert (tmp_path / "access.1").stat().st_size == old
        assert log.exists()


def test_a_log_that_cannot_be_written_costs_no_answers(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("this system has no /dev/full")
    with serve(PROGRAM, tmp_path, "--access-log", "/dev/full") as server:
        assert [server.get("/a") for _ in range(3)] == [(200, "12345")] * 3
        assert server.output.count("The access log cannot be written") == 1
