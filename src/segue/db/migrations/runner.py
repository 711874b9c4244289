"""Runs revisions: each wholly or not at all where the database can do that, else so that it can go on where it was stopped."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from segue.db.engine.errors import ForeignKeyViolation
from segue.db.migrations.errors import Irreversible, MigrationError
from segue.db.migrations.folder import Folder
from segue.db.migrations.operations import Steps, as_current
from segue.db.migrations.record import Record
from segue.db.migrations.resuming import has_happened
from segue.db.migrations.revision import Revision
from segue.db.migrations.waiting import pause, was_locked

__all__ = ["Runner"]

logger = logging.getLogger("segue.db.migrations")

_TRANSACTIONAL = frozenset({"sqlite", "postgresql"})

#: How long a step may wait for a lock on PostgreSQL. Everybody who comes later waits behind it.
_LOCK_TIMEOUT = 0.1


class Runner:
    """Runs revisions over one connection, which is in no transaction when it is handed over.

    ``wait``: how many seconds a revision may be tried again because others hold a lock.
    """

    def __init__(self, folder: Folder, connection: sa.Connection, *, wait: float = 60.0) -> None:
        self.folder = folder
        self.connection = connection
        self.record = Record(connection)
        self.wait = wait

    def upgrade(self, target: list[str]) -> list[str]:
        """Runs what is missing to be at ``target``. Returns the revisions that were run."""
        return self._repeat(lambda applied: self.folder.pending(applied, target)[:1], "up")

    def downgrade(self, to_undo: Callable[[set[str]], list[Revision]]) -> list[str]:
        """Undoes revisions: ``to_undo`` is asked which ones, given those that are applied; the first of them is undone first."""
        return self._repeat(lambda applied: to_undo(applied)[:1], "down")

    def _repeat(self, choose: Callable[[set[str]], list[Revision]], direction: str) -> list[str]:
        self._make_record()
        ran: list[str] = []
        while True:
            # On SQLite a transaction begins here that nobody else writes in: so nobody else runs the same revision.
            found = choose(self.record.applied(self.folder))
            if not found:
                self.connection.rollback()
                return ran
            logger.info("%s %s", "running" if direction == "up" else "undoing", found[0].id)
            self._run_patiently(found[0], direction)
            ran.append(found[0].id)

    def _make_record(self) -> None:
        if self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(self.wait * 1000)}")
        self.record.make()
        self.connection.commit()

    def _run_patiently(self, revision: Revision, direction: str) -> None:
        until = time.monotonic() + self.wait
        attempt = 0
        while True:
            try:
                return self._run(revision, direction)
            except DBAPIError as error:
                self.connection.rollback()
                attempt += 1
                if not was_locked(error) or time.monotonic() > until:
                    raise
            logger.info("%s waits for others who use its tables", revision.id)
            pause(self.connection, min(0.05 * attempt, 1.0) * random.uniform(0.5, 1.5))  # noqa: S311 -- no secret: only not in step with others

    def _run(self, revision: Revision, direction: str) -> None:
        run = revision.step("upgrade" if direction == "up" else "downgrade")
        if run is None:
            raise Irreversible(
                f"{revision.id} cannot be undone: {revision.path} has no downgrade(). Write one, or restore a backup"
            )
        connection = self.connection
        self._limit_locks()
        begun, done = self.record.begin(revision.id, direction)
        context = MigrationContext.configure(connection)
        progress = Recorded(self, revision, begun, done, context)
        with as_current(Steps(context, progress)):
            try:
                run()
            except BaseException:
                connection.rollback()
                raise
        progress.end()
        self._check_references()
        self.record.finish(revision.id, direction)
        if direction == "down":
            for name in revision.replaces:
                self.record.forget(name)
        connection.commit()

    def _limit_locks(self) -> None:
        match self.connection.dialect.name:
            case "postgresql":
                self.connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(_LOCK_TIMEOUT * 1000)}")
            case "mysql" | "mariadb":
                self.connection.exec_driver_sql("SET SESSION lock_wait_timeout = 1")
            case _:
                pass

    def _check_references(self) -> None:
        if self.connection.dialect.name != "sqlite":
            return
        found = self.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
        if found:
            self.connection.rollback()
            told = "; ".join(f"{row[0]} (rowid {row[1]}) refers to a row of {row[2]}" for row in found)
            raise ForeignKeyViolation(
                f"The revision was not applied, because rows would refer to nothing: {told}",
                table=found[0][0],
            )


class Recorded:
    """Notes the steps of a revision in the database, and leaves out those that an interrupted run has taken."""

    def __init__(
        self, runner: Runner, revision: Revision, begun: int, done: int, context: MigrationContext
    ) -> None:
        self.runner = runner
        self.revision = revision
        self.begun = begun
        self.done = done
        self.context = context
        self.number = 0
        self.transactional = runner.connection.dialect.name in _TRANSACTIONAL

    def step(self, what: Any, take: Callable[[], Any], *, alone: bool) -> Any:
        self.number += 1
        number, connection, record = self.number, self.runner.connection, self.runner.record
        if number <= self.done:
            return None
        if number <= self.begun and has_happened(what, connection):
            record.step(self.revision.id, begun=number, done=number)
            return None
        if self.transactional and not alone:
            return take()
        record.step(self.revision.id, begun=number, done=number - 1)
        connection.commit()
        if alone and connection.dialect.name == "postgresql" and not callable(what):
            result = self._outside(take)
        else:
            self.runner._limit_locks()
            result = take()
        record.step(self.revision.id, begun=number, done=number)
        connection.commit()
        self.runner._limit_locks()
        return result

    def _outside(self, take: Callable[[], Any]) -> Any:
        """Takes a step in no transaction: an index that is built while others write."""
        connection = self.runner.connection
        before = connection.get_isolation_level()
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            return take()
        finally:
            connection.commit()
            connection.execution_options(isolation_level=before)

    def end(self) -> None:
        if self.number < self.done:
            raise MigrationError(
                f"{self.revision.id} was interrupted after step {self.done}, and has {self.number} steps now. Do not change a revision that was "
                f"begun; put back what it was, run it, and write another one"
            )
