"""Where a server's log goes: the terminal or a file, which SIGUSR1 opens anew after it was moved away."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["LogStream", "setup_logging"]


class LogStream:
    """A file that is appended to; ``-`` is the standard output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = None if name == "-" else Path(name).absolute()
        self._file = sys.stdout if self._path is None else self._path.open("a", encoding="utf-8")

    def write(self, text: str) -> None:
        self._file.write(text)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Closes the file; the standard output stays open."""
        if self._path is not None:
            self._file.close()

    def give_to(self, own: Callable[[Path], None]) -> None:
        """Calls ``own`` with the path, which makes it the file of those that shall write it."""
        if self._path is not None:
            own(self._path)

    def reopen(self) -> None:
        """Goes on in a new file of the name, if the old one was moved away."""
        if self._path is not None:
            old, self._file = self._file, self._path.open("a", encoding="utf-8")
            old.close()


class _Formatter(logging.Formatter):
    """``07:20:11 warning  The loop is blocked`` on a terminal; with date and process in a file."""

    def __init__(self, dated: bool) -> None:
        super().__init__("%(asctime)s %(level)s %(message)s", "%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S")
        self._dated = dated

    def format(self, record: logging.LogRecord) -> str:
        process = f"[{record.process}] " if self._dated else ""
        source = "" if record.name.startswith("segue") else f"{record.name}: "
        record.level = f"{process}{record.levelname.lower():8}{source}"
        return super().format(record)


def setup_logging(file: str | None) -> LogStream | None:
    """Sends the log to ``file``, or to the standard error if the program has set up no logging of its own.

    Returns the stream of the file.
    """
    root = logging.getLogger()
    stream = None if file is None else LogStream(file)
    if stream is not None or not root.handlers:
        handler: logging.StreamHandler[Any] = logging.StreamHandler(stream)  # None is the standard error
        handler.setFormatter(_Formatter(dated=stream is not None))
        root.addHandler(handler)
    own = logging.getLogger("segue")
    if own.level == logging.NOTSET:
        own.setLevel(logging.INFO)
    return stream
