"""What the connections of one worker share."""

import asyncio
import contextvars
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from segue.http.request import Request, maker_of
from segue.server.application import Application, request_class_of
from segue.server.clock import Clock
from segue.server.heads import Heads
from segue.server.limits import Limits
from segue.server.pump import Pump, pump

__all__ = ["AccessLog", "ServedConnection", "Service"]

logger = logging.getLogger("segue.server")

_READ = 256 * 1024  # as much as uvloop reads at once for a protocol that does not ask

AccessLog = Callable[[Request, int, int, float], None]
"""Called after each response with the request, the status, the bytes of the body and the seconds it took."""


class ServedConnection(Protocol):
    """A connection, as the service sees it."""

    deadline: float

    def expire(self, now: float) -> None:
        """Called when ``deadline`` (monotonic seconds) has passed."""

    def drain(self, *, restart: bool) -> None:
        """Finish what is running and close. ``restart``: another worker takes over, so clients may come back."""

    def abort(self) -> None:
        """Close at once."""


class Service:
    """One application served by one worker: its limits, its clock, its open connections and its tasks."""

    def __init__(
        self, application: Application, limits: Limits | None = None, access_log: AccessLog | None = None
    ) -> None:
        self.application = application
        self.limits = limits or Limits()
        self.access_log = access_log
        self.clock = Clock()
        self.heads = Heads(application.default_headers, self.clock)
        self.connections: set[ServedConnection] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.requests = 0
        self.new_request = maker_of(request_class_of(application))
        #: Until when a connection that falls idle now may stay.
        self.idle_until = self.clock.now + self.limits.keep_alive
        #: Host fields that were seen and are well-formed; a bounded memory, not an allow-list.
        self.known_hosts: set[bytes] = set()
        #: A head with at most so many fields is within the limits wherever it fits into one read.
        self.few_headers = min(64, self.limits.max_header_count)
        #: The context variables that every connection starts with.
        self.context = contextvars.copy_context()
        self.draining = False

    @functools.cached_property
    def read_buffer(self) -> memoryview:
        """What transports that ask for room read into: each read is taken out of it before the next."""
        return memoryview(bytearray(_READ))

    def new_pump(self) -> Pump:
        """Runs the application for one connection."""
        fresh = pump(self.application.handle)
        next(fresh)
        return fresh

    def sweep(self) -> None:
        """Ticks the clock and ends what has taken too long. The worker calls it once a second."""
        self.clock.tick()
        now = self.clock.now
        self.idle_until = now + self.limits.keep_alive
        for connection in [one for one in self.connections if one.deadline < now]:
            connection.expire(now)

    def spawn(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        """Runs ``work`` beside the connections; an exception is logged with ``what``."""
        task = asyncio.get_running_loop().create_task(work, name=what)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s failed", task.get_name(), exc_info=error)
