"""Files in the memory of this process, for tests."""

import time
from collections.abc import AsyncIterable, AsyncIterator

from segue.storage.place import PIECE, Facts

__all__ = ["MemoryPlace"]


class MemoryPlace:
    """``Storage("memory:")``: gone when the process ends, and no other one sees them."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, float]] = {}

    async def write(self, name: str, pieces: AsyncIterable[bytes], content_type: str) -> int:
        content = b"".join([piece async for piece in pieces])
        self._files[name] = (content, time.time())
        return len(content)

    async def read(self, name: str, start: int, stop: int | None) -> AsyncIterator[bytes]:
        content = self._found(name)[0][start:stop]
        for at in range(0, len(content), PIECE):
            yield content[at : at + PIECE]

    async def facts(self, name: str) -> Facts:
        content, modified = self._found(name)
        return Facts(name, len(content), modified)

    async def delete(self, name: str) -> None:
        self._files.pop(name, None)

    async def names(self, folder: str) -> AsyncIterator[Facts]:
        for name, (content, modified) in sorted(self._files.items()):
            if not folder or name.startswith(f"{folder}/"):
                yield Facts(name, len(content), modified)

    def link(self, name: str, seconds: int) -> None:
        return None

    async def close(self) -> None:
        self._files.clear()

    def _found(self, name: str) -> tuple[bytes, float]:
        try:
            return self._files[name]
        except KeyError:
            raise FileNotFoundError(name) from None
