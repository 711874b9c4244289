"""The store in Redis, which the workers of all machines share."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from segue.stores.store import StoreDown

__all__ = ["RedisStore"]

T = TypeVar("T")

_ODD = re.compile(r"[\\*?\[\]^]")  # of patterns
_CONNECTIONS = 32
_PATIENCE = 5.0  # seconds until one of them is free
_DELETE_IF = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
)
_SWAP = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('set', KEYS[1], ARGV[2]) else redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
_INCREMENT = """
local number = redis.call('incrby', KEYS[1], ARGV[1])
if ARGV[2] ~= '' and redis.call('pttl', KEYS[1]) == -1 then redis.call('pexpire', KEYS[1], ARGV[2]) end
return number
"""


class RedisStore:
    """Keeps entries under ``prefix`` of the keys; what goes when Redis is full is decided there (``maxmemory-policy``).

    One pool of connections for each event loop. A server that does not answer within ``timeout`` seconds counts as down: a
    cache that makes its site wait is none.
    """

    shared = True

    def __init__(self, url: str, prefix: str = "segue:", timeout: float = 1.0) -> None:
        try:
            import redis.asyncio as redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise ImportError(
                "a store in Redis needs the package redis: pip install 'segue[redis]'"
            ) from None
        self._redis: Any = redis
        # By default it tries ten times more: 3.5 s for each page where nobody listens, a minute where nobody answers.
        self._retry: Any = Retry(NoBackoff(), 1)
        self._url = url
        self._prefix = prefix
        self._timeout = timeout
        self._clients: dict[asyncio.AbstractEventLoop, Any] = {}

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        async def ask(client: Any) -> bytes | None:
            name = self._prefix + key
            found: bytes | None = await (
                client.get(name) if renew is None else client.getex(name, px=_milliseconds(renew))
            )
            return found

        return await self._run(ask)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        async def ask(client: Any) -> list[bytes | None]:
            found: list[bytes | None] = await client.mget([self._prefix + key for key in keys])
            return found

        return await self._run(ask)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        await self._run(lambda client: client.set(self._prefix + key, value, px=_milliseconds(seconds)))

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        done = await self._run(
            lambda client: client.set(self._prefix + key, value, px=_milliseconds(seconds), nx=True)
        )
        return bool(done)

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        ends = _milliseconds(seconds) or ""
        return bool(await self._run(lambda client: client.eval(_SWAP, 1, self._prefix + key, old, new, ends)))

    async def touch(self, key: str, seconds: float | None) -> bool:
        name = self._prefix + key
        if seconds is not None:
            return bool(await self._run(lambda client: client.pexpire(name, _milliseconds(seconds))))
        await self._run(lambda client: client.persist(name))
        return bool(await self._run(lambda client: client.exists(name)))

    async def delete(self, keys: Sequence[str]) -> int:
        if not keys:
            return 0
        return int(await self._run(lambda client: client.unlink(*[self._prefix + key for key in keys])))

    async def delete_if(self, key: str, value: bytes) -> bool:
        return bool(await self._run(lambda client: client.eval(_DELETE_IF, 1, self._prefix + key, value)))

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        ends = "" if seconds is None else _milliseconds(seconds)
        return int(await self._run(lambda client: client.eval(_INCREMENT, 1, self._prefix + key, by, ends)))

    async def clear(self, prefix: str = "") -> None:
        pattern = _ODD.sub(r"\\\g<0>", self._prefix + prefix) + "*"

        async def sweep(client: Any) -> None:
            names: list[bytes] = []
            # Not KEYS and not FLUSHDB: the server has others to answer, and keys of others.
            async for name in client.scan_iter(match=pattern, count=1_000):
                names.append(name)
                if len(names) == 1_000:
                    await client.unlink(*names)
                    names = []
            if names:
                await client.unlink(*names)

        await self._run(sweep)

    async def delete_expired(self) -> int:
        """Nothing to do: Redis forgets by itself."""
        return 0

    async def close(self) -> None:
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _run(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        try:
            return await ask(self._client())
        except (self._redis.RedisError, OSError) as error:
            raise StoreDown(f"Redis: {type(error).__name__}: {error}") from error

    def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            for other in [one for one in self._clients if one.is_closed()]:
                del self._clients[other]
            # Its own pool opens a connection for each of a thousand questions at once; in this one they wait.
            pool = self._redis.BlockingConnectionPool.from_url(
                self._url,
                max_connections=_CONNECTIONS,
                timeout=_PATIENCE,
                socket_timeout=self._timeout,
                socket_connect_timeout=self._timeout,
                retry=self._retry,
            )
            client = self._clients[loop] = self._redis.Redis.from_pool(pool)
        return client


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, int(seconds * 1000))
