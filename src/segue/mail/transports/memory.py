"""Keeps letters in memory: for tests, and for the page of the outbox."""

from collections import deque
from collections.abc import Sequence

from segue.mail.transports.contract import Letter, Refused

__all__ = ["MemoryTransport"]


class MemoryTransport:
    """Keeps the last ``most`` letters, in this process."""

    instant = True

    def __init__(self, most: int = 100) -> None:
        self.letters: deque[Letter] = deque(maxlen=most)

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """What it has stays readable."""

    async def send(self, letter: Letter) -> Sequence[Refused]:
        self.letters.append(letter)
        return ()
