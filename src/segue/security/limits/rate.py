"""A rate, and the decision whether once more is too often: a sliding log, so that no stretch of time ever has more."""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Allowance", "Counts", "Entry", "Rate", "decide"]

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_text = re.compile(
    r"([0-9]{1,9}) ?(?:per|/|times? per|in|every) ?([0-9]{1,6})? ?(second|minute|hour|day|s|m|h|d)s?\Z"
).match
_SHORT = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_MOST_ENTRIES = 1_000


class Rate(NamedTuple):
    """``limit`` times in any ``period`` of seconds. ``Rate.parse("10 per 3 minutes")``, ``"5/second"``."""

    limit: int
    period: float

    @classmethod
    def parse(cls, text: "str | Rate") -> "Rate":
        """The rate that a text says. Raises ValueError."""
        if isinstance(text, Rate):
            return text
        found = _text(text.strip().lower())
        if found is None or not int(found[1]) or found[2] == "0":
            raise ValueError(
                f'{text!r} is no rate: write "10 per minute", "100 per 15 minutes" or "5/second"'
            )
        return cls(int(found[1]), int(found[2] or 1) * _SECONDS[_SHORT.get(found[3], found[3])])

    @property
    def grain(self) -> float:
        """Of large rates the log is kept in steps of so many seconds; one that is too early to forget counts on."""
        return 0.0 if self.limit <= _MOST_ENTRIES else self.period / _MOST_ENTRIES

    def __str__(self) -> str:
        return f"{self.limit} per {self.period:g} seconds"


Entry = tuple[float, int]
"""When, and how many times."""


class Allowance(NamedTuple):
    """What a limit says. ``wait``: seconds until it would say yes; 0 if it does. ``reset``: until all is free again."""

    allowed: bool
    remaining: int
    wait: float
    reset: float


class Counts(Protocol):
    """Where it is kept who did what when; shared by all workers that are to count together."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def take(self, key: str, rate: Rate, cost: int) -> Allowance:
        """Takes ``cost`` of what is left for ``key``, all or nothing, at once."""
        ...

    async def forget(self, key: str) -> None:
        """Begins anew for ``key``."""

    async def sweep(self) -> int:
        """Forgets what counts no more; how many keys that were."""
        ...


def decide(log: Sequence[Entry], rate: Rate, now: float, cost: int) -> tuple[Allowance, list[Entry]]:
    """Whether ``cost`` more is allowed, and the log after that. ``log`` is in the order of time.

    What lies further ahead than a period was written before the clock was set back, and counts no more.
    """
    limit, period = rate
    kept = [entry for entry in log if now - period < entry[0] <= now + period]
    used = sum(count for _, count in kept)
    if used + cost > limit:
        free, wait = limit - used, period
        for at, count in kept:
            free += count
            if free >= cost:
                wait = at + period - now
                break
        last = kept[-1][0] if kept else now
        return Allowance(False, max(0, limit - used), max(wait, 0.001), last + period - now), kept
    grain = rate.grain
    at = (now // grain + 1) * grain if grain else now
    if grain and kept and kept[-1][0] == at:
        kept[-1] = (at, kept[-1][1] + cost)
    else:
        kept.append((at, cost))
    return Allowance(True, limit - used - cost, 0.0, at + period - now), kept
