"""Commits in two phases: what each database is told so that a transaction is kept, without being done, until all others are sure."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from segue.db.compiling.translation import MYSQL
from segue.db.engine.errors import UniqueViolation

if TYPE_CHECKING:
    from segue.db.databases.database import Database
    from segue.db.engine.contract import Connection

__all__ = ["Decisions", "PreparedSQL", "Spelling", "begun_at", "prepared_in", "spelling_of"]

_IDENTITY = "identity"
#: How long it is remembered that a transaction was given up: whoever began it may be as slow as this.
_REMEMBERED = timedelta(days=7)

Outcome = Literal["committed", "rolled back"]


class PreparedSQL(NamedTuple):
    """The statements of one database for one transaction. ``begin`` and ``end``: None where an ordinary transaction is prepared."""

    begin: str | None
    end: str | None
    prepare: str
    commit: str
    rollback: str


class Spelling(NamedTuple):
    """How a kind of database prepares transactions. ``listed``: gives the names of those that it keeps."""

    listed: str
    xa: bool

    def of(self, name: str) -> PreparedSQL:
        """The statements for the transaction with a name, which this module has made."""
        if self.xa:
            return PreparedSQL(
                f"XA START '{name}'",
                f"XA END '{name}'",
                f"XA PREPARE '{name}'",
                f"XA COMMIT '{name}'",
                f"XA ROLLBACK '{name}'",
            )
        return PreparedSQL(
            None,
            None,
            f"PREPARE TRANSACTION '{name}'",
            f"COMMIT PREPARED '{name}'",
            f"ROLLBACK PREPARED '{name}'",
        )


_POSTGRESQL = Spelling("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()", xa=False)
# XA, as X/Open's specification of distributed transactions spells it.
_XA = Spelling("XA RECOVER", xa=True)


def spelling_of(database: "Database") -> Spelling | None:
    """How a database prepares transactions; None for one that cannot: SQLite."""
    name = database.engine.name
    return _POSTGRESQL if name == "postgresql" else _XA if name in MYSQL else None


async def prepared_in(database: "Database") -> list[str]:
    """The names of the transactions that a database keeps prepared; on MariaDB those of all databases of its server."""
    spelling = spelling_of(database)
    if spelling is None:
        return []
    names = [row[-1] for row in await database.engine.fetch(spelling.listed)]
    return [name.decode("ascii", "replace") if isinstance(name, bytes) else name for name in names]


def begun_at(name: str) -> float:
    """When a transaction was begun, in seconds: its name says so. Of a name that is none of ours, never."""
    try:
        return float(int(name.split("-")[2], 16))
    except (IndexError, ValueError):
        return float("inf")


class Decisions:
    """The table in which one of the databases remembers how transactions over several of them ended.

    It is written in the transaction of that database itself: with its commit all is decided. A row that is not there means "rolled back",
    and who looks after a transaction that was left over writes that first, so that nobody can commit it afterwards.
    """

    table = sa.Table(
        "segue_distributed",
        sa.MetaData(),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )

    def __init__(self, database: "Database") -> None:
        self.database = database

    async def identity(self, *, make: bool = False) -> str | None:
        """What the names of this database's transactions begin with; None where there never was one and none is to be made."""
        known = self.database._identity
        if known is None:
            known = self.database._identity = await self.database.engine.run_sync(
                lambda connection: _identity(connection, make=make)
            )
        return known

    async def new_name(self) -> str:
        """A name for a transaction, as no other one has it."""
        return f"{await self.identity(make=True)}-{int(time.time()):x}-{secrets.token_hex(6)}"

    async def decide(self, connection: "Connection", name: str, outcome: Outcome) -> None:
        """Writes what is done with a transaction, in one that is to be committed. Raises UniqueViolation where that was decided before."""
        sql, args = self._insert(name, outcome)
        await connection.execute(sql, args)

    async def outcome(self, name: str) -> Outcome:
        """What became of a transaction; one that is not decided is rolled back from now on. Who decides just now is waited for."""
        try:
            async with self.database.transaction(own=True) as transaction:
                await self.decide(transaction.connection, name, "rolled back")
        except UniqueViolation:
            engine = self.database.engine
            asked = sa.select(self.table.c.outcome).where(self.table.c.name == sa.bindparam("name"))
            compiled = asked.compile(dialect=engine.dialect)
            rows = await engine.fetch(str(compiled), [name])
            return "committed" if rows and rows[0][0] == "committed" else "rolled back"
        return "rolled back"

    async def forget(self, name: str) -> None:
        """Forgets a transaction that is done everywhere, and those that were given up long ago."""
        table = self.table
        engine = self.database.engine
        old = (datetime.now(UTC) - _REMEMBERED).isoformat(" ", "seconds")
        gone = sa.delete(table).where(
            (table.c.name == sa.bindparam("a"))
            | ((table.c.outcome == sa.bindparam("b")) & (table.c.at < sa.bindparam("c")))
        )
        await engine.execute(str(gone.compile(dialect=engine.dialect)), [name, "rolled back", old])

    def _insert(self, name: str, outcome: str) -> tuple[str, list[str]]:
        compiled = sa.insert(self.table).compile(dialect=self.database.engine.dialect)
        return str(compiled), [name, outcome, datetime.now(UTC).isoformat(" ", "seconds")]


def _identity(connection: sa.Connection, *, make: bool) -> str | None:
    table = Decisions.table
    if not sa.inspect(connection).has_table(table.name):
        if not make:
            return None
        table.create(connection, checkfirst=True)
    found = connection.execute(sa.select(table.c.outcome).where(table.c.name == _IDENTITY)).scalar()
    if found is None and make:
        found = f"segue-{secrets.token_hex(8)}"
        now = datetime.now(UTC).isoformat(" ", "seconds")
        connection.execute(sa.insert(table).values(name=_IDENTITY, outcome=found, at=now))
    return found
