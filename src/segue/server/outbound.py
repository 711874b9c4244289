"""Sends responses over HTTP/1.1: every kind of body, with backpressure (RFC 9112, sections 6 and 7)."""

import asyncio
import logging
import random
from collections.abc import AsyncIterable
from typing import Protocol

from segue.http.body import FileBody
from segue.http.errors import UpgradeRequired
from segue.http.headers import InvalidHeader, MutableHeaders, RawHeaders
from segue.http.request import Request
from segue.http.response import InvalidResponse, Response
from segue.http.websocket import Upgrade
from segue.server.admission import refusal
from segue.server.batch import Batch
from segue.server.framing import HTTP_10, KEEP_ALIVE
from segue.server.service import Service

__all__ = ["WITH_LENGTH", "Outlet", "close_body", "finish_request", "send"]

logger = logging.getLogger("segue.server")

_FILE_PIECE = 256 * 1024
_READ_INLINE = 64 * 1024
_CLOSE = (b"connection", b"close")
_KEEP = (b"connection", b"keep-alive")
_CHUNKED = (b"transfer-encoding", b"chunked")
#: Statuses of responses that have a body and say how long it is.
WITH_LENGTH = frozenset(range(200, 600)) - {204, 304}


class Outlet(Protocol):
    """The connection that a response leaves by."""

    service: Service
    transport: asyncio.Transport
    closing: bool
    sent: int
    streaming: bool
    streaming_events: bool
    draining_events: bool

    @property
    def paused(self) -> bool:
        """Whether the client has to read before more is written."""
        ...

    async def drained(self) -> None:
        """Waits until the client has read enough. Raises ClientDisconnected when it is gone."""


async def send(outlet: Outlet, request: Request, response: Response, mode: int) -> bool:
    """Writes ``response`` and returns whether the connection may carry another one.

    A response that HTTP does not allow is logged with the handler's name and replaced by a 500.
    """
    if isinstance(response.body, Upgrade):
        response = refusal(UpgradeRequired("This address is a WebSocket; the request does not ask for one."))
    heads = outlet.service.heads
    keep = bool(mode & KEEP_ALIVE) and not outlet.closing
    body = response.body
    if (
        isinstance(body, bytes)
        and len(body) <= _READ_INLINE
        and mode == KEEP_ALIVE
        and keep
        and request.method != "HEAD"
        and response.status in WITH_LENGTH
    ):
        return await _send_whole(outlet, request, response, body, mode)
    extra: RawHeaders = []
    chunked = False
    if isinstance(body, AsyncIterable) and "content-length" not in response.headers:
        if not mode & HTTP_10:
            chunked = True
            extra.append(_CHUNKED)
        else:
            keep = False
    if not keep:
        extra.append(_CLOSE)
    elif mode & HTTP_10:
        extra.append(_KEEP)
    try:
        head = heads.encode(response, extra)
    except (InvalidResponse, InvalidHeader) as error:
        return await _send_failure(outlet, request, body, mode, error)
    if isinstance(body, bytes):
        if request.method == "HEAD":
            outlet.transport.write(head)
        elif len(body) > _READ_INLINE:
            outlet.transport.writelines([head, body])
            outlet.sent = len(body)
        else:
            outlet.transport.write(head + body)
            outlet.sent = len(body)
        await outlet.drained()
        return keep
    if request.method == "HEAD":
        outlet.transport.write(head)
        await close_body(body)
        return keep
    outlet.streaming = True
    try:
        outlet.transport.write(head)
        if isinstance(body, FileBody):
            return await _send_file(outlet, request, body) and keep
        if isinstance(body, AsyncIterable):
            return await _send_stream(outlet, request, response, body, chunked) and keep
        raise TypeError(f"{type(body).__name__} is no body of a response")
    finally:
        outlet.streaming = False
        await close_body(body)


async def _send_whole(outlet: Outlet, request: Request, response: Response, body: bytes, mode: int) -> bool:
    # PERF: the same short way as in http1.py, for what took the longer one there (benchmarks, order: 8 us of 27).
    heads = outlet.service.heads
    try:
        if not isinstance(response.fields, MutableHeaders):
            reply = b"%b%d\r\n%b%b" % (heads.start(response), len(body), heads.clock.date, body)
        else:
            reply = heads.reply(response, body) or heads.encode(response, []) + body
    except (InvalidResponse, InvalidHeader) as error:
        return await _send_failure(outlet, request, body, mode, error)
    outlet.transport.write(reply)
    outlet.sent = len(body)
    await outlet.drained()
    return True


async def _send_failure(outlet: Outlet, request: Request, body: object, mode: int, error: ValueError) -> bool:
    logger.error(
        "%r: the response of %s cannot be sent: %s", request, request.endpoint or "the application", error
    )
    await close_body(body)
    return await send(outlet, request, Response("500 Internal Server Error\n", 500), mode)


async def _send_file(outlet: Outlet, request: Request, body: FileBody) -> bool:
    left = body.count
    body.file.seek(body.offset)
    while left:
        size = min(left, _FILE_PIECE)
        # PERF: a small read from the page cache takes less time than the way to a thread and back (0.1 ms).
        inline = body.count <= _READ_INLINE
        piece = body.file.read(size) if inline else await asyncio.to_thread(body.file.read, size)
        if not piece:
            logger.warning("%r: the file became shorter while it was sent", request)
            return _cut(outlet)
        left -= len(piece)
        outlet.sent += len(piece)
        outlet.transport.write(piece)
        await outlet.drained()
    return True


async def _send_stream(
    outlet: Outlet, request: Request, response: Response, body: AsyncIterable[bytes], chunked: bool
) -> bool:
    declared = None if chunked else response.headers.get("content-length")
    left = int(declared) if declared is not None and declared.isdigit() else None
    batch = Batch(outlet.transport, chunked=chunked)
    outlet.streaming_events = (response.content_type or "").startswith("text/event-stream")
    try:
        async for piece in body:
            size = len(piece)
            if not size:
                continue
            outlet.sent += size
            if left is not None:
                left -= size
                if left < 0:
                    raise InvalidResponse(f"the stream is longer than its Content-Length of {declared}")
            batch.add(piece, size)
            if outlet.paused:
                await outlet.drained()
    except asyncio.CancelledError:
        if not outlet.draining_events:
            raise
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        if outlet.streaming_events:
            # Not all at once: who listens comes back within one to three seconds (WHATWG HTML, section 9.2.6).
            retry = b"retry: %d\n\n" % random.randrange(1_000, 3_000)  # noqa: S311 -- no secret
            batch.add(retry, len(retry))
    except ConnectionError:
        raise
    except Exception:
        # The status is already on its way; a missing final chunk is the only honest sign (RFC 9112, section 8).
        logger.exception(
            "%r: %s failed after the response had begun", request, request.endpoint or "the application"
        )
        batch.flush()
        return _cut(outlet)
    if left:
        batch.flush()
        logger.error("%r: the stream is %d bytes shorter than its Content-Length", request, left)
        return _cut(outlet)
    batch.end()
    await outlet.drained()
    return declared is not None or chunked


def _cut(outlet: Outlet) -> bool:
    outlet.closing = True
    outlet.transport.close()
    return False


async def close_body(body: object) -> None:
    """Lets go of what a body holds: an open file, a generator that did not end."""
    if isinstance(body, FileBody):
        body.close()
    elif (aclose := getattr(body, "aclose", None)) is not None:
        try:
            await aclose()
        except Exception:
            logger.exception("closing the stream of a response failed")


def finish_request(service: Service, request: Request) -> None:
    """What is left to do after the response: runs beside the connection, so that the next request need not wait."""
    made = request.made
    if made is not None and ("after" in made or "form" in made):
        service.spawn(request.finish(), f"work after {request!r}")
