"""Tasks that are declared: what runs as long as the app does, and what runs again and again."""

import asyncio
import inspect
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from segue.core.life.records import TaskRecord
from segue.core.life.tasks import Tasks

if TYPE_CHECKING:
    from segue.core.threads import Threads

__all__ = ["start_declared"]

logger = logging.getLogger("segue.tasks")

_LOOK_EACH = 1.0  # seconds between two tries to be the one process that runs a task


def start_declared(tasks: Tasks, records: list[TaskRecord], threads: "Callable[[], Threads]") -> None:
    """Starts what was declared with ``@app.task`` and ``@app.every``."""
    for record in records:
        call = _caller(record.function, threads)
        work = call if record.every is None else _periodic(record, call)
        if record.once:
            work = _alone(record, work)
        tasks.start(
            work, name=record.name, restart=record.restart, backoff=record.backoff
        ).place = record.place


def _caller(function: Callable[[], Any], threads: "Callable[[], Threads]") -> Callable[[], Awaitable[Any]]:
    if inspect.iscoroutinefunction(function):
        return function

    async def in_thread() -> Any:
        result = await threads().run(function)
        return await result if inspect.isawaitable(result) else result

    return in_thread


def _periodic(record: TaskRecord, call: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[None]]:
    every = record.every or 0.0

    async def run() -> None:
        loop = asyncio.get_running_loop()
        # Reckoned from the start, not from the last run: what the work takes does not add up.
        due = loop.time() + (0.0 if record.at_once else every)
        while True:
            await asyncio.sleep(due - loop.time())
            try:
                await call()
            except Exception:
                logger.exception(
                    "the task %r (%s) failed; it runs again when it is due", record.name, record.place
                )
            missed = max(0.0, loop.time() - due) // every
            due += every * (missed + 1)

    return run


def _alone(record: TaskRecord, work: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    async def run() -> Any:
        async with _alone_on_this_machine(f"{record.place.file}:{record.name}"):
            return await work()

    return run


@asynccontextmanager
async def _alone_on_this_machine(key: str) -> AsyncGenerator[None, None]:
    """Waits until no other process of this user holds ``key``; the system lets go of it when the process ends."""
    import fcntl
    import hashlib
    import tempfile

    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    with _opened(Path(tempfile.gettempdir()) / f"segue-{digest}.lock") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOOK_EACH)
        yield


def _opened(path: Path) -> IO[bytes]:
    return path.open("ab")
