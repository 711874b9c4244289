"""Transactions over several databases: all of them do what was asked, or none."""

import asyncio
import contextlib
import logging
import time
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from segue.core.threads import wait
from segue.db.databases.transaction import Transaction, _called
from segue.db.databases.twophase import Decisions, Outcome, PreparedSQL, begun_at, prepared_in, spelling_of
from segue.db.engine.errors import ConnectionLost, DatabaseError, ProgrammingError, StatementTimeout
from segue.db.errors import ConfigurationError
from segue.db.schema.schemalock import only_one

if TYPE_CHECKING:
    from segue.db.databases.database import Database
    from segue.db.engine.contract import Connection, Isolation

__all__ = ["Distributed", "Recovered", "distributed", "recover"]

logger = logging.getLogger("segue.db")

#: What is decided just now: the loop itself keeps no task alive.
_deciding: set[asyncio.Future[None]] = set()


def distributed(*databases: "Database", isolation: "Isolation | None" = None) -> "Distributed":
    """A block in which all that is written to several databases is done, or nothing of it.

        async with distributed(shop, ledger):
            order = await Order.create(cents=1200)
            await Entry.create(order=order.id, cents=1200)      # class Entry(Model, database="ledger")

    It is committed in two phases: PostgreSQL (with ``max_prepared_transactions`` above 0), MySQL and MariaDB promise first that they can,
    then one database decides with its own commit: the one that cannot promise (SQLite), of which there may be one, or the first.
    What a crash between the two leaves behind is finished by ``segue db recover``, or ``recover()``. In each database there is one
    transaction, with savepoints and ``on_commit`` as in others. ``isolation``: of each. Stands outside of other transactions.
    """
    return Distributed(databases, isolation)


class Distributed:
    """What ``distributed()`` gives: ``async with``, or ``with`` in code that is not async."""

    def __init__(self, databases: "tuple[Database, ...]", isolation: "Isolation | None") -> None:
        if len(databases) < 2 or len(set(map(id, databases))) != len(databases):
            raise ValueError("distributed() is given two databases or more, each once")
        self.databases = databases
        self.isolation: Isolation | None = isolation

    async def __aenter__(self) -> Self:
        await self._begin()
        self._enter_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                await self._before_commit()
            except BaseException as failed:
                self._leave_all()
                await self._roll_back(failed)
                raise
        self._leave_all()
        await (self._commit() if error is None else self._roll_back(error))

    def __enter__(self) -> Self:
        wait(self._begin())
        self._enter_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                wait(self._before_commit())
            except BaseException as failed:
                self._leave_all()
                wait(self._roll_back(failed))
                raise
        self._leave_all()
        wait(self._commit() if error is None else self._roll_back(error))

    # -- the beginning

    async def _begin(self) -> None:
        around = [one.current_transaction for one in self.databases]
        #: In a test all is one transaction that is taken back: there is nothing to prepare in it.
        self._in_test = any(one is not None and one.shared for one in around)
        if not self._in_test and any(one is not None for one in around):
            raise ConfigurationError(
                "a transaction over several databases cannot begin inside one of a single database: let it be the outer one"
            )
        deciding = self._deciding()
        self._decisions = Decisions(deciding)
        self._name = "" if self._in_test else await self._new_name(deciding)
        self._branches = [
            _Branch(one, self._statements(one, number), isolation=self.isolation)
            for number, one in enumerate(self.databases)
            if one is not deciding
        ]
        self._main = Transaction(deciding, isolation=self.isolation, lazy=True)
        self._all: list[Transaction] = [self._main, *self._branches]
        for one in self._all:
            await one._begin(one._around())

    def _deciding(self) -> "Database":
        """The database whose commit decides: one that can promise nothing, of which there is one at most."""
        unable = [one for one in self.databases if spelling_of(one) is None]
        if len(unable) > 1 and not self._in_test:
            listed = " and ".join(repr(one) for one in unable)
            raise ConfigurationError(
                f"{listed} cannot prepare transactions, so nothing holds them together: one of such databases is possible beside PostgreSQL, MySQL and MariaDB"
            )
        return (unable or self.databases)[0]

    async def _new_name(self, deciding: "Database") -> str:
        if deciding._identity is not None:
            return await self._decisions.new_name()
        async with only_one(deciding.engine):
            return await self._decisions.new_name()

    def _statements(self, database: "Database", number: int) -> "PreparedSQL | None":
        spelling = None if self._in_test else spelling_of(database)
        return None if spelling is None else spelling.of(f"{self._name}-{number}")

    def _enter_all(self) -> None:
        self._tokens = [(one.database, one.database._transaction.set(one)) for one in self._all]

    def _leave_all(self) -> None:
        for database, token in reversed(self._tokens):
            database._transaction.reset(token)

    # -- the end

    async def _before_commit(self) -> None:
        while any(one._before for one in self._all):
            for one in self._all:
                await one._finish()

    async def _commit(self) -> None:
        try:
            prepared = [branch for branch in self._branches if await branch.prepare()]
            if prepared and not self._in_test:
                connection = self._main._connection or await self._main._wanted()
                await self._decisions.decide(connection, self._name, "committed")
        except BaseException as error:
            await self._roll_back(error)
            raise
        # From here on nobody turns back: who is cancelled leaves it to finish by itself.
        deciding = asyncio.ensure_future(self._decide(prepared))
        _deciding.add(deciding)
        deciding.add_done_callback(_deciding.discard)
        await asyncio.shield(deciding)

    async def _decide(self, prepared: "list[_Branch]") -> None:
        after = [function for one in self._all for function in one._after]
        for one in self._all:
            one._after = []
        try:
            await self._main._end(None)
        except BaseException as error:
            if not await self._was_committed(error):
                await self._end_branches(error)
                raise
        await self._end_branches(None)
        if prepared and not self._in_test and all(one.done for one in prepared):
            with contextlib.suppress(DatabaseError):
                await self._decisions.forget(self._name)
        await _called(after)

    async def _was_committed(self, error: BaseException) -> bool:
        """Whether the commit that failed was one all the same: its answer may be what was lost."""
        if not isinstance(error, ConnectionLost | StatementTimeout):
            return False
        try:
            return await self._decisions.outcome(self._name) == "committed"
        except DatabaseError:
            for branch in self._branches:
                branch.in_doubt = True
            logger.exception(
                "%s: nobody knows whether it was committed. `segue db recover` finishes it", self._name
            )
            return False

    async def _end_branches(self, error: BaseException | None) -> None:
        for branch in self._branches:
            await branch._end(error)

    async def _roll_back(self, error: BaseException) -> None:
        for one in reversed(self._all):
            try:
                await one._end(error)
            except Exception:
                logger.exception(
                    "a transaction over several databases could not be rolled back in %r", one.database
                )


class _Branch(Transaction):
    """The transaction of one of several databases, which is prepared before it is committed."""

    def __init__(
        self, database: "Database", statements: "PreparedSQL | None", *, isolation: "Isolation | None"
    ) -> None:
        super().__init__(database, isolation=isolation, lazy=True)
        self._statements = statements
        self._prepared = False
        #: Whether it is certainly committed.
        self.done = False
        #: Whether it stays prepared, because nobody knows what was decided.
        self.in_doubt = False

    async def _begin_on(self, connection: "Connection") -> None:
        said = self._statements
        if said is None or said.begin is None:
            await super()._begin_on(connection)
            return
        if self.isolation is not None:
            await connection.execute(f"SET TRANSACTION ISOLATION LEVEL {self.isolation.upper()}")
        await connection.execute(said.begin)

    async def prepare(self) -> bool:
        """Lets the database promise that it can commit. False if nothing was asked of it."""
        connection, said = self._connection, self._statements
        if connection is None or said is None:
            return False
        if said.end is not None:
            await connection.execute(said.end)
        self._prepared = True  # or it may be, if the answer is lost
        try:
            await connection.execute(said.prepare)
        except DatabaseError as error:
            if error.code == "55000":
                raise ConfigurationError(
                    f"{self.database!r} does not prepare transactions: set max_prepared_transactions in postgresql.conf to how many may be "
                    f"under way at a time, and restart it"
                ) from error
            raise
        self._told("PREPARE")
        return True

    async def _commit_on(self, connection: "Connection") -> None:
        if not self._prepared or self._statements is None:
            await super()._commit_on(connection)
            return
        self.done = await self._finish_prepared(connection, self._statements.commit)
        self._told("COMMIT")

    async def _rollback_on(self, connection: "Connection") -> None:
        said = self._statements
        if self.in_doubt:
            return
        if said is not None and self._prepared:
            await self._finish_prepared(connection, said.rollback)
        elif said is not None and said.end is not None:
            with contextlib.suppress(DatabaseError):
                await connection.execute(said.end)
            await connection.execute(said.rollback)
        else:
            await super()._rollback_on(connection)
            return
        self._told("ROLLBACK")

    async def _finish_prepared(self, connection: "Connection", sql: str) -> bool:
        """Ends it on its connection; if that is lost, on another one. What cannot be done now is for ``recover``."""
        try:
            await connection.execute(sql)
        except DatabaseError as error:
            if isinstance(error, ProgrammingError):
                return False  # it was never prepared, or is ended already
            try:
                await self.database.engine.execute(sql)
            except DatabaseError:
                logger.exception(
                    "%r keeps a transaction prepared: %s is left to `segue db recover`", self.database, sql
                )
                return False
        return True


class Recovered(NamedTuple):
    """A transaction that was left prepared: in which ``database``, its ``name``, and how it ended."""

    database: str
    name: str
    outcome: Outcome


async def recover(*databases: "Database", older_than: float = 60.0) -> list[Recovered]:
    """Finishes transactions over several databases that a crash left prepared: commits those that were decided, undoes the others.

        for one in await recover(shop, ledger):
            print(one.database, one.name, one.outcome)

    All databases of such transactions are given, and open. ``older_than``: seconds; those that were begun later may be under way, and are left alone.
    """
    by_identity: dict[str, Decisions] = {}
    for database in databases:
        decisions = Decisions(database)
        identity = await decisions.identity()
        if identity is not None:
            by_identity[identity] = decisions
    until = time.time() - older_than
    found: list[Recovered] = []
    outcomes: dict[str, Outcome] = {}
    for database in databases:
        spelling = spelling_of(database)
        for name in await prepared_in(database):
            whole, _, number = name.rpartition("-")
            decided = by_identity.get("-".join(whole.split("-")[:2]))
            # On MariaDB a server lists those of all its databases: the number says which one it is.
            if decided is None or spelling is None or not number.isdecimal() or begun_at(whole) > until:
                continue
            outcome = outcomes[whole] = outcomes.get(whole) or await decided.outcome(whole)
            said = spelling.of(name)
            try:
                await database.engine.execute(said.commit if outcome == "committed" else said.rollback)
            except DatabaseError as error:
                logger.warning("%s in %r was not finished: %s", name, database, error.message)
                continue
            found.append(Recovered(database.name, name, outcome))
    return found
