"""What every carrier but the native protocol does with a response before and after it sends it."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing

from segue.http.body import FileBody
from segue.http.errors import ServiceUnavailable, UpgradeRequired
from segue.http.headers import InvalidHeader, RawHeaders
from segue.http.request import Request
from segue.http.response import InvalidResponse, Response
from segue.http.websocket import Upgrade
from segue.server.admission import refusal
from segue.server.application import Application
from segue.server.deadline import Deadline
from segue.server.limits import Limits
from segue.server.outbound import close_body

__all__ = ["ResponseCut", "adjusted", "answered", "checked", "finish", "pieces", "whole_file"]

logger = logging.getLogger("segue.server")

_FILE_PIECE = 256 * 1024


class ResponseCut(Exception):
    """A response broke off after its head had left: the carrier has to close the connection. Already logged."""


async def answered(
    application: Application, request: Request, limits: Limits, on_slow: Callable[[], None] | None = None
) -> Response:
    """The application's response, or 503 when it takes too long.

    What it raises is a fault of its own: logged, and a 500. ``on_slow`` is called when it takes more than 50 ms.
    """
    deadline = Deadline(request, limits, on_slow)
    try:
        return await application.handle(request)
    except asyncio.CancelledError:
        if not deadline.forgive():
            raise
        return refusal(ServiceUnavailable("The request took too long."))
    except Exception as error:
        logger.exception("%r: the application failed", request)
        if request.made is None:
            request.made = {}
        request.made["unhandled"] = error
        return _failure()
    finally:
        deadline.stop()


def _failure() -> Response:
    return Response("500 Internal Server Error\n", 500)


async def adjusted(request: Request, response: Response) -> Response:
    """``response`` as the functions want it that :meth:`Request.after_this` was given; what one raises is logged."""
    made = request.made
    for function in () if made is None else made.pop("after_this", ()):
        try:
            changed = function(response)
            if isinstance(changed, Awaitable):
                changed = await changed
            if changed is not None and not isinstance(changed, Response):
                raise TypeError(
                    f"what request.after_this was given returned {changed!r:.80}, which is no response"
                )
            response = changed or response
        except Exception:
            logger.exception(
                "%r: changing the response of %s failed", request, request.endpoint or "the application"
            )
    return response


async def checked(
    request: Request,
    response: Response,
    defaults: RawHeaders,
    *,
    upgrades: bool = False,
    strict: bool = False,
) -> tuple[Response, RawHeaders]:
    """The response to send, and all its header fields.

    One that HTTP does not allow is logged with the handler's name and replaced by a 500; one that opens a WebSocket by
    426, where the carrier has none (``upgrades``). ``strict`` raises what is wrong instead: InvalidResponse, InvalidHeader.
    """
    response = await adjusted(request, response)
    try:
        fields = response.head(defaults)
    except (InvalidResponse, InvalidHeader) as error:
        if strict:
            await close_body(response.body)
            raise
        logger.error(
            "%r: the response of %s cannot be sent: %s", request, request.endpoint or "the application", error
        )
        await close_body(response.body)
        response = _failure()
        return response, response.head(defaults)
    if isinstance(response.body, Upgrade) and not upgrades:
        response = refusal(UpgradeRequired("This address is a WebSocket, which this server does not offer."))
        return response, response.head(defaults)
    return response, fields


async def pieces(request: Request, response: Response) -> AsyncGenerator[bytes, None]:
    """The body of a checked response, piece by piece; nothing for HEAD. The body is closed at the end.

    Raises ResponseCut when it fails on the way, or does not have the length that the head has announced.
    """
    body = response.body
    try:
        if request.method == "HEAD":
            return
        if isinstance(body, bytes):
            if body:
                yield body
            return
        inner = _file(request, body) if isinstance(body, FileBody) else _stream(request, response, body)
        async with aclosing(inner):
            async for piece in inner:
                yield piece
    finally:
        await close_body(body)


async def _file(request: Request, body: FileBody) -> AsyncGenerator[bytes, None]:
    left = body.count
    await asyncio.to_thread(body.file.seek, body.offset)
    while left:
        piece = await asyncio.to_thread(body.file.read, min(left, _FILE_PIECE))
        if not piece:
            logger.warning("%r: the file became shorter while it was sent", request)
            raise ResponseCut
        left -= len(piece)
        yield piece


async def _stream(request: Request, response: Response, body: object) -> AsyncGenerator[bytes, None]:
    if not isinstance(body, AsyncIterable):
        raise TypeError(f"{type(body).__name__} is no body of a response")
    declared = response.headers.get("content-length", "")
    left = int(declared) if declared.isascii() and declared.isdigit() and len(declared) <= 18 else None
    iterator = aiter(body)
    while True:
        try:
            piece = await anext(iterator)
            if left is not None:
                left -= len(piece)
                if left < 0:
                    raise InvalidResponse(f"the stream is longer than its Content-Length of {declared}")
        except StopAsyncIteration:
            break
        except Exception as error:
            # The status is already on its way; a reply that is cut is the only honest sign (RFC 9112, section 8).
            logger.exception(
                "%r: %s failed after the response had begun", request, request.endpoint or "the application"
            )
            raise ResponseCut from error
        if piece:
            yield piece
    if left:
        logger.error("%r: the stream is %d bytes shorter than its Content-Length", request, left)
        raise ResponseCut


async def finish(request: Request) -> None:
    """What is left to do after the response; an exception is logged."""
    if request.made is None:
        return
    try:
        await request.finish()
    except Exception:
        logger.exception("work after %r failed", request)


def whole_file(body: FileBody) -> str | None:
    """The path of a file that is sent from its beginning to its end, if it still leads to that very file."""
    try:
        descriptor = body.file.fileno()
        opened = os.fstat(descriptor)
        if body.offset != 0 or body.count != opened.st_size:
            return None
        name = body.file.name
        if not isinstance(name, str):  # opened by descriptor: Linux knows by which path
            name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 -- text is what the carrier takes
        found = os.stat(name)  # noqa: PTH116 -- a str, asked for each file that is sent
    except OSError:
        return None
    same = (opened.st_dev, opened.st_ino) == (found.st_dev, found.st_ino)
    return name if same and os.path.isabs(name) else None  # noqa: PTH117 -- as above
