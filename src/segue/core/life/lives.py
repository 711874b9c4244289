"""The life of a frozen app in one process: its states, its lifespans and the signals around them."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from segue.core.life.lifespan import Lifespan, Span
from segue.core.life.receivers import Receivers
from segue.core.life.records import TaskRecord
from segue.core.life.signals import AppStarted, AppStarting, AppStopped, AppStopping, is_of_request
from segue.core.life.tasks import Tasks
from segue.core.records import Recorded

__all__ = ["Life", "Phase", "clashes", "life_of"]

Phase = Literal["stopped", "starting", "started", "stopping"]


def clashes(declared: Sequence[TaskRecord]) -> Iterator[str]:
    """What is wrong where two tasks that are declared have one name."""
    by_name: dict[str, TaskRecord] = {}
    for record in declared:
        present = by_name.setdefault(record.name, record)
        if present is not record:
            yield (
                f"two tasks are named {record.name!r}: that at {present.place} and that at {record.place}. Give one another "
                f'name: name="..."'
            )


class _Waiter:
    """Somebody who awaits ``app.event(what)``."""

    __slots__ = ("future", "loop", "what", "when")

    def __init__(self, what: Any, when: Callable[[Any], bool] | None) -> None:
        self.what = what
        self.when = when
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def tell(self, signal: Any) -> None:
        def done() -> None:
            if not self.future.done():
                self.future.set_result(signal)

        if self.when is None or self.when(signal):
            self.loop.call_soon_threadsafe(done)


class Life:
    """Starts and stops an app; brings the signals that are not of a request to their receivers."""

    def __init__(
        self, app: Any, spans: Sequence[Span], receivers: Receivers, declared: Sequence[TaskRecord] = ()
    ) -> None:
        self.app = app
        self.phase: Phase = "stopped"
        self.receivers = receivers
        self.tasks = Tasks()
        self._declared = list(declared)
        #: What the apps have declared of segue.core.settings.structs.Settings.
        self.settings: list[Any] = []
        self._lifespan = Lifespan(spans)
        self._waiters: list[_Waiter] = []

    async def start(self) -> None:
        """Enters the lifespans. Raises what one of them or a receiver raises, after those before it were left."""
        self.phase = "starting"
        try:
            await self.send(AppStarting(self.app))
            await self._lifespan.start()
            try:
                self.tasks.open()
                if self._declared:
                    from segue.core.life.schedule import start_declared

                    start_declared(self.tasks, self._declared, lambda: self.app.threads)
                await self.send(AppStarted(self.app))
            except BaseException:
                await self.tasks.close()
                await self._lifespan.stop()
                raise
        except BaseException:
            self.phase = "stopped"
            raise
        self.phase = "started"

    async def stop(self) -> None:
        """Leaves the lifespans. Raises an ExceptionGroup of what failed, when all was left."""
        if self.phase == "stopped":
            return
        self.phase = "stopping"
        failures: list[Exception] = []
        try:
            for step in (
                self._say(AppStopping),
                self.tasks.close,
                self._lifespan.stop,
                self._say(AppStopped),
            ):
                try:
                    await step()
                except ExceptionGroup as group:
                    failures += group.exceptions
        finally:
            self.phase = "stopped"
        if failures:
            raise ExceptionGroup("while the app was shut down", failures)

    def _say(self, kind: Callable[[Any], object]) -> Callable[[], Any]:
        return lambda: self.send(kind(self.app))

    async def send(self, signal: object, values: Mapping[str, Any] | None = None) -> list[Any]:
        """What the receivers return. Raises an ExceptionGroup of what some of them raised, when all were told."""
        for waiter in list(self._waiters):
            if isinstance(signal, str):
                if waiter.what == signal:
                    waiter.tell(dict(values or {}))
            elif isinstance(waiter.what, type) and isinstance(signal, waiter.what):
                waiter.tell(signal)
        return await self.receivers.send(signal, values or {})

    async def wait_for(self, what: Any, when: Callable[[Any], bool] | None, timeout: float | None) -> Any:
        """The next signal of a class or topic. Raises TimeoutError."""
        if is_of_request(what):
            raise TypeError(
                f"{what.__name__} is only sent where the app has a receiver for it: nobody pays for what nobody wants. "
                f"Receive it with @app.on({what.__name__}), and emit a signal of your own there to wait for"
            )
        waiter = _Waiter(what, when)
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                return await waiter.future
        finally:
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)


def life_of(
    root: Recorded, apps: Sequence[Recorded], spans: Sequence[Span], tasks: Sequence[TaskRecord]
) -> Life:
    """The life of ``root`` with ``apps``, itself and those that it includes."""
    for app in apps:
        app.declared.life.root = root
    records = [app.declared.life for app in apps]
    life = Life(root, spans, Receivers([one for record in records for one in record.receivers]), tasks)
    life.settings = [one for record in records for one in record.settings]
    return life
