"""Reads Server-Sent Events as a browser does (WHATWG HTML, section 9.2.6)."""

import codecs
from collections.abc import Iterator

from segue.http.malformed import Malformed
from segue.http.sse import Event

__all__ = ["EventReader"]


class EventReader:
    """Bytes in, events out, however the bytes are split. ``data`` of an event is text; comments are left out.

    ``limit``: the characters that one event may have; more raise Malformed.
    """

    __slots__ = ("_data", "_decode", "_event", "_id", "_limit", "_line", "_retry", "_size", "_skip_lf")

    def __init__(self, limit: int | None = None) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._limit = limit
        self._size = 0
        self._line: list[str] = []
        self._skip_lf = False
        self._data: list[str] = []
        self._event: str | None = None
        self._id: str | None = None
        self._retry: int | None = None

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete with this piece."""
        text = self._decode(piece)
        if self._skip_lf and text:
            text = text.removeprefix("\n")
            self._skip_lf = False
        self._skip_lf = text.endswith("\r")
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._count(line)
            whole = "".join([*self._line, line])
            self._line = []
            if whole:
                self._field(whole)
            else:
                self._size = 0
                if (event := self._dispatch()) is not None:
                    yield event
        if rest:
            self._count(rest)
            self._line.append(rest)

    def _count(self, text: str) -> None:
        self._size += len(text)
        if self._limit is not None and self._size > self._limit:
            raise Malformed(f"an event has more than {self._limit} characters")

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= 18:
            self._retry = int(value)

    def _dispatch(self) -> Event | None:
        data, event, retry = self._data, self._event, self._retry
        self._data, self._event, self._retry = [], None, None
        if not data and retry is None:
            return None
        return Event(data="\n".join(data) if data else None, event=event, id=self._id, retry=retry)
