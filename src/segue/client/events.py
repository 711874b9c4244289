"""Server-Sent Events from somebody else, for as long as they come."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from segue.client.backoff import Backoff
from segue.client.failures import (
    AddressRefused,
    CallBroken,
    CallTimedOut,
    StatusFailed,
    UnfitReply,
    Unreachable,
)
from segue.client.options import CallOptions
from segue.http.headers import HeaderSource, MutableHeaders
from segue.http.malformed import Malformed
from segue.http.sse import Event
from segue.http.sse_reader import EventReader
from segue.http.url import QueryValues

if TYPE_CHECKING:
    from segue.client.http import Http
    from segue.client.reply import StreamedReply
    from segue.core.ports import Codec

__all__ = ["EventOptions", "received"]

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_RETRY = 300.0


class EventOptions(TypedDict, total=False):
    """What ``http.events`` takes beside the URL.

    - `method`, `params`, `headers`, `json`: of the call. `last_id`: the id of the last event that was seen before.
    - `again`: the time between two connections, ``Backoff()``; the server's ``retry:`` counts too. None: the first end is the end.
    - `limit`: characters that one event may have, 1,048,576.
    """

    method: str
    params: QueryValues
    headers: HeaderSource
    json: Any
    last_id: str
    again: Backoff | None
    limit: int | None


async def received(
    http: Http, url: str, type: Any, options: EventOptions, codec: Codec
) -> AsyncIterator[Event]:
    """The events, one connection after the other. A 204 is the end (WHATWG HTML, section 9.2.3).

    Raises StatusFailed for a status that no second attempt would mend, UnfitReply for a reply that is no event stream and
    for data that is no ``type``; with ``again=None`` every CallFailed.
    """
    again = options.get("again", Backoff())
    last_id = options.get("last_id", "")
    attempt, retry = 0, 0.0
    while True:
        try:
            async with http.stream(options.get("method", "GET"), url, **_call(options, last_id)) as reply:
                if reply.status == 204:
                    return
                await _fit(reply, patient=again is not None)
                if reply.ok:
                    async for event in _events(reply, options.get("limit", 1024 * 1024)):
                        attempt = 0
                        last_id = last_id if event.id is None else event.id
                        retry = retry if event.retry is None else min(event.retry / 1000, _LONGEST_RETRY)
                        if event.data is not None:
                            yield await _typed(event, type, codec, reply)
        except (Unreachable, CallBroken, CallTimedOut) as error:
            if again is None or isinstance(error, AddressRefused):
                raise
        if again is None:
            return
        await asyncio.sleep(retry + retry * random.random() / 2 + again.delay(attempt))  # noqa: S311 -- spreads load, no secret
        attempt += 1


def _call(options: EventOptions, last_id: str) -> CallOptions:
    headers = MutableHeaders([("accept", "text/event-stream"), ("cache-control", "no-store")])
    headers.update(options.get("headers", ()))
    if last_id:
        # Ids are UTF-8, header fields are octets (WHATWG HTML, section 9.2.3).
        headers["last-event-id"] = last_id.encode("utf-8", "replace").decode("latin-1")
    call: CallOptions = {"headers": headers.multi_items()}
    if "params" in options:
        call["params"] = options["params"]
    if "json" in options:
        call["json"] = options["json"]
    return call


async def _fit(reply: StreamedReply, *, patient: bool) -> None:
    if not reply.ok:
        if not patient or reply.status not in _TRANSIENT:
            raise StatusFailed(await reply.read(64 * 1024))
    elif reply.media_type != "text/event-stream":
        kind = reply.headers.get("content-type", "nothing")
        raise UnfitReply(await reply.empty(), Event, f"its content type is {kind}, not text/event-stream")


async def _events(reply: StreamedReply, limit: int | None) -> AsyncIterator[Event]:
    reader = EventReader(limit)
    try:
        async for piece in reply:
            for event in reader.feed(piece):
                yield event
    except Malformed as error:
        raise UnfitReply(await reply.empty(), Event, str(error.detail)) from None


async def _typed(event: Event, type: Any, codec: Codec, reply: StreamedReply) -> Event:
    if type is None:
        return event
    try:
        data = codec.decode(str(event.data).encode(), type)
    except (ValueError, RecursionError) as error:
        raise UnfitReply(await reply.empty(str(event.data)), type, str(error)) from error
    changed: Mapping[str, Any] = {"data": data}
    return msgspec.structs.replace(event, **changed)
