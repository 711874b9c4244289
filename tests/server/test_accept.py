"""The accept loop: limits on connections and descriptors make clients wait, not fail, and cost no CPU."""

from __future__ import annotations

import os
import resource
import select
import socket
import time
from pathlib import Path

import pytest
from process_rig import PATIENCE, Segue, open_socket, serve, until

PROGRAM = """
from segue import App

app = App()


@app.get("/")
async def home() -> str:
    return "home"
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def answered(sock: socket.socket, patience: float) -> bool:
    sock.settimeout(patience)
    try:
        return sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    except TimeoutError:
        return False


def cpu_seconds(server: Segue) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crowd(server: Segue, count: int, told: str) -> None:
    """`count` clients come; those beyond the limit wait without cost, and get their turn when others go."""
    clients = [open_socket(server.port, REQUEST) for _ in range(count)]
    try:
        server.says(told)
        time.sleep(0.5)  # whoever is not answered by now waits
        readable, _, _ = select.select(clients, [], [], 0)
        first = [sock for sock in readable if answered(sock, 1)]
        assert len(first) < count
        before = cpu_seconds(server)
        time.sleep(1)
        # Pausing and looking again 20 times a second; a loop that spins takes the whole second.
        assert cpu_seconds(server) - before < 0.3
        waiting = [sock for sock in clients if sock not in first]
        for sock in first:
            sock.close()
        assert all(answered(sock, PATIENCE) for sock in waiting)
        assert server.output.count("New connections wait") <= 5
        assert "Traceback" not in server.output
    finally:
        for sock in clients:
            sock.close()
    until(lambda: server.get() == (200, "home"), "an answer as ever")


@pytest.mark.row("FAULT-26")
def test_a_process_without_descriptors_pauses_and_recovers(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    with serve(PROGRAM, tmp_path, preexec_fn=limit) as server:
        crowd(server, 300, "no room for another connection")


def test_the_limit_of_connections_makes_others_wait(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--max-connections", "20") as server:
        crowd(server, 30, "20 connections are open, the limit")
