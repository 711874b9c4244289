"""How long a handler may take, where another carrier than the native protocol brings the request."""

import asyncio
import logging
from collections.abc import Callable

from segue.http.request import Request
from segue.server.carried import CarriedBody
from segue.server.limits import Limits

__all__ = ["Deadline"]

logger = logging.getLogger("segue.server")

_QUICK = 0.05  # seconds


class Deadline:
    """Cancels the running task when the endpoint of ``request`` does not answer in its time.

    A body that still arrives gives it more. ``on_slow`` is called when the request takes longer than 50 ms.
    PERF: one timer, which most requests never hear; only then is it looked at what the endpoint wants.
    """

    __slots__ = ("_began", "_limits", "_on_slow", "_request", "_seen", "_task", "_timer", "passed")

    def __init__(self, request: Request, limits: Limits, on_slow: Callable[[], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.passed = False
        self._request = request
        self._limits = limits
        self._on_slow = on_slow
        self._task = asyncio.current_task()
        self._began = loop.time()
        self._seen = 0
        self._timer = loop.call_later(_QUICK, self._slow)

    def stop(self) -> None:
        """The endpoint has answered."""
        self._timer.cancel()

    def forgive(self) -> bool:
        """Whether a cancellation came from here; it is taken back then."""
        if self.passed and self._task is not None:
            self._task.uncancel()
        return self.passed

    def _slow(self) -> None:
        if self._on_slow is not None:
            self._on_slow()
        self._look()

    def _look(self) -> None:
        request = self._request
        timeout = self._limits.timeout_of(request)
        if timeout is None or self._task is None:
            return
        loop = asyncio.get_running_loop()
        left = self._began + timeout - loop.time()
        source = request.source
        if left <= 0 and isinstance(source, CarriedBody) and source.received > self._seen:
            self._seen, self._began, left = source.received, loop.time(), timeout
        if left > 0:
            self._timer = loop.call_later(left, self._look)
            return
        logger.error(
            "%r: %s took longer than %g seconds", request, request.endpoint or "the application", timeout
        )
        self.passed = True
        self._task.cancel()
