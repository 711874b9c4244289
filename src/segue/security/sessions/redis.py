"""Sessions in Redis, which all machines share."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from segue.core.ports import StoredSession
from segue.security.redis import RedisServer

__all__ = ["RedisSessions"]

# A hash for each session: a field for each value, and two for the times. Fields of values begin with a colon.
_MERGE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for index = 3, #ARGV, 2 do
    if ARGV[index + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[index])
    else redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
end
redis.call('HSET', KEYS[1], 'used', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_OWNED = 400 * 86_400_000  # milliseconds, longer than any session
_LEASE = 90_000  # milliseconds after which the lock of a process that died is free


class RedisSessions:
    """Keeps sessions in Redis. ``Sessions(RedisSessions("redis://localhost"))``; ``prefix`` is put before its keys.

    A server that does not answer within ``timeout`` seconds is a 503.
    Needs the package ``redis``: ``pip install 'segue[redis]'``. Raises ImportError without it.
    """

    def __init__(
        self, url: str = "redis://localhost", *, prefix: str = "segue:session:", timeout: float = 5.0
    ) -> None:
        self._server = RedisServer(url, timeout)
        self._prefix = prefix

    async def open(self) -> None:
        await self._server.ping()

    async def close(self) -> None:
        await self._server.close()

    async def read(self, key: str) -> StoredSession | None:
        server = self._server
        found: dict[bytes, bytes] = await server.answer(server.client.hgetall(self._prefix + key))
        if b"used" not in found:
            return None
        data = {name[1:].decode(): value for name, value in found.items() if name.startswith(b":")}
        owner = found.get(b"owner", b"").decode()
        return StoredSession(data, float(found[b"created"]), float(found[b"used"]), owner)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        name = self._prefix + key
        fields: dict[str, Any] = {f":{one}": value for one, value in session.data.items()}
        fields.update(created=repr(session.created), used=repr(session.used), owner=session.owner)
        async with self._server.client.pipeline(transaction=True) as pipe:
            pipe.delete(name)
            pipe.hset(name, mapping=fields)
            pipe.pexpire(name, int(keep * 1_000))
            if session.owner:
                # The keys of an owner; those that have ended are taken out when somebody looks.
                pipe.sadd(self._of(session.owner), key)
                pipe.pexpire(self._of(session.owner), _OWNED)
            await self._server.answer(pipe.execute())

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        pairs: list[Any] = []
        for name, value in changes.items():
            pairs += [f":{name}", b"" if value is None else value]
        return bool(
            await self._server.run(_MERGE, [self._prefix + key], [repr(used), int(keep * 1_000), *pairs])
        )

    async def delete(self, key: str) -> None:
        await self._server.answer(self._server.client.delete(self._prefix + key))

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        found: dict[str, StoredSession] = {}
        keys: set[bytes] = await self._server.answer(self._server.client.smembers(self._of(owner)))
        for raw in keys:
            key = raw.decode()
            session = await self.read(key)
            if session is None or session.owner != owner:
                await self._server.answer(self._server.client.srem(self._of(owner), raw))
            else:
                found[key] = session
        return found

    def _of(self, owner: str) -> str:
        return f"{self._prefix}owner:{hashlib.sha256(owner.encode()).hexdigest()}"

    @asynccontextmanager
    async def lock(self, key: str, wait: float) -> AsyncGenerator[None]:
        name, holder = f"{self._prefix}lock:{key}", secrets.token_hex(8)
        pause, client = 0.002, self._server.client
        async with asyncio.timeout(wait):
            while not await self._server.answer(client.set(name, holder, nx=True, px=_LEASE)):
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.05)
        try:
            yield
        finally:
            await self._server.run(_RELEASE, [name], [holder])

    async def sweep(self) -> int:
        """Nothing to do: Redis forgets by itself."""
        return 0
