"""The form in which messages travel and are kept: alike in all backends."""

import time
from typing import NamedTuple

__all__ = ["Entry", "token_of"]


class Entry(NamedTuple):
    """A message of a channel.

    ``number`` counts the messages of the channel without a hole, from 1; ``epoch`` names the count, and is another one when it had to
    begin anew. ``token`` names the message: who gets it twice, because it was published again when no answer came, drops the second.
    """

    epoch: str
    number: int
    time: float
    token: str
    body: bytes

    def pack(self) -> bytes:
        """As bytes; see :meth:`unpack`."""
        return b"%s %d %.3f %s %s" % (
            self.epoch.encode(),
            self.number,
            self.time,
            self.token.encode(),
            self.body,
        )

    @classmethod
    def unpack(cls, data: bytes) -> "Entry":
        """Reads what :meth:`pack` wrote. Raises ValueError for anything else."""
        epoch, number, sent, token, body = data.split(b" ", 4)
        return cls(epoch.decode(), int(number), float(sent), token.decode(), body)


def token_of() -> str:
    """A name for a new message."""
    import secrets

    return secrets.token_hex(8)


def now() -> float:
    """The time of a new message, in seconds since 1970."""
    return time.time()
