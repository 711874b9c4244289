"""No statement takes for ever: who waits too long for a database is woken with StatementTimeout."""

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any

from segue.db.engine.pool import Link

__all__ = ["Deadlines"]


class Deadlines:
    """Watches what is under way on the links of a pool.

    PERF(fetch): a timer for each statement would cost 1.5 µs. This is one for all of them, which runs only while there are
    some. A statement says since when its link is waited for and by which task; one that takes too long ends up to a
    tenth of its time later.
    """

    __slots__ = ("_links", "_tick", "_timer", "running", "seconds")

    def __init__(self, seconds: float, links: Iterable[Link[Any]]) -> None:
        self.seconds = seconds
        self._links = links
        self._tick = min(1.0, max(0.02, seconds / 10))
        self._timer: asyncio.TimerHandle | None = None
        #: Whether somebody looks; who begins a statement calls ``start`` if not.
        self.running = not seconds

    def begin(self, link: Link[Any]) -> None:
        """The current task waits for this link from now on."""
        link.used = monotonic()
        link.task = asyncio.current_task()
        if not self.running:
            self.start()

    def start(self) -> None:
        self.running = True
        self._timer = asyncio.get_running_loop().call_later(self._tick, self._look)

    def expired(self, link: Link[Any], error: BaseException) -> bool:
        """Whether this cancellation came from here, and from nobody else too; it is taken back then."""
        if not link.expired or not isinstance(error, asyncio.CancelledError):
            return False
        link.expired = False
        task = asyncio.current_task()
        return task is not None and task.uncancel() <= link.cancelling

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.running = not self.seconds

    def _look(self) -> None:
        self._timer = None
        self.running = False
        past = monotonic() - self.seconds
        waiting = False
        for link in self._links:
            if link.task is None or link.expired:
                continue
            waiting = True
            if link.used <= past:
                link.expired = True
                link.cancelling = link.task.cancelling()
                link.task.cancel("the statement took too long")
        if waiting:
            self.start()
