"""Turns among processes: who waits for the same thing in one process queues up there, and only the first asks whoever decides among all."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

__all__ = ["Turns"]

T = TypeVar("T")

_LONGEST_PAUSE = 0.05  # seconds


class Turns:
    """Turns by key.

        turns = Turns()
        async with turns.taken(key, 5.0, lambda: take_lease(key, holder)):
            try:
                ...
            finally:
                await give_back(key, holder)

    ``pause``: seconds before the second attempt; later ones wait longer.
    """

    def __init__(self, *, pause: float = 0.001) -> None:
        self._pause = pause
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(
        self, key: str, wait: float, take: Callable[[], Awaitable[T | None]]
    ) -> AsyncGenerator[T]:
        """A block that has its turn: ``take`` has given something that is neither None nor False. Raises TimeoutError after ``wait`` seconds."""
        own = self._locks.get(key)
        if own is None:
            own = self._locks[key] = asyncio.Lock()
        async with asyncio.timeout(wait):
            await own.acquire()
            try:
                pause = self._pause
                while (found := await take()) is None or found is False:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
            except BaseException:
                own.release()
                raise
        try:
            yield found
        finally:
            own.release()
