"""Sessions in any store: Redis, memcached, files, the app's database, a quick one before a sure one."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from segue.core.ports import StoredSession
from segue.core.turns import Turns
from segue.http.errors import ServiceUnavailable
from segue.stores.namespaces import Namespace
from segue.stores.store import Store, StoreDown

__all__ = ["StoredSessions"]

T = TypeVar("T")

_LEASE = 90.0  # seconds after which the lock of a process that died is free
_OWNED = 400 * 86_400.0  # longer than any session
_TRIES = 100
_PAUSE = 0.002
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StoredSession).decode
_keys = msgspec.msgpack.Decoder(list[str]).decode


class StoredSessions:
    """Keeps sessions in a store: what ``Sessions("redis://localhost")`` and ``Sessions("store:default")`` mean.

        Sessions(StoredSessions(LayeredStore(open_store("memcached://localhost"), DatabaseStore())))

    They are a namespace of their own in it. In a store that forgets what it has no room for, visitors have to sign in again then.
    """

    def __init__(self, store: Store) -> None:
        self._given = store
        self._store = Namespace(store, "sessions")
        self._turns = Turns(pause=_PAUSE)

    async def open(self) -> None:
        """Nothing to do: a store opens what it needs when it is asked."""

    async def close(self) -> None:
        await self._given.close()

    async def read(self, key: str) -> StoredSession | None:
        found = await _told(self._store.get(key))
        return None if found is None else _decode(found)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        await _told(self._store.set(key, _encode(session), keep))
        if session.owner:
            await self._index(session.owner, lambda keys: [*(one for one in keys if one != key), key])

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        for attempt in range(_TRIES):
            before = await _told(self._store.get(key))
            if before is None:
                return False
            session = _decode(before)
            for name, value in changes.items():
                if value is None:
                    session.data.pop(name, None)
                else:
                    session.data[name] = value
            session.used = max(used, session.used)
            if await _told(self._store.swap(key, before, _encode(session), keep)):
                return True
            await asyncio.sleep(_PAUSE * min(attempt, 10))  # another request was faster
        raise TimeoutError("a session is changed by so many requests at once that it cannot be written")

    async def delete(self, key: str) -> None:
        await _told(self._store.delete([key]))

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        if not owner:
            return {}
        listed = await _told(self._store.get(_of(owner)))
        keys = [] if listed is None else _keys(listed)
        found = await _told(self._store.get_many(keys)) if keys else []
        sessions = {key: _decode(value) for key, value in zip(keys, found, strict=True) if value is not None}
        sessions = {key: one for key, one in sessions.items() if one.owner == owner}
        ended = set(keys) - set(sessions)
        if ended:
            await self._index(owner, lambda keys: [one for one in keys if one not in ended])
        return sessions

    @asynccontextmanager
    async def lock(self, key: str, wait: float) -> AsyncGenerator[None]:
        name, holder = f"{key}.lock", secrets.token_bytes(8)

        async def take() -> bool:
            return await _told(self._store.add(name, holder, _LEASE))

        async with self._turns.taken(key, wait, take):
            try:
                yield
            finally:
                await _told(self._store.delete_if(name, holder))

    async def sweep(self) -> int:
        return await _told(self._store.delete_expired())

    async def _index(self, owner: str, change: Callable[[list[str]], list[str]]) -> None:
        """Changes which sessions are those of an owner; of several that do so at once none is lost."""
        name = _of(owner)
        for attempt in range(_TRIES):
            before = await _told(self._store.get(name))
            keys = change([] if before is None else _keys(before))
            if before is None:
                done = await _told(self._store.add(name, _encode(keys), _OWNED))
            elif keys:
                done = await _told(self._store.swap(name, before, _encode(keys), _OWNED))
            else:
                done = await _told(self._store.delete_if(name, before))
            if done:
                return
            await asyncio.sleep(_PAUSE * min(attempt, 10))
        raise ServiceUnavailable("The sessions of this account change all the time.", retry_after=1)


async def _told(asked: Awaitable[T]) -> T:
    """What the store says. Raises ServiceUnavailable (503) where it does not."""
    try:
        return await asked
    except StoreDown as error:
        raise ServiceUnavailable("The store of sessions does not answer.", retry_after=1) from error


def _of(owner: str) -> str:
    return f"owner.{hashlib.sha256(owner.encode()).hexdigest()}"
