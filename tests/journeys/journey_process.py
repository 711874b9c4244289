"""An app served by the `segue` command in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

import segue

__all__ = ["Serving"]

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(?P<port>[0-9]+)")
_START = 30.0


class Serving:
    """The processes of one `segue serve`; ``log`` is what they wrote."""

    def __init__(self, target: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "segue", "serve", target, "--port", "0", *arguments]
        self.log: list[str] = []
        self._heard = threading.Condition()

    def __enter__(self) -> Self:
        # The Segue of the test, installed or not.
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(segue.__file__).parents[1]),
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = int(self._address()["port"])
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._heard:
                self.log.append(line)
                self._heard.notify_all()
        self._process.stdout.close()

    def _address(self) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            return next(filter(None, map(_ADDRESS.search, self.log)), None)

        with self._heard:
            assert self._heard.wait_for(found, _START), self.log
            address = found()
        assert address is not None
        return address

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers = [] if self._process.poll() is not None else self.workers()
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            for pid in [self._process.pid, *workers]:
                if psutil.pid_exists(pid):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            self._reader.join(5)

    def stop(self, within: float = 20) -> int:
        """SIGTERM; the exit code. Raises TimeoutExpired."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(within)

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        return sorted(child.pid for child in psutil.Process(self._process.pid).children())

    def memory(self) -> int:
        """Bytes of the workers that are theirs alone."""
        return sum(psutil.Process(pid).memory_full_info().uss for pid in self.workers())

    def wait_for(self, condition: Callable[[], bool], within: float) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "".join(self.log[-40:])
            time.sleep(0.02)
