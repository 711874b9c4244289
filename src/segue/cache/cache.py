"""The cache: values by key, for a time, with tags that take them back."""

import functools
import inspect
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from segue.cache.entries import Entry, decode, encode, packed, unpacked
from segue.cache.flights import Flights
from segue.cache.keys import digest
from segue.stores.choice import open_store
from segue.stores.store import Store, StoreDown, key_of

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from segue.cache.memo import Memo

__all__ = ["Cache"]

logger = logging.getLogger("segue.cache")

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT: Any = object()
_DOWN = 1.0  # seconds for which a store that failed is not asked again


class Cache:
    """Keeps what is costly to make.

        cache = Cache("sqlite:///cache.db")
        app = App(plugins=[Caching(cache)])

        films = await cache.get_or("top", load_top_films, 60, type=list[Film], tags=["films"])
        await cache.invalidate("films")

    ``where``: ``"memory:"`` (each process its own), ``"sqlite:///path"`` or ``"files:///folder"`` (all workers of a machine),
    ``"redis://host"`` or ``"memcached://host"`` (all machines), ``"none:"`` (keeps nothing), or any Store. ``seconds``: how long a value is kept if nothing else is said.
    ``namespace``: apart from other caches in the same store.

    A key is anything that has a value: text, numbers, tuples of them. Values are kept as MessagePack, so nothing that is read
    from a store can run. A store that is away is a miss and a line in the log, no error.
    """

    def __init__(
        self, where: "str | Store" = "memory:", *, seconds: float | None = 300.0, namespace: str = ""
    ) -> None:
        self.store: Store = open_store(where) if isinstance(where, str) else where
        self.seconds = seconds
        self.namespace = namespace
        self._prefix = f"cache/{key_of(namespace)}/" if namespace else "cache/"
        self.flights = Flights(self)
        self._down_until = 0.0

    # --- values --------------------------------------------------------------------------------------------------

    @overload
    async def get(self, key: Any, /) -> Any: ...
    @overload
    async def get(self, key: Any, type: "TypeForm[T]", /) -> T | None: ...
    @overload
    async def get(self, key: Any, type: "TypeForm[T]", default: T, /) -> T: ...
    async def get(self, key: Any, type: Any = Any, default: Any = None, /) -> Any:
        """The value of a key as a ``type``; ``default`` if there is none, or one that is no such type any more."""
        found, _ = await self.read(self.key(key))
        return default if found is None else _as(found, type, default)

    async def get_many(self, keys: Iterable[Any], type: Any = Any, /) -> dict[Any, Any]:
        """Those of ``keys`` that are there, with their values, in one question."""
        wanted = {self.key(one): one for one in keys}
        values: dict[Any, Any] = {}
        for name, entry in zip(wanted, await self._entries(list(wanted)), strict=True):
            if entry is not None:
                value = _as(entry, type, _DEFAULT)
                if value is not _DEFAULT:
                    values[wanted[name]] = value
        return values

    async def set(
        self, key: Any, value: Any, seconds: float | None = _DEFAULT, *, tags: Sequence[str] = ()
    ) -> None:
        """Keeps a value. Raises TypeError for one that MessagePack does not know."""
        data, html = packed(value)
        await self.write(self.key(key), data, self._time(seconds), await self.marks(tags), html=html)

    async def set_many(
        self, values: Mapping[Any, Any], seconds: float | None = _DEFAULT, *, tags: Sequence[str] = ()
    ) -> None:
        """Keeps several values."""
        for key, value in values.items():
            await self.set(key, value, seconds, tags=tags)

    async def add(self, key: Any, value: Any, seconds: float | None = _DEFAULT) -> bool:
        """Keeps a value if there is none; whether it did. Of several that try, one does."""
        data, html = packed(value)
        entry = Entry(data, time.time(), None, {}, html)
        return await self.ask(
            lambda store: store.add(self.key(key), encode(entry), self._time(seconds)), True
        )

    async def touch(self, key: Any, seconds: float | None = _DEFAULT) -> bool:
        """Lets what is there live on; whether something was there."""
        return await self.ask(lambda store: store.touch(self.key(key), self._time(seconds)), False)

    async def delete(self, *keys: Any) -> int:
        """Forgets values; how many there were."""
        return await self.ask(lambda store: store.delete([self.key(one) for one in keys]), 0)

    async def increment(self, key: Any, by: int = 1, seconds: float | None = None) -> int:
        """Adds to a number, which begins at 0; ``by=0`` reads it. It is apart from the values: ``get`` does not see it.

        ``seconds`` counts from its beginning. Raises StoreDown, for there is no number that would do instead.
        """
        return await self.store.increment(self.name("number", key), by, seconds)

    @overload
    async def get_or(
        self,
        key: Any,
        make: Callable[[], Awaitable[T]],
        seconds: float | None = ...,
        *,
        type: Any = ...,
        tags: Sequence[str] = ...,
    ) -> T: ...
    @overload
    async def get_or(
        self,
        key: Any,
        make: Callable[[], T],
        seconds: float | None = ...,
        *,
        type: Any = ...,
        tags: Sequence[str] = ...,
    ) -> T: ...
    async def get_or(
        self,
        key: Any,
        make: Callable[[], Any],
        seconds: float | None = _DEFAULT,
        *,
        type: Any = Any,
        tags: Sequence[str] = (),
    ) -> Any:
        """The value of a key; where there is none, what ``make`` gives, which is kept.

        Of many that ask at the same time one makes it and the others wait for it: in all workers where the store is shared.
        What ``make`` raises is raised for all who wait here, and is not kept. A value that was invalidated while it was made is
        not kept either.
        """
        made: list[Any] = []

        async def fresh() -> tuple[bytes, float | None, bool]:
            value = make()
            if inspect.isawaitable(value):
                value = await value
            made.append(value)
            data, html = packed(value)
            return data, self._time(seconds), html

        entry = await self.flights.through(
            self.key(key), tags, fresh, lambda found: _as(found, type, _DEFAULT) is not _DEFAULT
        )
        if made or entry is None:
            return made[0]
        return unpacked(entry, type)

    def memo(
        self,
        seconds: float | None = _DEFAULT,
        *,
        key: Callable[..., Any] | None = None,
        tags: Sequence[str] = (),
    ) -> "Memo":
        """Keeps what a function returns, by its arguments.

            @cache.memo(60)
            async def top(year: int) -> list[Film]: ...

            await top(1937)
            await top.forget(1937)        # this one; top.forget() is all of them

        ``key``: a function of the same arguments that gives the key instead. A ``def`` works too, in a thread.
        The annotation of the result says as what it is read again.
        """
        from segue.cache.memo import Memo

        return Memo(self, self._time(seconds), key, tags)

    # --- taking back ---------------------------------------------------------------------------------------------

    async def invalidate(self, *tags: str) -> None:
        """Takes back all values with any of these tags, also those that are being made at this moment."""
        for tag in tags:
            name = self.tag(tag)
            await self.ask(functools.partial(_mark, name), None)

    async def clear(self) -> None:
        """Forgets everything that this cache has kept; what others have in the same store stays."""
        await self.ask(lambda store: store.clear(self._prefix), None)

    async def close(self) -> None:
        """Gives up files and connections; the next question opens them again."""
        try:
            await self.store.close()
        except StoreDown as error:
            logger.warning("The cache could not be closed: %s", error)

    # --- for those who keep something else than values --------------------------------------------------------------

    def key(self, key: Any) -> str:
        """What the store knows a key by. Raises TypeError for what is no key."""
        return self.name("value", key)

    def name(self, *parts: Any) -> str:
        """What the store knows something else by that is kept for this cache."""
        return self._prefix + digest(self.namespace, *parts)

    def tag(self, tag: str) -> str:
        return self.name("tag", tag)

    async def read(self, name: str, tags: Sequence[str] = ()) -> tuple[Entry | None, dict[str, bytes]]:
        """The entry of a key of the store if it still holds, and the marks that its tags have now.

        A tag without a mark gets one: what is stored always has the marks that were there before it was made.
        """
        names = [self.tag(one) for one in tags]
        found = await self._many([name, *names])
        marks = {tag: mark for tag, mark in zip(names, found[1:], strict=True) if mark is not None}
        entry = None if found[0] is None else _decoded(found[0])
        if entry is not None and not await self._holds(entry, marks):
            entry = None
        return entry, marks

    async def marks(self, tags: Sequence[str], known: Mapping[str, bytes] = {}) -> dict[str, bytes]:
        """The marks of tags; those that have none are given one."""
        marks = dict(known)
        for name in [self.tag(one) for one in tags]:
            if name not in marks:
                mark = os.urandom(8)
                if not await self.ask(functools.partial(_begin, name, mark), True):
                    [present] = await self._many([name])
                    mark = present or mark
                marks[name] = mark
        return marks

    async def write(
        self, name: str, data: bytes, seconds: float | None, marks: Mapping[str, bytes], *, html: bool = False
    ) -> Entry:
        """Keeps an entry. For no time at all it is made, and not kept."""
        now = time.time()
        entry = Entry(data, now, None if seconds is None else now + seconds, dict(marks), html)
        if seconds is None or seconds > 0:
            await self.ask(lambda store: store.set(name, encode(entry), seconds), None)
        return entry

    async def ask(self, question: Callable[[Store], Awaitable[T]], otherwise: T) -> T:
        """What the store says; ``otherwise`` while it is away."""
        if self._down_until and time.monotonic() < self._down_until:
            return otherwise
        try:
            return await question(self.store)
        except StoreDown as error:
            self._down_until = time.monotonic() + _DOWN
            logger.warning("The cache is away, and nothing is kept: %s", error)
            return otherwise

    async def _many(self, names: Sequence[str]) -> list[bytes | None]:
        nothing: list[bytes | None] = [None] * len(names)
        return await self.ask(lambda store: store.get_many(names), nothing)

    async def _entries(self, names: Sequence[str]) -> list[Entry | None]:
        if not names:
            return []
        found = await self._many(names)
        entries = [None if one is None else _decoded(one) for one in found]
        return [one if one is not None and await self._holds(one, {}) else None for one in entries]

    async def _holds(self, entry: Entry, marks: Mapping[str, bytes]) -> bool:
        """Whether none of its tags has got another mark since it was made."""
        others = [name for name in entry.tags if name not in marks]
        if others:
            found = await self._many(others)
            marks = {
                **marks,
                **{name: mark for name, mark in zip(others, found, strict=True) if mark is not None},
            }
        return all(marks.get(name) == mark for name, mark in entry.tags.items())

    def _time(self, seconds: float | None) -> float | None:
        return self.seconds if seconds is _DEFAULT else seconds


async def _mark(name: str, store: Store) -> None:
    await store.set(name, os.urandom(8), None)


async def _begin(name: str, mark: bytes, store: Store) -> bool:
    return await store.add(name, mark, None)


def _decoded(data: bytes) -> Entry | None:
    try:
        return decode(data)
    except msgspec.DecodeError:  # of another version, or of somebody else
        return None


def _as(entry: Entry, type: Any, otherwise: Any) -> Any:
    try:
        return unpacked(entry, type)
    except (msgspec.ValidationError, msgspec.DecodeError):  # the type has changed since: make it anew
        return otherwise
