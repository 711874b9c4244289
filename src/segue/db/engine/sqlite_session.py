"""One connection to SQLite: short reads on the loop, everything else in its thread, nothing for longer than it may."""

import asyncio
import math
import re
import sqlite3
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NoReturn, TypeVar

from segue.db.engine.contract import Row
from segue.db.engine.options import Settings
from segue.db.engine.sqlite_errors import INTERRUPTED, is_busy, translated
from segue.db.engine.sqlite_place import Place
from segue.db.engine.worker import Job, Worker

__all__ = ["Budget", "Session", "Stretch", "is_read"]

T = TypeVar("T")

# Steps of SQLite's machine between two looks at the clock. On the loop about 20 µs, which costs less than one percent; in
# a thread about 1 ms, because each look needs the interpreter's lock, which the loop wants too.
_STEPS = 1_000
_STEPS_IN_THREAD = 50_000

# Of how many statements, and of how long ones, it is remembered whether they only read.
_MOST = 5_000
_LONGEST = 10_000

# Seconds until a lock is asked for again.
_WAITS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025)

# Seconds for which reads one after the other may keep the loop.
_STRETCH = 0.005

_READ = re.compile(r"[\s(]*(?:select|values|with|explain|pragma)\b", re.IGNORECASE)
_WRITE = re.compile(r"\b(?:insert|update|delete|replace)\b", re.IGNORECASE)


def is_read(sql: str) -> bool:
    """Whether a statement certainly changes nothing, seen from its text. ``WITH`` may stand before both."""
    found = _READ.match(sql)
    if found is None:
        return False
    word = found[0].strip(" \t\r\n(").lower()
    return word in ("select", "values", "explain") or (word == "with" and not _WRITE.search(sql))


class Budget:
    """Until when the statement under way may run, by ``perf_counter``."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = math.inf

    def is_spent(self) -> bool:
        """Asked by SQLite every few steps; True interrupts it."""
        return perf_counter() > self.until


class Stretch:
    """How long the loop has been kept by reads, one after the other: each is short, a thousand are not.

    PERF(fetch): one callback for each turn of the loop in which there are reads (0.2 µs).
    """

    __slots__ = ("_counting", "_since")

    def __init__(self) -> None:
        self._since = 0.0
        self._counting = False

    def is_over(self, now: float) -> bool:
        """Whether it is the turn of others."""
        if self._counting:
            return now - self._since > _STRETCH
        self._counting = True
        self._since = now
        asyncio.get_running_loop().call_soon(self._end)
        return False

    def _end(self) -> None:
        self._counting = False


class Session:
    """A connection of sqlite3 with its thread and its budget.

    It is used by one task at a time. A statement in its thread whose caller is cancelled is interrupted, and whatever is
    submitted after it comes after it.
    """

    __slots__ = ("_place", "_reads", "_settings", "_steps", "budget", "locked", "raw", "stretch", "worker")

    def __init__(
        self, raw: sqlite3.Connection, worker: Worker, place: Place, settings: Settings, stretch: Stretch
    ) -> None:
        self.raw = raw
        self.worker = worker
        self.stretch = stretch
        self.budget = Budget()
        #: Whether the last read on the loop met a lock of somebody else.
        self.locked = False
        self._place = place
        self._settings = settings
        self._reads: dict[str, bool] = {}
        self._look_every(_STEPS)

    def read_now(self, sql: str, args: Sequence[Any], now: float) -> Sequence[Row] | None:
        """The rows of a read, on the loop; None if that takes too long, or somebody holds a lock."""
        if self._steps != _STEPS:
            self._look_every(_STEPS)
        self.budget.until = now + self._settings.inline_budget
        try:
            return self.raw.execute(sql, args).fetchall()
        except sqlite3.OperationalError as error:
            self.locked = is_busy(error)
            if self.locked or error.sqlite_errorcode == INTERRUPTED:
                return None
            self.fail(error, sql)
        except Exception as error:  # noqa: BLE001 -- raised again
            self.fail(error, sql)

    def is_read(self, sql: str) -> bool:
        """As the function of that name, which is asked once for each statement."""
        found = self._reads.get(sql)
        if found is None:
            found = is_read(sql)
            if len(self._reads) >= _MOST:
                self._reads.clear()
            if len(sql) <= _LONGEST:
                self._reads[sql] = found
        return found

    async def run(
        self, function: Callable[..., T], *args: Any, sql: str | None = None, wait: bool = False
    ) -> T:
        """Calls ``function(raw, *args)`` in the thread. ``wait``: when somebody else holds a lock, again and again.

        Raises DatabaseError.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.pool_timeout
        attempt = 0
        while True:
            job: Job[T] = self.worker.submit(self._within_budget, function, args)
            try:
                return await job.future
            except asyncio.CancelledError:
                job.unwanted = True
                self.budget.until = 0.0
                raise
            except Exception as error:  # noqa: BLE001 -- raised again, if not tried again
                if not wait or not is_busy(error) or loop.time() >= until:
                    self.fail(error, sql)
            await asyncio.sleep(_WAITS[min(attempt, len(_WAITS) - 1)])
            attempt += 1

    def _within_budget(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        if self._steps != _STEPS_IN_THREAD:
            self._look_every(_STEPS_IN_THREAD)
        timeout = self._settings.statement_timeout
        self.budget.until = perf_counter() + timeout if timeout else math.inf
        return function(self.raw, *args)

    def _look_every(self, steps: int) -> None:
        self._steps = steps
        self.raw.set_progress_handler(self.budget.is_spent, steps)

    def fail(self, error: Exception, sql: str | None) -> NoReturn:
        """Raises Segue's error for one of sqlite3, or the error itself."""
        failure = translated(error, sql, self._place.shown)
        if failure is None or failure is error:
            raise error
        raise failure from error
