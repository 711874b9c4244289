"""Server-Sent Events as a response: an async iterator becomes a stream that stays alive (WHATWG HTML, section 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from segue.http.response import Response
from segue.http.sse import PING, Event, encode_event

__all__ = ["event_stream"]

_HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",  # nginx would hold the events back
}
_END = object()


def event_stream(events: AsyncIterator[Any], *, type: Any = Any, ping: float | None = 15.0) -> Response:
    """A response that sends ``events`` as they come; what a handler annotated ``-> EventStream[T]`` is answered with.

        @app.post("/jobs/{id}/progress")
        async def progress(id: int, last_event_id: Header[str] = "") -> Response:
            return event_stream(watch(id, after=last_event_id), ping=5)

    ``events`` yields :class:`Event` or the data of one; data is validated as ``type``. After ``ping`` seconds without
    an event a comment is sent (None: never), so that proxies keep the connection and a client that is gone is
    noticed. When it is gone, ``events`` is cancelled where it waits and then closed.
    """
    return Response(_EventBody(events, type, ping), headers=_HEADERS)


class _EventBody:
    """The bytes of the stream. It can be iterated once."""

    __slots__ = ("_error", "_events", "_ping", "_pump", "_ready", "_type")

    def __init__(self, events: AsyncIterator[Any], type: Any, ping: float | None) -> None:
        self._events = events
        self._type = type
        self._ping = ping
        self._ready: asyncio.Queue[object] = asyncio.Queue(1)
        self._pump: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # The iterator runs in one task from its first item to its end: a timeout or a task group around its `yield`
        # would break if each item was awaited in another one, and the ping must not cancel it.
        self._pump = asyncio.get_running_loop().create_task(self._run())
        try:
            while True:
                try:
                    async with asyncio.timeout(self._ping):
                        item = await self._ready.get()
                except TimeoutError:
                    yield PING
                    continue
                if item is _END:
                    break
                yield self._encode(item)
            if self._error is not None:
                raise self._error
        finally:
            await self.aclose()

    async def _run(self) -> None:
        try:
            async for item in self._events:
                if self._pump is None:  # it has caught its cancellation and goes on
                    break
                await self._ready.put(item)
        except Exception as error:  # noqa: BLE001 -- raised where the stream is read
            self._error = error
        finally:
            await self._close_events()
        if self._pump is not None:
            await self._ready.put(_END)

    def _encode(self, item: object) -> bytes:
        if self._type is not Any:
            if not isinstance(item, Event):
                item = msgspec.convert(item, self._type)
            elif item.data is not None:
                item = msgspec.structs.replace(item, data=msgspec.convert(item.data, self._type))
        return encode_event(item)

    async def aclose(self) -> None:
        """Ends the iterator, wherever it is."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.wait([pump])
        await self._close_events()  # for a pump that never ran

    async def _close_events(self) -> None:
        aclose = getattr(self._events, "aclose", None)
        if aclose is not None:
            await aclose()
