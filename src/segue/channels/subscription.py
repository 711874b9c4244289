"""What one reader has still to read: a bounded queue, and what happens when it is full."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Generic, Literal, Self, TypeVar

import msgspec

from segue.channels.entry import Entry
from segue.channels.message import Gap, Message

__all__ = ["SlowReader", "Subscription", "WhenFull"]

T = TypeVar("T")

WhenFull = Literal["drop_oldest", "drop_newest", "close"]


class SlowReader(ConnectionError):
    """A subscription with ``when_full="close"`` was not read fast enough, and has ended."""


class Subscription(Generic[T]):
    """Reads the messages of channels: ``async with channels.subscribe("news") as messages: async for message in messages: ...``

    At most ``size`` messages wait to be read. One more than that, and ``when_full`` says what happens: ``"drop_oldest"`` (what is
    new matters most: prices, positions), ``"drop_newest"``, or ``"close"`` (nothing may be missing: the reader gets SlowReader and
    begins anew). ``missed`` counts what was dropped; :meth:`events` shows the places too.
    """

    def __init__(
        self,
        channels: tuple[str, ...],
        type: Any,
        size: int,
        when_full: WhenFull,
        begin: "Callable[[Subscription[T]], Coroutine[Any, Any, None]]",
        end: "Callable[[Subscription[T]], Coroutine[Any, Any, None]]",
    ) -> None:
        self.channels = channels
        #: How many messages this reader did not get, as far as that is known.
        self.missed = 0
        self._type = type
        self._size = size
        self._when_full = when_full
        self._begin, self._end = begin, end
        self._waiting: deque[tuple[str, Entry] | Gap] = deque()
        self._lost: dict[str, int] = {}
        self._wake: asyncio.Future[None] | None = None
        self._failed: Exception | None = None
        self._open = False
        self._ended = False

    async def __aenter__(self) -> Self:
        if self._open or self._ended:
            raise RuntimeError("a subscription is entered once; ask channels.subscribe(...) for another")
        self._open = True
        try:
            await self._begin(self)
        except BaseException:
            self._open = False
            await self._end(self)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        self.stop()
        await self._end(self)

    def stop(self) -> None:
        """Ends the loops that read; what waits is not read any more. From a task of the same loop."""
        self._ended = True
        self._waiting.clear()
        self._awake()

    async def get(self) -> Message[T]:
        """The next message; waits for one. Raises SlowReader, and RuntimeError when the subscription has ended.

        For ever, if none comes: ``async with asyncio.timeout(5): await messages.get()``.
        """
        while True:
            event = await self._next()
            if event is None:
                raise RuntimeError("the subscription has ended")
            if isinstance(event, Message):
                return event

    async def __aiter__(self) -> AsyncIterator[Message[T]]:
        async for event in self.events():
            if isinstance(event, Message):
                yield event

    async def events(self) -> AsyncIterator[Message[T] | Gap]:
        """The messages, and a Gap where some are missing: so that a client can be told to load the page anew."""
        while (event := await self._next()) is not None:
            yield event

    def offer(self, channel: str, entry: Entry) -> None:
        """Puts a message at the end of what waits."""
        if self._ended or self._failed is not None:
            return
        waiting = self._waiting
        if self._when_full == "drop_newest":
            if len(waiting) >= self._size:
                self._dropped(channel)
                return
            self._tell_dropped()
        elif len(waiting) >= self._size:
            if self._when_full == "close":
                self._failed = SlowReader(
                    f"{self._size} messages of {', '.join(self.channels)} wait to be read, and one more has come: "
                    f'the reader is too slow (when_full="close")'
                )
                waiting.clear()
                self._awake()
                return
            first = waiting.popleft()
            if not isinstance(first, Gap):
                self._dropped(first[0])
        waiting.append((channel, entry))
        self._awake()

    def gap(self, gap: Gap) -> None:
        """Notes that messages are missing at the end of what waits."""
        self.missed += gap.missed or 0
        self._waiting.append(gap)
        self._awake()

    def _dropped(self, channel: str) -> None:
        self.missed += 1
        self._lost[channel] = self._lost.get(channel, 0) + 1

    def _tell_dropped(self) -> None:
        """What was dropped is noted before the next message: with "drop_oldest" that is the first, else the last."""
        if self._lost:
            lost, self._lost = self._lost, {}
            gaps = [Gap(channel, many, "slow") for channel, many in lost.items()]
            if self._when_full == "drop_oldest":
                self._waiting.extendleft(reversed(gaps))
            else:
                self._waiting.extend(gaps)

    async def _next(self) -> Message[T] | Gap | None:
        while True:
            if self._failed is not None:
                raise self._failed
            if self._when_full == "drop_oldest" or not self._waiting:
                self._tell_dropped()
            if self._waiting:
                event = self._waiting.popleft()
                if isinstance(event, Gap):
                    return event
                channel, entry = event
                return Message(channel, _decoded(entry.body, self._type, channel), entry)
            if self._ended:
                return None
            if self._wake is not None and not self._wake.done():
                raise RuntimeError("two tasks read one subscription; give each its own")
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def _decoded(body: bytes, type: Any, channel: str) -> Any:
    try:
        return msgspec.msgpack.decode(body, type=type)
    except msgspec.ValidationError as error:
        raise TypeError(
            f"a message of the channel {channel!r} is no {getattr(type, '__name__', type)}: {error}. Messages of a type that has "
            f"changed may be kept from before; give new fields a default"
        ) from error
