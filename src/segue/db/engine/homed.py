"""An engine that lives on one loop and is used from any: connections belong to the loop that opened them, tests have many."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.contract import Connection, Engine, Isolation, Row, Statistics

if TYPE_CHECKING:
    import sqlalchemy

__all__ = ["Home", "HomedConnection", "HomedEngine"]

T = TypeVar("T")


class Home:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="segue database", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs ``work`` on the loop and waits for it, in a thread that has another loop or none."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def there(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits ``work``, which runs on the loop, wherever this is awaited. Who is cancelled cancels it there."""
        if asyncio.get_running_loop() is self.loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def close(self) -> None:
        """Ends the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


class HomedEngine:
    """An engine on the loop of a Home."""

    inline = False

    def __init__(self, engine: Engine, home: Home) -> None:
        self._engine = engine
        self._home = home
        self.name = engine.name

    @property
    def dialect(self) -> "sqlalchemy.Dialect":
        return self._engine.dialect

    @property
    def statistics(self) -> Statistics:
        return self._engine.statistics

    async def open(self) -> None:
        await self._home.there(self._engine.open())
        self.name = self._engine.name

    async def close(self) -> None:
        await self._home.there(self._engine.close())

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, write: bool = False) -> Sequence[Row]:
        return await self._home.there(self._engine.fetch(sql, args, write=write))

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self._home.there(self._engine.execute(sql, args))

    def connection(self, *, write: bool = True) -> AbstractAsyncContextManager[Connection]:
        return self._connection(write)

    @asynccontextmanager
    async def _connection(self, write: bool) -> AsyncGenerator[Connection]:
        lent = self._engine.connection(write=write)
        connection = HomedConnection(await self._home.there(_entered(lent)), self._home)
        try:
            yield connection
        except BaseException as error:
            await self._home.there(_left(lent, error))
            raise
        await self._home.there(_left(lent, None))

    async def run_sync(self, function: "Callable[[sqlalchemy.Connection], T]", *, begin: bool = True) -> T:
        return await self._home.there(self._engine.run_sync(function, begin=begin))


async def _entered(lent: AbstractAsyncContextManager[Connection]) -> Connection:
    return await lent.__aenter__()


async def _left(lent: AbstractAsyncContextManager[Connection], error: BaseException | None) -> None:
    await lent.__aexit__(
        None if error is None else type(error), error, None if error is None else error.__traceback__
    )


class _AnyLoop:
    """In the place of a lock of one loop: those of all loops take turns at home."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *raised: object) -> None:
        pass


class HomedConnection:
    """A connection on the loop of a Home, one statement at a time."""

    turn = _AnyLoop()

    def __init__(self, connection: Connection, home: Home) -> None:
        self._connection = connection
        self._home = home
        self._lock = asyncio.Lock()  # it is waited for at home alone
        self._under_way: set[asyncio.Task[Any]] = set()

    @property
    def raw(self) -> Any:
        return self._connection.raw

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    async def _in_turn(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs ``work`` in its turn. Who is cancelled does not cancel it: that would cost all others of a test their connection."""

        async def waited() -> T:
            async with self._lock:
                return await work

        async def whole() -> T:
            task = asyncio.get_running_loop().create_task(waited())
            self._under_way.add(task)
            task.add_done_callback(self._ended)
            return await asyncio.shield(task)

        return await self._home.there(whole())

    async def guarded(self, sql: str, args: Sequence[Any], *, rows: bool) -> Any:
        """Runs one statement in a savepoint of its own: when it fails, what was done before it is still there."""

        async def run() -> Any:
            connection = self._connection
            await connection.savepoint("segue_guard")
            try:
                found: Any = await (connection.fetch if rows else connection.execute)(sql, args)
            except BaseException:
                if connection.in_transaction:
                    await connection.rollback_to("segue_guard")
                raise
            await connection.release("segue_guard")
            return found

        return await self._in_turn(run())

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # who has been cancelled does not ask for it

    async def fetch(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return await self._in_turn(self._connection.fetch(sql, args))

    async def execute(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self._in_turn(self._connection.execute(sql, args))

    async def execute_many(self, sql: str, args: Sequence[Sequence[Any]]) -> int:
        return await self._in_turn(self._connection.execute_many(sql, args))

    async def stream(
        self, sql: str, args: Sequence[Any] = (), size: int = 1000
    ) -> AsyncGenerator[Sequence[Row], None]:
        rows = await self.fetch(sql, args)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    async def begin(self, *, isolation: Isolation | None = None, read_only: bool = False) -> None:
        await self._in_turn(self._connection.begin(isolation=isolation, read_only=read_only))

    async def commit(self) -> None:
        await self._in_turn(self._connection.commit())

    async def rollback(self) -> None:
        await self._in_turn(self._connection.rollback())

    async def savepoint(self, name: str) -> None:
        await self._in_turn(self._connection.savepoint(name))

    async def release(self, name: str) -> None:
        await self._in_turn(self._connection.release(name))

    async def rollback_to(self, name: str) -> None:
        await self._in_turn(self._connection.rollback_to(name))

    async def script(self, sql: str) -> None:
        await self._in_turn(self._connection.script(sql))
