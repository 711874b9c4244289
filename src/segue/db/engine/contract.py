"""What an engine is: the few things that Segue asks of a database and its driver."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["Connection", "Engine", "Isolation", "Row", "Statistics"]

T = TypeVar("T")

Isolation = Literal["read uncommitted", "read committed", "repeatable read", "serializable"]
"""How far transactions see each other (ISO/IEC 9075). A database that has no such level takes the next stronger one."""


class Row(Protocol):
    """One row, read by position: a tuple, or what a driver has that is read like one."""

    def __getitem__(self, index: int, /) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


class Statistics(NamedTuple):
    """The connections of an engine now: ``open`` of all, ``free`` of those, and callers ``waiting`` for one."""

    open: int
    free: int
    waiting: int


class Connection(Protocol):
    """One connection, the caller's alone until it is given back.

    Statements are written with the placeholders of the engine's ``dialect``; their arguments come by position.
    Every method raises DatabaseError for what the database or its driver refuses.
    """

    @property
    def raw(self) -> Any:
        """The driver's own connection. Who asks for it may change its session: it is reset, or closed, afterwards."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not yet ended."""
        ...

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """The rows of a statement that has some: ``SELECT``, or ``INSERT ... RETURNING``."""
        ...

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Runs one statement. Returns how many rows it inserted, deleted, or matched for an update.

        After other statements the number means nothing.
        """
        ...

    async def execute_many(self, sql: str, args: Sequence[Sequence[Any]]) -> int:
        """Runs one statement with each of several lists of arguments. Returns how many rows it affected, or -1 where
        the driver does not count them.
        """
        ...

    def stream(
        self, sql: str, args: Sequence[Any] = (), size: int = 1000
    ) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a statement, at most ``size`` at a time, without keeping them all: a cursor of the server.

        Outside of a transaction it has one of its own. Drivers that can do nothing else meanwhile (MySQL) say so when the
        connection is used. It is closed when it ends, when ``aclose`` is called, and when the connection is given back.
        """
        ...

    async def begin(self, *, isolation: Isolation | None = None, read_only: bool = False) -> None: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...
    async def savepoint(self, name: str) -> None: ...
    async def release(self, name: str) -> None: ...
    async def rollback_to(self, name: str) -> None: ...

    async def script(self, sql: str) -> None:
        """Runs several statements without arguments, separated by semicolons: dumps, schemas, tests."""


class Engine(Protocol):
    """A database that can be talked to: opened once, then used by many tasks at a time.

    ``name``: ``"sqlite"``, ``"postgresql"``, ``"mysql"``, ``"mariadb"``, ``"oracle"``, or what SQLAlchemy calls the
    dialect. ``dialect``: what statements are compiled with; its placeholders are positional. It knows the version of the
    server when the engine is open. ``inline``: reads are answered without leaving the loop.
    """

    @property
    def name(self) -> str: ...
    @property
    def dialect(self) -> "sqlalchemy.Dialect": ...
    @property
    def inline(self) -> bool: ...
    @property
    def statistics(self) -> Statistics: ...

    async def open(self) -> None:
        """Connects, so that a wrong address is found at start. Raises DatabaseError. Opening twice does nothing."""

    async def close(self) -> None:
        """Closes all connections; those in use when they come back."""

    def fetch(
        self, sql: str, args: Sequence[Any] = (), *, write: bool = False
    ) -> Coroutine[Any, Any, Sequence[Row]]:
        """The rows of one statement, on any free connection, in no transaction: the shortest way.

        ``write``: the statement changes something (``INSERT ... RETURNING``). Without it, it may be run again when the
        connection is lost.
        """
        ...

    def execute(self, sql: str, args: Sequence[Any] = ()) -> Coroutine[Any, Any, int]:
        """Runs one statement that changes something, on any free connection, and commits it."""
        ...

    def connection(self, *, write: bool = True) -> AbstractAsyncContextManager[Connection]:
        """A connection for as long as the block runs. An open transaction is rolled back at its end.

        ``write=False``: only reads. On SQLite there is one connection that writes; the others do not wait for it.
        Raises PoolTimeout if none becomes free in time.
        """
        ...

    async def run_sync(self, function: Callable[["sqlalchemy.Connection"], T], *, begin: bool = True) -> T:
        """Calls ``function`` with a connection of SQLAlchemy, for DDL, reflection and migrations, and returns its result.

            await engine.run_sync(metadata.create_all)
            tables = await engine.run_sync(lambda connection: sqlalchemy.inspect(connection).get_table_names())

        It has a connection and a transaction of its own, committed when it returns and rolled back when it raises. It
        may run in a thread, or on the loop between the driver's answers: it must not use this engine itself.
        ``begin=False``: without a transaction; the function begins and commits its own, as many as it needs.
        """
        ...
