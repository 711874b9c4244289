"""What a place for files has to do."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol

from msgspec import Struct

__all__ = ["PIECE", "Facts", "Place"]

PIECE = 256 * 1024
"""Bytes that are moved at once."""


class Facts(Struct, frozen=True):
    """What is known of a kept file. ``modified``: seconds since 1970."""

    name: str
    size: int
    modified: float


class Place(Protocol):
    """Where the bytes of kept files are. Names come checked; a file that is not there is a FileNotFoundError.

    tests/storage has one suite for all places.
    """

    async def write(self, name: str, pieces: AsyncIterable[bytes], content_type: str) -> int:
        """Writes a whole file, or nothing at all; how many bytes it has."""
        ...

    def read(self, name: str, start: int, stop: int | None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to, not including, ``stop``."""
        ...

    async def facts(self, name: str) -> Facts:
        """What is known of a file."""
        ...

    async def delete(self, name: str) -> None:
        """Takes a file away, if it is there."""

    def names(self, folder: str) -> AsyncIterator[Facts]:
        """All files below a folder, ``""`` for all."""
        ...

    def link(self, name: str, seconds: int) -> str | None:
        """A URL by which anyone may read the file for a while, past the app; None where there is none."""
        ...

    async def close(self) -> None:
        """Lets go of what it holds."""
