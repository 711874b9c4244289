"""Where the bytes of a request come from, and the forms in which those of a response leave."""

from collections.abc import AsyncIterable, Callable
from typing import BinaryIO, TypeVar

from segue.http.errors import ContentTooLarge
from segue.http.websocket import Upgrade

__all__ = ["NO_BODY", "BodySource", "FileBody", "ResponseBody"]

T = TypeVar("T")


class BodySource:
    """The body of a request, read in pieces. A server derives from it; as it is, it is a body already in memory.

    ``length`` is the declared size in bytes, or None when the sender did not declare one (chunked).
    ``limit`` is the greatest size in bytes that :meth:`read` lets through; None is no limit.
    """

    __slots__ = ("length", "limit", "_data")

    def __init__(self, data: bytes = b"", limit: int | None = None) -> None:
        self.length: int | None = len(data)
        self.limit = limit
        self._data = data

    def admit(self, limit: int | None) -> None:
        """Sets the limit; refuses a body that is declared to be larger, before any of it is read.

        Raises ContentTooLarge (413).
        """
        self.limit = limit
        if limit is not None and self.length is not None and self.length > limit:
            raise ContentTooLarge(f"The body has {self.length} bytes; at most {limit} are taken here.")

    def take(self) -> bytes | None:
        """The whole body, if it is here and nothing of it was read; None where :meth:`read` has to be asked."""
        return None

    async def read(self) -> bytes:
        """The next piece, at least one byte; ``b""`` at the end.

        Raises ContentTooLarge when the limit is passed and ClientDisconnected when the sender is gone.
        """
        data, self._data = self._data, b""
        return data

    async def offload(self, function: Callable[..., T], *args: object) -> T:
        """Runs blocking file work. A source that belongs to a loop does it in a thread."""
        return function(*args)


#: The body of a request that has none.
NO_BODY = BodySource()


class FileBody:
    """``count`` bytes of an open file, from ``offset``. Whoever sends it closes the file."""

    __slots__ = ("count", "file", "offset")

    def __init__(self, file: BinaryIO, offset: int, count: int) -> None:
        self.file = file
        self.offset = offset
        self.count = count

    def close(self) -> None:
        self.file.close()


#: Bytes, a file, pieces that come one by one, or the change to a WebSocket.
ResponseBody = bytes | FileBody | AsyncIterable[bytes] | Upgrade
