"""How the hub of a machine and its processes talk: MessagePack with its length before it."""

from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = ["Frames", "frame"]

_LENGTH = 4
_LARGEST = 64 * 1024 * 1024

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def frame(value: Any) -> bytes:
    """``value`` as it is sent. Raises ValueError for what is over 64 MiB."""
    body = _encode(value)
    if len(body) > _LARGEST:
        raise ValueError(f"a message of {len(body):,} bytes is larger than {_LARGEST:,}")
    return len(body).to_bytes(_LENGTH, "big") + body


class Frames:
    """Finds the values in the bytes of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """The values that are whole now. Raises ValueError for what is none."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= _LENGTH:
            length = int.from_bytes(buffer[start : start + _LENGTH], "big")
            if length > _LARGEST:
                raise ValueError(f"a frame of {length:,} bytes")
            end = start + _LENGTH + length
            if len(buffer) < end:
                break
            yield _decode(memoryview(buffer)[start + _LENGTH : end].tobytes())
            start = end
        del buffer[:start]
