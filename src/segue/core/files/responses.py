"""One file as a response: conditional, in ranges, compressed ahead of time (RFC 9110, sections 13 to 15)."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from segue.core.files.mediatypes import media_type
from segue.core.files.openfiles import OpenFile, open_file
from segue.http.body import FileBody, ResponseBody
from segue.http.conditional import Precondition, evaluate, may_send_range
from segue.http.dates import http_date
from segue.http.errors import NotFound, PreconditionFailed
from segue.http.filenames import content_disposition
from segue.http.ranges import ByteRanges, content_range, parse_range
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["FileOptions", "codings", "file_response", "in_thread", "respond_with"]

T = TypeVar("T")

_PIECE = 64 * 1024

# What a 304 has to repeat of the 200 (RFC 9110, section 15.4.5).
_VALIDATORS = ("cache-control", "etag", "last-modified", "vary")


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is sent.

    ``download``: the client is to save it rather than show it: True under its own name, or under the name given.
    ``content_type``: instead of the one for its name. ``max_age``: seconds for which a cache need not ask again;
    None: it always asks, which costs a 304. ``immutable``: and never again, for a URL that changes with the content.
    ``precompressed``: ``page.html.br``, ``.zst`` or ``.gz`` beside ``page.html`` is sent to who accepts it.
    """

    download: bool | str = False
    content_type: str | None = None
    max_age: int | None = None
    immutable: bool = False
    precompressed: bool = False

    @property
    def cache_control(self) -> str:
        if self.max_age is None:
            return "no-cache"
        return f"public, max-age={self.max_age}, immutable" if self.immutable else f"max-age={self.max_age}"


_PLAIN = FileOptions()


async def file_response(
    request: Request,
    path: str | os.PathLike[str],
    *,
    download: bool | str = False,
    content_type: str | None = None,
    max_age: int | None = None,
    precompressed: bool = False,
) -> Response:
    """Sends a file: with ``ETag`` and ``Last-Modified``, as 304, 206 or 416 where the request asks for it.

        @app.get("/report")
        async def report(request: Request) -> Response:
            return await file_response(request, "report.pdf", download="report of May.pdf")

    ``path`` is trusted: for a name that came from a client use ``app.static`` or :func:`segue.http.filenames.safe_join`.
    The other parameters are those of :class:`FileOptions`.

    Raises NotFound (404) when there is no such file, Forbidden (403) when it may not be read.
    """
    options = FileOptions(
        download=download, content_type=content_type, max_age=max_age, precompressed=precompressed
    )
    name = os.fspath(path)
    opened = await in_thread(open_file, name, codings(request) if precompressed else None)
    if opened is None:
        raise NotFound
    return respond_with(request, opened, options)


async def in_thread(function: Callable[..., T], *args: object) -> T:
    """Runs blocking file work in the loop's threads."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *args)


def codings(request: Request) -> str:
    """What the client says about content codings."""
    return request.headers.joined("accept-encoding") or ""


def respond_with(request: Request, opened: OpenFile, options: FileOptions = _PLAIN) -> Response:
    """The response for an open file: 200, 206, 304; it closes the file unless the response needs it.

    Raises PreconditionFailed (412) and RangeNotSatisfiable (416).
    """
    try:
        response = Response(b"", 200, _describe(opened, options))
        _choose(request, opened, response)
    except BaseException:
        opened.close()
        raise
    if not isinstance(response.body, FileBody | FileRanges):
        opened.close()
    return response


def _describe(opened: OpenFile, options: FileOptions) -> dict[str, str]:
    headers = {
        "content-type": options.content_type or media_type(opened.name),
        "etag": str(opened.etag),
        "last-modified": http_date(opened.mtime_ns / 1e9),
        "accept-ranges": "bytes",
        "cache-control": options.cache_control,
    }
    if options.download:
        name = options.download if isinstance(options.download, str) else Path(opened.name).name
        headers["content-disposition"] = content_disposition(name)
    if opened.coding is not None:
        headers["content-encoding"] = opened.coding
    if options.precompressed:
        headers["vary"] = "accept-encoding"
    return headers


def _choose(request: Request, opened: OpenFile, response: Response) -> None:
    method, headers = request.method, request.headers
    etag, modified = opened.etag, opened.mtime_ns / 1e9
    if method in ("GET", "HEAD"):
        condition = evaluate(method, headers, etag=etag, last_modified=modified)
        if condition is Precondition.FAILED:
            raise PreconditionFailed
        if condition is Precondition.NOT_MODIFIED:
            response.status = 304
            for name in list(response.headers):
                if name not in _VALIDATORS:
                    del response.headers[name]
            return
    ranges: Sequence[tuple[int, int]] | None = None
    if method == "GET":
        field = headers.joined("range")
        if field is not None and may_send_range(headers.get("if-range"), etag=etag, last_modified=modified):
            ranges = parse_range(field, opened.size)
    if ranges is None:
        response.body = opened.body(0, opened.size)
    elif len(ranges) == 1:
        ((start, stop),) = ranges
        response.status = 206
        response.headers["content-range"] = content_range(start, stop, opened.size)
        response.body = opened.body(start, stop)
    else:
        frame = ByteRanges(ranges, size=opened.size, content_type=response.headers["content-type"])
        response.status = 206
        response.headers["content-type"] = frame.content_type
        response.body = _parts(opened, frame)
        response.headers["content-length"] = str(frame.length)


def _parts(opened: OpenFile, frame: ByteRanges) -> ResponseBody:
    if opened.content is not None:
        pieces = [frame.heads[n] + opened.content[start:stop] for n, (start, stop) in enumerate(frame.ranges)]
        return b"".join(pieces) + frame.tail
    return FileRanges(opened, frame)


class FileRanges:
    """The body of a ``multipart/byteranges`` reply: parts of one file, read as they are sent."""

    __slots__ = ("_left", "_opened")

    def __init__(self, opened: OpenFile, frame: ByteRanges) -> None:
        self._opened = opened
        self._left: deque[bytes | tuple[int, int]] = deque()
        for head, part in zip(frame.heads, frame.ranges, strict=True):
            self._left += (head, part)
        self._left.append(frame.tail)

    def __aiter__(self) -> "FileRanges":
        return self

    async def __anext__(self) -> bytes:
        file, left = self._opened.file, self._left
        if not left or file is None:
            raise StopAsyncIteration
        piece = left.popleft()
        if isinstance(piece, bytes):
            return piece
        start, stop = piece
        data = await in_thread(_read_at, file, start, min(stop - start, _PIECE))
        if not data:
            # The file became shorter. The server sees that the length is not what was declared, and says so.
            left.clear()
            raise StopAsyncIteration
        if start + len(data) < stop:
            left.appendleft((start + len(data), stop))
        return data

    async def aclose(self) -> None:
        self._left.clear()
        self._opened.close()


def _read_at(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
