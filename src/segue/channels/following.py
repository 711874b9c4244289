"""One channel that is followed: its messages in their order, each once, and what was missed fetched or told."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from segue.channels.backend import Backend, ChannelsDown, Recent
from segue.channels.entry import Entry
from segue.channels.message import Gap
from segue.channels.subscription import Subscription

__all__ = ["Following"]

logger = logging.getLogger("segue.channels")

_REMEMBERED = 64  # names of the last messages: a message that was published twice comes soon again
_NOTHING = ("", 0)
_AGAIN = 0.2  # seconds until what could not be fetched is asked for again


class Following:
    """Stands between a backend and the subscriptions to one channel.

    A message whose number is the next goes to all readers at once. When numbers are missing (a connection was away), what the backend
    has kept is fetched; only what is kept no more becomes a Gap.
    """

    def __init__(self, channel: str, backend: Backend, keep: int) -> None:
        self.channel = channel
        #: Each with the epoch and the number up to which it was given what is kept.
        self.readers: dict[Subscription[Any], tuple[str, int]] = {}
        #: How many read, or are about to.
        self.users = 0
        self._turn = asyncio.Lock()
        self._begun = False
        self._backend = backend
        self._keep = keep
        self._counted = backend.counted
        self._epoch: str | None = None
        self._number = 0
        self._tokens: deque[str] = deque(maxlen=_REMEMBERED)
        # While this is a list, messages wait in it for what comes before them.
        self._held: list[Entry] | None = []
        self._fetching: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Gives nothing more to anybody."""
        if self._fetching is not None:
            self._fetching.cancel()

    def take(self, entry: Entry) -> None:
        """A message has come."""
        if self._held is not None:
            self._held.append(entry)
        elif entry.epoch == self._epoch and entry.number <= self._number:
            pass  # it was here before
        elif entry.epoch == self._epoch and (entry.number == self._number + 1 or not self._counted):
            self._give(entry)
        else:
            self._held = [entry]
            self.catch_up()

    def catch_up(self) -> None:
        """Fetches what may have been missed."""
        if self._held is None:
            self._held = []
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.get_running_loop().create_task(self._fetch())

    async def join(self, reader: Subscription[Any], history: int, after: tuple[str, int] | None) -> None:
        """Gives ``reader`` what is kept, as far as it wants that, and then all that comes."""
        self.users += 1
        async with self._turn:
            if not self._begun:
                await self._begin()
        if not history and after is None:
            self.readers[reader] = _NOTHING
            return
        newer = _Newer()
        waiting: Any = newer
        self.readers[waiting] = _NOTHING
        try:
            recent = await self._backend.recent(self.channel, history if after is None else self._keep)
        finally:
            del self.readers[waiting]
        entries: Sequence[Entry] = recent.entries
        if after is not None:
            entries = self._since(reader, recent, after)
        for entry in entries:
            reader.offer(self.channel, entry)
        for event in newer.events:
            if isinstance(event, Gap):
                reader.gap(event)
            elif event.epoch != recent.epoch or event.number > recent.number:
                reader.offer(self.channel, event)
        # What carries messages may be behind what it keeps: some of it is still to come, and is dropped then.
        self.readers[reader] = (recent.epoch, recent.number)

    async def part(self, reader: Subscription[Any]) -> None:
        """Gives ``reader`` nothing more; the last that leaves ends it."""
        self.readers.pop(reader, None)
        self.users -= 1
        if self.users:
            return
        async with self._turn:
            if self._begun and not self.users:
                self._begun = False
                self._held = []
                self.end()
                await self._backend.unfollow(self.channel)

    async def _begin(self) -> None:
        await self._backend.follow(self.channel)
        recent = await self._backend.recent(self.channel, 0)
        self._epoch, self._number = recent.epoch, recent.number
        self._begun = True
        held, self._held = self._held or [], None
        for entry in held:
            self.take(entry)

    def _since(self, reader: Subscription[Any], recent: Recent, after: tuple[str, int]) -> Sequence[Entry]:
        epoch, number = after
        if epoch != recent.epoch or number > recent.number:
            reader.gap(Gap(self.channel, None, "late"))
            return recent.entries
        entries = [one for one in recent.entries if one.number > number]
        if not self._counted:
            if (
                len(entries) == len(recent.entries) >= self._keep
            ):  # what is named is kept no more, nor perhaps what came after it
                reader.gap(Gap(self.channel, None, "late"))
            return entries
        first = entries[0].number if entries else recent.number + 1
        if first > number + 1:
            reader.gap(Gap(self.channel, first - number - 1, "late"))
        return entries

    async def _fetch(self) -> None:
        for _ in range(2):  # the second time if the count began anew while it was asked
            recent = await self._kept()
            held, self._held = self._held or [], None
            self._go_on(recent, held)
            others = [one for one in held if one.epoch != self._epoch]
            if not others:
                return
            self._held = others
        self._held = None

    async def _kept(self) -> Recent:
        while True:
            try:
                return await self._backend.recent(self.channel, self._keep)
            except ChannelsDown:
                pass
            except Exception:
                logger.exception("what the channel %r has kept cannot be read", self.channel)
            await asyncio.sleep(_AGAIN)

    def _go_on(self, recent: Recent, held: list[Entry]) -> None:
        """Gives what is kept and new, and says what is missing."""
        if recent.epoch != self._epoch:
            self._tell(None)
            self._epoch = recent.epoch
            self._number = recent.entries[0].number - 1 if recent.entries else recent.number
        elif (
            not self._counted
            and recent.entries
            and self._keep <= len(recent.entries)
            and recent.entries[0].number > self._number
        ):
            self._tell(None)
        known = {one.number: one for one in recent.entries}
        known.update((one.number, one) for one in held if one.epoch == self._epoch)
        for number in sorted(known):
            if number <= self._number:
                continue
            if number > self._number + 1 and self._counted:
                self._tell(number - self._number - 1)
            self._give(known[number])
        if recent.number > self._number:
            self._tell(recent.number - self._number if self._counted else None)
            self._number = recent.number

    def _give(self, entry: Entry) -> None:
        self._number = entry.number
        if entry.token in self._tokens:
            return
        self._tokens.append(entry.token)
        for reader, (epoch, number) in list(self.readers.items()):
            if entry.number > number or entry.epoch != epoch:
                reader.offer(self.channel, entry)

    def _tell(self, missed: int | None) -> None:
        logger.warning(
            "the channel %r: %s messages were missed, and are kept no more",
            self.channel,
            "some" if missed is None else missed,
        )
        for reader in list(self.readers):
            reader.gap(Gap(self.channel, missed, "away"))


class _Newer:
    """Takes the place of a reader until it has been given what is older."""

    def __init__(self) -> None:
        self.events: list[Entry | Gap] = []

    def offer(self, channel: str, entry: Entry) -> None:
        self.events.append(entry)

    def gap(self, gap: Gap) -> None:
        self.events.append(gap)
