"""What a cache was asked, and what it had: for ``segue explain --run``."""

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Any

from segue.cache.cache import Cache

__all__ = ["watched"]


class _Watched:
    """A store that counts. It is there only while somebody looks."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked = self.had = self.kept = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = await self._store.get_many(keys)
        self.asked += len(keys)
        self.had += sum(one is not None for one in found)
        return found

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        self.kept += 1
        await self._store.set(key, value, seconds)


@contextlib.contextmanager
def watched(cache: Cache) -> Generator[Callable[[], list[str]]]:
    """Counts what a cache is asked while the block runs."""
    store = cache.store
    counts = _Watched(store)
    counted: Any = counts
    cache.store = counted
    try:
        yield lambda: [f"asked for {counts.asked}, had {counts.had}, kept {counts.kept}"]
    finally:
        cache.store = store
