"""Channels kept in memory: what they have counted, the last messages, and who is there. No loop, no lock."""

import secrets
import time
from collections import deque
from collections.abc import Iterable

from segue.channels.backend import Keeping, Recent
from segue.channels.entry import Entry, now

__all__ = ["Board"]

_SWEEP_EACH = 1_000  # messages between two looks for channels that nobody uses any more


class _Channel:
    __slots__ = ("entries", "epoch", "number", "tokens", "used")

    def __init__(self, keep: int) -> None:
        self.epoch = secrets.token_hex(4)
        self.number = 0
        self.entries: deque[Entry] = deque(maxlen=keep)
        self.tokens: deque[str] = deque(maxlen=64)
        self.used = time.monotonic()


class Board:
    """The channels of a process. What has not been used for as long as messages are kept is forgotten, with its count."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._channels: dict[str, _Channel] = {}
        self._members: dict[str, dict[str, tuple[bytes, float]]] = {}
        self._until_sweep = _SWEEP_EACH
        #: Channels whose count must go on: somebody follows them.
        self.followed: set[str] = set()

    def publish(self, name: str, token: str, body: bytes) -> Entry | None:
        """The message as it is numbered; None if it was published before."""
        channel = self._channel(name)
        if token in channel.tokens:
            return None
        self._until_sweep -= 1
        if self._until_sweep <= 0:
            self._sweep()
        channel.number += 1
        entry = Entry(channel.epoch, channel.number, now(), token, body)
        channel.entries.append(entry)
        channel.tokens.append(token)
        return entry

    def published(self, name: str, token: str) -> Entry | None:
        """The message of this token, if it is kept."""
        return next((one for one in self._channel(name).entries if one.token == token), None)

    def recent(self, name: str, count: int) -> Recent:
        """See Backend.recent."""
        channel = self._channel(name)
        oldest = now() - self._keeping.seconds
        entries = [one for one in channel.entries if one.time >= oldest]
        return Recent(channel.epoch, channel.number, entries[-count:] if count > 0 else [])

    def adopt(self, name: str, entries: Iterable[Entry]) -> None:
        """Goes on with a count that another board began: the longest that is told wins."""
        told = sorted(entries, key=lambda one: one.number)
        if not told:
            return
        channel = self._channel(name)
        if channel.number and channel.epoch != told[-1].epoch:
            return
        known = {one.number for one in channel.entries}
        channel.epoch = told[-1].epoch
        channel.number = max(channel.number, told[-1].number)
        together = [*channel.entries, *(one for one in told if one.number not in known)]
        channel.entries.clear()
        channel.entries.extend(sorted(together, key=lambda one: one.number))
        channel.tokens.extend(one.token for one in channel.entries)

    def state(self) -> dict[str, list[bytes]]:
        """All that is kept, to be adopted by another."""
        return {
            name: [one.pack() for one in channel.entries]
            for name, channel in self._channels.items()
            if channel.entries
        }

    def enter(self, name: str, member: str, body: bytes, seconds: float) -> None:
        """See Backend.enter."""
        self._members.setdefault(name, {})[member] = (body, time.monotonic() + seconds)

    def leave(self, name: str, member: str) -> None:
        """See Backend.leave."""
        there = self._members.get(name, {})
        there.pop(member, None)
        if not there:
            self._members.pop(name, None)

    def members(self, name: str) -> dict[str, bytes]:
        """See Backend.members."""
        there = self._members.get(name, {})
        late = time.monotonic()
        for member in [one for one, (_, until) in there.items() if until < late]:
            self.leave(name, member)
        return {member: body for member, (body, _) in there.items()}

    def _channel(self, name: str) -> _Channel:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = _Channel(self._keeping.count)
        channel.used = time.monotonic()
        return channel

    def _sweep(self) -> None:
        self._until_sweep = _SWEEP_EACH
        unused = time.monotonic() - self._keeping.seconds
        for name, channel in list(self._channels.items()):
            if channel.used < unused and name not in self.followed:
                del self._channels[name]
        for name in list(self._members):
            self.members(name)
