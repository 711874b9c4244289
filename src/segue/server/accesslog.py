"""Writes a line for each response: Common Log Format and the time it took, or a format of your own.

``common``    ``127.0.0.1 - - [20/Nov/2026:07:20:11 +0000] "GET /films HTTP/1.1" 200 512 0.004``
``combined``  the same with referrer and user agent
``json``      one JSON object a line
a template    ``{client} {method} {target} {status} {bytes} {seconds} {time} {host} {pid} {id} {header.user-agent}``
"""

import importlib
import logging
import os
import string
import sys
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from segue.http.request import Request
from segue.server.colours import of_status, paint
from segue.server.logs import LogStream

__all__ = ["AccessLogWriter", "LogFormatError", "compile_format", "load_logger"]

logger = logging.getLogger("segue.server")


_LINE: Final = 8 * 1024  # bytes of one line at most (SEC-82)
_FIELD: Final = 2 * 1024  # characters of one field
_COMMON = '{client} - - [{time}] "{method} {target} HTTP/1.1" {status} {bytes} {seconds}'
_COMBINED = _COMMON + ' "{header.referer}" "{header.user-agent}"'
# What could end the line or the quotes, or be an order to a terminal, is written as an escape.
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class Entry(NamedTuple):
    """What a line tells of: a request and its response; ``size`` in bytes of the body."""

    request: Request
    status: int
    size: int
    seconds: float


Line = Callable[[Entry], str]


class LogFormatError(Exception):
    """A template names a field that there is not."""


def escape(text: str) -> str:
    """``text`` on one line, without control characters, cut to 2 KB."""
    cut = text[:_FIELD].translate(_ESCAPES) + ("..." if len(text) > _FIELD else "")
    return cut.encode("ascii", "backslashreplace").decode("ascii")


_FIELDS: dict[str, Line] = {
    "client": lambda entry: escape(entry.request.client[0]) if entry.request.client else "-",
    "method": lambda entry: escape(entry.request.method),
    "target": lambda entry: escape(entry.request.target),
    "host": lambda entry: escape(entry.request.host) or "-",
    "scheme": lambda entry: entry.request.scheme,
    "status": lambda entry: str(entry.status),
    "bytes": lambda entry: str(entry.size),
    "seconds": lambda entry: f"{entry.seconds:.3f}",
    "id": lambda entry: escape(_id(entry.request)) or "-",
    "time": lambda _: time.strftime("%d/%b/%Y:%H:%M:%S %z"),
    "pid": lambda _: str(os.getpid()),
}


def _id(request: Request) -> str:
    return str((request.made or {}).get("request_id", ""))


def _header(name: str) -> Line:
    return lambda entry: escape(entry.request.headers.get(name, "")) or "-"


def _in_colours(name: str, field: Line) -> Line:
    """``field`` as a person likes to read it in a terminal."""
    if name == "status":
        return lambda entry: paint(field(entry), of_status(entry.status))
    if name == "method":
        return lambda entry: paint(field(entry), "bold")
    if name in ("time", "seconds", "id", "pid"):
        return lambda entry: paint(field(entry), "dim")
    return field


def compile_format(text: str, *, colours: bool = False) -> Line:
    """The function that makes a line, for ``common``, ``combined``, ``json`` or a template. Raises LogFormatError.

    ``colours``: those of a terminal, in all but JSON.
    """
    if text == "json":
        return _json
    template = {"common": _COMMON, "combined": _COMBINED}.get(text, text)
    parts: list[str] = []
    fields: list[Line] = []
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise LogFormatError(f"{text!r} is no template of an access log: {error}.") from None
    for literal, name, spec, conversion in pieces:
        parts.append(literal.replace("%", "%%"))
        if name is None:
            continue
        field = _header(name.removeprefix("header.")) if name.startswith("header.") else _FIELDS.get(name)
        if field is None or spec or conversion:
            raise LogFormatError(
                f"{{{name}}} is no field of an access log. There are: {', '.join(_FIELDS)} and header.NAME."
            )
        parts.append("%s")
        fields.append(_in_colours(name, field) if colours else field)
    line = "".join(parts)
    return lambda entry: line % tuple([field(entry) for field in fields])


def _json(entry: Entry) -> str:
    request = entry.request
    return msgspec.json.encode(
        {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "client": request.client[0] if request.client else None,
            "method": escape(request.method),
            "target": escape(request.target),
            "host": escape(request.host),
            "status": entry.status,
            "bytes": entry.size,
            "seconds": round(entry.seconds, 6),
            "agent": escape(request.headers.get("user-agent", "")),
            **({"id": escape(identifier)} if (identifier := _id(request)) else {}),
        }
    ).decode()


class AccessLogWriter:
    """The access log of one worker, an :data:`segue.server.service.AccessLog`.

    Each line is one write at the end of the file, so that lines of several workers do not mix.
    """

    def __init__(self, stream: LogStream, format: str = "common") -> None:
        self._stream = stream
        self._line = compile_format(format, colours=stream.coloured)
        self._failed = False

    def __call__(self, request: Request, status: int, size: int, seconds: float) -> None:
        line = self._line(Entry(request, status, size, seconds))
        if len(line) >= _LINE:
            line = line[: _LINE - 5] + "..."
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except OSError as error:  # a full disk must not cost answers
            if not self._failed:
                logger.error("The access log cannot be written: %s", error)
            self._failed = True
        else:
            self._failed = False


def load_logger(logger: Callable[..., Any] | str) -> Callable[[Request, int, int, float], None]:
    """What writes the access log instead of ours: a callable, an object of a class, or what ``module:attribute`` names.

    Raises LogFormatError.
    """
    found: Any = logger
    if isinstance(logger, str):
        module, colon, attribute = logger.partition(":")
        if not colon:
            raise LogFormatError(f"{logger!r} is no logger for responses. Write module:attribute.")
        if os.getcwd() not in sys.path:  # noqa: PTH109 -- as text
            sys.path.insert(0, os.getcwd())  # noqa: PTH109 -- sys.path holds str
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise LogFormatError(f"The logger for responses, {logger}, is not there: {error}.") from None
    write: Callable[[Request, int, int, float], None] = found() if isinstance(found, type) else found
    return write
