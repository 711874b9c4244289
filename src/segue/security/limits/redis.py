"""Counts in Redis, which all machines share. The clock is that of Redis."""

import secrets

from segue.security.limits.rate import Allowance, Rate
from segue.security.redis import RedisServer

__all__ = ["RedisCounts"]

# A sorted set for each key: a member for each time, by microseconds.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local limit, period, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - period)
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + period, '+inf')
local used = redis.call('ZCARD', KEYS[1])
if used + cost > limit then
    local wait = period
    local first = redis.call('ZRANGE', KEYS[1], used + cost - limit - 1, used + cost - limit - 1, 'WITHSCORES')
    if first[2] then wait = tonumber(first[2]) + period - now end
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    local reset = period
    if last[2] then reset = tonumber(last[2]) + period - now end
    return {0, math.max(0, limit - used), wait, reset}
end
for number = 1, cost do redis.call('ZADD', KEYS[1], now, ARGV[4] .. number) end
redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000) + 1000)
return {1, limit - used - cost, 0, period}
"""
_MICRO = 1_000_000


class RedisCounts:
    """Counts in Redis: ``Limiter(RedisCounts("redis://localhost"))``.

    ``prefix`` is put before its keys. A server that does not answer within ``timeout`` seconds is a 503.
    Needs the package ``redis``: ``pip install 'segue[redis]'``. Raises ImportError without it.
    """

    def __init__(
        self, url: str = "redis://localhost", *, prefix: str = "segue:limit:", timeout: float = 5.0
    ) -> None:
        self._server = RedisServer(url, timeout)
        self._prefix = prefix

    async def open(self) -> None:
        await self._server.ping()

    async def close(self) -> None:
        await self._server.close()

    async def take(self, key: str, rate: Rate, cost: int) -> Allowance:
        arguments = [rate.limit, int(rate.period * _MICRO), cost, secrets.token_hex(8)]
        allowed, remaining, wait, reset = await self._server.run(_TAKE, [self._prefix + key], arguments)
        return Allowance(bool(allowed), remaining, wait / _MICRO, reset / _MICRO)

    async def forget(self, key: str) -> None:
        await self._server.answer(self._server.client.delete(self._prefix + key))

    async def sweep(self) -> int:
        """Nothing to do: Redis forgets by itself."""
        return 0
