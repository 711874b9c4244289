"""The store in the memory of one process: the least recently used goes when it is full."""

import time
from collections import OrderedDict
from collections.abc import Sequence

__all__ = ["MemoryStore"]

_NEVER = float("inf")
_OVERHEAD = 200  # bytes of an entry besides its key and its value, about


class MemoryStore:
    """Keeps up to ``size`` bytes. Each process has its own: workers do not see what others keep."""

    shared = False

    def __init__(self, size: int = 64 * 1024 * 1024) -> None:
        self._size = size
        self._used = 0
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        value = self._get(key)
        if value is not None and renew is not None:
            self._entries[key] = (_until(renew), value)
        return value

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self._get(key) for key in keys]

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        self._put(key, value, _until(seconds))

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        if self._get(key) is not None:
            return False
        self._put(key, value, _until(seconds))
        return True

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        if self._get(key) != old:
            return False
        self._put(key, new, _until(seconds))
        return True

    async def touch(self, key: str, seconds: float | None) -> bool:
        value = self._get(key)
        if value is not None:
            self._entries[key] = (_until(seconds), value)
        return value is not None

    async def delete(self, keys: Sequence[str]) -> int:
        return sum(self._get(key) is not None and self._drop(key) for key in keys)

    async def delete_if(self, key: str, value: bytes) -> bool:
        return self._get(key) == value and self._drop(key)

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        present = self._get(key)
        number = by if present is None else int.from_bytes(present, "big", signed=True) + by
        until = _until(seconds) if present is None else self._entries[key][0]
        self._put(key, number.to_bytes(16, "big", signed=True), until)
        return number

    async def clear(self, prefix: str = "") -> None:
        for key in [one for one in self._entries if one.startswith(prefix)]:
            self._drop(key)

    async def delete_expired(self) -> int:
        now = time.monotonic()
        over = [key for key, (until, _) in self._entries.items() if until <= now]
        for key in over:
            self._drop(key)
        return len(over)

    async def close(self) -> None:
        await self.clear()

    def _get(self, key: str) -> bytes | None:
        found = self._entries.get(key)
        if found is None:
            return None
        if found[0] <= time.monotonic():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return found[1]

    def _put(self, key: str, value: bytes, until: float) -> None:
        self._drop(key)
        cost = len(key) + len(value) + _OVERHEAD
        if cost > self._size:
            return
        self._entries[key] = (until, value)
        self._used += cost
        while self._used > self._size:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> bool:
        found = self._entries.pop(key, None)
        if found is not None:
            self._used -= len(key) + len(found[1]) + _OVERHEAD
        return found is not None


def _until(seconds: float | None) -> float:
    return _NEVER if seconds is None else time.monotonic() + seconds
