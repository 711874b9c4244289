"""Channels over NATS with JetStream: for the processes of many machines."""

import asyncio
import logging
import re
from base64 import b32encode
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from segue.channels.backend import ChannelsDown, Deliver, Keeping, Missed, Recent
from segue.channels.entry import Entry, now

__all__ = ["NATSBackend"]

logger = logging.getLogger("segue.channels")

T = TypeVar("T")

_PATIENCE = 5.0  # seconds for one answer
_LONGEST_WAIT = 2.0  # seconds between two tries to reach the server
_THERE_FOR = 3600.0  # seconds after which the server itself forgets who was there


class NATSBackend:
    """``Channels("nats://host:4222")``. Streams of its own, ``segue_PREFIX_*``, in the memory of the server.

    JetStream counts the messages of all channels together: numbers of one channel grow, but have holes. So how many messages were missed
    is not known here, only that some were.
    """

    counted = False

    def __init__(self, url: str, prefix: str) -> None:
        try:
            import nats
        except ImportError:
            raise ImportError(
                "channels over NATS need the package nats-py: pip install 'segue[nats]'"
            ) from None
        self._nats: Any = nats
        self._url = url
        name = re.sub("[^A-Za-z0-9]", "_", prefix)
        self._messages, self._there = f"segue_{name}_messages", f"segue_{name}_there"
        self._connection: Any = None
        self._stream: Any = None
        self._epoch = ""
        self._followed: dict[str, Any] = {}
        self._connecting: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._keeping = Keeping(0, 0)
        self._deliver: Deliver  # and what follows: since it was opened
        self._missed: Missed

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        self._deliver, self._missed, self._keeping = deliver, missed, keeping
        self._ready = asyncio.Event()
        self._connecting = asyncio.get_running_loop().create_task(self._connect(), name="segue-channels")

    async def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        self._ready.clear()
        self._followed.clear()

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        sent = now()
        told = await self._ask(
            lambda: self._stream.publish(
                f"{self._messages}.{_subject(channel)}",
                b"%.3f %s %s" % (sent, token.encode(), body),
                timeout=_PATIENCE,
                headers={"Nats-Msg-Id": token},
            )
        )
        return Entry(self._epoch, told.seq, sent, token, body)

    async def follow(self, channel: str) -> None:
        self._followed[channel] = None
        await self._ask(lambda: self._subscribe(channel))

    async def unfollow(self, channel: str) -> None:
        subscription = self._followed.pop(channel, None)
        if subscription is not None and self._ready.is_set():
            try:
                await subscription.unsubscribe()
            except (self._nats.errors.Error, OSError):
                pass  # it goes with the connection

    async def recent(self, channel: str, count: int) -> Recent:
        subject = f"{self._messages}.{_subject(channel)}"
        if not count:
            return Recent(self._epoch, await self._ask(lambda: self._last(subject)), [])
        found = await self._ask(lambda: self._kept(self._messages, subject))
        entries = [self._entry(one) for one in found]
        number = entries[-1].number if entries else 0
        return Recent(self._epoch, number, entries[-count:])

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        subject = f"{self._there}.{_subject(channel)}.{_subject(member)}"
        told = b"%.3f %s %s" % (now() + seconds, member.encode().hex().encode(), body)
        await self._ask(lambda: self._stream.publish(subject, told, timeout=_PATIENCE))

    async def leave(self, channel: str, member: str) -> None:
        subject = f"{self._there}.{_subject(channel)}.{_subject(member)}"
        await self._ask(lambda: self._stream.purge_stream(self._there, subject=subject))

    async def members(self, channel: str) -> dict[str, bytes]:
        found = await self._ask(lambda: self._kept(self._there, f"{self._there}.{_subject(channel)}.*"))
        late = now()
        there: dict[str, bytes] = {}
        for message in found:
            until, member, body = message.data.split(b" ", 2)
            if float(until) >= late:
                there[bytes.fromhex(member.decode()).decode()] = body
        return there

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ready.wait()
                return await work()
        except (self._nats.errors.Error, OSError, TimeoutError) as error:
            raise ChannelsDown(f"NATS does not answer: {type(error).__name__}.", retry_after=1) from error

    async def _connect(self) -> None:
        async def gone() -> None:
            self._ready.clear()
            if self._connection is not None:  # else it is closed by us
                logger.warning("NATS is away, channels are tried again")

        async def back() -> None:
            await self._begin()
            self._missed(None)

        async def error(problem: Exception) -> None:
            logger.debug("NATS: %s", problem)

        wait = 0.05
        while True:
            try:
                self._connection = await self._nats.connect(
                    self._url,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_LONGEST_WAIT / 4,
                    connect_timeout=_PATIENCE,
                    ping_interval=10,
                    allow_reconnect=True,
                    disconnected_cb=gone,
                    reconnected_cb=back,
                    error_cb=error,
                )
                break
            except (self._nats.errors.Error, OSError, TimeoutError) as problem:
                logger.warning("NATS is away, channels are tried again in %g s: %s", wait, problem)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
        await self._begin()

    async def _begin(self) -> None:
        """The streams are there, and what is followed is followed again: tried until it is so."""
        wait = 0.05
        while True:
            try:
                self._stream = self._connection.jetstream(timeout=_PATIENCE)
                await self._make_streams()
                for channel in list(self._followed):
                    await self._subscribe(channel)
                self._ready.set()
                return
            except (self._nats.errors.Error, OSError, TimeoutError) as problem:
                logger.warning("NATS does not answer yet: %s", problem)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)

    async def _make_streams(self) -> None:
        from nats.js.api import StorageType, StreamConfig
        from nats.js.errors import BadRequestError

        for name, levels, kept, seconds in (
            (self._messages, "*", max(1, self._keeping.count), self._keeping.seconds),
            (self._there, "*.*", 1, _THERE_FOR),
        ):
            config = StreamConfig(
                name=name,
                subjects=[f"{name}.{levels}"],
                storage=StorageType.MEMORY,
                max_msgs_per_subject=kept,
                max_age=seconds,
                duplicate_window=min(60.0, seconds),
            )
            try:
                await self._stream.add_stream(config)
            except BadRequestError:  # it is there, with another length
                await self._stream.update_stream(config)
        info = await self._connection.request(f"$JS.API.STREAM.INFO.{self._messages}", b"", timeout=_PATIENCE)
        created = re.search(rb'"created":\s*"([^"]+)"', info.data)
        self._epoch = re.sub("[^0-9A-Za-z]", "", created[1].decode()) if created else "0"

    async def _subscribe(self, channel: str) -> None:
        from nats.js.api import DeliverPolicy

        async def take(message: Any) -> None:
            self._deliver(channel, self._entry(message))

        old = self._followed.get(channel)
        self._followed[channel] = await self._stream.subscribe(
            f"{self._messages}.{_subject(channel)}",
            stream=self._messages,
            cb=take,
            ordered_consumer=True,
            deliver_policy=DeliverPolicy.NEW,
        )
        if old is not None:
            try:
                await old.unsubscribe()
            except (self._nats.errors.Error, OSError):
                pass

    async def _last(self, subject: str) -> int:
        """The number of the last message."""
        from nats.js.errors import NotFoundError

        try:
            message = await self._stream.get_last_msg(self._messages, subject)
        except NotFoundError:
            return 0
        return int(message.seq)

    async def _kept(self, stream: str, subject: str) -> list[Any]:
        """The messages of ``subject`` that the server has, oldest first."""
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        reading = await self._stream.pull_subscribe(
            subject,
            stream=stream,
            config=ConsumerConfig(
                ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL, inactive_threshold=30.0
            ),
        )
        found: list[Any] = []
        try:
            left = (await reading.consumer_info()).num_pending or 0
            while left > 0:
                some = await reading.fetch(min(left, 256), timeout=_PATIENCE)
                found += some
                left = some[-1].metadata.num_pending
        finally:
            await reading.unsubscribe()
        return found

    def _entry(self, message: Any) -> Entry:
        sent, token, body = message.data.split(b" ", 2)
        return Entry(self._epoch, message.metadata.sequence.stream, float(sent), token.decode(), body)


def _subject(name: str) -> str:
    """Any name as a part of a subject: NATS gives dots, stars and spaces a meaning."""
    return b32encode(name.encode()).decode().rstrip("=")
