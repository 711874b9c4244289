"""Which statements run: each with its time, its rows, and the line of your code that made it."""

import logging
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from segue.core.records import Next
from segue.core.source import Source, in_package
from segue.db.engine.contract import Connection, Engine, Row, Statistics
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    import sqlalchemy

    from segue.db.databases.database import Database

__all__ = ["Counting", "LoggedEngine", "QueryLog", "Ran", "Statements", "StatementsOfRequest"]

T = TypeVar("T")

logger = logging.getLogger("segue.db.statements")

_OFTEN = 5  # so many statements of one text in one request are told


class Ran(NamedTuple):
    """A statement that was run: its text, its arguments, how many rows it gave or changed, its seconds, and who made it."""

    sql: str
    args: Sequence[Any]
    rows: int
    seconds: float
    place: Source | None

    def __str__(self) -> str:
        return f"{self.seconds * 1000:.2f} ms  {self.rows} rows  {self.place or '?'}  {self.sql}"


Hears = Callable[[Ran], None]
Begun = tuple[float, Source | None]


class QueryLog:
    """Tells those who ask of each statement of a database.

        log = db.query_log()
        log.hears.append(print)

    ``slow``: a statement that takes so many seconds is a warning in the log of the program.
    """

    def __init__(self, slow: float | None = None) -> None:
        self.slow = slow
        self.hears: list[Hears] = []
        #: Those who want to know of BEGIN, COMMIT and the like.
        self.hears_control: list[Hears] = []

    def begin(self) -> Begun:
        """When a statement begins, and whose it is."""
        return time.perf_counter(), _place()

    def end(self, begun: Begun, sql: str, args: Sequence[Any], rows: int) -> None:
        """Tells of a statement that has ended."""
        seconds = time.perf_counter() - begun[0]
        ran = Ran(sql, args, rows, seconds, begun[1])
        for hear in self.hears:
            hear(ran)
        of_request = _of_request.get()
        if of_request is not None:
            of_request.append(ran)
        if self.slow is not None and seconds >= self.slow:
            # Without the arguments: they may be what nobody should read.
            logger.warning("slow statement: %.3f s, %d rows, at %s: %s", seconds, rows, begun[1], sql)

    async def streamed(
        self, pieces: AsyncGenerator[Sequence[Any]], sql: str, args: Sequence[Any]
    ) -> AsyncGenerator[Sequence[Any]]:
        """Rows that come in pieces; they are told of when they have ended."""
        begun, count = self.begin(), 0
        try:
            async for rows in pieces:
                count += len(rows)
                yield rows
        finally:
            await pieces.aclose()
            self.end(begun, sql, args, count)

    def control(self, sql: str) -> None:
        """Tells of what a transaction says for itself."""
        for hear in self.hears_control:
            hear(Ran(sql, (), 0, 0.0, None))


def _place() -> Source | None:
    """The innermost line that is not of Segue and not of the machinery that runs it."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        if not in_package(frame) and not _is_machinery(frame.f_code.co_filename):
            return Source(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return None


def _is_machinery(file: str) -> bool:
    return file.startswith("<") or any(
        f"/{name}" in file.replace("\\", "/")
        for name in ("asyncio/", "contextlib.py", "functools.py", "threading.py", "concurrent/futures/")
    )


class LoggedEngine:
    """An engine whose statements are told. It is there only while somebody listens."""

    def __init__(self, engine: Engine, log: QueryLog) -> None:
        self.bare = engine
        self._log = log
        self.name = engine.name
        self.inline = engine.inline

    @property
    def dialect(self) -> "sqlalchemy.Dialect":
        return self.bare.dialect

    @property
    def statistics(self) -> Statistics:
        return self.bare.statistics

    async def open(self) -> None:
        await self.bare.open()

    async def close(self) -> None:
        await self.bare.close()

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Row]:
        begun = self._log.begin()
        rows = await self.bare.fetch(sql, args, write=write)
        self._log.end(begun, sql, args, len(rows))
        return rows

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        begun = self._log.begin()
        count = await self.bare.execute(sql, args)
        self._log.end(begun, sql, args, count)
        return count

    def connection(self, *, write: bool = True) -> AbstractAsyncContextManager[Connection]:
        return self.bare.connection(write=write)

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await self.bare.run_sync(function, begin=begin)


class Statements(Sequence[Ran]):
    """The statements of a block, in the order in which they ended."""

    def __init__(self) -> None:
        self._ran: list[Ran] = []

    @overload
    def __getitem__(self, index: int) -> Ran: ...
    @overload
    def __getitem__(self, index: slice) -> list[Ran]: ...
    def __getitem__(self, index: int | slice) -> Ran | list[Ran]:
        return self._ran[index]

    def __len__(self) -> int:
        return len(self._ran)

    def __iter__(self) -> Iterator[Ran]:
        return iter(self._ran)

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum(one.seconds for one in self._ran)

    def repeated(self, least: int = 2) -> dict[str, int]:
        """Texts that ran so often, with how often: what could be one statement."""
        return {sql: count for sql, count in Counter(one.sql for one in self._ran).items() if count >= least}

    def __repr__(self) -> str:
        # What a failed assertion shows.
        return f"{len(self._ran)} statements:\n" + "\n".join(f"  {one}" for one in self._ran)


class Counting:
    """What ``db.counting()`` is: a block that collects statements."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._statements = Statements()

    def __enter__(self) -> Statements:
        self._database.query_log().hears.append(self._statements._ran.append)
        return self._statements

    def __exit__(self, *raised: object) -> None:
        log = self._database._log
        if log is not None:
            log.hears.remove(self._statements._ran.append)

    async def __aenter__(self) -> Statements:
        return self.__enter__()

    async def __aexit__(self, *raised: object) -> None:
        self.__exit__(*raised)


_of_request: ContextVar[list[Ran] | None] = ContextVar("segue.db.statements", default=None)


class StatementsOfRequest:
    """Middleware of development: what a request asked of the database, for the toolbar; what it asked again and again, in the log."""

    def __init__(self, database: "Database") -> None:
        self.database = database

    async def __call__(self, request: Request, next: Next) -> Response:
        self.database.query_log()
        outer = _of_request.get()
        if outer is not None:
            return await next(request)
        statements = Statements()
        token = _of_request.set(statements._ran)
        try:
            return await next(request)
        finally:
            _of_request.reset(token)
            for sql, count in statements.repeated(_OFTEN).items():
                places = {str(one.place) for one in statements if one.sql == sql}
                logger.warning(
                    "%s %s ran one statement %d times, at %s; load() or is_in() may make it one: %s",
                    request.method,
                    request.path,
                    count,
                    ", ".join(sorted(places)),
                    sql,
                )
            if statements:
                made = request.made = {} if request.made is None else request.made
                title = f"{len(statements)} statements, {statements.seconds * 1000:.1f} ms"
                made.setdefault("panels", {})[title] = [
                    (f"{one.seconds * 1000:.2f} ms, {one.rows} rows, {one.place or '?'}", one.sql)
                    for one in statements
                ]
