"""How long to wait before the next attempt: longer each time, and by chance, so that not all come back at once."""

from __future__ import annotations

import random

import msgspec

__all__ = ["Backoff"]

_chance = random.SystemRandom()  # processes that were forked must not agree


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """Waits with full jitter.

        Backoff(first=1.0, most=30.0).delay(3)    # some time from 0 to 8 seconds

    ``first``: the longest wait before the first repetition. It doubles with each, up to ``most``. The time is evenly
    spread from 0 on: a thousand clients of a server that starts again come back one by one.
    """

    first: float = 1.0
    most: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.most:
            raise ValueError(
                f"first, {self.first!r} seconds, is at least 0 and not more than most, {self.most!r}"
            )

    def delay(self, attempt: int) -> float:
        """Seconds to wait before a repetition; ``attempt`` counts from 0."""
        return _chance.uniform(0.0, min(self.most, self.first * 2.0 ** min(attempt, 60)))
