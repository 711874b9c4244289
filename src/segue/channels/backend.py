"""How messages travel: the contract that memory, the hub of a machine, PostgreSQL, Redis and NATS fulfil, and backends of yours."""

from collections.abc import Callable, Sequence
from typing import Protocol

from segue.channels.entry import Entry
from segue.http.errors import ServiceUnavailable

__all__ = ["Backend", "ChannelsDown", "Deliver", "Keeping", "Missed", "Recent"]

#: Is told each message of a channel that is followed, from the loop in which the backend was opened.
Deliver = Callable[[str, Entry], None]

#: Is told that messages of a channel, or of all (None), may have been missed: they are asked for.
Missed = Callable[[str | None], None]


class ChannelsDown(ServiceUnavailable):
    """What carries the messages does not answer (503): nothing was published, or nobody can say whether it was."""


class Keeping:
    """How much is kept for those who come later: the last ``count`` messages of a channel, none older than ``seconds``."""

    __slots__ = ("count", "seconds")

    def __init__(self, count: int, seconds: float) -> None:
        self.count = count
        self.seconds = seconds


class Recent:
    """What a channel has kept, oldest first, and where it stands: the epoch and the number of its last message, kept or not."""

    __slots__ = ("entries", "epoch", "number")

    def __init__(self, epoch: str, number: int, entries: Sequence[Entry]) -> None:
        self.epoch = epoch
        self.number = number
        self.entries = entries


class Backend(Protocol):
    """Carries messages between processes. Any method may raise ChannelsDown.

    Messages of one channel have one order, which is that of their numbers. What is followed is delivered once the call of
    :meth:`follow` has returned. A backend that has lost its connection makes a new one by itself, with growing pauses, follows again what was followed, and then calls ``back``: what was missed meanwhile is asked for with :meth:`recent`.
    """

    @property
    def counted(self) -> bool:
        """Whether the numbers of a channel have no holes, so that a hole says how many messages were missed."""
        ...

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        """Begins, in the running loop. Does not wait for a server that is away."""

    async def close(self) -> None:
        """Ends, and gives up its connections."""

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        """Gives a message to all who follow; as it was numbered."""
        ...

    async def follow(self, channel: str) -> None:
        """From now on the messages of the channel are delivered."""

    async def unfollow(self, channel: str) -> None:
        """From now on they are not."""

    async def recent(self, channel: str, count: int) -> Recent:
        """The last ``count`` messages that are kept."""
        ...

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        """Somebody is there, for ``seconds`` at least, unless it is said again."""

    async def leave(self, channel: str, member: str) -> None:
        """Somebody is there no more."""

    async def members(self, channel: str) -> dict[str, bytes]:
        """Who is there, each with what was said of it."""
        ...
