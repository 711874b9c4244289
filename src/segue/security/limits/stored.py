"""Counts in any store: exact in all that share it."""

import asyncio
import time

import msgspec

from segue.http.errors import ServiceUnavailable
from segue.security.limits.rate import Allowance, Entry, Rate, decide
from segue.stores.namespaces import Namespace
from segue.stores.store import Store, StoreDown

__all__ = ["StoredCounts"]

_TRIES = 400
_PAUSE = 0.001
_read = msgspec.msgpack.Decoder(list[Entry]).decode
_write = msgspec.msgpack.Encoder().encode


class StoredCounts:
    """Counts in a store: what ``Limiter("memcached://localhost")`` and ``Limiter("store:default")`` mean.

    They are a namespace of their own in it. The clock is that of the machine: those of several have to agree. In a store that forgets what it has no
    room for, counts may begin anew.
    """

    def __init__(self, store: Store) -> None:
        self._given = store
        self._store = Namespace(store, "limits")

    async def open(self) -> None:
        """Nothing to do: a store opens what it needs when it is asked."""

    async def close(self) -> None:
        await self._given.close()

    async def take(self, key: str, rate: Rate, cost: int) -> Allowance:
        try:
            for attempt in range(_TRIES):
                before = await self._store.get(key)
                allowance, log = decide([] if before is None else _read(before), rate, time.time(), cost)
                if not allowance.allowed:
                    return allowance
                after = _write(log)
                if before is None:
                    done = await self._store.add(key, after, allowance.reset)
                else:
                    done = await self._store.swap(key, before, after, allowance.reset)
                if done:
                    return allowance
                await asyncio.sleep(_PAUSE * min(attempt, 20))  # somebody else was faster
        except StoreDown as error:
            raise ServiceUnavailable("The store of limits does not answer.", retry_after=1) from error
        raise ServiceUnavailable("Too many ask for the same limit at once.", retry_after=1)

    async def forget(self, key: str) -> None:
        try:
            await self._store.delete([key])
        except StoreDown as error:
            raise ServiceUnavailable("The store of limits does not answer.", retry_after=1) from error

    async def sweep(self) -> int:
        return await self._store.delete_expired()
