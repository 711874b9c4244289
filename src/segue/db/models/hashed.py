"""Passwords and the like: fields that keep only what a hasher makes of their text."""

from collections.abc import Awaitable
from typing import Protocol

__all__ = ["Hashed", "Hasher"]


class Hasher(Protocol):
    """What ``field(hashed=...)`` is given. It may take its time in a thread: both may be async."""

    def hash(self, text: str, /) -> "str | Awaitable[str]":
        """What is stored for a text."""
        ...

    def verify(self, text: str, hashed: str, /) -> "bool | Awaitable[bool]":
        """Whether this was made of a text."""
        ...


class Hashed(str):
    """The text of a hash, as it is stored: it is never hashed again, and not held to what holds for passwords."""

    __slots__ = ()
