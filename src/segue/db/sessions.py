"""Sessions in the app's database, beside its other tables."""

import hashlib
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec

from segue.core.ports import StoredSession
from segue.core.turns import Turns
from segue.db.databases.database import database_of
from segue.db.engine.errors import UniqueViolation
from segue.db.models.fields import Field, field
from segue.db.models.model import Keyed
from segue.db.queries.expressions import any_of

__all__ = ["DatabaseSessions", "SessionLock", "SessionRow"]

_LEASE = 90.0  # seconds after which the lock of a process that died is free
_KEY = 64  # letters of a hash
_TRIES = 50
_data = msgspec.msgpack.Decoder(dict[str, bytes]).decode
_encode = msgspec.msgpack.Encoder().encode


class SessionRow(Keyed, table="segue_session"):
    """A session. ``version`` counts changes, so that of two at once none is lost; ``until``: seconds since 1970."""

    key: Field[str] = field(key=True, max_length=_KEY)
    data: Field[bytes] = field(private=True)
    created: Field[float]
    used: Field[float]
    until: Field[float] = field(index=True)
    owner: Field[str] = field(default="", text=True)
    # A hash of the owner: an index of texts of any length is more than some databases have.
    owned_by: Field[str] = field(default="", max_length=64, index=True)
    version: Field[int] = field(default=1)


class SessionLock(Keyed, table="segue_session_lock"):
    """Who works with a session at the moment, of all processes."""

    key: Field[str] = field(key=True, max_length=_KEY)
    holder: Field[str] = field(max_length=32)
    until: Field[float]


class DatabaseSessions:
    """Keeps sessions in the database of the app, whichever it is.

        app = App(plugins=[Database(), Sessions(DatabaseSessions())])

    Its two tables, ``segue_session`` and ``segue_session_lock``, are made with all others: by ``segue db diff``, by
    ``Database(migrate=True)`` or by ``db.create_all()``. A Database that lists its ``models`` lists ``SessionRow`` and ``SessionLock`` too.
    """

    def __init__(self) -> None:
        self._turns = Turns(pause=0.002)

    async def open(self) -> None:
        """Nothing to do: the plugin Database opens the database."""

    async def close(self) -> None:
        """Nothing to do."""

    async def read(self, key: str) -> StoredSession | None:
        row = await SessionRow.where(SessionRow.key == key, SessionRow.until > time.time()).first()
        return None if row is None else _stored(row)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        async with database_of(SessionRow).transaction():
            await SessionRow.where(SessionRow.key == key).delete()
            await SessionRow.create(
                key=key,
                data=_encode(session.data),
                created=session.created,
                used=session.used,
                until=time.time() + keep,
                owner=session.owner,
                owned_by=_hashed(session.owner),
            )

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        for _ in range(_TRIES):
            now = time.time()
            row = await SessionRow.where(SessionRow.key == key, SessionRow.until > now).first()
            if row is None:
                return False
            data = _data(row.data)
            for name, value in changes.items():
                if value is None:
                    data.pop(name, None)
                else:
                    data[name] = value
            # Whoever was faster has counted on: then what is there now is looked at again.
            if await SessionRow.where(SessionRow.key == key, SessionRow.version == row.version).update(
                data=_encode(data), used=max(used, row.used), until=now + keep, version=row.version + 1
            ):
                return True
        raise TimeoutError("a session is changed by so many requests at once that it cannot be written")

    async def delete(self, key: str) -> None:
        await SessionRow.where(SessionRow.key == key).delete()

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        rows = await SessionRow.where(SessionRow.owned_by == _hashed(owner), SessionRow.until > time.time())
        return {row.key: _stored(row) for row in rows}

    @asynccontextmanager
    async def lock(self, key: str, wait: float) -> AsyncGenerator[None]:
        holder = secrets.token_hex(8)
        async with self._turns.taken(key, wait, lambda: self._take(key, holder)):
            try:
                yield
            finally:
                await SessionLock.where(SessionLock.key == key, SessionLock.holder == holder).delete()

    async def _take(self, key: str, holder: str) -> bool:
        now = time.time()
        until = now + _LEASE
        # One that ends later than any lease can was taken before the clock was set back.
        over = any_of(SessionLock.until < now, SessionLock.until > now + 2 * _LEASE)
        if await SessionLock.where(SessionLock.key == key, over).update(holder=holder, until=until):
            return True
        if await SessionLock.where(SessionLock.key == key).exists():
            return False
        try:
            # In a block of its own: what fails in a transaction would spoil the whole of it.
            async with database_of(SessionLock).transaction():
                await SessionLock.create(key=key, holder=holder, until=until)
        except UniqueViolation:
            return False
        return True

    async def sweep(self) -> int:
        now = time.time()
        await SessionLock.where(SessionLock.until < now).delete()
        return await SessionRow.where(SessionRow.until < now).delete()


def _hashed(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest() if owner else ""


def _stored(row: SessionRow) -> StoredSession:
    return StoredSession(_data(row.data), row.created, row.used, row.owner)
