"""Databases for tests: one that is made for them, and what each test writes taken back at its end."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from segue.db.databases.transaction import Transaction
from segue.db.engine import engine_for
from segue.db.engine.homed import Home, HomedConnection
from segue.db.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["RolledBack", "Testing"]

_SERVERS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}


class Testing:
    """What ``db.testing()`` is: a block in which the database is another one, made for tests, with the tables of all models.

        @pytest.fixture(scope="session", autouse=True)
        def database() -> Iterator[None]:
            with db.testing():
                yield

    Its name is of this process alone, so tests may run in several processes. It is dropped at the end. Sync tests, async ones and apps
    in threads of their own all use it, each from its own loop. ``fresh=False``: the database is that of the URL, as it is.
    ``migrate``: its tables are made by the revisions, with the rows that these put there, and not from the models.
    """

    def __init__(self, database: "Database", *, fresh: bool = True, migrate: bool = False) -> None:
        self._database = database
        self._fresh = fresh
        self._migrate = migrate
        self._kept: tuple[str, list[str], dict[str, Any]] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: tuple[str, str] | None = None

    def __enter__(self) -> "Database":
        database = self._database
        if database.is_open:
            raise ConfigurationError(
                f"{database!r} is open already: `with db.testing():` stands around what opens it, "
                f"such as the clients of an app"
            )
        self._kept = (database.url, database.others, database.options)
        home = database._home = Home()
        try:
            if self._fresh:
                database.options = {
                    name: value for name, value in database.options.items() if name != "replicas"
                }
                database.others = []
                database.url = self._made(home, database.url)
            home.run(database.open())
            if self._migrate:
                from segue.db.migrations import Migrations

                home.run(Migrations(database).migrate())
            elif self._fresh:
                home.run(database.create_all())
        except BaseException:
            self.__exit__()
            raise
        return database

    def __exit__(self, *raised: object) -> None:
        database = self._database
        home, database._home = database._home, None
        if home is not None:
            home.run(database.close())
            if self._server is not None:
                home.run(_run(*self._server))
            home.close()
        if self._folder is not None:
            self._folder.cleanup()
        if self._kept is not None:
            database.url, database.others, database.options = self._kept

    def _made(self, home: Home, url: str) -> str:
        """Makes an empty database of the same kind; gives its URL."""
        parts = urlsplit(url)
        scheme = parts.scheme.partition("+")[0]
        if scheme == "sqlite":
            self._folder = tempfile.TemporaryDirectory(prefix="segue-test-")
            query = f"?{parts.query}" if parts.query else ""
            return f"{parts.scheme}:///{Path(self._folder.name).as_posix()}/test.db{query}"
        if scheme not in _SERVERS:
            raise ConfigurationError(
                f"no database for tests can be made on {scheme}: give the URL of one, and say db.testing(fresh=False)"
            )
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        name = f"test_{parts.path[1:][:30]}_{worker}{os.getpid()}_{secrets.token_hex(4)}"
        server = parts._replace(path=f"/{_SERVERS[scheme]}").geturl()
        quoted = f'"{name}"' if scheme.startswith("postgres") else f"`{name}`"
        force = " WITH (FORCE)" if scheme.startswith("postgres") else ""
        home.run(_run(server, f"CREATE DATABASE {quoted}"))
        self._server = (server, f"DROP DATABASE {quoted}{force}")
        return parts._replace(path=f"/{name}").geturl()


async def _run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()


class Shared(Transaction):
    """The transaction of a test: everybody is in it, whatever the thread and the loop.

    A statement that fails does not spoil it, and transactions inside it are committed as far as ``on_commit`` can tell. Those of several
    requests come one after the other.
    """

    shared = True

    def __init__(self, database: "Database", home: Home) -> None:
        super().__init__(database)
        self._home = home
        self._turn = asyncio.Lock()  # it is waited for at home alone

    async def _enter(self) -> None:
        await self._home.there(self._turn.acquire())

    def _leave(self) -> None:
        self._home.loop.call_soon_threadsafe(self._turn.release)

    async def fetch(self, sql: str, args: Sequence[Any], *, write: bool = False) -> Sequence[Any]:
        found: Sequence[Any] = await self._guarded(sql, args, rows=True)
        return found

    async def execute(self, sql: str, args: Sequence[Any]) -> int:
        count: int = await self._guarded(sql, args, rows=False)
        return count

    async def _guarded(self, sql: str, args: Sequence[Any], *, rows: bool) -> Any:
        log = self.database._log
        began = None if log is None else log.begin()
        await self._enter()
        try:
            found = await cast("HomedConnection", self.connection).guarded(sql, args, rows=rows)
        finally:
            self._leave()
        if began is not None and log is not None:
            log.end(began, sql, args, len(found) if rows else found)
        return found


class RolledBack:
    """What ``db.rolled_back()`` is: a block whose writes are taken back at its end.

    @pytest.fixture(autouse=True)
    def rolled_back(database: None) -> Iterator[None]:
        with db.rolled_back():
            yield
    """

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._kept: ContextVar[Transaction | None] | None = None
        self._shared: Shared | None = None

    def __enter__(self) -> Self:
        database = self._database
        if database._home is None:
            raise ConfigurationError(
                "db.rolled_back() is for a database of tests: `with db.testing():` stands around it"
            )
        self._shared = Shared(database, database._home)
        database._home.run(self._shared._begin(None))
        self._kept = database._transaction
        # All contexts of all threads see it, if they are in no other one.
        database._transaction = ContextVar(f"segue.db.{database.name}.test", default=self._shared)
        return self

    def __exit__(self, *raised: object) -> None:
        database = self._database
        if self._kept is not None:
            database._transaction = self._kept
        if self._shared is not None and database._home is not None:
            database._home.run(self._shared._end(_TakenBack()))


class _TakenBack(Exception):
    """Ends the transaction of a test."""
