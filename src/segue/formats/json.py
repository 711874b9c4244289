"""JSON (RFC 8259), JSON Lines, and JSONP for pages that still need it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from segue.core.binding.json_body import check_depth, decode_json
from segue.formats.base import PlainFormat
from segue.http.errors import BadRequest
from segue.http.request import Request

__all__ = ["JSON", "JSONP", "JSONLines"]


class JSON(PlainFormat):
    """JSON; a stream is sent as one array, item by item.

    ``media_types``: others, such as ``("application/vnd.films+json",)``. ``indent``: spaces for each level, for people.
    """

    name = "json"
    suffixes = ("json",)
    texts = False

    def __init__(self, *, media_types: tuple[str, ...] = ("application/json",), indent: int = 0) -> None:
        self.media_types = media_types
        self._indent = indent

    def encode(self, value: Any) -> bytes:
        body = self._codec.encode(value)
        return msgspec.json.format(body, indent=self._indent) if self._indent else body

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        before = b"["
        async for item in items:
            yield before + self._codec.encode(item)
            before = b","
        yield b"[]" if before == b"[" else b"]"

    def decode(self, data: bytes, type: Any) -> Any:
        return decode_json(self._codec, data, type)


class JSONLines(PlainFormat):
    """JSON Lines: each item of a list or stream is one line of JSON."""

    name = "jsonlines"
    media_types = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
    suffixes = ("jsonl",)
    texts = False

    def encode(self, value: Any) -> bytes:
        rows = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return b"".join([self._codec.encode(row) + b"\n" for row in rows])

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield self._codec.encode(item) + b"\n"

    def decode(self, data: bytes, type: Any) -> Any:
        check_depth(data)
        return msgspec.json.Decoder().decode_lines(data)


_callback = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}(?:\.[A-Za-z_$][A-Za-z0-9_$]{0,63}){0,7}\Z").match


class JSONP(PlainFormat):
    """JSON in the call of a function that the query names, for pages of other origins that cannot use CORS.

    Any page may read what a route with this format answers to its visitors: only for what is public. ``parameter``: of
    the query; a name that is no name of JavaScript is a 400, without one it is plain JSON.
    """

    name = "jsonp"
    media_types = ("text/javascript", "application/javascript")
    suffixes = ("js",)

    def __init__(self, *, parameter: str = "callback") -> None:
        self._parameter = parameter

    def encode(self, value: Any) -> bytes:
        # In a script these would end it, or its lines (ECMA-262 before 2019).
        return (
            self._codec.encode(value)
            .replace(b"<", b"\\u003c")
            .replace("\u2028".encode(), b"\\u2028")
            .replace("\u2029".encode(), b"\\u2029")
        )

    def render(self, value: Any, request: Request) -> bytes:
        name = request.query.get(self._parameter)
        if not name:
            return self.encode(value)
        if not _callback(name):
            raise BadRequest(f"The parameter {self._parameter!r} has to be the name of a function.")
        # The comment keeps what begins the reply from being read as another format (CVE-2014-4671).
        return b"/**/" + name.encode() + b"(" + self.encode(value) + b");"
