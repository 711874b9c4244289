"""Checks of what an app depends on: asked together, in bounded time, and never twice at once."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["Check", "Checks", "Report"]

logger = logging.getLogger("segue.observe")


class Outcome(Struct, frozen=True):
    """How one check went."""

    status: str
    seconds: float


class Report(Struct, frozen=True):
    """How all checks went: ``"ok"`` if none has failed."""

    status: str
    checks: dict[str, Outcome]


class Check(Struct, frozen=True, eq=False):
    """A function that raises, or returns False, when something that the app depends on is not there."""

    name: str
    function: Callable[..., Any]
    timeout: float


class Checks:
    """The checks of one app. A report is kept for ``fresh`` seconds, so that many probes are no load."""

    def __init__(self, fresh: float) -> None:
        self.checks: dict[str, Check] = {}
        self._fresh = fresh
        self._report: Report | None = None
        self._made = 0.0
        self._making: asyncio.Task[Report] | None = None
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._failing: set[str] = set()

    def add(self, check: Check) -> None:
        """Adds one. Raises ValueError if the name is taken."""
        present = self.checks.setdefault(check.name, check)
        if present is not check and present.function is not check.function:
            raise ValueError(f"there are two checks of the name {check.name!r}: give one another, name=...")

    async def report(self, app: "App") -> Report:
        """The latest report, or a new one. All who ask meanwhile get the same."""
        if self._report is not None and time.monotonic() - self._made < self._fresh:
            return self._report
        if self._making is None:
            self._making = asyncio.get_running_loop().create_task(self._make(app), name="health report")
        making = self._making
        try:
            return await asyncio.shield(making)
        finally:
            if making.done() and self._making is making:
                self._making = None

    async def _make(self, app: "App") -> Report:
        outcomes = await asyncio.gather(*[self._ask(app, one) for one in self.checks.values()])
        checks = dict(zip(self.checks, outcomes, strict=True))
        well = all(one.status == "ok" for one in outcomes)
        self._report, self._made = Report("ok" if well else "unavailable", checks), time.monotonic()
        return self._report

    async def _ask(self, app: "App", check: Check) -> Outcome:
        began = time.perf_counter()
        # One that hangs is waited for again, not started again: a hundred probes must not take a hundred threads.
        task = self._running.get(check.name)
        if task is None:
            task = asyncio.get_running_loop().create_task(
                _passes(app, check), name=f"health check {check.name}"
            )
            self._running[check.name] = task
        done, _ = await asyncio.wait([task], timeout=check.timeout)
        why: object = f"no answer in {check.timeout:g} s"
        status = "timeout"
        if done:
            del self._running[check.name]
            error = task.exception()
            why = error if error is not None else "it returned False"
            status = "ok" if error is None and task.result() else "failed"
        self._tell(check, status == "ok", why)
        return Outcome(status, round(time.perf_counter() - began, 4))

    def _tell(self, check: Check, well: bool, why: object) -> None:
        """Logs what has changed, and not each probe. Clients are not told why: it may name hosts and users."""
        if well and check.name in self._failing:
            self._failing.discard(check.name)
            logger.warning("the check %s passes again", check.name)
        elif not well and check.name not in self._failing:
            self._failing.add(check.name)
            logger.error("the check %s fails: %s", check.name, why)

    async def end(self) -> None:
        """Ends what still runs."""
        tasks: list[asyncio.Task[Any]] = [*self._running.values(), *([self._making] if self._making else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._running.clear()
        self._making = self._report = None


async def _passes(app: "App", check: Check) -> bool:
    async with app.scope() as scope:
        result: object = await scope.call(check.function)
    return result is not False
