"""Keys: anything that has a value, as a hash that no other thing has."""

import hashlib
from typing import Any

import msgspec

__all__ = ["digest"]


def digest(*parts: Any) -> str:
    """A short ASCII text for ``parts``, a different one for parts that differ in any way.

    They are hashed as MessagePack, which keeps types, lengths and bytes apart: 45 is not "45", "a b" not "ab", and text
    that only looks alike is not the same. Raises TypeError for what has no value of its own.
    """
    try:
        octets = msgspec.msgpack.encode(parts, enc_hook=_refuse, order="deterministic")
    except UnicodeEncodeError:
        octets = b"\xc1" + repr(parts).encode("utf-8", "surrogatepass")  # 0xc1 begins no MessagePack
    return hashlib.blake2b(octets, digest_size=24).hexdigest()


def _refuse(value: Any) -> Any:
    name = type(value).__qualname__
    raise TypeError(
        f"{value!r:.80} is no part of a key: a {name} has no value that tells it from others. Give its id, or say the key: key=..."
    )
