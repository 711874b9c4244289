"""Watches a worker's loop from a thread of its own: who blocks it, and whether the process ends in time."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

from segue.server.frames import place_of, stack_in_loop, waits

__all__ = ["Watchdog"]

logger = logging.getLogger("segue.server.watchdog")

_PERIOD = 0.05


class Watchdog:
    """Names the line that blocks the loop for longer than ``limit`` seconds, once each time it happens.

    It also ends the process when the time given to :meth:`end_within` is over: neither a blocked loop nor a thread
    that never returns can hold up an exit. ``parent`` is the process without which this one shall not go on;
    ``orphaned`` is called, in the watchdog's thread, when it is gone.
    """

    # PERF: 20 short wake-ups a second of this thread, and as many of the loop: 0.2 % of a core when idle.
    def __init__(
        self,
        limit: float | None,
        *,
        parent: int | None = None,
        orphaned: Callable[[], None] = lambda: None,
    ) -> None:
        self._limit = limit
        self._parent = parent
        self._orphaned = orphaned
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = threading.get_ident()
        self._timer: asyncio.TimerHandle | None = None
        self._beat = 0.0
        self._beat_cpu = 0.0
        self._end: tuple[float, int, Callable[[], None]] | None = None
        self._relieve: Callable[[], int] = lambda: 0
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="segue-watchdog", daemon=True).start()

    # --- called in the loop's thread -----------------------------------------------------------------------------

    def watch(self, loop: asyncio.AbstractEventLoop, relieve: Callable[[], int] = lambda: 0) -> None:
        """Begins to watch ``loop``, whose thread calls this.

        While the loop is blocked, ``relieve`` is called again and again in the watchdog's thread: it takes work off
        it and returns how much.
        """
        self._loop_thread = threading.get_ident()
        self._relieve = relieve
        if self._limit is not None:
            self._tick(loop)
            self._loop = loop

    def unwatch(self) -> None:
        """The loop is about to end."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()

    def end_within(self, seconds: float, code: int, last_words: Callable[[], None]) -> None:
        """Ends the process with ``code`` after ``seconds``, unless :meth:`lift` comes first. The earliest end counts.

        ``last_words`` is called before, in the watchdog's thread.
        """
        end = time.monotonic() + seconds
        if self._end is None or end < self._end[0]:
            self._end = (end, code, last_words)

    def lift(self) -> None:
        """The process may go on."""
        self._end = None

    def stop(self) -> None:
        """Ends the watch for good."""
        self.unwatch()
        self._stopped.set()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beat = time.monotonic()
        self._beat_cpu = time.thread_time()
        self._timer = loop.call_later(_PERIOD, self._tick, loop)

    # --- in the watchdog's thread --------------------------------------------------------------------------------

    def _run(self) -> None:
        blocked_at: str | None = None
        blocked_since = 0.0
        relieved = 0
        before = time.monotonic()
        while not self._stopped.wait(_PERIOD):
            now = time.monotonic()
            late = now - before > 3 * _PERIOD
            before = now
            if self._end is not None and now >= self._end[0]:
                self._end_process(*self._end[1:])
            if self._parent is not None and os.getppid() != self._parent:
                self._parent = None
                self._orphaned()
            if self._loop is None or self._limit is None:
                continue
            if now - self._beat <= self._limit + _PERIOD:
                if blocked_at is not None:
                    logger.warning(
                        "The loop goes on after %.1f s: %s.%s",
                        self._beat - blocked_since,
                        blocked_at,
                        f" Other workers took {relieved} of its connections." if relieved else "",
                    )
                    blocked_at = None
                    relieved = 0
                continue
            if blocked_at is None and not (late and self._machine_was_busy(now)):
                blocked_at = self._report(self._limit)
                blocked_since = self._beat
            if blocked_at is not None:
                relieved += self._relieved()

    def _relieved(self) -> int:
        try:
            return self._relieve()
        except Exception:
            # Whatever is wrong there, the watch goes on: it also sees to it that the process ends in time.
            logger.exception("a blocked loop could not be relieved; it is not tried again")
            self._relieve = lambda: 0
            return 0

    def _machine_was_busy(self, now: float) -> bool:
        """Both threads were held up and the loop's used no CPU: nobody's code is to blame."""
        try:
            clock = time.pthread_getcpuclockid(self._loop_thread)
            used = time.clock_gettime(clock) - self._beat_cpu
        except (AttributeError, OSError):
            return True
        return used < (now - self._beat) / 2

    def _report(self, limit: float) -> str | None:
        frame = sys._current_frames().get(self._loop_thread)
        if frame is None or waits(frame):
            return None
        place = place_of(frame)
        logger.warning(
            "The loop is blocked for more than %d ms by %s. Nothing else is served meanwhile. Await an async call, "
            "make it a plain `def` handler, which runs in a thread, or use asyncio.to_thread().\n%s",
            limit * 1000,
            place,
            stack_in_loop(frame),
        )
        return place

    def _end_process(self, code: int, last_words: Callable[[], None]) -> None:
        try:
            last_words()
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
