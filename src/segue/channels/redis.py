"""Channels over Redis: for the processes of many machines."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable
from typing import Any, TypeVar

from segue.channels.backend import ChannelsDown, Deliver, Keeping, Missed, Recent
from segue.channels.entry import Entry, now

__all__ = ["RedisBackend"]

logger = logging.getLogger("segue.channels")

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0  # seconds between two tries to reach the server
_LISTENS_EACH = 10.0  # seconds after which a connection that says nothing is asked whether it is there
_PATIENCE = 5.0  # seconds for one answer
_COUNTED_FOR = 30 * 24 * 3600  # seconds for which the count of a channel is known that nobody uses

# A message gets its number, is kept and given to all in one step.
_PUBLISH = """
local epoch = redis.call('hget', KEYS[1], 'epoch')
if not epoch then epoch = ARGV[1]; redis.call('hset', KEYS[1], 'epoch', epoch) end
local number = redis.call('hincrby', KEYS[1], 'number', 1)
redis.call('expire', KEYS[1], ARGV[6])
local entry = epoch .. ' ' .. string.format('%d', number) .. ARGV[2] .. ARGV[3]
local keep = tonumber(ARGV[4])
if keep > 0 then
  redis.call('rpush', KEYS[2], entry)
  redis.call('ltrim', KEYS[2], -keep, -1)
  redis.call('pexpire', KEYS[2], ARGV[5])
end
redis.call('publish', KEYS[3], entry)
return entry
"""
_RECENT = """
local epoch = redis.call('hget', KEYS[1], 'epoch')
if not epoch then epoch = ARGV[1]; redis.call('hset', KEYS[1], 'epoch', epoch, 'number', 0) end
redis.call('expire', KEYS[1], ARGV[3])
local count = tonumber(ARGV[2])
local entries = {}
if count > 0 then entries = redis.call('lrange', KEYS[2], -count, -1) end
return {epoch, redis.call('hget', KEYS[1], 'number') or '0', entries}
"""


class RedisBackend:
    """``Channels("redis://host/0")``. Keys and channels of Redis begin with ``segue:`` and ``prefix``.

    Two connections for each process: one listens, one asks. Both are made anew when the server was away.
    """

    counted = True

    def __init__(self, url: str, prefix: str) -> None:
        try:
            import redis.asyncio as redis
        except ImportError:
            raise ImportError(
                "channels over Redis need the package redis: pip install 'segue[redis]'"
            ) from None
        self._redis: Any = redis
        self._url = url
        self._prefix = f"segue:{prefix}:channel:"
        self._client: Any = None
        self._listener: Any = None
        self._listening: Any = None
        self._followed: set[str] = set()
        self._begun: dict[str, asyncio.Future[None]] = {}
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._keeping = Keeping(0, 0)
        self._deliver: Deliver  # and what follows: since it was opened
        self._missed: Missed

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        self._deliver, self._missed, self._keeping = deliver, missed, keeping
        self._ready = asyncio.Event()
        pool = self._redis.BlockingConnectionPool.from_url(
            self._url,
            max_connections=8,
            timeout=_PATIENCE,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._client = self._redis.Redis.from_pool(pool)
        # Not tried again in silence: who listens has to know that something may have been missed.
        self._listener = self._redis.Redis.from_url(
            self._url, socket_timeout=None, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._running = asyncio.get_running_loop().create_task(self._listen(), name="segue-channels")

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        for client in (self._client, self._listener):
            if client is not None:
                await client.aclose()
        self._client = self._listener = None
        self._followed.clear()

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        head = f" {now():.3f} {token} ".encode()
        keep, milliseconds = self._keeping.count, max(1, int(self._keeping.seconds * 1000))
        packed = await self._answer(
            self._client.eval(
                _PUBLISH,
                3,
                f"{self._prefix}{channel}:count",
                f"{self._prefix}{channel}:kept",
                self._prefix + channel,
                secrets.token_hex(4),
                head,
                body,
                keep,
                milliseconds,
                _COUNTED_FOR,
            )
        )
        return Entry.unpack(packed)

    async def follow(self, channel: str) -> None:
        self._followed.add(channel)
        begun = self._begun[channel] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PATIENCE):
                if self._ready.is_set():
                    await self._answer(self._listening.subscribe(self._prefix + channel))
                await begun  # or else the next connection follows it
        except TimeoutError:
            self._followed.discard(channel)
            raise ChannelsDown("Redis does not answer.", retry_after=1) from None
        finally:
            self._begun.pop(channel, None)

    async def unfollow(self, channel: str) -> None:
        self._followed.discard(channel)
        if self._ready.is_set():
            try:
                await self._listening.unsubscribe(self._prefix + channel)
            except (self._redis.RedisError, OSError):
                pass  # the next connection does not follow it

    async def recent(self, channel: str, count: int) -> Recent:
        epoch, number, entries = await self._answer(
            self._client.eval(
                _RECENT,
                2,
                f"{self._prefix}{channel}:count",
                f"{self._prefix}{channel}:kept",
                secrets.token_hex(4),
                count,
                _COUNTED_FOR,
            )
        )
        oldest = now() - self._keeping.seconds
        found = [Entry.unpack(one) for one in entries]
        return Recent(epoch.decode(), int(number), [one for one in found if one.time >= oldest])

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        key = f"{self._prefix}{channel}:there"
        async with self._client.pipeline(transaction=True) as steps:
            steps.hset(key, member, b"%.3f " % (now() + seconds) + body)
            steps.pexpire(key, int(seconds * 1000), gt=True)
            steps.pexpire(key, int(seconds * 1000), nx=True)
            await self._answer(steps.execute())

    async def leave(self, channel: str, member: str) -> None:
        await self._answer(self._client.hdel(f"{self._prefix}{channel}:there", member))

    async def members(self, channel: str) -> dict[str, bytes]:
        found = await self._answer(self._client.hgetall(f"{self._prefix}{channel}:there"))
        late = now()
        there: dict[str, bytes] = {}
        for member, told in found.items():
            until, _, body = told.partition(b" ")
            if float(until) >= late:
                there[member.decode()] = body
        return there

    async def _answer(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except (self._redis.RedisError, OSError) as error:
            raise ChannelsDown(f"Redis does not answer: {type(error).__name__}.", retry_after=1) from error

    async def _listen(self) -> None:
        """Reads what is published, over one connection at a time."""
        wait = _FIRST_WAIT
        first = True
        while True:
            listening = self._listener.pubsub()
            try:
                # A name of our own is always listened to, so that the connection is there before the first reader.
                told = {"~"}
                await listening.subscribe(f"{self._prefix}~")
                await self._acknowledged(listening, 1)
                while new := self._followed - told:  # some may have come meanwhile
                    told |= new
                    await listening.subscribe(*(self._prefix + one for one in new))
                    await self._acknowledged(listening, len(new))
                self._listening = listening
                self._ready.set()
                wait = _FIRST_WAIT
                if not first:
                    self._missed(None)
                first = False
                await self._read(listening)
            except (self._redis.RedisError, OSError) as error:
                self._ready.clear()
                first = False
                logger.warning("Redis is away, channels are tried again in %g s: %s", wait, error)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
            finally:
                self._ready.clear()
                try:
                    await listening.aclose()
                except (self._redis.RedisError, OSError):
                    pass

    async def _acknowledged(self, listening: Any, many: int) -> None:
        while many:
            message = await listening.get_message(timeout=_PATIENCE)
            if message is None:
                raise ConnectionError("no answer to a subscription")
            self._begins(message)
            many -= 1

    async def _read(self, listening: Any) -> None:
        asked = False
        while True:
            message = await listening.get_message(timeout=_LISTENS_EACH)
            if message is None:
                if asked:
                    raise ConnectionError("the connection says nothing any more")
                await listening.ping()
                asked = True
                continue
            asked = False
            if message["type"] == "message":
                channel = message["channel"].decode().removeprefix(self._prefix)
                self._deliver(channel, Entry.unpack(message["data"]))
            else:
                self._begins(message)

    def _begins(self, message: Any) -> None:
        """A channel is followed now, the server says."""
        if message["type"] == "subscribe":
            begun = self._begun.get(message["channel"].decode().removeprefix(self._prefix))
            if begun is not None and not begun.done():
                begun.set_result(None)
