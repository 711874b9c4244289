"""The body of a request that another carrier delivers: pulled piece by piece, within the limits of every interface."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from segue.http.body import BodySource
from segue.http.errors import BadRequest, ContentTooLarge, RequestTimeout
from segue.server.limits import Limits

__all__ = ["CarriedBody"]

T = TypeVar("T")


class CarriedBody(BodySource):
    """``pull`` gives the next piece and ``b""`` at the end; it raises ClientDisconnected when the sender is gone."""

    __slots__ = ("_error", "_limits", "_pull", "_pulling", "complete", "received")

    def __init__(self, length: int | None, limits: Limits, pull: Callable[[], Awaitable[bytes]]) -> None:
        super().__init__(b"", limits.max_body)
        self.length = length
        #: Whether all of it was read.
        self.complete = length == 0
        self._limits = limits
        self._pull = pull
        self._pulling = False
        #: Bytes so far.
        self.received = 0
        self._error: Exception | None = None

    async def read(self) -> bytes:
        if self._error is not None:
            raise self._error
        if self.complete:
            return b""
        if self._pulling:
            raise RuntimeError(
                "two tasks read the body of one request at the same time; only one can have it"
            )
        self.admit(self.limit)
        self._pulling = True
        try:
            async with asyncio.timeout(self._limits.body_timeout):
                piece = await self._pull()
        except TimeoutError:
            raise self._fail(
                RequestTimeout(f"No more of the body came for {self._limits.body_timeout:g} seconds.")
            ) from None
        finally:
            self._pulling = False
        return self._count(piece)

    def _count(self, piece: bytes) -> bytes:
        self.received += len(piece)
        if not piece:
            self.complete = True
            if self.length is not None and self.received != self.length:
                raise self._fail(BadRequest("The body is shorter than its Content-Length."))
        elif self.length is not None and self.received > self.length:
            raise self._fail(BadRequest("The body is longer than its Content-Length."))
        elif self.limit is not None and self.received > self.limit:
            raise self._fail(
                ContentTooLarge(f"The body has more than the {self.limit} bytes that are taken here.")
            )
        elif self.received == self.length:
            self.complete = True
        return piece

    def _fail(self, error: Exception) -> Exception:
        self._error = error
        return error

    async def offload(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.to_thread(function, *args)
