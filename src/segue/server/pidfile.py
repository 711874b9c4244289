"""The file that holds the number of the running server's process, and the lock that shows it is running."""

import fcntl
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

__all__ = ["AlreadyRunning", "PIDFile", "Progress", "progress_of", "running"]

logger = logging.getLogger("segue.server")


class AlreadyRunning(Exception):
    """The PID file is that of a server that runs."""


class PIDFile:
    """Written at the start, removed at the end. A file that a killed server left behind is taken over.

    What tells a dead server from a live one is a lock, which ends with its process; its number may by now be that of
    another program.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()
        self._fd = -1

    def __enter__(self) -> Self:
        while True:
            try:
                fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise AlreadyRunning(
                    f"The PID file {self._path} cannot be written: {error.strerror}."
                ) from None
            try:
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = os.read(fd, 20).decode(errors="replace").strip()
                os.close(fd)
                raise AlreadyRunning(
                    f"A server with the PID file {self._path} is running (process {pid or 'unknown'}). "
                    f"Stop it with: segue stop --pid-file {self._path}"
                ) from None
            if _same(fd, self._path):
                break
            os.close(fd)  # the server that had it ended and removed it just now
        os.ftruncate(fd, 0)
        os.write(fd, b"%d\n" % os.getpid())
        self._fd = fd
        self._beside.unlink(missing_ok=True)  # that of a server which was killed
        return self

    def tell(self, progress: "Progress") -> None:
        """Writes beside the file how starts and reloads went, for :func:`progress_of`."""
        partial = self._beside.with_name(f".{self._beside.name}.partial")
        try:
            partial.write_bytes(msgspec.json.encode(progress) + b"\n")
            partial.replace(self._beside)
        except OSError as error:  # a full disk must not end a server
            logger.warning("%s cannot be written: %s", self._beside, error.strerror)

    @property
    def _beside(self) -> Path:
        return _progress_file(self._path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _same(self._fd, self._path):
            self._beside.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
        os.close(self._fd)


class Progress(msgspec.Struct):
    """How often a server has come to serve, its start included; how often a reload has failed, and why the last one did."""

    served: int = 0
    failed: int = 0
    reason: str = ""


def progress_of(path: str) -> Progress:
    """What the server with the PID file ``path`` tells of its reloads; nothing yet before it serves."""
    try:
        return msgspec.json.decode(_progress_file(Path(path)).read_bytes(), type=Progress)
    except FileNotFoundError:
        return Progress()


def _progress_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def running(path: str) -> int | None:
    """The process of the server that runs with the PID file ``path``; None when none does."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        text = os.read(fd, 20).strip()
        return int(text) if text.isdigit() and len(text) < 12 else None
    finally:
        os.close(fd)
    return None


def _same(fd: int, path: Path) -> bool:
    try:
        there = path.stat()
    except OSError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
