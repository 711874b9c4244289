"""What can go wrong with a database: one set of exceptions for all engines, the driver's own kept as the cause."""

from collections.abc import Sequence
from typing import Any, ClassVar

from segue.core.texts.lazy import Words
from segue.core.texts.texts import framework
from segue.http.errors import (
    Conflict,
    HTTPError,
    InsufficientStorage,
    ServiceUnavailable,
    UnprocessableContent,
)

__all__ = [
    "CheckViolation",
    "ConnectionLost",
    "DataError",
    "DatabaseCorrupt",
    "DatabaseError",
    "DatabaseFull",
    "DatabaseReadOnly",
    "Deadlock",
    "ForeignKeyViolation",
    "IntegrityError",
    "LockTimeout",
    "NotNullViolation",
    "PoolTimeout",
    "ProgrammingError",
    "SerializationFailure",
    "StaleStatement",
    "StatementTimeout",
    "UniqueViolation",
]

_ = framework.lazy_gettext

_LONGEST = 2_000  # characters of a statement that a message shows


class DatabaseError(Exception):
    """What a database, its driver or the way to it refused.

        try:
            await Author.create(name="Django", email="django@example.org")
        except UniqueViolation as error:
            error.columns                                   # ("email",)

    ``message`` says it in words, ``sql`` is the statement, ``code`` what the database calls it (an SQLSTATE, a number, a
    name). ``constraint``, ``table`` and ``columns`` are there where the database tells them. The driver's exception is
    the ``__cause__``. In a handler an error answers with ``status``; ``public`` is all that a client is told of it.
    ``retry``: the same transaction may succeed if it is run again.
    """

    status: int = 500
    public: ClassVar[Words] = ""
    retry: ClassVar[bool] = False
    #: Whether a client is told which columns it is about.
    names_columns: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        sql: str | None = None,
        code: str | None = None,
        constraint: str | None = None,
        table: str | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        if isinstance(self, HTTPError):
            headers = {"retry-after": "1"} if self.default_status == 503 else None
            # The names of the columns are those of the client's own fields; their values are not told.
            public = str(self.public)
            told = [{"loc": [name], "msg": public} for name in columns] if self.names_columns else []
            HTTPError.__init__(self, None, public, headers=headers, extra={"errors": told} if told else None)
        self.message = message
        self.sql = sql
        self.code = code
        self.constraint = constraint
        self.table = table
        self.columns = tuple(columns)
        self.args = (message,)

    def __str__(self) -> str:
        if not self.sql:
            return self.message
        more = f"... ({len(self.sql):,} characters)" if len(self.sql) > _LONGEST else ""
        return f"{self.message}\n  in: {self.sql[:_LONGEST]}{more}"


class ProgrammingError(DatabaseError):
    """The statement is not one that this database can run: a table that is not there, a mistake in its text."""


class StaleStatement(DatabaseError, ServiceUnavailable):
    """The schema changed after the statement had been prepared. It is run again by itself, but not inside a transaction."""

    public = _("The database was changed meanwhile. Please try again.")
    retry = True


class DataError(DatabaseError, UnprocessableContent):
    """A value that its column cannot hold: too long, out of range, not of its type."""

    public = _("A value cannot be stored.")


class IntegrityError(DatabaseError, Conflict):
    """A rule of the schema forbids it. The subclasses say which."""

    public = _("This conflicts with what is stored already.")


class UniqueViolation(IntegrityError):
    """There is a row with these values already, and only one may have them."""

    names_columns = True

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What a form tells beside its fields (segue.core.ports.Saves)."""
        told = framework.gettext("There is one with this already.")
        return [{"loc": [name], "msg": told} for name in self.columns] or [{"loc": [], "msg": told}]


class ForeignKeyViolation(IntegrityError):
    """A row refers to one that does not exist, or one that others refer to was to be deleted."""


class CheckViolation(IntegrityError):
    """A ``CHECK`` of the table, or an exclusion constraint, says no."""


class NotNullViolation(IntegrityError):
    """A column that must have a value was given none."""


class SerializationFailure(DatabaseError, ServiceUnavailable):
    """Another transaction changed what this one had read. Run it again."""

    public = _("Somebody else changed the same data. Please try again.")
    retry = True


class Deadlock(DatabaseError, ServiceUnavailable):
    """Two transactions waited for each other, and the database chose this one to give up. Run it again."""

    public = _("Somebody else changed the same data. Please try again.")
    retry = True


class LockTimeout(DatabaseError, ServiceUnavailable):
    """Another transaction held a lock for too long."""

    public = _("The database is busy. Please try again.")
    retry = True


class StatementTimeout(DatabaseError, ServiceUnavailable):
    """A statement took longer than it may, or the database did not answer."""

    public = _("The database took too long to answer.")


class ConnectionLost(DatabaseError, ServiceUnavailable):
    """The database cannot be reached, or went away. Whether the statement was run is not known, unless ``sent`` is False."""

    public = _("The database cannot be reached.")
    sent: bool = True


class PoolTimeout(DatabaseError, ServiceUnavailable):
    """All connections were in use for too long."""

    public = _("The database is busy. Please try again.")


class DatabaseFull(DatabaseError, InsufficientStorage):
    """There is no room left on the database's disk. Nothing of the transaction was written."""

    public = _("There is no room left to store this.")


class DatabaseReadOnly(DatabaseError, ServiceUnavailable):
    """The database can be read and not written: a file without permission, a replica, a read-only transaction."""

    public = _("The database is read-only at the moment.")


class DatabaseCorrupt(DatabaseError):
    """The database's file is damaged, or is no database."""
