"""Leaves the terminal: the command returns when the server is ready, and the server runs on by itself."""

import os
import sys

__all__ = ["Herald", "daemonize"]

_READY = b"ready"
_LONGEST = 4096  # bytes that a pipe takes whole (PIPE_BUF, pipe(7))


class Herald:
    """Tells the command that started the daemon how the start went."""

    def __init__(self, fd: int | None = None) -> None:
        self._fd = fd

    def ready(self) -> None:
        """The server serves: the command may end."""
        self._tell(_READY)

    def failed(self, reason: str) -> None:
        """The server does not start: the command prints why."""
        self._tell(reason.encode())

    def leave(self) -> None:
        """In a worker: it is not this process that tells."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _tell(self, text: bytes) -> None:
        if self._fd is not None:
            os.write(self._fd, text[:_LONGEST])
            self.leave()


def daemonize(log_file: str | None) -> Herald:
    """Returns in a new process without terminal; the one that called ends when the Herald has told.

    The working folder stays, so that relative names mean the same. Standard output and error go to ``log_file``.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        os.close(writing)
        _wait_and_exit(reading)
    os.close(reading)
    os.setsid()
    if os.fork():  # a process that leads no session never gets a terminal again
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    out = null if log_file is None else os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for fd, source in ((0, null), (1, out), (2, out)):
        os.dup2(source, fd)
    for source in {null, out}:
        if source > 2:
            os.close(source)
    return Herald(writing)


def _wait_and_exit(fd: int) -> None:
    told = os.read(fd, _LONGEST)
    if told == _READY:
        os._exit(0)
    sys.stderr.write(told.decode(errors="replace") or "The server ended before it was ready. See its log.")
    sys.stderr.write("\n")
    sys.stderr.flush()
    os._exit(1)
