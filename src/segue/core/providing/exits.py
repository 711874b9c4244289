"""The clean-up of what was provided: in reverse order, and all of it, whatever fails."""

import asyncio
import inspect
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from types import AsyncGeneratorType, GeneratorType
from typing import Any, Protocol, cast

from segue.http.body import FileBody
from segue.http.errors import HTTPError, HTTPException
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket

__all__ = [
    "NOTHING",
    "Exit",
    "Exits",
    "InThread",
    "Postponed",
    "end_all",
    "keep",
    "kept_session",
    "leave",
    "no_yield",
]

logger = logging.getLogger("segue.providers")

NOTHING: Any = object()
"""Where there is no value yet; None is one."""


class Exit(Protocol):
    """Something that has to be told when it is over, with the error that ended it."""

    async def leave(self, error: BaseException | None) -> None: ...


Exits = list[Any]
"""What was entered, in order: generators, sync and async, that have yielded, and objects with ``leave``."""

_tasks: set[asyncio.Task[None]] = set()


def no_yield(provider: object) -> RuntimeError:
    """The error for a generator that gives nothing."""
    return RuntimeError(f"the provider of {provider} ended without a `yield`: it has to give one object")


async def leave(exits: Exits, error: BaseException | None = None) -> None:
    """Ends all of ``exits``, the last first, and empties it.

    Each is told of ``error`` (thrown into a generator at its ``yield``), unless it is a reply that travels as an
    exception. What one of them raises is told to the next instead of it, and raised at the end, as ``error`` is. None
    can make an error undone.
    """
    if isinstance(error, GeneratorExit):
        # The coroutine was dropped and may not wait for anything any more.
        task = asyncio.get_running_loop().create_task(_alone(exits[:]))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        exits.clear()
        raise error
    while exits:
        one = exits.pop()
        try:
            # PERF: by exact type, and without a call for each: 0.35 us for an async generator, of 0.7 before.
            kind = type(one)
            if error is None and kind is AsyncGeneratorType:
                if await anext(one, NOTHING) is not NOTHING:
                    await one.aclose()
                    raise _yielded_twice(one)
                continue
            told = _told(error)
            if kind is AsyncGeneratorType:
                await _end_async(one, told)
            elif kind is GeneratorType:
                end(one, told)
            else:
                await cast(Exit, one).leave(told)
        except BaseException as failure:
            if failure is error:
                continue
            if error is not None and not isinstance(error, Exception):
                if isinstance(failure, asyncio.CancelledError):  # once more
                    continue
                logger.error("cleaning up after %r failed", error, exc_info=failure)
            else:
                error = failure
    if error is not None:
        raise error


async def _alone(exits: Exits) -> None:
    try:
        await leave(exits, asyncio.CancelledError())
    except asyncio.CancelledError:
        pass


def end(generator: Generator[Any, Any, Any], error: BaseException | None) -> None:
    """Lets a generator clean up. Raises what it raises."""
    try:
        if error is None:
            next(generator)
        else:
            generator.throw(error)
    except StopIteration:
        return
    generator.close()
    raise _yielded_twice(generator)


def end_all(generators: list[Generator[Any, Any, Any]], error: BaseException | None = None) -> None:
    """The same for generators that run in this thread."""
    while generators:
        try:
            end(generators.pop(), _told(error))
        except BaseException as failure:  # noqa: BLE001 -- raised below, when all were left
            error = failure
    if error is not None:
        raise error


def _told(error: BaseException | None) -> BaseException | None:
    """What a provider hears of: a reply that travels as an exception is no failure."""
    return None if isinstance(error, HTTPException) and not isinstance(error, HTTPError) else error


async def _end_async(generator: AsyncGenerator[Any, Any], error: BaseException | None) -> None:
    try:
        if error is None:
            await anext(generator)
        else:
            await generator.athrow(error)
    except StopAsyncIteration:
        return
    await generator.aclose()
    raise _yielded_twice(generator)


def _yielded_twice(generator: object) -> RuntimeError:
    name = getattr(generator, "__qualname__", generator)
    return RuntimeError(f"the provider {name} yielded twice: it gives one object")


class InThread:
    """A generator that runs in threads: its steps never overlap, whoever is cancelled meanwhile."""

    __slots__ = ("_begun", "_busy", "_generator", "_run")

    def __init__(self, generator: Generator[Any, Any, Any], run: Callable[..., Awaitable[Any]]) -> None:
        self._generator = generator
        self._run = run
        self._busy = threading.Lock()
        self._begun = False

    async def enter(self) -> Any:
        """What it yields; NOTHING when it does not."""
        self._begun = True
        return await self._run(self._enter)

    def _enter(self) -> Any:
        with self._busy:
            return next(self._generator, NOTHING)

    async def leave(self, error: BaseException | None) -> None:
        if self._begun:
            # It goes on, though who waits for it be cancelled once more.
            await asyncio.shield(asyncio.ensure_future(self._run(self._leave, error)))

    def _leave(self, error: BaseException | None) -> None:
        with self._busy:
            state = inspect.getgeneratorstate(self._generator)
            if state == inspect.GEN_CREATED:  # it was given up before a thread came to it
                self._generator.close()
            elif state != inspect.GEN_CLOSED:  # it has not ended by itself
                end(self._generator, error)


class Postponed:
    """What is left after the response was sent, unless an error ends it."""

    __slots__ = ("_held", "_request")

    def __init__(self, held: Any, request: Request) -> None:
        self._held = held
        self._request = request

    async def leave(self, error: BaseException | None) -> None:
        if error is None:
            # The last that was entered comes here first, and what is put off is run in its order.
            self._request.after(leave, [self._held])
        else:
            await leave([self._held], error)


class KeptBody:
    """A body that is read piece by piece from what was provided: the clean-up waits for its end."""

    __slots__ = ("_body", "_exits", "_pieces")

    def __init__(self, body: Any, exits: Exits) -> None:
        self._body = body
        self._exits = exits
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> "KeptBody":
        self._pieces = aiter(self._body)
        return self

    async def __anext__(self) -> bytes:
        pieces = self._pieces or aiter(self).__aiter__()
        try:
            return await anext(pieces)
        except StopAsyncIteration:
            await self._close_body()
            await leave(self._exits)
            raise
        except BaseException as error:
            await self._close_body()
            await leave(self._exits, error)
            raise

    async def aclose(self) -> None:
        """Closes the body; where its end was not reached, what was provided hears of a cancellation."""
        await self._close_body()
        try:
            await leave(self._exits, asyncio.CancelledError("the client did not take the whole response"))
        except asyncio.CancelledError:
            pass

    async def _close_body(self) -> None:
        for one in (self._pieces, self._body):
            close = getattr(one, "aclose", None)
            if close is not None and one is not self:
                await close()


async def keep(response: Response, exits: Exits) -> Response:
    """Leaves ``exits`` when ``response`` needs them no longer: now, at the end of its stream, or of its WebSocket."""
    body: Any = response.body
    if isinstance(body, bytes | FileBody):
        await leave(exits)
    elif isinstance(body, Upgrade):
        body.session = kept_session(body.session, exits)
    else:
        response.body = KeptBody(body, exits)
    return response


def kept_session(
    session: Callable[[WebSocket], Awaitable[None]], exits: Exits
) -> Callable[[WebSocket], Awaitable[None]]:
    """A session that leaves ``exits`` at its end."""

    async def kept(socket: WebSocket) -> None:
        try:
            await session(socket)
        except BaseException as error:
            await leave(exits, error)
            raise
        await leave(exits)

    return kept
