"""Starts `python -m segue ...` in a process of its own, listens to what it prints, and talks to it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

PATIENCE = 20.0  # seconds until a busy machine counts as broken
SERVING = re.compile(r"serves at (?P<urls>.*?) (?:\(process|with [0-9]+ worker)")
PORT = re.compile(r"https?://(?:127\.0\.0\.1|\[::1\]):([0-9]+)")


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Waits for `condition`; fails the test with `what` when it does not come."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:g} s in vain for: {what}")
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether the process runs: a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Segue:
    """A `segue` command that runs."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        env: dict[str, str] | None = None,
        module: bool = True,
        **popen: object,
    ) -> None:
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [sys.executable, *(("-m", "segue") if module else ()), *arguments],
            cwd=cwd,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONUNBUFFERED": "1",
                "FORCE_COLOR": "",
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **popen,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._known: set[int] = set()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def ready(self) -> Self:
        """Waits until it serves."""
        until(lambda: SERVING.search(self.output) or self.process.poll() is not None, "the server's address")
        assert SERVING.search(self.output), self.output
        return self

    @property
    def port(self) -> int:
        found = PORT.search(self.output)
        assert found, self.output
        return int(found[1])

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def workers(self) -> list[int]:
        found = [pid for pid in children(self.pid) if alive(pid)]
        self._known.update(found)
        return found

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        """Waits for its end, and returns the exit code."""
        code = self.process.wait(patience)
        self._reader.join(5)
        return code

    def says(self, text: str, patience: float = PATIENCE) -> None:
        until(lambda: text in self.output, f"{text!r} in:\n{self.output}", patience)

    def get(self, path: str = "/", timeout: float = PATIENCE) -> tuple[int, str]:
        return get(self.port, path, timeout)

    def end(self) -> None:
        """Ends it and what it started, whatever state it is in."""
        known = self._known | set(self.workers)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                known |= set(self.workers)
                self.process.kill()
                self.process.wait()
        for pid in known:
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"segue" in command or b"program" in command:  # the number may by now be another program's
                os.kill(pid, signal.SIGKILL)
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def segue(*arguments: str, cwd: Path, **more: object) -> Iterator[Segue]:
    """A `segue` command for the time of a block; with `module=False` a Python program."""
    running = Segue(*arguments, cwd=cwd, **more)  # type: ignore[arg-type]
    try:
        yield running
    finally:
        running.end()


@contextmanager
def serve(app: str, folder: Path, *arguments: str, **more: object) -> Iterator[Segue]:
    """`segue serve` of the program `app` on a free port, once it serves."""
    (folder / "served.py").write_text(app, encoding="utf-8")
    address = () if any(one in arguments for one in ("--bind", "--port")) else ("--port", "0")
    with segue("serve", "served:app", *address, *arguments, cwd=folder, **more) as running:  # type: ignore[arg-type]
        yield running.ready()


def get(port: int, path: str = "/", timeout: float = PATIENCE) -> tuple[int, str]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"connection": "close"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def open_socket(port: int, data: bytes = b"") -> socket.socket:
    """A connection on which `data` was sent."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    sock.sendall(data)
    return sock


class Load:
    """Clients that ask again and again, each with a pause, and count what becomes of it.

    `keep`: on one connection each, as long as the server leaves it open; a connection that the server closed *between*
    two requests is opened anew. Otherwise each request has its own connection.
    """

    def __init__(
        self, port: int, path: str, *, clients: int = 8, pause: float = 0.02, keep: bool = False
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self.pids: Counter[str] = Counter()
        self.slowest = 0.0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        run = self._run_kept if keep else self._run_new
        self._threads = [threading.Thread(target=run, args=(port, path, pause)) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> dict[str, int]:
        return {what: count for what, count in self.outcomes.items() if what != "200"}

    def _count(self, what: str, body: str = "", took: float = 0.0) -> None:
        with self._lock:
            self.outcomes[what] += 1
            self.pids[body] += 1
            self.slowest = max(self.slowest, took)

    def _run_new(self, port: int, path: str, pause: float) -> None:
        while not self._stop.wait(pause):
            began = time.monotonic()
            try:
                status, body = get(port, path, 10)
                self._count(str(status), body, time.monotonic() - began)
            except (OSError, http.client.HTTPException) as error:
                self._count(type(error).__name__)

    def _run_kept(self, port: int, path: str, pause: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not self._stop.wait(pause):
            try:
                if connection.sock is not None and _closed(connection.sock):
                    connection.close()
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read().decode()
                self._count(str(response.status), body)
                if response.will_close:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                self._count(type(error).__name__)
                connection.close()
        connection.close()


def _closed(sock: socket.socket) -> bool:
    """Whether the server has closed an idle connection: a client that looks does not send on it."""
    sock.settimeout(0)
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(10)


HANDSHAKE = (
    b"GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@contextmanager
def audience(port: int) -> Iterator[None]:
    """A hundred event streams (/events) and WebSockets (/socket), whose clients answer a close as they should."""
    sockets = [open_socket(port, b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(100)]
    sockets += [open_socket(port, HANDSHAKE) for _ in range(100)]
    for sock in sockets:
        sock.settimeout(PATIENCE)
        assert sock.recv(4096).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 101 "))
    readers = [threading.Thread(target=read_on, args=(sock,)) for sock in sockets]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        for reader in readers:
            reader.join(PATIENCE)
        for sock in sockets:
            sock.close()


def read_on(sock: socket.socket) -> None:
    try:
        while data := sock.recv(4096):
            if data[0] == 0x88:
                sock.sendall(b"\x88\x82\0\0\0\0" + data[2:4])
    except OSError:
        pass
