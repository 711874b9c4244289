"""What SQLite says, as Segue's errors: by its result codes (sqlite.org/rescode.html)."""

import re
import sqlite3

from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DataError,
    ForeignKeyViolation,
    IntegrityError,
    LockTimeout,
    NotNullViolation,
    ProgrammingError,
    SerializationFailure,
    StatementTimeout,
    UniqueViolation,
)

__all__ = ["INTERRUPTED", "is_busy", "translated"]

INTERRUPTED = sqlite3.SQLITE_INTERRUPT

_BY_CODE: dict[int, tuple[type[DatabaseError], str]] = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: (UniqueViolation, ""),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: (UniqueViolation, ""),
    sqlite3.SQLITE_CONSTRAINT_ROWID: (UniqueViolation, ""),
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: (
        ForeignKeyViolation,
        "The row refers to one that does not exist, or others still refer to it. SQLite does not tell which.",
    ),
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: (NotNullViolation, ""),
    sqlite3.SQLITE_CONSTRAINT_CHECK: (CheckViolation, ""),
    3091: (DataError, ""),  # SQLITE_CONSTRAINT_DATATYPE: a STRICT table; sqlite3 has no name for it
    sqlite3.SQLITE_CONSTRAINT: (IntegrityError, ""),
    sqlite3.SQLITE_BUSY_SNAPSHOT: (
        SerializationFailure,
        "Somebody wrote after this transaction had begun to read. Begin transactions that write with begin().",
    ),
    sqlite3.SQLITE_BUSY: (LockTimeout, "Another connection holds the lock for writing for too long."),
    sqlite3.SQLITE_LOCKED: (
        LockTimeout,
        "The table is in use on this connection: finish the rows that are streamed from it first.",
    ),
    sqlite3.SQLITE_FULL: (
        DatabaseFull,
        "The disk is full, or the file has reached its limit. Reading still works.",
    ),
    sqlite3.SQLITE_IOERR_SHMSIZE: (
        DatabaseFull,
        "The disk is full: there is no room for the shared memory file.",
    ),
    sqlite3.SQLITE_READONLY: (
        DatabaseReadOnly,
        (
            "The file, its folder or this connection is read-only: SQLite has to write into the folder too, and a statement that "
            "writes needs connection(), execute(), or fetch(..., write=True)."
        ),
    ),
    sqlite3.SQLITE_CORRUPT: (
        DatabaseCorrupt,
        "The file is damaged. Stop writing to it, and restore a backup, or save what can be read: `sqlite3 file .recover`.",
    ),
    sqlite3.SQLITE_NOTADB: (DatabaseCorrupt, "The file is no SQLite database, or it is encrypted."),
    sqlite3.SQLITE_CANTOPEN: (
        ConnectionLost,
        "The file cannot be opened. Does its folder exist, and may this process read and write there?",
    ),
    sqlite3.SQLITE_INTERRUPT: (
        StatementTimeout,
        "The statement took longer than statement_timeout lets it; a transaction that it would have changed was rolled back.",
    ),
    sqlite3.SQLITE_TOOBIG: (DataError, "A value is longer than SQLite stores (1 GB)."),
    sqlite3.SQLITE_MISMATCH: (DataError, "A key that has to be an integer is something else."),
    sqlite3.SQLITE_IOERR: (DatabaseError, "The disk reports an error."),
    sqlite3.SQLITE_ERROR: (ProgrammingError, ""),
}

_PLACE = re.compile(r"failed: (?P<what>.+)\Z")


def is_busy(error: BaseException) -> bool:
    """Whether somebody else held a lock, so that the statement may be tried again: nothing of it was done."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY and code != sqlite3.SQLITE_BUSY_SNAPSHOT


def translated(error: BaseException, sql: str | None = None, place: str = "") -> DatabaseError | None:
    """Segue's error for one of sqlite3; None for what is none of them."""
    if isinstance(error, DatabaseError):
        return error
    if not isinstance(error, sqlite3.Error):
        # A number of more than 64 bits, text with half a character.
        if isinstance(error, OverflowError | UnicodeError):
            return DataError(f"SQLite cannot store an argument: {error}", sql=sql)
        return None
    code = getattr(error, "sqlite_errorcode", None)
    text = f"SQLite says: {error}"
    if code is None:
        return _of_the_module(error, text, sql)
    kind, advice = _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF) or (DatabaseError, "")
    if place and kind in (ConnectionLost, DatabaseCorrupt, DatabaseReadOnly, DatabaseFull):
        text = f"{place}: {text}"
    table, columns, constraint = _named(error, kind)
    return kind(
        f"{text}. {advice}".rstrip(),
        sql=sql,
        code=getattr(error, "sqlite_errorname", None),
        constraint=constraint,
        table=table,
        columns=columns,
    )


def _of_the_module(error: sqlite3.Error, text: str, sql: str | None) -> DatabaseError:
    """Errors that the module finds itself, before SQLite is asked."""
    if isinstance(error, sqlite3.InterfaceError) or ("type" in str(error) and "not supported" in str(error)):
        return DataError(text, sql=sql)
    if isinstance(error, sqlite3.DataError):
        return DataError(text, sql=sql)
    return ProgrammingError(text, sql=sql)


def _named(error: sqlite3.Error, kind: type[DatabaseError]) -> tuple[str | None, tuple[str, ...], str | None]:
    """Table, columns and constraint, out of ``UNIQUE constraint failed: author.email, author.name``."""
    found = _PLACE.search(str(error))
    if found is None:
        return None, (), None
    what = found["what"]
    if kind is CheckViolation:
        return None, (), what
    if what.startswith("index "):
        return None, (), what.removeprefix("index ").strip("'")
    if kind in (UniqueViolation, NotNullViolation):
        names = [name.rpartition(".") for name in what.split(", ")]
        return names[0][0] or None, tuple(name[2] for name in names), None
    return None, (), None
