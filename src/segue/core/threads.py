"""Sync handlers run in threads: a bounded pool with a bounded queue, and the way back to the loop."""

import asyncio
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future as ThreadFuture, ThreadPoolExecutor
from typing import Any, TypeVar

from segue.http.errors import ServiceUnavailable

__all__ = ["Place", "Threads", "wait", "working_for"]

T = TypeVar("T")


class _Here(threading.local):
    """What a thread knows: the loop that it works for, the pool's state of its own loop, its runner for scripts."""

    loop: asyncio.AbstractEventLoop | None = None
    runner: asyncio.Runner | None = None


_here = _Here()


class _Turn:
    """Who runs and who waits, of one loop."""

    __slots__ = ("free", "loop", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, free: int) -> None:
        self.loop = loop
        self.free = free
        self.waiting: deque[asyncio.Future[None]] = deque()

    def release(self) -> None:
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self.free += 1


class Threads:
    """Runs sync handlers: ``size`` at a time. ``queue`` more may wait, each for ``patience`` seconds at most.

    Whoever finds no place gets ServiceUnavailable (503) with ``Retry-After``; the loop and what runs on it never wait.
    """

    def __init__(self, size: int = 40, queue: int = 1_000, patience: float = 3.0) -> None:
        self.size = size
        self.queue = queue
        self.patience = patience
        self._executor: ThreadPoolExecutor | None = None
        self._turns = threading.local()

    async def run(self, function: Callable[..., T], /, *args: Any, **named: Any) -> T:
        """Calls ``function`` in a thread, with a copy of the caller's context; what it sets there is kept.

        Raises ServiceUnavailable and what the function raises. A thread cannot be interrupted: when the caller is
        cancelled, the function runs to its end and its place is taken until then.
        """
        turn = await self._turn()
        context = contextvars.copy_context()
        done = self._submit(context, turn.loop, function, args, named)
        done.add_done_callback(lambda _: _tell(turn.loop, turn.release))
        try:
            return await asyncio.wrap_future(done, loop=turn.loop)
        finally:
            _adopt(context)

    async def take(self) -> "Place":
        """A place for several functions, one after the other: none of them waits for it. Raises ServiceUnavailable."""
        return Place(self, await self._turn())

    async def _turn(self) -> _Turn:
        loop = asyncio.get_running_loop()
        turn: _Turn | None = getattr(self._turns, "turn", None)
        if turn is None or turn.loop is not loop:
            turn = self._turns.turn = _Turn(loop, self.size)
        if turn.free:
            turn.free -= 1
        else:
            await self._queue_up(turn)
        return turn

    def _submit(
        self,
        context: contextvars.Context,
        loop: asyncio.AbstractEventLoop,
        function: Callable[..., T],
        args: tuple[Any, ...],
        named: dict[str, Any],
    ) -> ThreadFuture[T]:
        executor = self._executor
        if executor is None:
            executor = self._executor = ThreadPoolExecutor(self.size, "segue")
        return executor.submit(context.run, _work_for, loop, function, args, named)

    async def _queue_up(self, turn: _Turn) -> None:
        if len(turn.waiting) >= self.queue:
            raise ServiceUnavailable("The server is busy.", retry_after=1)
        place = turn.loop.create_future()
        turn.waiting.append(place)
        try:
            async with asyncio.timeout(self.patience):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                turn.release()
            elif place in turn.waiting:  # who gives back a place may have come by it already
                # Many may give up at once: the queue must not stay full of those who left.
                turn.waiting.remove(place)
            if isinstance(error, TimeoutError):
                raise ServiceUnavailable("The server is busy.", retry_after=1) from None
            raise

    def close(self) -> None:
        """Lets the threads end when they have nothing to do any more."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


class Place:
    """One of the threads of a pool, taken until :meth:`leave`."""

    __slots__ = ("_busy", "_threads", "_turn")

    def __init__(self, threads: Threads, turn: _Turn) -> None:
        self._threads = threads
        self._turn: _Turn | None = turn
        self._busy: ThreadFuture[Any] | None = None

    async def run(self, function: Callable[..., T], /, *args: Any, **named: Any) -> T:
        """As :meth:`Threads.run`, but at once."""
        turn = self._turn
        if turn is None:
            raise RuntimeError("this place was given back already")
        context = contextvars.copy_context()

        def submit() -> ThreadFuture[T]:
            return self._threads._submit(context, turn.loop, function, args, named)

        before = self._busy
        # A place is one thread: what still runs there, because its caller was cancelled, comes to its end first.
        done = submit() if before is None or before.done() else _following(before, submit)
        self._busy = done
        try:
            return await asyncio.wrap_future(done, loop=turn.loop)
        finally:
            _adopt(context)

    async def leave(self, error: BaseException | None = None) -> None:
        """Gives it back: when the function that still runs there, if its caller was cancelled, has ended."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        if self._busy is None or self._busy.done():
            turn.release()
        else:
            self._busy.add_done_callback(lambda _: _tell(turn.loop, turn.release))


def _following(before: ThreadFuture[Any], submit: Callable[[], ThreadFuture[T]]) -> ThreadFuture[T]:
    """The outcome of what ``submit`` starts when ``before`` has ended."""
    after: ThreadFuture[T] = ThreadFuture()
    after.set_running_or_notify_cancel()  # it starts whether or not somebody still waits for it

    def end(done: ThreadFuture[T]) -> None:
        error = done.exception()
        if error is None:
            after.set_result(done.result())
        else:
            after.set_exception(error)

    before.add_done_callback(lambda _: submit().add_done_callback(end))
    return after


def _work_for(
    loop: asyncio.AbstractEventLoop, function: Callable[..., T], args: tuple[Any, ...], named: dict[str, Any]
) -> T:
    _here.loop = loop
    try:
        return function(*args, **named)
    except StopIteration as error:
        # A future cannot carry it.
        raise RuntimeError("a handler raised StopIteration") from error
    finally:
        _here.loop = None


def _tell(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:  # the loop was closed meanwhile: nobody waits
        pass


def _adopt(context: contextvars.Context) -> None:
    """Takes over what a thread changed in its copy of the context."""
    for variable, value in context.items():
        try:
            if variable.get() is value:
                continue
        except LookupError:
            pass
        variable.set(value)


@contextlib.contextmanager
def working_for(loop: asyncio.AbstractEventLoop) -> Generator[None]:
    """Lets sync code of this thread :func:`wait` for what belongs to a loop that runs in another one."""
    before, _here.loop = _here.loop, loop
    try:
        yield
    finally:
        _here.loop = before


def wait(awaitable: Awaitable[T]) -> T:
    """Lets sync code have the result of something async: in a ``def`` handler, a script, or the REPL.

        @app.get("/films/{id}")
        def show(id: int) -> Film:                  # runs in a thread
            return segue.wait(Film.get(id))         # runs on the loop of the app

    In a script it runs on a loop of its own, the same one each time. Raises what the awaitable raises, and
    RuntimeError on the loop itself, where ``await`` is the way.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        close = getattr(awaitable, "close", None)
        if close is not None:
            close()
        raise RuntimeError(
            "segue.wait() was called on the event loop, which would then wait for itself. "
            "In an `async def` write `await ...`; a handler with inline=True cannot wait: make it `async def`."
        )
    loop = _here.loop
    if loop is not None:
        future: ThreadFuture[T] = asyncio.run_coroutine_threadsafe(_as_coroutine(awaitable), loop)
        return future.result()
    runner = _here.runner
    if runner is None:
        runner = _here.runner = asyncio.Runner()
    # What was set here is known there, and what was set there is known here afterwards.
    context = contextvars.copy_context()
    try:
        return runner.run(_as_coroutine(awaitable), context=context)
    finally:
        _adopt(context)


async def _as_coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable
