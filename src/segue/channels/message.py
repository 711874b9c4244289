"""What subscribers get: messages, and the places where some are missing."""

from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar

from segue.channels.entry import Entry

__all__ = ["Gap", "Message", "position_of"]

T = TypeVar("T")


class Message(Generic[T]):
    """One message: ``data`` as it was published, ``channel``, and ``id``, with which a reader goes on where it broke off."""

    __slots__ = ("_entry", "channel", "data")

    def __init__(self, channel: str, data: T, entry: Entry) -> None:
        self.channel = channel
        self.data = data
        self._entry = entry

    @property
    def id(self) -> str:
        """Names it among those of its channel: for ``Event(id=...)``, and for ``subscribe(after=...)``."""
        return f"{self._entry.epoch}-{self._entry.number}"

    @property
    def sent(self) -> datetime:
        """When it was published, by the clock of who published it."""
        return datetime.fromtimestamp(self._entry.time, UTC)

    def __repr__(self) -> str:
        return f"<Message {self.id} of {self.channel!r}: {self.data!r:.80}>"


class Gap:
    """Here messages are missing: how many if that is known (``missed``), and why.

    ``reason``: ``"slow"``, the reader did not keep up; ``"away"``, what carries the messages was away for longer than it keeps
    them; ``"late"``, what ``after`` names is kept no more.
    """

    __slots__ = ("channel", "missed", "reason")

    def __init__(self, channel: str, missed: int | None, reason: Literal["slow", "away", "late"]) -> None:
        self.channel = channel
        self.missed = missed
        self.reason = reason

    def __repr__(self) -> str:
        many = "some" if self.missed is None else str(self.missed)
        return f"<Gap in {self.channel!r}: {many} missed, {self.reason}>"


def position_of(id: str) -> tuple[str, int]:
    """The epoch and the number of ``Message.id``. Clients may send anything: what is no such id is in an epoch that is none."""
    epoch, _, number = id.rpartition("-")
    if len(id) > 80 or not (number.isascii() and number.isdecimal()):
        return "", 0
    return epoch, int(number)
