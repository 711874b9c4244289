"""What one request knows of a session: what was loaded, what has changed, and what becomes of it."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import msgspec

from segue.core.ports import StoredSession
from segue.http.errors import ServiceUnavailable

__all__ = ["Keeper", "SessionState", "decoded"]

logger = logging.getLogger("segue.sessions")

_encode = msgspec.msgpack.Encoder().encode
decoded = msgspec.msgpack.Decoder().decode
_STRUCT = "struct "


class Keeper(Protocol):
    """Writes sessions; :mod:`segue.security.sessions.keeping` has those that there are."""

    async def refresh(self, key: str, now: float) -> StoredSession | None:
        """The session as it is by now."""
        ...

    async def owned(self, owner: str) -> Mapping[str, StoredSession]:
        """The sessions of an owner, by their keys."""
        ...

    async def forget(self, key: str) -> None:
        """Ends a session."""

    async def write(self, state: "SessionState", changes: dict[str, bytes | None]) -> None:
        """Writes ``changes``, and what else has to be done for the state."""
        ...

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """The lock of a session. Raises TimeoutError when it is entered."""
        ...


class SessionState:
    """The session of one request. Every ``Session`` that is handed out for it shows this one.

    ``key``: what the store knows it by; None for a new one. ``now``: the time of the request, looked at once.
    """

    __slots__ = (
        "_keeper",
        "_loaded",
        "_lock",
        "_values",
        "cookie",
        "created",
        "ended",
        "key",
        "now",
        "owner",
        "presented",
        "rotates",
        "used",
        "wrote",
    )

    def __init__(
        self, keeper: Keeper, now: float, *, presented: bool, key: str | None, stored: StoredSession | None
    ) -> None:
        self._keeper = keeper
        self._loaded: dict[str, bytes] = {} if stored is None else stored.data
        self._values: dict[str, Any] = {}
        self._lock: AbstractAsyncContextManager[None] | None = None
        self.key = key
        self.now = now
        self.created = now if stored is None else stored.created
        self.used = now if stored is None else stored.used
        #: Whose it is; who changes that gives it another id.
        self.owner = "" if stored is None else stored.owner
        #: Whether the client sent a cookie.
        self.presented = presented
        self.rotates = False
        #: Keys of sessions that were ended and are still to be deleted.
        self.ended: list[str] = []
        #: The value of the cookie to set; an empty text is one to take away.
        self.cookie: str | None = None
        self.wrote = False

    # --- values --------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names that there are."""
        values = self._values
        names = [name for name in self._loaded if values.get(name, msgspec.UNSET) is not _GONE]
        return names + [name for name in values if name not in self._loaded and values[name] is not _GONE]

    def get(self, name: str) -> Any:
        """A value. Raises KeyError."""
        if name in self._values:
            value = self._values[name]
            if value is _GONE:
                raise KeyError(name)
            return value
        value = self._values[name] = decoded(self._loaded[name])
        return value

    def put(self, name: str, value: Any) -> None:
        """Sets a value. Raises TypeError for one that cannot be kept."""
        if not isinstance(name, str):
            raise TypeError(f"the names in a session are texts, not {name!r:.80}")
        try:
            _encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise TypeError(
                f"session[{name!r}] cannot be {value!r:.80}, which is no plain data: {error}"
            ) from None
        self._values[name] = value

    def remove(self, name: str) -> None:
        """Takes a value away. Raises KeyError."""
        self.get(name)
        self._values[name] = _GONE

    def struct(self, kind: Any) -> Any:
        """The Struct of this class: what is kept of it, or a new one."""
        name = _STRUCT + kind.__qualname__
        value = self._values.get(name)
        if isinstance(value, kind):
            return value
        if name in self._loaded and value is not _GONE:
            try:
                value = msgspec.msgpack.decode(self._loaded[name], type=kind)
            except msgspec.ValidationError as error:
                # The class was changed since; the visitor begins anew rather than being shut out.
                logger.warning(
                    "what a session keeps is no %s any more, and is dropped: %s", kind.__qualname__, error
                )
                value = None
        if not isinstance(value, kind):
            value = kind()
        self._values[name] = value
        return value

    def put_struct(self, kind: Any, value: Any) -> None:
        self._values[_STRUCT + kind.__qualname__] = value

    def changes(self) -> dict[str, bytes | None]:
        """What is other than it was loaded: what was changed in place too."""
        found: dict[str, bytes | None] = {}
        for name, value in self._values.items():
            before = self._loaded.get(name)
            after = None if value is _GONE else _encode(value)
            if after == before or (before is None and name.startswith(_STRUCT) and value == type(value)()):
                continue
            found[name] = after
        return found

    def whole(self, changes: dict[str, bytes | None]) -> dict[str, bytes]:
        """All that there is, with ``changes``."""
        merged = {**self._loaded, **changes}
        return {name: value for name, value in merged.items() if value is not None}

    def take(self, stored: StoredSession) -> None:
        """Goes on from what is stored by now. What this request has changed stays changed."""
        mine = self.changes()
        self._values = {name: value for name, value in self._values.items() if name in mine}
        self._loaded = stored.data
        self.used = stored.used

    def written(self, changes: dict[str, bytes | None]) -> None:
        """``changes`` are no changes any more."""
        self._loaded = self.whole(changes)
        self._values = {name: value for name, value in self._values.items() if value is not _GONE}
        self.wrote = True

    def end(self) -> None:
        """The session is over."""
        if self.key is not None:
            self.ended.append(self.key)
        self._loaded, self._values = {}, {}
        self.key, self.rotates, self.created, self.owner = None, False, self.now, ""
        self.cookie = "" if self.presented else None

    async def others(self) -> dict[str, StoredSession]:
        """The other sessions of the same owner, by their keys."""
        if not self.owner:
            return {}
        return {key: one for key, one in (await self._keeper.owned(self.owner)).items() if key != self.key}

    async def forget(self, key: str) -> None:
        """Ends one of them."""
        await self._keeper.forget(key)

    # --- writing -------------------------------------------------------------------------------------------------

    async def save(self, *, only_ended: bool = False) -> None:
        """Writes what has changed; only that it was ended, if ``only_ended``."""
        await self._keeper.write(self, {} if only_ended else self.changes())

    async def hold(self) -> None:
        """Takes the lock, until :meth:`release`. Raises ServiceUnavailable."""
        if self._lock is not None or self.key is None:
            return
        lock = self._keeper.lock(self.key)
        try:
            await lock.__aenter__()
        except TimeoutError:
            raise ServiceUnavailable(
                "Another request of the same visitor takes too long.", retry_after=1
            ) from None
        self._lock = lock
        stored = await self._keeper.refresh(self.key, self.now)
        if stored is None:
            # Ended while we waited: what this request has put in may begin a new one, what was there before may not.
            mine = self.changes()
            kept = {name: value for name, value in self._values.items() if name in mine}
            self.end()
            self._values = {name: value for name, value in kept.items() if value is not _GONE}
            self.cookie = None
        else:
            self.take(stored)

    async def release(self) -> None:
        """Lets others in."""
        lock, self._lock = self._lock, None
        if lock is not None:
            await lock.__aexit__(None, None, None)

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        """See ``Session.locked``."""
        if self._lock is not None:
            yield
            return
        if self.key is None and not self.rotates:
            await self.save()  # what is not stored yet cannot be locked, nor does anybody else know it
        await self.hold()
        try:
            yield
            await self.save()
        finally:
            await self.release()


_GONE: Any = object()
