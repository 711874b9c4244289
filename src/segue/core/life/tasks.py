"""Background tasks: named, watched, started again where that is wanted, and cancelled when the app stops."""

import asyncio
import difflib
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Literal

from segue.core.source import Source, source_of

__all__ = ["BackgroundTask", "Restart", "Tasks"]

logger = logging.getLogger("segue.tasks")

Restart = Literal["never", "failed", "always"]
Work = Callable[[], Awaitable[Any]]

_LONGEST_WAIT = 60.0  # seconds until something that fails again and again is tried once more
_LONG_ENOUGH = 60.0  # seconds; what has run that long starts anew at once
_PATIENCE = 5.0  # seconds for a task to end that was cancelled


class BackgroundTask:
    """A task of an app. ``name`` and ``place`` are for the log; ``error`` is what it failed with last."""

    def __init__(self, name: str, work: Work, place: Source, restart: Restart, backoff: float) -> None:
        self.name = name
        self.place = place
        self.error: Exception | None = None
        #: How often it was started.
        self.starts = 0
        #: Whether somebody gave it its name, and may look for it when it has ended.
        self.named = True
        self._work = work
        self._restart = restart
        self._backoff = backoff
        self._task: asyncio.Task[Any] | None = None

    @property
    def running(self) -> bool:
        """Whether it runs, or waits for its next try."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Starts it. Raises RuntimeError when it runs."""
        if self.running:
            raise RuntimeError(f"{self} runs already")
        self._task = asyncio.get_running_loop().create_task(self._live(), name=self.name)

    async def wait(self) -> Any:
        """Its result, when it has ended. Raises what it raised; CancelledError when it was cancelled."""
        if self._task is None:
            raise RuntimeError(f"{self} was not started")
        await asyncio.wait([self._task])
        if self.error is not None and not self._task.cancelled():
            raise self.error
        return self._task.result()

    async def cancel(self) -> None:
        """Cancels it and waits until it has ended."""
        task = self._task
        if task is None or task.done():
            return
        task.cancel()
        _, late = await asyncio.wait([task], timeout=_PATIENCE)
        if late:
            logger.error(
                "%s does not end, though it was cancelled %g s ago; it is left alone", self, _PATIENCE
            )

    async def restart(self) -> None:
        """Cancels it if it runs, and starts it anew."""
        await self.cancel()
        self.start()

    async def _live(self) -> Any:
        loop = asyncio.get_running_loop()
        wait = self._backoff
        while True:
            self.starts += 1
            began = loop.time()
            try:
                self.error = None
                result = await self._work()
            except Exception as error:
                self.error = error
                again = self._restart != "never"
                if loop.time() - began > _LONG_ENOUGH:
                    wait = self._backoff
                told = f"; it starts again in {wait:g} s" if again else ""
                logger.error("%s failed%s", self, told, exc_info=error)
                if not again:
                    return None
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
            else:
                if self._restart != "always":
                    return result
                wait = self._backoff
                await asyncio.sleep(0)

    def __str__(self) -> str:
        return f"the task {self.name!r} ({self.place})"

    def __repr__(self) -> str:
        return f"<BackgroundTask {self.name!r} {'runs' if self.running else 'has ended'}>"


class Tasks:
    """The tasks of an app in one process: ``app.tasks``.

        app.tasks.start(import_films, name="import")
        app.tasks["import"].running
        await app.tasks["import"].cancel()
        await app.tasks["import"].restart()

    When the app stops they are cancelled, the last that was started first, while the lifespans are still open.
    """

    def __init__(self) -> None:
        self._tasks: dict[str, BackgroundTask] = {}
        self._closed = False
        self._number = 0

    def start(
        self,
        work: Work | Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        restart: Restart = "never",
        backoff: float = 1.0,
    ) -> BackgroundTask:
        """Starts ``work``, an async function without parameters or a coroutine, beside the requests.

        ``name``: to find it again; one that has ended is replaced. ``restart``: ``"failed"`` starts it again when it
        has raised something, after ``backoff`` seconds, then twice as long each time, a minute at most; ``"always"``
        when it has returned too. A coroutine can only run once. What it raises is logged.

        Raises ValueError when a task of this name runs, and RuntimeError when the app is not running.
        """
        place = _place(work)
        if inspect.iscoroutine(work):
            if restart != "never":
                work.close()
                raise TypeError(
                    "a coroutine runs once; to start it again, give the function: start(work), not start(work())"
                )
            run: Work = _once(work)
        elif callable(work):
            run = work
        else:
            raise TypeError(f"a task is an async function or a coroutine, not {work!r:.80}")
        named = name is not None
        if name is None:
            self._number += 1
            name = f"{getattr(work, '__qualname__', 'task')}-{self._number}"
        present = self._tasks.get(name)
        problem = ""
        if self._closed:
            problem = f"the app stops: the task {name!r} is not started"
        elif present is not None and present.running:
            problem = f"{present} runs already; cancel it first, or give the new one another name"
        if problem:
            if inspect.iscoroutine(work):
                work.close()
            raise RuntimeError(problem) if self._closed else ValueError(problem)
        task = BackgroundTask(name, run, place, restart, backoff)
        task.named = named
        for other in [one for one in self._tasks.values() if not one.named and not one.running]:
            del self._tasks[other.name]
        self._tasks.pop(name, None)  # the new one is the last
        self._tasks[name] = task
        task.start()
        return task

    def __getitem__(self, name: str) -> BackgroundTask:
        """The task of this name, running or ended. Raises KeyError, which suggests the nearest."""
        try:
            return self._tasks[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._tasks, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self._tasks) or 'none'}"
            raise KeyError(f"there is no task {name!r}; {hint}") from None

    def get(self, name: str) -> BackgroundTask | None:
        """The task of this name, or None."""
        return self._tasks.get(name)

    def __iter__(self) -> Iterator[BackgroundTask]:
        return iter(list(self._tasks.values()))

    def __len__(self) -> int:
        return len(self._tasks)

    def purge(self) -> None:
        """Forgets the tasks that have ended."""
        self._tasks = {name: task for name, task in self._tasks.items() if task.running}

    def open(self) -> None:
        """Takes tasks; the app starts."""
        self._closed = False

    async def close(self) -> None:
        """Cancels all, the last that was started first, and takes no more."""
        self._closed = True
        for task in reversed(list(self._tasks.values())):
            await task.cancel()
        self._tasks = {}


def _once(work: Coroutine[Any, Any, Any]) -> Work:
    async def run() -> Any:
        return await work

    return run


def _place(work: Any) -> Source:
    code = getattr(work, "cr_code", None)
    if code is not None:
        return Source(code.co_filename, code.co_firstlineno)
    return source_of(work, Source("?", 0))
