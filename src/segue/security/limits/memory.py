"""Counts in the memory of one process."""

import time

from segue.security.limits.rate import Allowance, Entry, Rate, decide

__all__ = ["MemoryCounts"]


class MemoryCounts:
    """Counts for one worker only: with several, each allows as much. For tests, and for apps that run as one process."""

    def __init__(self) -> None:
        self._logs: dict[str, tuple[list[Entry], float]] = {}

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def take(self, key: str, rate: Rate, cost: int) -> Allowance:
        now = time.monotonic()
        log, _ = self._logs.get(key, ([], 0.0))
        allowance, log = decide(log, rate, now, cost)
        self._logs[key] = (log, now + allowance.reset)
        return allowance

    async def forget(self, key: str) -> None:
        self._logs.pop(key, None)

    async def sweep(self) -> int:
        now = time.monotonic()
        over = [key for key, (_, until) in self._logs.items() if until < now]
        for key in over:
            del self._logs[key]
        return len(over)
