"""What any driver behind SQLAlchemy says, as Segue's errors: by SQLSTATE where it has one, else by its words."""

import re
import sqlite3
from typing import TYPE_CHECKING, Any

from segue.db.engine import sqlite_errors
from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseError,
    DataError,
    Deadlock,
    ForeignKeyViolation,
    IntegrityError,
    LockTimeout,
    NotNullViolation,
    ProgrammingError,
    StatementTimeout,
    UniqueViolation,
)
from segue.db.engine.sqlstates import kind_of

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

__all__ = ["translated"]

# In the order in which they are looked for: a driver that tells nothing else tells it in English.
_WORDS: tuple[tuple[re.Pattern[str], type[DatabaseError]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"foreign key|referential|references? constraint", ForeignKeyViolation),
        (r"unique|duplicate|primary key", UniqueViolation),
        (r"not[ _-]null|cannot (?:be|insert|accept) (?:the value )?null|null value", NotNullViolation),
        (r"check constraint|\bcheck\b", CheckViolation),
        (r"deadlock", Deadlock),
        (r"lock (?:wait|request|timeout|conflict)|locked|lock time", LockTimeout),
    )
)


def translated(error: BaseException, sql: str | None = None) -> DatabaseError | None:
    """Segue's error for one of SQLAlchemy; None for what is none of them."""
    from sqlalchemy import exc

    if isinstance(error, DatabaseError):
        return error
    if isinstance(error, exc.DBAPIError):
        return _of(error, sql)
    if isinstance(error, exc.TimeoutError | TimeoutError):
        return StatementTimeout(f"The database did not answer in time: {error}", sql=sql)
    if isinstance(error, exc.NoSuchModuleError | exc.ArgumentError | exc.InvalidRequestError):
        return ProgrammingError(f"SQLAlchemy says: {error}", sql=sql)
    if isinstance(error, UnicodeError | OverflowError):
        return DataError(f"An argument cannot be sent: {error}", sql=sql)
    return None


def _of(error: "DBAPIError", sql: str | None) -> DatabaseError:
    from sqlalchemy import exc

    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        known = sqlite_errors.translated(cause, sql)
        if known is not None:
            return known
    state = _state_of(cause)
    kind: type[DatabaseError] | None = None
    if error.connection_invalidated:
        kind = ConnectionLost
    elif state and state[2:] != "000":
        kind = kind_of(state)
    if kind is None or kind is IntegrityError:
        general = _general(error, exc)
        # Words are only asked about what they are about: a message may quote a value.
        if general is IntegrityError or isinstance(error, exc.OperationalError | exc.InternalError):
            found = next((one for words, one in _WORDS if words.search(str(cause))), general)
            kind = found if issubclass(found, IntegrityError) == (general is IntegrityError) else general
        else:
            kind = general
    return kind(f"The database says: {cause}", sql=sql, code=state)


def _general(error: "DBAPIError", exc: Any) -> type[DatabaseError]:
    for kind, ours in (
        (exc.IntegrityError, IntegrityError),
        (exc.DataError, DataError),
        (exc.ProgrammingError, ProgrammingError),
        (exc.NotSupportedError, ProgrammingError),
        (exc.InterfaceError, ConnectionLost),
    ):
        if isinstance(error, kind):
            return ours
    return DatabaseError


def _state_of(cause: Any) -> str | None:
    """psycopg: ``sqlstate``; older ones ``pgcode``; ODBC: the first argument."""
    for state in (
        getattr(cause, "sqlstate", None),
        getattr(cause, "pgcode", None),
        *getattr(cause, "args", ())[:1],
    ):
        if isinstance(state, str) and re.fullmatch(r"[0-9A-Z]{5}", state):
            return state
    return None
