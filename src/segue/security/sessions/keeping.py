"""How sessions are found again: by an id in the cookie and a store, or by a cookie that holds all of it."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from segue.core.ports import SessionStore, StoredSession
from segue.security.sessions.state import SessionState

__all__ = ["CookieKeeper", "Lifetimes", "SessionTooLarge", "StoreKeeper", "key_of"]

_id = re.compile(r"[A-Za-z0-9_-]{43}\Z").match
_MOST = 4_093  # what browsers keep of a cookie, with its name
_PART = 24  # of the idle time: how late the time of the last use may be written


class SessionTooLarge(ValueError):
    """A session that no cookie can hold."""


class Lifetimes:
    """How long a session lasts: ``idle`` seconds without a request, ``absolute`` seconds in all."""

    __slots__ = ("absolute", "idle")

    def __init__(self, idle: float, absolute: float) -> None:
        if not 0 < idle <= absolute:
            raise ValueError(
                f"a session is idle for {idle} s at most and lasts {absolute} s: 0 < idle <= absolute"
            )
        self.idle = idle
        self.absolute = absolute

    def over(self, stored: StoredSession, now: float) -> bool:
        """Whether a session has come to its end."""
        return now - stored.used > self.idle or now - stored.created > self.absolute

    def keep(self, created: float, now: float) -> float:
        """For how many seconds it has to be kept from now on."""
        return max(1.0, min(self.idle * (1 + 1 / _PART), created + self.absolute - now))

    def stale(self, used: float, now: float) -> bool:
        """Whether the time of the last use is to be written again."""
        return now - used > self.idle / _PART or now < used


def key_of(identifier: str) -> str:
    """What a store knows a session by: a hash, so that nobody who reads the store has an id that works."""
    return hashlib.sha256(identifier.encode("ascii")).hexdigest()


class StoreKeeper:
    """Keeps sessions in a store; the cookie has an id of 256 random bits."""

    is_shared = True

    def __init__(self, store: SessionStore, lifetimes: Lifetimes, wait: float = 10.0) -> None:
        self.store = store
        self.lifetimes = lifetimes
        self._wait = wait

    async def load(self, cookie: str, now: float) -> SessionState:
        """The session of a cookie. An id that the store does not know is not taken over: the session is a new one."""
        if _id(cookie):
            key = key_of(cookie)
            stored = await self.refresh(key, now)
            if stored is not None:
                return SessionState(self, now, presented=True, key=key, stored=stored)
        return SessionState(self, now, presented=bool(cookie), key=None, stored=None)

    async def refresh(self, key: str, now: float) -> StoredSession | None:
        stored = await self.store.read(key)
        if stored is None:
            return None
        if self.lifetimes.over(stored, now):
            await self.store.delete(key)
            return None
        return stored

    async def write(self, state: SessionState, changes: dict[str, bytes | None]) -> None:
        for ended in state.ended:
            await self.store.delete(ended)
        state.ended.clear()
        key, now = state.key, state.now
        if key is not None and not state.rotates:
            if changes or self.lifetimes.stale(state.used, now):
                keep = self.lifetimes.keep(state.created, now)
                if await self.store.merge(key, changes, now, keep):
                    state.used = now
                    state.written(changes)
                # If not, it was ended by another request: what is written to it is written to nothing.
            return
        if key is not None:
            stored = await self.refresh(key, now)
            if stored is None:
                # Ended meanwhile: what this request has put in may begin a new one, what was there before may not.
                state.end()
                state.cookie = None
            else:
                state.take(stored)
            changes = {**changes, **state.changes()}
        whole = state.whole(changes)
        if not whole and not state.rotates:
            return
        if not whole and key is None and not state.owner:
            state.rotates = False
            return
        identifier = secrets.token_urlsafe(32)
        state.key = key_of(identifier)
        state.rotates = False
        new = StoredSession(whole, state.created, now, state.owner)
        await self.store.create(state.key, new, self.lifetimes.keep(state.created, now))
        if key is not None:
            await self.store.delete(key)
        state.cookie = identifier
        state.used = now
        state.written(changes)

    async def owned(self, owner: str) -> Mapping[str, StoredSession]:
        return await self.store.owned(owner)

    async def forget(self, key: str) -> None:
        await self.store.delete(key)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        return self.store.lock(key, self._wait)


class CookieCodec(Protocol):
    """Writes a session into the value of a cookie: ``SignedCookie()``, ``EncryptedCookie()``."""

    def write(self, session: StoredSession) -> str: ...
    def read(self, value: str) -> StoredSession | None:
        """The session, or None for what is not genuine."""
        ...


class CookieKeeper:
    """Keeps sessions in their cookies. The server has nothing of them, so it cannot end one or lock it."""

    is_shared = False

    def __init__(self, codec: CookieCodec, lifetimes: Lifetimes, room: int) -> None:
        self._codec = codec
        self.lifetimes = lifetimes
        self._room = room

    async def load(self, cookie: str, now: float) -> SessionState:
        """The session of a cookie; a new one if that is not genuine, or too old."""
        stored = self._codec.read(cookie) if cookie else None
        if stored is None or self.lifetimes.over(stored, now):
            return SessionState(self, now, presented=bool(cookie), key=None, stored=None)
        return SessionState(self, now, presented=True, key="cookie", stored=stored)

    async def refresh(self, key: str, now: float) -> StoredSession | None:
        raise TypeError(_NO_LOCK)

    async def write(self, state: SessionState, changes: dict[str, bytes | None]) -> None:
        state.ended.clear()
        if not (changes or state.rotates or (state.key and self.lifetimes.stale(state.used, state.now))):
            return
        whole = state.whole(changes)
        state.rotates = False
        state.used = state.now
        if whole or state.key or state.owner:
            value = self._codec.write(StoredSession(whole, state.created, state.now, state.owner))
            if len(value) > _MOST - self._room:
                raise _too_large(len(value), whole)
            state.key, state.cookie = "cookie", value
        state.written(changes)

    async def owned(self, owner: str) -> Mapping[str, StoredSession]:
        raise TypeError(_NOT_KNOWN)

    async def forget(self, key: str) -> None:
        raise TypeError(_NOT_KNOWN)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        raise TypeError(_NO_LOCK)


_NOT_KNOWN = (
    "sessions in cookies are not known to the server, so it cannot find those of an owner, nor end one. Keep them in a "
    'store for that: Sessions("sessions.db")'
)
_NO_LOCK = (
    "a session in a cookie cannot be locked: each request brings its own copy. Keep sessions in a store where parallel "
    'requests change the same value: Sessions("sessions.db")'
)


def _too_large(size: int, whole: dict[str, Any]) -> SessionTooLarge:
    largest = sorted(whole, key=lambda name: len(whole[name]), reverse=True)[:3]
    told = ", ".join(f"{name!r} ({len(whole[name])} bytes)" for name in largest)
    return SessionTooLarge(
        f"the session takes {size} bytes, and browsers drop a cookie of more than {_MOST}. The largest in it: {told}. Keep "
        f'less, or keep sessions in a store: Sessions("sessions.db")'
    )
