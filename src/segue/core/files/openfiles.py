"""Opens a regular file, or the sibling of it that was compressed ahead of time, and keeps what a response says of it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from segue.http.body import FileBody
from segue.http.conditional import ETag
from segue.http.errors import Forbidden
from segue.http.negotiate import accept_encoding

__all__ = ["OpenFile", "open_file"]

#: Content codings of files that were compressed ahead of time, best first, and how their names end.
SIBLINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}

_IN_MEMORY = 64 * 1024  # up to this size a file is read in the same trip to the thread that opens it
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


class OpenFile:
    """An open file, or the content of a small one, with what a response says about it.

    ``name``: the path without the ending of a coding. ``coding``: its content coding, or None.
    """

    __slots__ = ("coding", "content", "file", "mtime_ns", "name", "size")

    def __init__(self, name: str, file: BinaryIO, facts: os.stat_result, coding: str | None) -> None:
        self.name = name
        self.coding = coding
        self.size = facts.st_size
        self.mtime_ns = facts.st_mtime_ns
        self.file: BinaryIO | None = file
        self.content: bytes | None = None
        if self.size <= _IN_MEMORY:
            with file:
                self.content = file.read(_IN_MEMORY + 1)
            self.file = None
            # It may have grown or shrunk since it was measured: what was read is what there is.
            self.size = len(self.content)

    @property
    def etag(self) -> ETag:
        """Strong: of another content the time, the size or the coding differs."""
        return ETag(f"{self.mtime_ns:x}-{self.size:x}" + (f"-{self.coding}" if self.coding else ""))

    def body(self, start: int, stop: int) -> bytes | FileBody:
        """The bytes from ``start`` up to, not including, ``stop``."""
        if self.content is not None:
            return self.content[start:stop]
        if self.file is None:
            raise RuntimeError(f"{self.name} was closed before it was sent")
        return FileBody(self.file, start, stop - start)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


def open_file(
    name: str, accepted: str | None = None, allowed: Callable[[str], bool] | None = None
) -> OpenFile | None:
    """Opens a regular file; None when there is none. Blocks: for a thread.

    ``accepted``: an ``Accept-Encoding`` field; siblings compressed ahead of time are taken by it. ``allowed`` says
    whether a path may be opened, after links were resolved. Raises Forbidden when the system does not let us read.
    """
    if allowed is not None and not allowed(name):
        return None
    if accepted:
        offers = [coding for coding, end in SIBLINGS.items() if _is_file(name + end, allowed)]
        chosen = accept_encoding(accepted, offers) if offers else None
        if chosen is not None and chosen != "identity":
            opened = _open(name + SIBLINGS[chosen], name, chosen)
            if opened is not None:
                return opened
    return _open(name, name, None)


def _is_file(name: str, allowed: Callable[[str], bool] | None) -> bool:
    # Path.is_file answers False for a name that the system does not take.
    return Path(name).is_file() and (allowed is None or allowed(name))


def _open(path: str, name: str, coding: str | None) -> OpenFile | None:
    try:
        # Without blocking: a named pipe would wait for its other end for ever.
        descriptor = os.open(path, _FLAGS)
    except PermissionError:
        # Windows says so of a directory too.
        if Path(path).is_dir():
            return None
        raise Forbidden from None
    except (OSError, ValueError):  # no such file, a name too long or with a NUL
        return None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        return None
    return OpenFile(name, os.fdopen(descriptor, "rb"), facts, coding)
