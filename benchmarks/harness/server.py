"""One server under test: a process tree pinned to one core, with its CPU time and memory read from ``/proc``."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from harness.cores import pinned_to, server_core

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ServerFailed(Exception):
    """The server did not start, stopped, or gave a wrong reply; the text is what the table shows."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def process_tree(root: int) -> list[int]:
    """The process and everything below it, by ``/proc/PID/task/*/children``."""
    found = [root]
    for pid in found:
        with suppress(OSError):
            for task in (PROC / str(pid) / "task").iterdir():
                with suppress(OSError):
                    found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the tree, ended and waited-for children included."""
    ticks = 0
    for pid in process_tree(root):
        with suppress(OSError):
            # The command name may hold spaces and brackets; the numbers start after its last bracket.
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS_PER_SECOND


def memory_kib(root: int) -> int:
    """Proportional set size of the tree: pages that several processes share are counted once in all."""
    total = 0
    for pid in process_tree(root):
        with suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def peak_memory_kib(root: int) -> int:
    """The highest resident set that any one process of the tree ever had."""
    highest = 0
    for pid in process_tree(root):
        with suppress(OSError):
            for line in (PROC / str(pid) / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    highest = max(highest, int(line.split()[1]))
    return highest


def stolen_seconds() -> float:
    """Time the hypervisor gave to other machines: where it grows during a run, the figures are too low."""
    first = (PROC / "stat").read_text().partition("\n")[0].split()
    return int(first[8]) / TICKS_PER_SECOND


class Server:
    """Starts ``command`` (``{port}`` is filled in), waits until it listens, stops the whole tree on leaving.

    >>> with Server(["python", "-m", "peers.fastpysgi_app", "{port}"], cwd=here, env={}) as server:
    ...     server.request("GET", "/plaintext")
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self.port = free_port()
        self._command = [part.replace("{port}", str(self.port)) for part in command]
        self._cwd = cwd
        self._env = {**os.environ, **env}
        # Closed by `stop`; a file and not a pipe, because nobody reads while the server is loaded.
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            with pinned_to(server_core()):
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._wait_until_listening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed("not started")
        return self._process.pid

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def memory_kib(self) -> int:
        return memory_kib(self.pid)

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """One plain request, to check that the reply is what the work expects."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method, path, body, {} if content_type is None else {"Content-Type": content_type}
            )
            reply = connection.getresponse()
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return reply.status, reply.read(), headers
        except (OSError, http.client.HTTPException) as error:
            raise ServerFailed(
                f"{method} {path}: {type(error).__name__} {error}; {self.last_words()}"
            ) from error
        finally:
            connection.close()

    def check_alive(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise ServerFailed(f"ended with code {self._process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        """The last line the server wrote that is not blank: usually the error."""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 8192))
        lines = [
            line.strip() for line in self._log.read().decode(errors="replace").splitlines() if line.strip()
        ]
        return lines[-1][:160] if lines else "it wrote nothing"

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        tree = process_tree(process.pid)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for pid in tree:
            # A worker that outlived its parent would disturb every later figure. Its session tells that it is ours.
            with suppress(ProcessLookupError):
                if os.getsid(pid) == process.pid:
                    os.kill(pid, signal.SIGKILL)
        process.wait()
        self._log.close()

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise ServerFailed(f"did not listen within {START_SECONDS:.0f} s: {self.last_words()}")
