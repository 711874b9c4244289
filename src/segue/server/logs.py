"""Where a server's log goes: the terminal or a file, which SIGUSR1 opens anew after it was moved away."""

import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from segue.server.colours import coloured, of_level, paint

__all__ = ["LogStream", "LogStyle", "setup_logging"]

LogStyle = Literal["text", "json"]


class LogStream:
    """A file that is appended to; ``-`` is the standard output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = None if name == "-" else Path(name).absolute()
        self._file = sys.stdout if self._path is None else self._path.open("a", encoding="utf-8")

    @property
    def coloured(self) -> bool:
        """Whether what is written may have colours: never in a file."""
        return self._path is None and coloured(sys.stdout)

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

    def __init__(self, *, dated: bool, colours: bool) -> None:
        super().__init__("%(asctime)s %(level)s %(message)s", "%Y-%m-%d %H:%M:%S" if dated else "%H:%M:%S")
        self._dated = dated
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        process = f"[{record.process}] " if self._dated else ""
        source = "" if record.name.startswith("segue") else f"{record.name}: "
        level = f"{record.levelname.lower():8}"
        if self._colours:
            level = paint(level, of_level(record.levelno))
        record.level = f"{process}{level}{source}"
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 -- logging's
        text = super().formatTime(record, datefmt)
        return paint(text, "dim") if self._colours else text


# What every record has; all else was given by who logged it: logger.info("sold", extra={"film": 3}).
_USUAL = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "level", "taskName", "color_message"}
)


class _JSONFormatter(logging.Formatter):
    """A JSON object on one line, for programs that collect logs; with what ``extra`` has, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _USUAL},
        }
        if record.exc_info is not None and record.exc_info[0] is not None:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        try:
            return json.dumps(fields, default=repr)
        except (TypeError, ValueError):  # keys that are no text, an object within itself
            return json.dumps({name: repr(value) for name, value in fields.items()})


def setup_logging(file: str | None, style: LogStyle = "text") -> LogStream | None:
    """Sends the log to ``file``, or to the standard error if the program has set up no logging of its own.

    On a terminal the levels have colours. ``style``: ``"json"`` is an object for each record. Returns the stream of the
    file.
    """
    root = logging.getLogger()
    stream = None if file is None else LogStream(file)
    if stream is not None or not root.handlers:
        handler: logging.StreamHandler[Any] = logging.StreamHandler(stream)  # None is the standard error
        colours = stream.coloured if stream is not None else coloured(sys.stderr)
        handler.setFormatter(
            _JSONFormatter() if style == "json" else _Formatter(dated=stream is not None, colours=colours)
        )
        root.addHandler(handler)
    own = logging.getLogger("segue")
    if own.level == logging.NOTSET:
        own.setLevel(logging.INFO)
    return stream
