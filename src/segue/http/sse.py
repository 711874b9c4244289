"""Server-Sent Events: one event and its bytes (WHATWG HTML, section 9.2)."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

__all__ = ["PING", "Event", "EventStream", "encode_event", "is_event_stream"]

T = TypeVar("T")

PING = b": ping\n\n"
"""A comment, which a client ignores: it keeps the connection alive and finds out that a client is gone."""

_line_end = re.compile(r"\r\n|\r|\n")
_breaks_line = re.compile(r"[\r\n\x00]").search


class _Events:
    """The mark that tells an `EventStream` from other async iterators."""


# An alias, not a class: type checkers let an async generator return only the types of the language.
EventStream: TypeAlias = Annotated[AsyncIterator[T], _Events]
"""What a handler returns that sends events: an async generator with this annotation.

::

    @app.get("/ticker")
    async def ticker() -> EventStream[Price]:
        async for price in prices():
            yield price

Each value becomes the data of an event, as `encode_event` does it; yield an `Event` to give it a name or an id.
"""


def is_event_stream(annotation: object) -> bool:
    """Whether an annotation is `EventStream[...]`; as `typing.get_type_hints(..., include_extras=True)` gives it."""
    return _Events in getattr(annotation, "__metadata__", ())


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a stream.

    - `data`: text as it is, anything else as JSON; `None` sends no data, and then no event is fired.
    - `event`: the name that `addEventListener` listens for; without one it is `message`.
    - `id`: what the browser sends back in `Last-Event-ID` when it connects again; empty text forgets it.
    - `retry`: milliseconds to wait before connecting again.
    - `comment`: lines that a client ignores.

    Raises `ValueError` for a line end or NUL in `event` and `id`, and for a negative `retry`.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name, text in (("event", self.event), ("id", self.id)):
            if text is not None and _breaks_line(text):
                raise ValueError(f"the {name} of an event cannot contain a line end or NUL: {text[:80]!r}")
        if self.retry is not None and self.retry < 0:
            raise ValueError("the retry of an event is milliseconds from now, not less than 0")


def encode_event(item: object) -> bytes:
    r"""An `Event`, or a value that becomes the data of one, as the bytes to send.

    ::

        encode_event("two\nlines")                  # b"data: two\ndata: lines\n\n"
        encode_event(Event(data={"n": 1}, id="7"))  # b'id: 7\ndata: {"n":1}\n\n'

    Raises `TypeError` for data that is neither text nor encodable as JSON.
    """
    if not isinstance(item, Event):
        return _encode(["data: " + line for line in _data_lines(item)])
    lines: list[str] = []
    if item.comment is not None:
        lines += [": " + line for line in _line_end.split(item.comment)]
    if item.event is not None:
        lines.append("event: " + item.event)
    if item.id is not None:
        lines.append("id: " + item.id)
    if item.retry is not None:
        lines.append(f"retry: {item.retry}")
    if item.data is not None:
        lines += ["data: " + line for line in _data_lines(item.data)]
    return _encode(lines)


def _data_lines(data: object) -> list[str]:
    if isinstance(data, str):
        return _line_end.split(data)
    # JSON escapes the line ends inside of strings, so it is always one line.
    return [msgspec.json.encode(data).decode("utf-8")]


def _encode(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")
