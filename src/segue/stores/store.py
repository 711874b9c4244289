"""Where bytes are kept by key, each for a time: the contract that all stores fulfil, and those of your own."""

import hashlib
import re
from collections.abc import Sequence
from typing import Protocol

__all__ = ["Store", "StoreDown", "Unkept", "key_of"]

_fits = re.compile(r"[!-~]{1,200}\Z").match


class StoreDown(Exception):
    """The store cannot be asked at the moment."""


class Store(Protocol):
    """Bytes by key, each for a time. Caches, sessions, limits and code of your own keep theirs in one of these.

    Keys are ASCII without spaces, of 200 letters at most; ``key_of`` makes one of any text. What stands before a ``/`` is a
    namespace. ``seconds`` None is without end; a store may forget anything at any time all the same. What is promised to
    happen at once does so among all processes that share the store. Any method may raise StoreDown.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes see it too."""
        ...

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        """The value of ``key``; None for what is not there, or not any more. ``renew`` seconds is what is left of it then."""
        ...

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of ``keys``, in their order."""
        ...

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        """Keeps a value."""

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        """Keeps a value if there is none, at once; whether it did."""
        ...

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        """Keeps ``new`` if ``old`` is there, at once; whether it was."""
        ...

    async def touch(self, key: str, seconds: float | None) -> bool:
        """Gives what is there a new time; whether something was there."""
        ...

    async def delete(self, keys: Sequence[str]) -> int:
        """Forgets them; how many were there."""
        ...

    async def delete_if(self, key: str, value: bytes) -> bool:
        """Forgets it if it has this value, at once; whether it had."""
        ...

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        """Adds to a number, which begins at 0 and then ends after ``seconds``, at once; the number."""
        ...

    async def clear(self, prefix: str = "") -> None:
        """Forgets all whose keys begin with ``prefix``, which ends with a ``/``; without one, all that this store has kept."""

    async def delete_expired(self) -> int:
        """Gives up the room of what is over; of how many keys. What is over is not there in any case."""
        ...

    async def close(self) -> None:
        """Gives up files and connections; the next question opens them again."""


class Unkept:
    """Keeps nothing, ``"none:"``: for development and tests."""

    shared = False

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        return None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [None] * len(keys)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        return None

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        return True

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        return False

    async def touch(self, key: str, seconds: float | None) -> bool:
        return False

    async def delete(self, keys: Sequence[str]) -> int:
        return 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        return True

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        return by

    async def clear(self, prefix: str = "") -> None:
        return None

    async def delete_expired(self) -> int:
        return 0

    async def close(self) -> None:
        return None


def key_of(text: str) -> str:
    """A key for any text: the text itself where it can be one, or else its hash."""
    if _fits(text) and "/" not in text and not text.startswith("="):
        return text
    return "=" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24).hexdigest()
