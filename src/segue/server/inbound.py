"""The body of a request on its way in: fed by the protocol, read by the handler, held up when nobody reads."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from segue.http.body import BodySource
from segue.http.errors import BadRequest, ContentTooLarge, RequestTimeout
from segue.server.limits import Limits

__all__ = ["InboundBody"]

T = TypeVar("T")

_HIGH_WATER = 64 * 1024


class InboundBody(BodySource):
    """Pieces arrive by :meth:`feed`; more than 64 KB that nobody has read pause the transport."""

    # PERF: what most bodies leave as it is stands on the class: 0.5 us less for each (benchmarks, order).
    complete = False
    chunks = 0
    _buffered = 0
    _received = 0
    _read_total = 0
    _waited = 0.0
    _seen = 0
    _seen_late = 0
    _started = False
    _forgotten = False
    _admitted = False  # the limit is the one of the route
    _waiter: asyncio.Future[None] | None = None
    _error: Exception | None = None

    def __init__(
        self,
        length: int | None,
        limits: Limits,
        hold: Callable[[], None],
        release: Callable[[], None],
        on_read: Callable[[], None] | None,
    ) -> None:
        self.length = length
        self.limit = limits.max_body
        self._limits = limits
        self._hold = hold
        self._release = release
        self._on_read = on_read
        self._pieces: list[bytes] = []

    @property
    def received(self) -> int:
        """Bytes that have arrived."""
        return self._received

    def admit(self, limit: int | None) -> None:
        super().admit(limit)
        self._admitted = True
        if limit is not None and self._received > limit and self._pieces:
            self._pieces = [b"".join(self._pieces)[: limit + 1]]

    def feed(self, piece: bytes) -> None:
        before = self._received
        self._received += len(piece)
        if self._forgotten:
            return
        if self._admitted and self.limit is not None and self._received > self.limit:
            # One byte too many is enough for who reads to be told; the others need not be kept (SEC-29).
            piece = piece[: max(0, self.limit + 1 - before)]
            if not piece:
                return
        self._buffered += len(piece)
        self._pieces.append(piece)
        if self._buffered > _HIGH_WATER:
            self._hold()
        self._wake()

    def count_chunk(self) -> None:
        """One more chunk of the chunked coding: a body cut into crumbs costs more than it brings (SEC-13)."""
        self.chunks += 1
        if self.chunks > 64 + self._received // 256:
            raise BadRequest("The body comes in too many small chunks.")

    def feed_end(self) -> None:
        self.complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Makes the next read raise ``error``; a body that is complete stays readable."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def forget(self, most: int) -> bool:
        """Nobody will read on: what is still to come is thrown away, if it is at most ``most`` bytes.

        Returns False when it may be more, when the client waits to be told to send it, and after an error.
        """
        self._pieces.clear()
        self._buffered = 0
        self._forgotten = True
        self._release()
        if self.complete:
            return True
        if self._error is not None or (self._on_read is not None and not self._started):
            return False
        return self.length is not None and self.length - self._received <= most

    def progressed(self) -> bool:
        """Whether more has arrived since this was last asked."""
        before, self._seen = self._seen, self._received
        return self._received > before and not self.complete

    def goes_on(self) -> bool:
        """The same for another asker: the deadline of the request, which a steady upload puts off."""
        before, self._seen_late = self._seen_late, self._received
        return self._received > before and not self.complete

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def take(self) -> bytes | None:
        if not self.complete or self._started or self._forgotten or len(self._pieces) != 1:
            return None
        if self.limit is not None and self._received > self.limit:
            return None
        self._started = True
        self._buffered = 0
        self._release()
        return self._pieces.pop()

    async def read(self) -> bytes:
        if not self._started:
            self._started = True
            if self.limit is not None and self.length is not None and self.length > self.limit:
                raise ContentTooLarge(
                    f"The body has {self.length} bytes; at most {self.limit} are taken here."
                )
            if self._on_read is not None and not self.complete:
                self._on_read()
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self.complete:
                return b""
            await self._wait()
        pieces = self._pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._buffered = 0
        self._release()
        self._read_total += len(piece)
        if self.limit is not None and self._read_total > self.limit:
            self._error = ContentTooLarge(
                f"The body has more than the {self.limit} bytes that are taken here."
            )
            raise self._error
        return piece

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError(
                "two tasks read the body of one request at the same time; only one can have it"
            )
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        start = loop.time()
        try:
            async with asyncio.timeout(self._limits.body_timeout):
                await self._waiter
        except TimeoutError:
            self._error = RequestTimeout(
                f"No more of the body came for {self._limits.body_timeout:g} seconds."
            )
            raise self._error from None
        finally:
            self._waiter = None
        self._waited += loop.time() - start
        if (
            self._waited > self._limits.body_timeout
            and self._received < self._waited * self._limits.min_body_rate
        ):
            self._error = RequestTimeout("The body comes too slowly.")
            raise self._error

    async def offload(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.to_thread(function, *args)
