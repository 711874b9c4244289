"""One makes it, the others wait: in this process, and in all that share a store."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from segue.cache.entries import Entry

if TYPE_CHECKING:
    from segue.cache.cache import Cache

__all__ = ["Flights"]

Made = tuple[bytes, float | None, bool]
"""What was made: its bytes, for how many seconds they are kept, and whether they are HTML."""

_PATIENCE = 30.0  # seconds that a process waits for another one
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.2


class Flights:
    """What is being made at this moment."""

    def __init__(self, cache: "Cache") -> None:
        self._cache = cache
        self._under_way: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Future[Entry | None]] = {}

    async def through(
        self,
        name: str,
        tags: Sequence[str],
        make: Callable[[], Awaitable[Made | None]],
        fits: Callable[[Entry], bool],
    ) -> Entry | None:
        """The entry of a key of the store: one that ``fits`` and is there, or the one that ``make`` gives.

        None where it gave nothing to keep. Then those who waited make it themselves, each its own. What it raises is
        raised for all who waited.
        """
        key = (asyncio.get_running_loop(), name)
        while (leader := self._under_way.get(key)) is not None:
            try:
                made = await asyncio.shield(leader)
            except asyncio.CancelledError:
                if not leader.cancelled():
                    raise
                continue  # who made it has gone: somebody else takes over
            if made is not None and fits(made):
                return made
            return await self._keep(name, make, {}, tags)
        # Looking it up is part of it: of many that want the same, one asks the store.
        flight = self._under_way[key] = key[0].create_future()
        try:
            entry, marks = await self._cache.read(name, tags)
            if entry is None or not fits(entry):
                entry = await self._lead(name, tags, marks, make, fits)
        except asyncio.CancelledError:
            flight.cancel()
            raise
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # it may be that nobody waits
            raise
        else:
            flight.set_result(entry)
            return entry
        finally:
            del self._under_way[key]

    async def _lead(
        self,
        name: str,
        tags: Sequence[str],
        marks: dict[str, bytes],
        make: Callable[[], Awaitable[Made | None]],
        fits: Callable[[Entry], bool],
    ) -> Entry | None:
        cache = self._cache
        if not cache.store.shared:
            return await self._keep(name, make, marks, tags)
        lock, token = name + ".lock", os.urandom(8)
        deadline, wait = time.monotonic() + _PATIENCE, _FIRST_WAIT
        while not await cache.ask(lambda store: store.add(lock, token, _PATIENCE), True):
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)
            entry, _ = await cache.read(name, tags)
            if entry is not None and fits(entry):
                return entry
            if time.monotonic() > deadline:
                break
        try:
            # Another process may have made it between our question and our turn.
            entry, marks = await cache.read(name, tags)
            if entry is not None and fits(entry):
                return entry
            return await self._keep(name, make, marks, tags)
        finally:
            await cache.ask(lambda store: store.delete_if(lock, token), True)

    async def _keep(
        self,
        name: str,
        make: Callable[[], Awaitable[Made | None]],
        marks: dict[str, bytes],
        tags: Sequence[str],
    ) -> Entry | None:
        # The marks are those from before: what is invalidated meanwhile has others then, and does not hold.
        marks = await self._cache.marks(tags, marks)
        made = await make()
        if made is None:
            return None
        data, seconds, html = made
        return await self._cache.write(name, data, seconds, marks, html=html)
