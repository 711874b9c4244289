"""A store in the app's database, beside its other tables: caches, sessions and limits need no other server then."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from segue.db.databases.database import database_of
from segue.db.engine.errors import UniqueViolation
from segue.db.models.fields import Field, field
from segue.db.models.model import Keyed
from segue.db.queries.expressions import Expr
from segue.http.errors import InsufficientStorage, ServiceUnavailable
from segue.stores.store import StoreDown

__all__ = ["DatabaseStore", "StoreEntry"]

T = TypeVar("T")

_TRIES = 200
_NEVER = 253_402_300_799.0  # the end of the year 9999
_SWEEP_EVERY = 512  # writes


class StoreEntry(Keyed, table="segue_store"):
    """What is kept of a key. ``until``: seconds since 1970; ``version`` is another one after each change."""

    key: Field[str] = field(key=True, max_length=255)
    value: Field[bytes] = field(private=True)
    until: Field[float] = field(index=True)
    version: Field[str] = field(max_length=16)


class DatabaseStore:
    """Keeps entries in the database of the app, whichever it is: ``"database:"``.

        app = App(plugins=[Database(), Caching("database:")])

    Its table, ``segue_store``, is made with all others: by ``segue db diff``, by ``Database(migrate=True)`` or by ``db.create_all()``. A Database
    that lists its ``models`` lists ``StoreEntry`` too. In a transaction of yours, what is written here is part of it.
    """

    shared = True

    def __init__(self) -> None:
        self._writes = 0

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        if renew is not None and not await self.touch(key, renew):
            return None
        return (await self.get_many([key]))[0]

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        async def work() -> list[bytes | None]:
            rows = await StoreEntry.where(
                StoreEntry.key.is_in(list(dict.fromkeys(keys))), StoreEntry.until > time.time()
            )
            found = {row.key: row.value for row in rows}
            return [found.get(key) for key in keys]

        return await _told(work)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        async def work() -> None:
            for _ in range(_TRIES):
                if await self._change(_is(key), value, _ends(seconds)) or await self._insert(
                    key, value, seconds
                ):
                    return
            raise StoreDown(f"the key {key!r} changes all the time")

        await _told(work)
        await self._sweep()

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        async def work() -> bool:
            over = StoreEntry.until <= time.time()
            if await self._change([*_is(key), over], value, _ends(seconds)):
                return True
            if await StoreEntry.where(*_is(key)).exists():
                return False
            return await self._insert(key, value, seconds)

        added = await _told(work)
        await self._sweep()
        return added

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        async def work() -> bool:
            row = await self._row(key)
            if row is None or row.value != old:
                return False
            return await self._change([*_is(key), StoreEntry.version == row.version], new, _ends(seconds))

        return await _told(work)

    async def touch(self, key: str, seconds: float | None) -> bool:
        async def work() -> bool:
            there = StoreEntry.where(*_is(key), StoreEntry.until > time.time())
            return bool(await there.update(until=_ends(seconds), version=_version()))

        return await _told(work)

    async def delete(self, keys: Sequence[str]) -> int:
        async def work() -> int:
            return await StoreEntry.where(
                StoreEntry.key.is_in(list(keys)), StoreEntry.until > time.time()
            ).delete()

        return await _told(work) if keys else 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        async def work() -> bool:
            row = await self._row(key)
            if row is None or row.value != value:
                return False
            return bool(await StoreEntry.where(*_is(key), StoreEntry.version == row.version).delete())

        return await _told(work)

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        async def work() -> int:
            for _ in range(_TRIES):
                row = await self._row(key)
                if row is None:
                    if await self.add(key, b"%d" % by, seconds):
                        return by
                    continue
                number = int(row.value) + by
                same = [*_is(key), StoreEntry.version == row.version]
                if await self._change(same, b"%d" % number, row.until):
                    return number
            raise StoreDown(f"the number {key!r} changes all the time")

        return await _told(work)

    async def clear(self, prefix: str = "") -> None:
        async def work() -> None:
            await StoreEntry.where(StoreEntry.key.startswith(prefix)).delete()

        await _told(work)

    async def delete_expired(self) -> int:
        async def work() -> int:
            return await StoreEntry.where(StoreEntry.until <= time.time()).delete()

        return await _told(work)

    async def close(self) -> None:
        """Nothing to do: the plugin Database closes the database."""

    # --- rows ----------------------------------------------------------------------------------------------------

    async def _row(self, key: str) -> StoreEntry | None:
        return await StoreEntry.where(*_is(key), StoreEntry.until > time.time()).first()

    async def _change(self, where: Sequence[Expr[bool]], value: bytes, until: float) -> bool:
        return bool(await StoreEntry.where(*where).update(value=value, until=until, version=_version()))

    async def _insert(self, key: str, value: bytes, seconds: float | None) -> bool:
        try:
            # In a block of its own: what fails in a transaction would spoil the whole of it.
            async with database_of(StoreEntry).transaction():
                await StoreEntry.create(key=key, value=value, until=_ends(seconds), version=_version())
        except UniqueViolation:
            return False
        return True

    async def _sweep(self) -> None:
        self._writes += 1
        if not self._writes % _SWEEP_EVERY:
            await self.delete_expired()


async def _told(work: Callable[[], Awaitable[T]]) -> T:
    """What ``work`` gives. Raises StoreDown where the database does not answer or has no room, and what else is wrong as it is."""
    try:
        return await work()
    except (ServiceUnavailable, InsufficientStorage) as error:
        raise StoreDown(f"the database: {error}") from error


def _is(key: str) -> list[Expr[bool]]:
    return [StoreEntry.key == key]


def _ends(seconds: float | None) -> float:
    return _NEVER if seconds is None else time.time() + seconds


def _version() -> str:
    return secrets.token_hex(8)
