"""Request bodies that come compressed, unpacked within the limit that holds for all bodies (RFC 9110, section 8.4)."""

import importlib
import importlib.util
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from segue.core.middleware.zstd import zstd_module
from segue.http.body import BodySource
from segue.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["DecodedBodies"]

T = TypeVar("T")

_MOST_AT_ONCE = 64 * 1024


class Decoder(Protocol):
    """One stream to unpack, a bounded piece at a time, so that no input can become a flood."""

    def feed(self, data: bytes) -> None:
        """More of the packed stream; only when :meth:`take` had nothing."""

    def take(self) -> bytes:
        """The next piece, 64 KB or little more; ``b""`` when more input is needed. Raises BadRequest (400)."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the stream came to its end."""
        ...


class DecodedBodies:
    """Middleware: a body with ``Content-Encoding`` gzip or deflate is unpacked; br with the package ``brotli``, and zstd with
    ``backports.zstd`` or Python 3.14.

        app.middleware(DecodedBodies())

    The limit of the route counts what comes out: a bomb ends with 413 when the limit is reached, and never more than
    64 KB are unpacked ahead. Another coding, or one on top of another, is a 415 that names those that are understood.
    Without this middleware a compressed body is what it is: bytes, and no JSON.
    """

    __slots__ = ("_decoders",)

    def __init__(self) -> None:
        self._decoders: dict[str, Callable[[], Decoder]] = {
            "gzip": lambda: Zlib(31),
            "x-gzip": lambda: Zlib(31),
            "deflate": lambda: Zlib(15),
        }
        if importlib.util.find_spec("brotli") is not None:
            self._decoders["br"] = Brotli
        module = zstd_module()
        if module is not None:
            self._decoders["zstd"] = lambda: Zstd(module)

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        field = request.headers.joined("content-encoding")
        if field is not None and field.strip().lower() not in ("", "identity"):
            make = self._decoders.get(field.strip().lower())
            if make is None:
                known = ", ".join(name for name in self._decoders if name != "x-gzip")
                raise UnsupportedMediaType(
                    f"Of the content codings, one of {known} is understood.",
                    headers={"accept-encoding": known},
                )
            packed = request.source
            request.source = DecodedBody(packed, make())
            request.raw_headers = [
                pair
                for pair in request.raw_headers
                if pair[0] not in (b"content-encoding", b"content-length")
            ]
            (request.made or {}).pop("headers", None)
            try:
                response = await next(request)
            except BaseException:
                request.source = packed
                raise
            if isinstance(response.body, bytes):
                # Nobody reads on: the server gets back what is its own, to see what is left of it.
                request.source = packed
            return response
        return await next(request)


class DecodedBody(BodySource):
    """What comes out of a compressed body, as it arrives. Its length is not known before the end."""

    __slots__ = ("_begun", "_decoder", "_packed", "_total")

    def __init__(self, packed: BodySource, decoder: Decoder) -> None:
        super().__init__(b"", packed.limit)
        self.length = None
        self._packed = packed
        self._decoder = decoder
        self._begun = False
        self._total = 0

    def admit(self, limit: int | None) -> None:
        # What is larger than the limit while it is packed is refused unread.
        self.limit = limit
        self._packed.admit(limit)

    async def read(self) -> bytes:
        decoder = self._decoder
        while not (piece := decoder.take()):
            data = await self._packed.read()
            if not data:
                if self._begun and not decoder.ended:
                    raise BadRequest("The compressed body ends too early.")
                return b""
            self._begun = True
            decoder.feed(data)
        self._total += len(piece)
        if self.limit is not None and self._total > self.limit:
            raise ContentTooLarge(
                f"The body unpacks to more than the {self.limit} bytes that are taken here."
            )
        return piece

    async def offload(self, function: Callable[..., T], *args: object) -> T:
        return await self._packed.offload(function, *args)


class Zlib:
    """gzip (RFC 1952) and deflate, which is zlib (RFC 1950)."""

    __slots__ = ("_left", "_stream")

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self._left = b""

    def feed(self, data: bytes) -> None:
        self._left = data

    def take(self) -> bytes:
        stream = self._stream
        if stream.eof:
            if self._left:
                raise BadRequest("The compressed body goes on after its end.")
            return b""
        try:
            piece = stream.decompress(self._left, _MOST_AT_ONCE)
        except zlib.error:
            raise BadRequest("The compressed body is damaged.") from None
        self._left = stream.unused_data if stream.eof else stream.unconsumed_tail
        return piece

    @property
    def ended(self) -> bool:
        return self._stream.eof


class Brotli:
    """RFC 7932, by the package ``brotli``."""

    __slots__ = ("_error", "_left", "_stream")

    def __init__(self) -> None:
        brotli = importlib.import_module("brotli")
        self._error: type[Exception] = brotli.error
        self._stream: Any = brotli.Decompressor()
        self._left = b""

    def feed(self, data: bytes) -> None:
        self._left = data

    def take(self) -> bytes:
        stream = self._stream
        if stream.is_finished():
            if self._left:
                raise BadRequest("The compressed body goes on after its end.")
            return b""
        data = b""
        if stream.can_accept_more_data():
            data, self._left = self._left, b""
        try:
            # Without input too: it may hold back what did not fit before.
            piece: bytes = stream.process(data, output_buffer_limit=_MOST_AT_ONCE)
        except self._error:
            raise BadRequest("The compressed body is damaged.") from None
        return piece

    @property
    def ended(self) -> bool:
        finished: bool = self._stream.is_finished()
        return finished


class Zstd:
    """RFC 8878, by the standard library from Python 3.14 on, and by ``backports.zstd`` before."""

    __slots__ = ("_error", "_left", "_stream")

    def __init__(self, module: Any) -> None:
        self._error: type[Exception] = module.ZstdError
        # A body may demand a window of 8 MB, as browsers take it (RFC 9659).
        self._stream: Any = module.ZstdDecompressor(
            options={module.DecompressionParameter.window_log_max: 23}
        )
        self._left = b""

    def feed(self, data: bytes) -> None:
        self._left = data

    def take(self) -> bytes:
        stream = self._stream
        if stream.eof:
            if self._left or stream.unused_data:
                raise BadRequest("The compressed body goes on after its end.")
            return b""
        data, self._left = self._left, b""
        if not data and stream.needs_input:
            return b""
        try:
            piece: bytes = stream.decompress(data, _MOST_AT_ONCE)
        except self._error:
            raise BadRequest("The compressed body is damaged.") from None
        return piece

    @property
    def ended(self) -> bool:
        ended: bool = self._stream.eof
        return ended
