"""The store in memcached, which the workers of all machines share: it forgets what was not used for longest."""

import asyncio
import functools
import hashlib
import math
import os
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from segue.stores.store import StoreDown

__all__ = ["MemcachedStore"]

T = TypeVar("T")

_UNTIL = struct.Struct(">d")
_NEVER = float("inf")
_CONNECTIONS = 8
_MONTH = 30 * 86_400  # what is longer, memcached takes for a date
_TRIES = 200


class MemcachedStore:
    """Keeps entries in one server or several, ``"memcached://one:11211,two:11211"``, under ``prefix``.

    Keys are spread over the servers. One that does not answer within ``timeout`` seconds counts as down. Values of more than 1 MB are not kept,
    unless the servers are told to. memcached asks nobody who he is: let only your own machines reach it.

    Needs the package ``pymemcache``: ``pip install 'segue[memcached]'``. Raises ImportError without it.
    """

    shared = True

    def __init__(self, url: str, prefix: str = "segue:", timeout: float = 1.0) -> None:
        try:
            import pymemcache  # type: ignore[import-untyped] # it has no types
        except ImportError:
            raise ImportError(
                "a store in memcached needs the package pymemcache: pip install 'segue[memcached]'"
            ) from None
        self._failures: tuple[type[Exception], ...] = (pymemcache.MemcacheError, OSError)
        self._too_large = pymemcache.MemcacheServerError
        self._servers = _servers(url)
        self._make: Callable[[Any], Any] = functools.partial(
            pymemcache.PooledClient,
            max_pool_size=_CONNECTIONS,
            connect_timeout=timeout,
            timeout=timeout,
            no_delay=True,
        )
        self._client: _Spread | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._prefix = prefix

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        if renew is None:
            return (await self.get_many([key]))[0]

        def work(client: "_Spread") -> bytes | None:
            def change(_: float, value: bytes | None) -> tuple[bytes | None, float]:
                return value, _ends(renew)

            return self._changed(client, key, change)

        return await self._run(work)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        def work(client: "_Spread") -> list[bytes | None]:
            names = self._names(client, keys)
            found = client.get_many(names)
            values = [_opened(found.get(name)) for name in names]
            return [None if one is None else one[1] for one in values]

        return await self._run(work)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        def work(client: "_Spread") -> None:
            [name] = self._names(client, [key])
            until = _ends(seconds)
            try:
                client.at(name).set(name, _UNTIL.pack(until) + value, expire=_expire(until), noreply=False)
            except self._too_large as error:
                if b"too large" not in b" ".join(map(_bytes, error.args)):
                    raise
                client.at(name).delete(name, noreply=False)

        await self._run(work)

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        return await self._run(lambda client: self._added(client, key, value, seconds))

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        def change(_: float, value: bytes | None) -> tuple[bytes | None, float]:
            return (new if value == old else None), _ends(seconds)

        return await self._run(lambda client: self._changed(client, key, change)) is not None

    async def touch(self, key: str, seconds: float | None) -> bool:
        def change(_: float, value: bytes | None) -> tuple[bytes | None, float]:
            return value, _ends(seconds)

        return await self._run(lambda client: self._changed(client, key, change)) is not None

    async def delete(self, keys: Sequence[str]) -> int:
        def work(client: "_Spread") -> int:
            names = self._names(client, keys)
            found = client.get_many(names)
            there = [name for name in names if _opened(found.get(name)) is not None]
            return sum([bool(client.at(name).delete(name, noreply=False)) for name in there])

        return await self._run(work) if keys else 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        # What ended long ago is as good as gone, and it is there for nobody from the moment at which it is written.
        def change(_: float, present: bytes | None) -> tuple[bytes | None, float]:
            return (b"" if present == value else None), 1.0

        return await self._run(lambda client: self._changed(client, key, change)) is not None

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        # Its own numbers are not below 0, and begin anew with each change of their time.
        def change(until: float, value: bytes | None) -> tuple[bytes | None, float]:
            return (None if value is None else b"%d" % (int(value) + by)), until

        def work(client: "_Spread") -> int:
            for _ in range(_TRIES):
                changed = self._changed(client, key, change)
                if changed is not None:
                    return int(changed)
                if self._added(client, key, b"%d" % by, seconds):
                    return by
            raise StoreDown("memcached: a number changes all the time")

        return await self._run(work)

    async def clear(self, prefix: str = "") -> None:
        """Begins a new generation of keys: what is of another one is not found any more, and memcached drops it when it needs the room."""
        name = self._prefix + prefix + "@"
        await self._run(lambda client: client.at(name).set(name, os.urandom(8).hex().encode(), noreply=False))

    async def delete_expired(self) -> int:
        """Nothing to do: memcached forgets by itself."""
        return 0

    async def close(self) -> None:
        threads, self._threads = self._threads, None
        client, self._client = self._client, None
        if threads is not None:
            if client is not None:
                await asyncio.wrap_future(threads.submit(client.close))
            threads.shutdown(wait=False)

    # --- memcached -----------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[["_Spread"], T]) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_CONNECTIONS, "segue-memcached")
        client = self._client = self._client or _Spread([self._make(one) for one in self._servers])
        try:
            return await asyncio.wrap_future(self._threads.submit(work, client))
        except self._failures as error:
            raise StoreDown(f"memcached: {type(error).__name__}: {error}") from error

    def _names(self, client: "_Spread", keys: Sequence[str]) -> list[str]:
        """What memcached knows keys by: with the generations of their namespaces, which ``clear`` changes."""
        spaces: dict[str, None] = {}
        for key in keys:
            spaces.update(dict.fromkeys(_spaces(key)))
        marks = {space: self._prefix + space + "@" for space in spaces}
        found: dict[str, bytes] = client.get_many(list(marks.values()))
        for mark in marks.values():
            if mark not in found:
                new = os.urandom(8).hex().encode()
                found[mark] = (
                    new if client.at(mark).add(mark, new, noreply=False) else client.at(mark).get(mark, new)
                )
        names = []
        for key in keys:
            generations = b"".join([found[marks[space]] for space in _spaces(key)])
            generation = hashlib.blake2b(generations, digest_size=8).hexdigest()
            names.append(f"{self._prefix}{generation}:{key}")
        return names

    def _added(self, client: "_Spread", key: str, value: bytes, seconds: float | None) -> bool:
        [name] = self._names(client, [key])
        until = _ends(seconds)
        content = _UNTIL.pack(until) + value
        if client.at(name).add(name, content, expire=_expire(until), noreply=False):
            return True
        found, token = client.at(name).gets(name)
        if found is None:
            return bool(client.at(name).add(name, content, expire=_expire(until), noreply=False))
        # memcached counts whole seconds: what is there may be over already.
        return _opened(found) is None and bool(
            client.at(name).cas(name, content, token, expire=_expire(until), noreply=False)
        )

    def _changed(
        self, client: "_Spread", key: str, change: Callable[[float, bytes | None], tuple[bytes | None, float]]
    ) -> bytes | None:
        """What ``change`` makes of a value, at once; None for what is not there, or if it makes None of it."""
        [name] = self._names(client, [key])
        for _ in range(_TRIES):
            found, token = client.at(name).gets(name)
            opened = _opened(found)
            if opened is None:
                return None
            value, until = change(*opened)
            if value is None:
                return None
            if client.at(name).cas(
                name, _UNTIL.pack(until) + value, token, expire=_expire(until), noreply=False
            ):
                return value
        raise StoreDown("memcached: a value changes all the time")


class _Spread:
    """Several servers as one. A key is always on the same one, also while that is away: what comes back with an old server would be what was
    forgotten meanwhile.
    """

    def __init__(self, clients: Sequence[Any]) -> None:
        self._clients = clients

    def at(self, name: str) -> Any:
        """The client of the server that has a key."""
        return self._clients[zlib.crc32(name.encode()) % len(self._clients)]

    def get_many(self, names: Sequence[str]) -> dict[str, bytes]:
        """What there is of some keys."""
        found: dict[str, bytes] = {}
        for client in self._clients:
            own = [name for name in names if self.at(name) is client]
            if own:
                found.update(client.get_many(own))
        return found

    def close(self) -> None:
        for client in self._clients:
            client.close()


def _spaces(key: str) -> list[str]:
    """The namespaces of a key, the outermost first: of ``a/b/c``, nothing, ``a/`` and ``a/b/``."""
    parts = key.split("/")[:-1]
    return ["".join(f"{part}/" for part in parts[:count]) for count in range(len(parts) + 1)]


def _opened(content: bytes | None) -> tuple[float, bytes] | None:
    """Until when a value holds, and the value; None for none, or for what is over."""
    if content is None or len(content) < _UNTIL.size:
        return None
    (until,) = _UNTIL.unpack_from(content)
    return None if until <= time.time() else (until, content[_UNTIL.size :])


def _ends(seconds: float | None) -> float:
    return _NEVER if seconds is None else time.time() + seconds


def _expire(until: float) -> int:
    if until == _NEVER:
        return 0
    left = math.ceil(until - time.time()) + 1
    if left < 1:
        return 1
    return left if left < _MONTH else math.ceil(until) + 1


def _servers(url: str) -> list[Any]:
    rest = url.partition("://")[2]
    if rest.startswith("/"):
        return [rest]  # a socket of Unix
    servers = []
    for one in rest.rstrip("/").split(","):
        host, colon, port = one.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = one, "11211"
        if not host or not port.isdecimal():
            raise ValueError(f"{url!r:.80} names no servers: memcached://one:11211,two:11211")
        servers.append((host.strip("[]"), int(port)))
    return servers


def _bytes(part: Any) -> bytes:
    return part if isinstance(part, bytes) else str(part).encode()
