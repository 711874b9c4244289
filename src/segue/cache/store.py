"""Where a cache keeps its bytes: the contract that memory, SQLite, Redis and stores of your own fulfil."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Store", "StoreDown", "Unkept"]


class StoreDown(Exception):
    """The store cannot be asked at the moment. A cache goes on without it, so that a site does not stop with it."""


class Store(Protocol):
    """Bytes by key, each for a time.

    Keys are short ASCII texts: hashes that the cache has made. ``seconds`` None is without end; a store may forget
    anything at any time all the same. What is promised to happen at once does so among all processes that share the store.
    Any method may raise StoreDown.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes see it too."""
        ...

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of ``keys``, in their order; None for what is not there, or not any more."""
        ...

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        """Keeps a value."""

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        """Keeps a value if there is none, at once; whether it did."""
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

    async def clear(self) -> None:
        """Forgets everything that this cache has kept."""

    async def close(self) -> None:
        """Gives up files and connections."""


class Unkept:
    """Keeps nothing: for development and tests, ``Cache("none:")``."""

    shared = False

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [None] * len(keys)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        return None

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        return True

    async def touch(self, key: str, seconds: float | None) -> bool:
        return False

    async def delete(self, keys: Sequence[str]) -> int:
        return 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        return True

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        return by

    async def clear(self) -> None:
        return None

    async def close(self) -> None:
        return None
