"""What an app opens before its first request and closes after its last."""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from segue.server.application import Application

__all__ = ["Lifespan", "Span", "application_span", "span"]

logger = logging.getLogger("segue.lifespan")

Span = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes the async context manager for one life of the app."""


class Lifespan:
    """Enters its spans in order and leaves them in reverse.

    When one fails to start, those before it are left and those after it are never entered. Each is left whether or
    not another one fails, and as if nothing had happened: code after a ``yield`` runs.

    All of them are entered and left by one task, so that task groups and cancel scopes may stay open meanwhile. How
    long the start may take is for the server to say: it cancels :meth:`start`.
    """

    __slots__ = ("_ending", "_failed", "_task", "spans")

    def __init__(self, spans: Sequence[Span] = ()) -> None:
        self.spans = tuple(spans)
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Event | None = None
        self._failed: list[Exception] = []

    async def start(self) -> None:
        """Enters all spans. Raises what one of them raised, after those before it were left."""
        if self._task is not None:
            raise RuntimeError("this app has been started already; shut it down before it starts again")
        if not self.spans:
            return
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ending = asyncio.Event()
        self._failed = []
        self._task = asyncio.create_task(self._live(started, self._ending), name="lifespan")
        try:
            await started
        except BaseException as error:
            task, self._task = self._task, None
            if isinstance(error, asyncio.CancelledError):
                task.cancel()
            await asyncio.wait([task])
            self._report()
            raise

    async def stop(self) -> None:
        """Leaves all spans, the last first. Raises an ExceptionGroup of what they raised, when all were left."""
        task, self._task = self._task, None
        if task is None or self._ending is None:
            return
        self._ending.set()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        failed, self._failed = self._failed, []
        if failed:
            raise ExceptionGroup("while the app was shut down", failed)

    async def _live(self, started: asyncio.Future[None], ending: asyncio.Event) -> None:
        entered: list[AbstractAsyncContextManager[Any]] = []
        try:
            for make in self.spans:
                manager = make()
                await manager.__aenter__()
                entered.append(manager)
            if not started.done():
                started.set_result(None)
            await ending.wait()
        except asyncio.CancelledError:
            if started.done() and not started.cancelled():
                # A task group of a span cancels this task when one of its children fails.
                logger.error("a background task of the app's lifespan failed; what it opened is closed now")
        except Exception as error:  # noqa: BLE001 -- raised by start()
            if not started.done():
                started.set_exception(error)
        finally:
            for manager in reversed(entered):
                await self._leave(manager)

    async def _leave(self, manager: AbstractAsyncContextManager[Any]) -> None:
        try:
            await manager.__aexit__(None, None, None)
        except Exception as error:  # noqa: BLE001 -- raised by stop(), together with those of the others
            self._failed.append(error)
        except asyncio.CancelledError as error:
            self._failed.append(RuntimeError(f"{manager!r} was cancelled while it was left: {error}"))

    def _report(self) -> None:
        for error in self._failed:
            logger.error("leaving a span after a failed start failed too", exc_info=error)
        self._failed = []


def span(function: Callable[..., Any], app: object) -> Span:
    """What ``@app.lifespan`` was given, as a span.

    ``function``: an async generator that yields once, or a function that returns an async context manager; it takes
    the app, or nothing. Raises TypeError for anything else.
    """
    if inspect.isasyncgenfunction(function):
        make: Callable[..., Any] = contextlib.asynccontextmanager(function)
    elif inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(
            f"the lifespan {function.__qualname__} has to be an async generator: write `async def` and `yield` "
            f"once, between what happens at the start and what happens at the end"
        )
    elif callable(function):
        make = function
    else:
        raise TypeError(f"a lifespan is a function, not {function!r}")
    wanted = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    ]
    if len(wanted) > 1:
        names = ", ".join(parameter.name for parameter in wanted)
        raise TypeError(
            f"a lifespan takes the app or nothing, but {getattr(function, '__qualname__', function)!s} asks for {names}"
        )
    return (lambda: make(app)) if wanted else make


def application_span(application: Application) -> Span:
    """The life of a mounted application as a span of the one that it is mounted in."""

    @contextlib.asynccontextmanager
    async def live() -> AsyncGenerator[None, None]:
        await application.startup()
        yield
        await application.shutdown()

    return live
