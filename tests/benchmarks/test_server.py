"""CPU time and memory are those of the whole process tree, and nothing of it is left behind."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from harness.server import Server, ServerFailed, cpu_seconds, process_tree

pytestmark = pytest.mark.requires("procfs")

# A server whose child does the work: burns CPU and holds 20 MB of its own before it answers.
PROGRAM = """
import os, socket, sys, time
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.fork():
    os.wait()
held = os.urandom(20_000_000)
while time.process_time() < 0.5:
    pass
while True:
    connection, _ = listening.accept()
    with connection:
        if connection.recv(65_536):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok")
"""


def running(pid: int) -> bool:
    """Whether it still does anything: what was killed stays listed until its new parent looks at it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_children_are_counted_and_stopped(tmp_path: Path) -> None:
    with Server([sys.executable, "-c", PROGRAM, "{port}"], cwd=tmp_path, env={}) as server:
        assert server.request("GET", "/")[:2] == (200, b"ok")
        parent, child = process_tree(server.pid)
        assert parent == server.pid
        assert server.cpu_seconds() >= cpu_seconds(child) >= 0.45
        assert server.memory_kib() > 20_000
    deadline = time.monotonic() + 20
    while running(parent) or running(child):
        assert time.monotonic() < deadline, "the server, or its child, still runs"
        time.sleep(0.01)


def test_a_server_that_does_not_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such framework')"]
    server = Server(command, cwd=tmp_path, env={})
    with pytest.raises(ServerFailed, match=r"ended with code 1: no such framework"):
        server.__enter__()
