"""What is kept of a value: its bytes, when it was stored, and the tags that may take it back."""

import time
from typing import Any, TypeVar

import msgspec

__all__ = ["Entry", "packed", "unpacked"]

T = TypeVar("T")


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One value of a cache. ``tags`` are their keys, each with the mark that it had when the value was made."""

    value: bytes
    stored: float
    until: float | None = None
    tags: dict[str, bytes] = {}
    html: bool = False

    @property
    def age(self) -> float:
        """Seconds since it was stored."""
        return max(0.0, time.time() - self.stored)


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Entry).decode


def packed(value: Any) -> tuple[bytes, bool]:
    """A value as MessagePack, never as code (no pickle), and whether it is HTML that was escaped already.

    Raises TypeError for what MessagePack does not know.
    """
    html = getattr(value, "__html__", None)
    if html is not None and isinstance(value, str):
        return msgspec.msgpack.encode(str.__str__(value)), True
    try:
        return msgspec.msgpack.encode(value), False
    except TypeError as error:
        raise TypeError(
            f"{value!r:.80} cannot be kept: {error}. A cache keeps text, bytes, numbers, dates, lists, dicts, dataclasses and Structs"
        ) from None


def unpacked(entry: Entry, type: Any) -> Any:
    """The value of an entry, validated as ``type``. Raises msgspec.ValidationError."""
    if entry.html:
        from markupsafe import Markup

        return Markup(msgspec.msgpack.decode(entry.value, type=str))  # noqa: S704 -- it was Markup when it was kept
    return msgspec.msgpack.decode(entry.value, type=type)
