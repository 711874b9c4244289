"""MessagePack, in the types that msgspec gives it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from segue.formats.base import PlainFormat

__all__ = ["MessagePack"]


class MessagePack(PlainFormat):
    """MessagePack: JSON's data in fewer bytes, with bytes and times of their own. A stream sends one value after another."""

    name = "msgpack"
    media_types = ("application/vnd.msgpack", "application/msgpack", "application/x-msgpack")
    suffixes = ("msgpack",)
    texts = False

    def encode(self, value: Any) -> bytes:
        return msgspec.msgpack.encode(self.plain(value))

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield self.encode(item)

    def decode(self, data: bytes, type: Any) -> Any:
        try:
            return msgspec.msgpack.decode(data)
        except RecursionError:
            raise ValueError("it is nested too deep") from None
