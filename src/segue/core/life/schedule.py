"""Tasks that are declared: what runs as long as the app does, again and again, and each day at its time."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segue.core.life.alone import Note, alone_on_this_machine
from segue.core.life.daily import Daily
from segue.core.life.records import TaskRecord
from segue.core.life.tasks import Tasks

if TYPE_CHECKING:
    from segue.core.threads import Threads

__all__ = ["start_declared"]

logger = logging.getLogger("segue.tasks")

_LOOK_EACH = 30.0  # seconds between two looks at the clock of the day, which somebody may have set
_SET_BACK = timedelta(hours=2)  # a clock that was set back by more tells of other days


def start_declared(tasks: Tasks, records: list[TaskRecord], threads: "Callable[[], Threads]") -> None:
    """Starts what was declared with ``@app.task``, ``@app.every`` and ``@app.daily``."""
    for record in records:
        work = _scheduled(record, _caller(record.function, threads))
        tasks.start(
            _alone(record, work) if record.once else _everywhere(work),
            name=record.name,
            restart=record.restart,
            backoff=record.backoff,
        ).place = record.place


def _caller(function: Callable[[], Any], threads: "Callable[[], Threads]") -> Callable[[], Awaitable[Any]]:
    if inspect.iscoroutinefunction(function):
        return function

    async def in_thread() -> Any:
        result = await threads().run(function)
        return await result if inspect.isawaitable(result) else result

    return in_thread


def _scheduled(record: TaskRecord, call: Callable[[], Awaitable[Any]]) -> Callable[[Note], Awaitable[Any]]:
    if record.when is None:
        return lambda _: call()
    if isinstance(record.when, Daily):
        return _daily(record, record.when, call)
    return _periodic(record, record.when, call)


def _periodic(
    record: TaskRecord, every: float, call: Callable[[], Awaitable[Any]]
) -> Callable[[Note], Awaitable[None]]:
    async def run(_: Note) -> None:
        loop = asyncio.get_running_loop()
        # Reckoned from the start, not from the last run: what the work takes does not add up.
        due = loop.time() + (0.0 if record.at_once else every)
        while True:
            await asyncio.sleep(due - loop.time())
            await _called(record, call)
            missed = max(0.0, loop.time() - due) // every
            due += every * (missed + 1)

    return run


def _daily(
    record: TaskRecord, daily: Daily, call: Callable[[], Awaitable[Any]]
) -> Callable[[Note], Awaitable[None]]:
    async def run(note: Note) -> None:
        last = note.read()
        if last is None:
            # From here on somebody who takes over knows what was due in between.
            note.write(last := _now())
        while True:
            now = _now()
            if last - now > _SET_BACK:
                last = now
            left = (daily.after(last) - now).total_seconds()
            if left > 0:
                # The clock of the day is looked at now and then: it is set, and machines sleep.
                await asyncio.sleep(min(left, _LOOK_EACH))
                continue
            # Noted before it is done, so that it is not done twice, whoever is killed.
            note.write(last := now)
            await _called(record, call)

    return run


async def _called(record: TaskRecord, call: Callable[[], Awaitable[Any]]) -> None:
    try:
        await call()
    except Exception:
        logger.exception("the task %r (%s) failed; it runs again when it is due", record.name, record.place)


def _everywhere(work: Callable[[Note], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    async def run() -> Any:
        return await work(Note())

    return run


def _alone(record: TaskRecord, work: Callable[[Note], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    async def run() -> Any:
        async with alone_on_this_machine(f"{record.place.file}:{record.name}") as note:
            return await work(note)

    return run


def _now() -> datetime:
    return datetime.now(UTC)
