"""Responses compressed on the way out, by what the client accepts (RFC 9110, section 8.4)."""

import asyncio
import importlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

from segue.core.middleware.zstd import zstd_module
from segue.http.body import FileBody
from segue.http.errors import NotAcceptable
from segue.http.negotiate import accept_encoding
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade

__all__ = ["Compression", "shrinks"]

_IN_THREAD = 64 * 1024  # compressing more than this at once takes longer than the way to a thread

_COMPRESSED = (
    "application/javascript",
    "application/jsonl",
    "application/manifest+json",
    "application/problem+json",
    "application/wasm",
    "application/xml",
    "image/svg+xml",
    "image/x-icon",
    "text/",
)


class Compressor(Protocol):
    """One stream of compressed data."""

    def compress(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes:
        """What is held back, so that the reader has everything so far."""
        ...

    def finish(self) -> bytes:
        """The end of the stream."""
        ...


class Compression:
    """Middleware: compresses replies for clients that accept it, buffered ones and streams piece by piece.

        app.middleware(Compression())

    ``minimum``: bytes from which a reply in memory is worth it. ``level``: 1, fast, to 9, small. ``codings``: those to
    offer, best first; by default brotli and zstd where the packages ``brotli`` and ``backports.zstd`` are installed (zstd
    comes with Python 3.14), and gzip. ``types``: how the media types of what is compressed begin, ``["text/html"]``,
    instead of all that shrink. ``strict``: a client that refuses every coding and what is not coded too
    (``identity;q=0``) gets a 406, not a plain reply (RFC 9110, section 12.5.3).

    Left alone: files (compress them ahead of time, see ``precompressed``), Server-Sent Events, what is
    compressed already, types that do not shrink, ``cache-control: no-transform``, partial content. A page that shows
    a secret beside text from its URL should not be compressed (BREACH): set ``no-transform`` on it.

    Raises ValueError for a coding that is not there.
    """

    __slots__ = ("_codings", "_level", "_minimum", "_strict", "_types")

    def __init__(
        self,
        *,
        minimum: int = 1024,
        level: int = 5,
        codings: Sequence[str] | None = None,
        types: Sequence[str] | None = None,
        strict: bool = False,
    ) -> None:
        known = available()
        self._codings = list(known) if codings is None else list(codings)
        for coding in self._codings:
            if coding not in known:
                raise ValueError(f"the coding {coding!r} is not installed; there are: {', '.join(known)}")
        if not 1 <= level <= 9:
            raise ValueError(f"the level is from 1 to 9, not {level!r}")
        self._minimum = minimum
        self._types = None if types is None else tuple(one.lower() for one in types)
        self._strict = strict
        self._level = level

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await next(request)
        body = response.body
        if not self._applies(response):
            return response
        headers = response.headers
        headers.vary("accept-encoding")
        coding = accept_encoding(request.headers.joined("accept-encoding"), self._codings)
        if coding is None and self._strict:
            offered = ", ".join(self._codings)
            raise NotAcceptable(
                f"This is available in the content codings {offered}.", headers={"accept-encoding": offered}
            )
        if coding is None or coding == "identity":
            return response
        headers["content-encoding"] = coding
        del headers["content-length"]
        if (etag := headers.get("etag")) is not None and not etag.startswith("W/"):
            # Other bytes for the same meaning (RFC 9110, section 8.8.1).
            headers["etag"] = f"W/{etag}"
        if isinstance(body, bytes):
            if request.method == "HEAD":
                # Its length is not known without the work.
                response.body = _Compressed(_nothing(), available()[coding](self._level))
            elif len(body) > _IN_THREAD:
                response.body = await asyncio.to_thread(self._squeeze, coding, body)
            else:
                response.body = self._squeeze(coding, body)
        elif not isinstance(body, FileBody | Upgrade):
            response.body = _Compressed(body, available()[coding](self._level))
        return response

    def _applies(self, response: Response) -> bool:
        body = response.body
        if isinstance(body, FileBody | Upgrade) or response.status in (204, 206, 304):
            return False
        if isinstance(body, bytes) and len(body) < self._minimum:
            return False
        kind = (response.content_type or "").lower()
        if self._types is not None:
            applies = kind.startswith(self._types)
        else:
            applies = shrinks(kind)
        if not applies or kind.startswith("text/event-stream"):
            return False
        headers = response.headers
        return (
            "content-encoding" not in headers
            and "accept-ranges" not in headers
            and "no-transform" not in headers.get("cache-control", "").lower()
        )

    def _squeeze(self, coding: str, body: bytes) -> bytes:
        compressor = available()[coding](self._level)
        return compressor.compress(body) + compressor.finish()


def shrinks(kind: str) -> bool:
    """Whether what has this media type becomes smaller when it is compressed."""
    media_type = kind.partition(";")[0].rstrip()
    return (
        kind.startswith(_COMPRESSED)
        or media_type == "application/json"
        or media_type.endswith(("+json", "+xml"))
    )


class _Compressed:
    """A stream, compressed piece by piece: what the handler yields reaches the client at once."""

    __slots__ = ("_compressor", "_ended", "_pieces", "_source")

    def __init__(self, source: Any, compressor: Compressor) -> None:
        self._source = source
        self._pieces = aiter(source)
        self._compressor = compressor
        self._ended = False

    def __aiter__(self) -> "_Compressed":
        return self

    async def __anext__(self) -> bytes:
        while not self._ended:
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                self._ended = True
                return self._compressor.finish()
            if piece:
                return self._compressor.compress(piece) + self._compressor.flush()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        close = getattr(self._pieces, "aclose", None) or getattr(self._source, "aclose", None)
        if close is not None:
            await close()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


# --- the codings -------------------------------------------------------------------------------------------------


class Gzip:
    """RFC 1952, by the standard library."""

    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        self._stream = zlib.compressobj(level, zlib.DEFLATED, 31)

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush(zlib.Z_FINISH)


class Brotli:
    """RFC 7932, by the package ``brotli``."""

    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        self._stream: Any = importlib.import_module("brotli").Compressor(quality=level)

    def compress(self, data: bytes) -> bytes:
        out: bytes = self._stream.process(data)
        return out

    def flush(self) -> bytes:
        out: bytes = self._stream.flush()
        return out

    def finish(self) -> bytes:
        out: bytes = self._stream.finish()
        return out


class Zstd:
    """RFC 8878, by Python 3.14 or the package ``backports.zstd``. Raises ImportError where neither is."""

    __slots__ = ("_stream",)

    def __init__(self, level: int) -> None:
        module = zstd_module()
        if module is None:
            raise ImportError("zstd needs Python 3.14 or the package backports.zstd")
        self._stream: Any = module.ZstdCompressor(level=level)

    def compress(self, data: bytes) -> bytes:
        out: bytes = self._stream.compress(data)
        return out

    def flush(self) -> bytes:
        out: bytes = self._stream.flush(self._stream.FLUSH_BLOCK)
        return out

    def finish(self) -> bytes:
        out: bytes = self._stream.flush(self._stream.FLUSH_FRAME)
        return out


_found: dict[str, Callable[[int], Compressor]] = {}


def available() -> dict[str, Callable[[int], Compressor]]:
    """The codings that can be made on this machine, best first, and what makes a stream of each."""
    if not _found:
        makers: list[tuple[str, Callable[[int], Compressor]]] = [
            ("br", Brotli),
            ("zstd", Zstd),
            ("gzip", Gzip),
        ]
        for coding, make in makers:
            try:
                make(1)
            except ImportError:
                continue
            _found[coding] = make
    return _found
