"""A pool of connections: as many as it may open, handed to those who wait in the order in which they came."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from segue.db.engine.contract import Statistics
from segue.db.engine.errors import PoolTimeout

__all__ = ["Link", "Pool"]

logger = logging.getLogger("segue.db")

R = TypeVar("R")


class Link(Generic[R]):
    """A connection of a driver in a pool, with what the pool and the deadlines know of it."""

    __slots__ = ("born", "cancelling", "expired", "is_closed", "raw", "task", "used")

    def __init__(self, raw: R, is_closed: Callable[[], bool]) -> None:
        self.raw = raw
        self.is_closed = is_closed
        #: When it was opened, and when it was used last, by ``monotonic``.
        self.born = self.used = monotonic()
        # Who waits for an answer on it, for deadlines.py.
        self.task: asyncio.Task[object] | None = None
        self.cancelling = 0
        self.expired = False


class Pool(Generic[R]):
    """Up to ``size`` links, opened when they are needed; the one used last is given first.

    ``connect`` opens a connection, ``closed`` gives the function that says
    whether it is closed, without asking the server. ``ping`` asks it.
    ``dismiss`` closes one and never raises. ``busy``: what PoolTimeout says. Who waits longer than ``timeout`` seconds gets PoolTimeout.
    ``ages``: seconds of idleness after which one is pinged, and of life after which it is replaced.
    A link in use is its holder's until :meth:`give` or :meth:`discard`.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[R]],
        *,
        closed: Callable[[R], Callable[[], bool]],
        ping: Callable[[Link[R]], Awaitable[None]],
        dismiss: Callable[[R, bool], Awaitable[None]],
        size: int,
        timeout: float,
        ages: tuple[float, float],
        busy: str = "",
    ) -> None:
        self.size = size
        self._connect = connect
        self._closed_of = closed
        self._ping = ping
        self._dismiss = dismiss
        self._timeout = timeout
        self._ping_after, self._lifetime = ages
        self._busy = busy or (
            f"All {size} connections to the database were in use for {timeout:g} seconds. Hold them for a shorter time "
            f"(no slow work inside a transaction), or allow more: pool_size={2 * size}."
        )
        #: All that were opened and not yet left.
        self.links: set[Link[R]] = set()
        # PERF(fetch): engines look into these two themselves.
        self.free: list[Link[R]] = []
        self.waiting: deque[asyncio.Future[Link[R] | None]] = deque()
        self._open = 0
        # What was not used since then may be dead: the server went away.
        self._doubt = 0.0
        self._closed = True
        # Links that are opened or closed while nobody waits for that.
        self._beside: set[asyncio.Task[Any]] = set()

    @property
    def statistics(self) -> Statistics:
        return Statistics(self._open, len(self.free), len(self.waiting))

    def open(self) -> None:
        """Lets connections be taken."""
        self._closed = False

    async def close(self) -> None:
        """Closes what is free, and lets the rest be closed when it is given back. Who waits gets PoolTimeout."""
        self._closed = True
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_exception(
                    PoolTimeout("The database was closed while somebody waited for a connection.")
                )
        while self.free:
            self._leave(self.free.pop())
        while self._beside:
            await asyncio.wait(set(self._beside))

    def take_nowait(self) -> Link[R] | None:
        """A link that is free and was in use a moment ago, if there is one: the way that costs nothing."""
        free = self.free
        if not free:
            return None
        link = free.pop()
        now, used = monotonic(), link.used
        if (
            now - used < self._ping_after
            and used > self._doubt
            and now - link.born < self._lifetime
            and not link.is_closed()
        ):
            link.used = now
            return link
        free.append(link)
        return None

    async def take(self) -> Link[R]:
        """A link that works. Raises PoolTimeout, and what connecting raises."""
        if self._closed:
            raise PoolTimeout(
                "The database is not open. Use it inside `async with Database(...)`, or in an app with the Database plugin."
            )
        while True:
            link = self.take_nowait()
            if link is not None:
                return link
            if self.free:
                link = await self._revived(self.free.pop())
                if link is not None:
                    return link
                continue
            if self._open < self.size:
                return await self._opened()
            given = await self._wait()
            if given is not None and not given.is_closed():
                return given
            if given is not None:
                self._leave(given)
            else:
                return await self._opened(counted=True)

    def give(self, link: Link[R]) -> None:
        """Takes back a link in the state in which it was given."""
        link.task = None
        if self._closed:
            self._leave(link)
            return
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(link)
                return
        self.free.append(link)

    def discard(self, link: Link[R], *, busy: bool = False, lost: bool = False) -> None:
        """Takes back a link that nobody may use any more, at once; it is closed beside.

        ``busy``: it waits for an answer that nobody wants. ``lost``: the server went away; the other links are asked
        before they are used again.
        """
        if lost:
            self._doubt = monotonic()
        self._leave(link, busy=busy)

    def _leave(self, link: Link[R], *, busy: bool = False) -> None:
        link.task = None
        self.links.discard(link)
        task = asyncio.get_running_loop().create_task(self._left(link.raw, busy))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _left(self, raw: R, busy: bool) -> None:
        # The place is free when the connection is gone: a storm of cancellations opens no more than `size` of them.
        try:
            await self._dismiss(raw, busy)
        finally:
            self._place_is_free()

    def _place_is_free(self) -> None:
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(None)  # the place, to open another one
                return
        self._open -= 1

    async def _revived(self, link: Link[R]) -> Link[R] | None:
        """A link that was long idle, if the server still knows it."""
        if monotonic() - link.born < self._lifetime and not link.is_closed():
            try:
                await self._ping(link)
            except Exception as error:  # noqa: BLE001 -- however it failed, this one is not used again
                logger.debug("a connection that was idle is gone: %s", error)
                self._forget_like(link)
            except BaseException:
                self._leave(link)
                raise
            else:
                return link
        self._leave(link)
        return None

    def _forget_like(self, dead: Link[R]) -> None:
        """What was idle for as long as a dead one is dead too: nobody has to wait for each of them to say so."""
        for link in [link for link in self.free if link.used <= max(dead.used, self._doubt)]:
            self.free.remove(link)
            self._leave(link)

    async def _opened(self, *, counted: bool = False) -> Link[R]:
        """A new link. It is opened beside: when the caller is cancelled meanwhile, the next one has it."""
        if not counted:
            self._open += 1
        task = asyncio.get_running_loop().create_task(self._new())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._not_wanted)
            raise

    async def _new(self) -> Link[R]:
        try:
            raw = await self._connect()
        except BaseException:
            self._place_is_free()
            raise
        link = Link(raw, self._closed_of(raw))
        self.links.add(link)
        return link

    def _not_wanted(self, opening: "asyncio.Task[Link[R]]") -> None:
        if not opening.cancelled() and opening.exception() is None:
            self.give(opening.result())

    async def _wait(self) -> Link[R] | None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Link[R] | None] = loop.create_future()
        self.waiting.append(future)
        timer = loop.call_later(self._timeout, self._give_up, future)
        try:
            return await future
        except BaseException:
            if future.cancelled():
                with contextlib.suppress(ValueError):  # who gives back a link may have come by it already
                    self.waiting.remove(future)
            elif future.done() and future.exception() is None:
                link = future.result()
                if link is None:
                    self._place_is_free()
                else:
                    self.give(link)
            raise
        finally:
            timer.cancel()

    def _give_up(self, future: "asyncio.Future[Link[R] | None]") -> None:
        if future.done():
            return
        self.waiting.remove(future)
        future.set_exception(PoolTimeout(self._busy))
