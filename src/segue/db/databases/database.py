"""A database: where models find the engine, the compiled statements and the transaction that they run in."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextvars import ContextVar, Token
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from segue.core.life.commits import announce_commits
from segue.core.settings.configfiles import read_dotenv
from segue.core.threads import wait
from segue.db.errors import ConfigurationError
from segue.db.models.mapping import Mapping

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.db.compiling.statements import StatementCache
    from segue.db.databases.options import DatabaseOptions
    from segue.db.databases.querylog import Counting, QueryLog
    from segue.db.databases.replicas import Reading
    from segue.db.databases.shards import Shards
    from segue.db.databases.transaction import Transaction
    from segue.db.engine.contract import Engine, Statistics
    from segue.db.engine.homed import Home
    from segue.db.testing import RolledBack, Testing

__all__ = ["Database", "Running", "chosen", "running"]

T = TypeVar("T")
Seed = TypeVar("Seed", bound=Callable[[], Awaitable[Any]])

_open: list["Database"] = []
_chosen: ContextVar["Database | None"] = ContextVar("segue.db", default=None)


class Database:
    """A database and the models in it: a plugin of an app, or a block of a script.

        app = App(plugins=[Database("sqlite:///app.db")])

        async with Database("postgresql://localhost/films") as db:
            await db.create_all()
            await Film.create(title="Alien")

    ``url``: ``sqlite:///app.db``, ``sqlite://`` (in memory), ``postgresql://user:password@host/name``, ``mysql://``, ``mariadb://``,
    ``oracle://``, or any of SQLAlchemy; without it ``DATABASE_URL`` in the environment or in ``.env``, else ``sqlite:///app.db``. A list of URLs: the first that can be
    reached is used, and the next one when it is lost. ``name``: for one of several: models say
    ``database="archive"``, queries ``.using("archive")``. ``models``: which models are in it; without it all that are defined and name
    no other. ``statements``: how many compiled statements are kept. ``migrate``: when it is opened, the revisions in the folder
    ``migrations`` are run; without any, the tables follow the models by themselves. ``options``: those of DatabaseOptions, and of the engine.
    """

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        *,
        name: str = "database",
        models: Sequence[Any] | None = None,
        statements: int = 1000,
        migrations: str | None = None,
        migrate: bool = False,
        **options: "Unpack[DatabaseOptions]",
    ) -> None:
        urls = [url] if isinstance(url, str) else list(url or ())
        #: Where it is. The others are used when it cannot be reached.
        self.url = (urls[0] if urls else None) or _said() or "sqlite:///app.db"
        self.others = urls[1:]
        #: The name of the plugin, and of the database.
        self.name = name
        self.models = None if models is None else list(models)
        self.migrations = migrations
        self.migrate = migrate
        #: All that the app lists, this one among them.
        self.beside: list[Database] = []
        self.options: dict[str, Any] = dict(options)
        #: The loop of its engine, where that is used from others too: in tests.
        self._home: Home | None = None
        #: The shards that it is one of.
        self.shard_of: Shards | None = None
        #: What ``segue db seed`` calls.
        self.seeds: list[Callable[[], Awaitable[Any]]] = []
        self._log: QueryLog | None = None
        self._bare: Engine | None = None
        #: What the names of its transactions over several databases begin with, once there was one.
        self._identity: str | None = None
        self._size = statements
        self._engine: Engine | None = None
        self._statements: StatementCache | None = None
        self._opened = 0
        #: Whom others wait for who open it at the same time.
        self._opening: asyncio.Future[None] | None = None
        #: Whether the requests of its app say that it is theirs: there is more than one in this process.
        self._says_so = False
        #: What was chosen before the blocks that this task is in.
        self._tokens: ContextVar[tuple[Token[Database | None], ...]] = ContextVar(
            "segue.db.tokens", default=()
        )
        self._transaction: ContextVar[Transaction | None] = ContextVar(f"segue.db.{name}", default=None)

    def __repr__(self) -> str:
        return f"<Database {self.name!r} {_without_password(self.url)}>"

    # -- open and closed

    @property
    def engine(self) -> "Engine":
        """What talks to the database."""
        if self._engine is None:
            raise ConfigurationError(
                f"{self!r} is not open. List it in App(plugins=[...]) and serve the app, or open it: `async with db:`"
            )
        return self._engine

    @property
    def statements(self) -> "StatementCache":
        """The statements that were compiled for it, by the shape of their query."""
        if self._statements is None:
            raise ConfigurationError(f"{self!r} is not open")
        return self._statements

    @property
    def is_open(self) -> bool:
        return self._engine is not None

    async def open(self) -> None:
        """Connects. Raises DatabaseError where that cannot be done."""
        while self._opening is not None:
            await asyncio.wait([self._opening])
        self._opened += 1
        if self._opened > 1:
            return
        self._opening = opening = asyncio.get_running_loop().create_future()
        try:
            await self._open()
        finally:
            self._opening = None
            opening.set_result(None)

    async def _open(self) -> None:
        from segue.db.compiling.statements import StatementCache
        from segue.db.databases.engines import engine_of

        try:
            engine = engine_of(self)
            if self._home is not None:
                from segue.db.engine.homed import HomedEngine

                engine = HomedEngine(engine, self._home)
            await engine.open()
        except BaseException:
            self._opened -= 1
            raise
        self._statements = StatementCache(self._size)
        self._bare = self._engine = engine
        if self.options.get("slow") is not None:
            self.query_log()
        _open.append(self)
        announce_commits(self)
        if self.migrate:
            from segue.db.migrations.automatic import follow_models

            try:
                await follow_models(self)
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """Closes all connections."""
        if self._opened == 0:
            return
        self._opened -= 1
        if self._opened:
            return
        engine, self._engine, self._bare, self._statements, self._log = self._bare, None, None, None, None
        if self in _open:
            _open.remove(self)
        if engine is not None:
            await engine.close()

    async def __aenter__(self) -> Self:
        await self.open()
        self._choose()
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._choose_no_more()
        await self.close()

    def __enter__(self) -> Self:
        """The same for scripts that are not async: ``with Database(url) as db: segue.wait(Film.get(1))``."""
        wait(self.open())
        self._choose()
        return self

    def __exit__(self, *raised: object) -> None:
        self._choose_no_more()
        wait(self.close())

    def _choose(self) -> None:
        self._tokens.set((*self._tokens.get(), _chosen.set(self)))

    def _choose_no_more(self) -> None:
        *before, token = self._tokens.get()
        self._tokens.set(tuple(before))
        _chosen.reset(token)

    def setup(self, to: "Setup") -> None:
        """Opens the database with the app, and adds its commands."""
        from segue.db.plugin import set_up

        set_up(self, to)

    # -- statements

    async def execute(self, sql: str, /, **parameters: Any) -> list[Any]:
        """Runs SQL with named parameters, ``:name``, and gives its rows, if it has any.

            await db.execute("select title from post where views > :least", least=100)

        Parameters are sent beside the statement, never in its text.
        """
        from segue.db.databases.raw import execute

        return await execute(self, sql, parameters)

    def transaction(self, **options: Any) -> "Transaction":
        """A block in which all statements happen, or none: ``async with db.transaction(): ...``; ``with`` in a ``def`` handler.

        Inside another one it is a savepoint. ``isolation``: "read committed", "repeatable read", "serializable". ``read_only``.
        ``own``: on a connection of its own, also inside another one. ``lazy``: it begins with its first statement. An exception rolls
        back and goes on.
        """
        from segue.db.databases.transaction import Transaction

        return Transaction(self, **options)

    def on_commit(self, function: Callable[[], Any]) -> None:
        """Calls a function when the transaction around this is committed, now if there is none. It may be async."""
        from segue.db.databases.transaction import on_commit

        on_commit(self, function)

    def committing(self) -> "Callable[[Callable[[], Any]], None] | None":
        """What ``segue.core.life.commits`` asks: takes what is called after the commit of the transaction around this, if there is one."""
        transaction = self._transaction.get()
        return None if transaction is None else transaction.later

    def before_commit(self, function: Callable[[], Any]) -> None:
        """Calls a function when the transaction around this is about to be committed. It may be async; what it raises rolls back."""
        transaction = self._transaction.get()
        if transaction is None:
            raise ConfigurationError("before_commit() is for code in a transaction, and here is none")
        transaction.before_commit(function)

    @property
    def current_transaction(self) -> "Transaction | None":
        """The innermost transaction that this task is in."""
        return self._transaction.get()

    def seed(self, function: Seed) -> Seed:
        """Decorates an async function that fills the database for development: ``segue db seed`` calls all, in one transaction."""
        self.seeds.append(function)
        return function

    # -- where reads go, and what is run

    def primary(self) -> "Reading":
        """A block, or a decorator, whose reads do not go to replicas: ``with db.primary(): ...``."""
        from segue.db.databases.replicas import Reading

        return Reading(primary=True)

    def replica(self) -> "Reading":
        """A block, or a decorator, whose reads go to replicas even after a write."""
        from segue.db.databases.replicas import Reading

        return Reading(primary=False)

    @property
    def statistics(self) -> "Statistics":
        """Its connections now: ``open`` of all, ``free`` of those, and callers ``waiting`` for one."""
        return self.engine.statistics

    def query_log(self) -> "QueryLog":
        """What tells of each statement that runs: begun by the first who asks, and free of cost until then."""
        from segue.db.databases.querylog import LoggedEngine, QueryLog

        engine = self.engine
        if self._log is None:
            self._log = QueryLog(self.options.get("slow"))
            self._engine = LoggedEngine(engine, self._log)
        return self._log

    def counting(self) -> "Counting":
        """The statements that are run in a block, whoever runs them.

        with db.counting() as statements:
            await client.get("/films")
        assert len(statements) == 1
        """
        from segue.db.databases.querylog import Counting

        return Counting(self)

    def testing(self, *, fresh: bool = True, migrate: bool = False) -> "Testing":
        """A block for tests, in which this is a database made for them, with the tables of all models: ``with db.testing(): ...``.

        ``migrate``: with what the revisions make, the rows that they put there too.
        """
        from segue.db.testing import Testing

        return Testing(self, fresh=fresh, migrate=migrate)

    def rolled_back(self) -> "RolledBack":
        """A block of a test whose writes are taken back at its end, whoever made them. It stands in ``with db.testing():``."""
        from segue.db.testing import RolledBack

        return RolledBack(self)

    # -- schema

    def mappings(self) -> list[Mapping]:
        """The models that have their table here, those of link tables too."""
        from segue.db.schema.placement import mappings_of

        return mappings_of(self)

    async def create_all(self) -> None:
        """Makes the tables that are missing. It changes none that is there: that is what migrations are for."""
        from segue.db.schema.schema import create_all

        await create_all(self)

    async def drop_all(self) -> None:
        """Drops the tables of all models, with what is in them."""
        from segue.db.schema.schema import drop_all

        await drop_all(self)


class Running:
    """Where a statement runs: on a free connection, or on that of the transaction that the task is in."""

    __slots__ = ("database", "transaction")

    def __init__(self, database: Database, transaction: "Transaction | None") -> None:
        self.database = database
        self.transaction = transaction

    async def fetch(self, sql: str, args: Sequence[Any], *, write: bool = False) -> Sequence[Any]:
        """The rows of a statement."""
        if self.transaction is not None:
            return await self.transaction.fetch(sql, args, write=write)
        return await self.database.engine.fetch(sql, args, write=write)

    async def execute(self, sql: str, args: Sequence[Any]) -> int:
        """How many rows a statement changed."""
        if self.transaction is not None:
            return await self.transaction.execute(sql, args)
        return await self.database.engine.execute(sql, args)

    def stream(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Any]]:
        """The rows of a statement, ``size`` at a time."""
        log = self.database._log
        pieces = self._pieces(sql, args, size)
        return pieces if log is None else log.streamed(pieces, sql, args)

    async def _pieces(self, sql: str, args: Sequence[Any], size: int) -> AsyncGenerator[Sequence[Any]]:
        if self.transaction is not None:
            async for rows in self.transaction.stream(sql, args, size):
                yield rows
            return
        async with self.database.engine.connection(write=False) as connection:
            found = connection.stream(sql, args, size)
            try:
                async for rows in found:
                    yield rows
            finally:
                await found.aclose()


@contextlib.contextmanager
def chosen(database: Database) -> Generator[None]:
    """A block whose queries ask a database, if they name no other."""
    token = _chosen.set(database)
    try:
        yield
    finally:
        _chosen.reset(token)


def database_of(model: Any, using: Any = None) -> Database:
    """The database that a model's query asks. Raises ConfigurationError where there is none, or it cannot be told which."""
    name = using
    if name is None and model is not None:
        name = model.__mapping__.database
    if isinstance(name, Database):
        return name
    here = _chosen.get()
    if name is None:
        if here is not None and here.is_open:
            return here
        if len(_open) == 1:
            return _open[0]
        # Requests of the other apps say which one is theirs.
        named = [one for one in _open if one.name == "database" and not one._says_so]
        named = named or [one for one in _open if one.name == "database"]
    else:
        if here is not None and here.name == name and here.is_open:
            return here
        beside = () if here is None else here.beside
        named = [one for one in beside if one.name == name and one.is_open]
        named = named or [one for one in _open if one.name == name]
        if len(named) > 1 and all(one.shard_of is not None for one in named):
            raise ConfigurationError(
                f"{'a query' if model is None else model.__name__} is in one of {len(named)} shards called {name!r}: say which, "
                f"`with shards.of(key):`, or ask all of them, `await shards.all(query)`"
            )
    if len(named) == 1:
        return named[0]
    told = "no database" if model is None else f"{model.__name__} has no database"
    if not _open:
        raise ConfigurationError(
            f"{told} to ask: none is open. In an app: App(plugins=[Database(...)]). In a script or a test: `async with Database(url):`"
        )
    listed = ", ".join(sorted(repr(one.name) for one in _open))
    why = f"none is called {name!r}" if name is not None else "it was not said which"
    raise ConfigurationError(
        f"{told} to ask: {why}; open are {listed}. Say .using(name), or class Post(Model, database=name)"
    )


def running(model: Any, using: Any = None) -> Running:
    """Where a statement about a model runs now."""
    database = database_of(model, using)
    return Running(database, database._transaction.get())


def _without_password(url: str) -> str:
    start, at, rest = url.rpartition("@")
    if not at:
        return url
    scheme, _, user = start.partition("://")
    return f"{scheme}://{user.partition(':')[0]}@{rest}"


def _said() -> str | None:
    """What the environment says, or else ``.env``, as for the settings of all plugins."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    told = read_dotenv(Path(".env")) if Path(".env").is_file() else {}
    return told["DATABASE_URL"][0] if "DATABASE_URL" in told else None
