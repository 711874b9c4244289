"""The events of a response, as ``EventSource`` asks for them and receives them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from segue.http.headers import HeaderSource, MutableHeaders
from segue.http.sse import Event
from segue.http.sse_reader import EventReader
from segue.testing.outgoing import RequestOptions

__all__ = ["as_events", "received_events"]


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
