"""Replicas: copies that are read, beside the primary that is written; who has written reads what was written."""

import functools
import inspect
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.records import Next
from segue.db.engine.contract import Connection, Engine, Row, Statistics
from segue.db.engine.errors import ConnectionLost, DatabaseError, PoolTimeout
from segue.db.errors import ConfigurationError
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["ReadYourWrites", "Reading", "ReplicatedEngine"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger("segue.db")

_AWAY = 5.0  # seconds for which a replica that was lost is not asked


class _Visit:
    """A request, or what else belongs together: once it has written, it reads where it wrote."""

    __slots__ = ("wrote",)

    def __init__(self, *, wrote: bool = False) -> None:
        self.wrote = wrote


_visit: ContextVar[_Visit | None] = ContextVar("segue.db.visit", default=None)
_said: ContextVar[bool | None] = ContextVar("segue.db.reading", default=None)


class ReplicatedEngine:
    """Writes and transactions go to the primary, reads to a replica, in turn.

    After a write, the reads of the same request go to the primary too; outside of requests those of the same task. A replica that
    is lost is left alone for five seconds; when there is none, the primary is read.
    """

    def __init__(self, primary: Engine, replicas: Sequence[Engine]) -> None:
        self.primary = primary
        self.replicas = list(replicas)
        self._away: dict[int, float] = dict.fromkeys(range(len(self.replicas)), 0.0)
        self._turn = 0

    @property
    def name(self) -> str:
        return self.primary.name

    @property
    def dialect(self) -> "sqlalchemy.Dialect":
        return self.primary.dialect

    @property
    def inline(self) -> bool:
        return self.primary.inline

    @property
    def statistics(self) -> Statistics:
        every = [self.primary.statistics, *(one.statistics for one in self.replicas)]
        return Statistics(
            sum(one.open for one in every), sum(one.free for one in every), sum(one.waiting for one in every)
        )

    async def open(self) -> None:
        await self.primary.open()
        for at, replica in enumerate(self.replicas):
            if replica.name != self.primary.name:
                raise ConfigurationError(
                    f"a replica is a copy: it cannot be {replica.name} where the primary is {self.primary.name}"
                )
            try:
                await replica.open()
            except DatabaseError as error:
                self._lost(at, error)

    async def close(self) -> None:
        for engine in (self.primary, *self.replicas):
            await engine.close()

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Row]:
        if write:
            rows = await self.primary.fetch(sql, args, write=True)
            _wrote()
            return rows
        if not _reads_primary():
            for at in self._present():
                try:
                    return await self.replicas[at].fetch(sql, args)
                except (ConnectionLost, PoolTimeout) as error:
                    self._lost(at, error)
        return await self.primary.fetch(sql, args)

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        count = await self.primary.execute(sql, args)
        _wrote()
        return count

    def connection(self, *, write: bool = True) -> AbstractAsyncContextManager[Connection]:
        return self._connection(write)

    @asynccontextmanager
    async def _connection(self, write: bool) -> AsyncGenerator[Connection]:
        lent: AbstractAsyncContextManager[Connection] | None = None
        connection: Connection | None = None
        if not write and not _reads_primary():
            for at in self._present():
                lent = self.replicas[at].connection(write=False)
                try:
                    connection = await lent.__aenter__()
                    break
                except (ConnectionLost, PoolTimeout) as error:
                    self._lost(at, error)
        if lent is None or connection is None:
            lent = self.primary.connection(write=write)
            connection = await lent.__aenter__()
        try:
            yield connection
        except BaseException as error:
            await lent.__aexit__(type(error), error, error.__traceback__)
            raise
        await lent.__aexit__(None, None, None)
        if write:
            _wrote()

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await self.primary.run_sync(function, begin=begin)

    def _present(self) -> list[int]:
        """The replicas that may be asked, the next in turn first."""
        now = time.monotonic()
        found = [at for at, until in self._away.items() if until <= now]
        if not found:
            return []
        self._turn = (self._turn + 1) % len(found)
        return found[self._turn :] + found[: self._turn]

    def _lost(self, at: int, error: DatabaseError) -> None:
        self._away[at] = time.monotonic() + _AWAY
        logger.warning("replica %d cannot be read, others are for %g s: %s", at + 1, _AWAY, error.message)


def _reads_primary() -> bool:
    said = _said.get()
    if said is not None:
        return said
    visit = _visit.get()
    return visit is not None and visit.wrote


def _wrote() -> None:
    visit = _visit.get()
    if visit is None:
        _visit.set(_Visit(wrote=True))
    else:
        visit.wrote = True


class ReadYourWrites:
    """Middleware: each request begins as one that has not written. With one of ``primary_params`` in its URL it reads the primary."""

    def __init__(self, primary_params: Sequence[str]) -> None:
        self.primary_params = frozenset(primary_params)

    async def __call__(self, request: Request, next: Next) -> Response:
        fresh = bool(self.primary_params) and any(name in request.query for name in self.primary_params)
        here = Carried(_visit.set, _visit.reset, _Visit(wrote=fresh))
        return carried_on(here, await stepwise(here, next(request)))


class Reading:
    """What ``db.primary()`` and ``db.replica()`` are: a block, or a decorator of functions."""

    def __init__(self, *, primary: bool) -> None:
        self.primary = primary
        self._tokens: list[Token[bool | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(_said.set(self.primary))
        return self

    def __exit__(self, *raised: object) -> None:
        _said.reset(self._tokens.pop())

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        async def awaited(*args: Any, **named: Any) -> Any:
            with Reading(primary=self.primary):
                return await function(*args, **named)

        @functools.wraps(function)
        def called(*args: Any, **named: Any) -> Any:
            with Reading(primary=self.primary):
                return function(*args, **named)

        found: Any = awaited if inspect.iscoroutinefunction(function) else called
        return cast("F", found)
