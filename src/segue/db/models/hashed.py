"""Passwords and the like: fields that keep only what a hasher makes of their text."""

from collections.abc import Awaitable
from typing import Protocol, TypeAlias

__all__ = ["Hashed", "Hasher"]


Said: TypeAlias = bool | tuple[bool, bool]
"""What a hasher says of a text and a hash."""


class Hasher(Protocol):
    """What ``field(hashed=...)`` is given, such as ``segue.auth.Passwords``. It may take its time in a thread: both may be async."""

    def hash(self, text: str, /) -> "str | Awaitable[str]":
        """What is stored for a text."""
        ...

    def verify(self, text: str, hashed: str, /) -> "Said | Awaitable[Said]":
        """Whether this was made of a text; and whether it is to be made anew, as the second one of a pair."""
        ...


class Hashed(str):
    """The text of a hash, as it is stored: it is never hashed again, and not held to what holds for passwords."""

    __slots__ = ()
