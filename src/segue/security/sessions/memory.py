"""Sessions in the memory of one process: for tests, and for apps that run as one."""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from weakref import WeakValueDictionary

from segue.core.ports import StoredSession

__all__ = ["MemorySessions"]


class MemorySessions:
    """Keeps sessions as long as the process lives. ``Sessions(MemorySessions())``; for one worker only."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[StoredSession, float]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._swept = time.monotonic()

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close; the sessions are there for the next start in the same process."""

    async def read(self, key: str) -> StoredSession | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[1] < time.monotonic():
            del self._kept[key]
            return None
        stored = kept[0]
        return _copied(stored)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        now = time.monotonic()
        self._kept[key] = (session, now + keep)
        if now - self._swept > 600:
            await self.sweep()

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        if await self.read(key) is None:
            return False
        stored, _ = self._kept[key]
        for name, value in changes.items():
            if value is None:
                stored.data.pop(name, None)
            else:
                stored.data[name] = value
        stored.used = max(used, stored.used)
        self._kept[key] = (stored, time.monotonic() + keep)
        return True

    async def delete(self, key: str) -> None:
        self._kept.pop(key, None)

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        now = time.monotonic()
        return {
            key: _copied(stored)
            for key, (stored, until) in self._kept.items()
            if stored.owner == owner and until >= now
        }

    def lock(self, key: str, wait: float) -> "_Turn":
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return _Turn(lock, wait)

    async def sweep(self) -> int:
        now = self._swept = time.monotonic()
        over = [key for key, (_, until) in self._kept.items() if until < now]
        for key in over:
            del self._kept[key]
        return len(over)

    def __len__(self) -> int:
        return len(self._kept)


def _copied(stored: StoredSession) -> StoredSession:
    return StoredSession(dict(stored.data), stored.created, stored.used, stored.owner)


class _Turn:
    """The lock of one session, for one request. PERF: 1 us where nobody else waits; a generator and a timer take 9."""

    __slots__ = ("_lock", "_wait")

    def __init__(self, lock: asyncio.Lock, wait: float) -> None:
        self._lock = lock
        self._wait = wait

    async def __aenter__(self) -> None:
        if self._lock.locked():
            async with asyncio.timeout(self._wait):
                await self._lock.acquire()
        else:
            await self._lock.acquire()  # at once, or after those who were let in before

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
