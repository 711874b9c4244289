"""Reads Server-Sent Events as a browser does (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterable, AsyncIterator, Iterator

from segue.http.headers import HeaderSource, MutableHeaders
from segue.http.sse import Event
from segue.testing.outgoing import RequestOptions

__all__ = ["EventReader", "as_events", "received_events"]


class EventReader:
    """Bytes in, events out, however the bytes are split. ``data`` of an event is text; comments are left out."""

    __slots__ = ("_data", "_decode", "_event", "_id", "_line", "_retry", "_skip_lf")

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
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
            whole = "".join([*self._line, line])
            self._line = []
            if whole:
                self._field(whole)
            elif (event := self._dispatch()) is not None:
                yield event
        if rest:
            self._line.append(rest)

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


def as_events(options: RequestOptions) -> RequestOptions:
    """The options of a request that asks for events, as ``EventSource`` sends it."""
    headers: HeaderSource = options.get("headers", ())
    asked = MutableHeaders([("accept", "text/event-stream"), ("cache-control", "no-store")])
    asked.update(headers)
    return {**options, "headers": asked.multi_items()}


async def received_events(pieces: AsyncIterable[bytes]) -> AsyncIterator[Event]:
    """The events of a stream, as they come."""
    reader = EventReader()
    async for piece in pieces:
        for event in reader.feed(piece):
            yield event
