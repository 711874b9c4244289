"""What MySQL, MariaDB and asyncmy say, as Segue's errors: by error number (mariadb.com/kb/en/mariadb-error-code-reference)."""

import re
from typing import Any

from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DataError,
    Deadlock,
    ForeignKeyViolation,
    LockTimeout,
    NotNullViolation,
    ProgrammingError,
    SerializationFailure,
    StatementTimeout,
    UniqueViolation,
)

__all__ = ["connecting_failed", "translated"]

_BY_NUMBER: dict[int, type[DatabaseError]] = {
    **dict.fromkeys((1062, 1169, 1557, 1586), UniqueViolation),
    **dict.fromkeys((1216, 1217, 1451, 1452, 1761, 1762), ForeignKeyViolation),
    **dict.fromkeys((1048, 1364, 1263), NotNullViolation),
    **dict.fromkeys((3819, 4025), CheckViolation),
    **dict.fromkeys((1213, 1614), Deadlock),
    **dict.fromkeys((1205, 3572), LockTimeout),
    **dict.fromkeys((1317, 1969, 3024), StatementTimeout),
    **dict.fromkeys((1021, 1114, 1041, 1037, 1038), DatabaseFull),
    **dict.fromkeys((1290, 1792, 1836, 1223), DatabaseReadOnly),
    **dict.fromkeys((1194, 1195, 1034, 1035, 126, 127), DatabaseCorrupt),
    **dict.fromkeys((1020,), SerializationFailure),
    **dict.fromkeys((1040, 1053, 1158, 1159, 1160, 1161, 1203, 1226, 1927, 4031), ConnectionLost),
    **dict.fromkeys((2000, 2002, 2003, 2005, 2006, 2013, 2014, 2055), ConnectionLost),
    **dict.fromkeys(
        (1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1441, 1525, 1300, 1365, 1690, 3140, 3156, 1690),
        DataError,
    ),
}
_PROGRAMMING = frozenset(
    {1044, 1045, 1046, 1049, 1050, 1051, 1054, 1060, 1061, 1064, 1091, 1109, 1142, 1146, 1149}
)

_KEY = re.compile(r"for key '(?P<key>[^']+)'")
_CONSTRAINT = re.compile(r"CONSTRAINT [`'\"](?P<name>[^`'\"]+)[`'\"]", re.IGNORECASE)
_CHECK = re.compile(r"(?:Check c|C)onstraint [`'](?:[^.`']*`?\.`?)*(?P<name>[^`'.]+)[`'] ", re.IGNORECASE)
_CHILD = re.compile(r"\(`[^`]+`\.`(?P<table>[^`]+)`")
_COLUMN = re.compile(r"(?:Column|Field|column) [`'](?P<column>[^`']+)[`']")

_REFUSED = frozenset({"1044", "1045", "1049", "1698"})


def translated(error: BaseException, sql: str | None = None) -> DatabaseError | None:
    """Segue's error for one of the driver; None for what is none of them, as a cancellation."""
    from asyncmy import errors

    if isinstance(error, DatabaseError):
        return error
    if isinstance(error, errors.MySQLError):
        return _of(error, sql)
    if isinstance(error, TimeoutError):
        return StatementTimeout("The server did not answer in time.", sql=sql)
    if isinstance(error, OSError | EOFError):
        return ConnectionLost(f"The connection to the server broke: {error}", sql=sql)
    # Before anything was sent. What goes wrong while rows are read is not this, and the connection is not used again.
    if isinstance(error, ValueError | OverflowError) and not isinstance(error, UnicodeDecodeError):
        return DataError(f"An argument cannot be sent: {error}", sql=sql)
    return None


def _of(error: Any, sql: str | None) -> DatabaseError:
    from asyncmy import errors

    number: int = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    kind = _BY_NUMBER.get(number)
    if kind is None:
        if number in _PROGRAMMING or isinstance(error, errors.ProgrammingError):
            kind = ProgrammingError
        elif isinstance(error, errors.InterfaceError) or "sequence number" in text:
            # What is on the wire is not what was expected: such a connection is never used again.
            kind = ConnectionLost
        else:
            kind = DataError if isinstance(error, errors.DataError) else DatabaseError
    table, columns, constraint = _named(kind, text)
    failure = kind(
        f"The server says: {text}",
        sql=sql,
        code=str(number) if number else None,
        constraint=constraint,
        table=table,
        columns=columns,
    )
    if isinstance(failure, ConnectionLost):
        failure.sent = number != 2006 and not isinstance(error, errors.InterfaceError)
    return failure


def _named(kind: type[DatabaseError], text: str) -> tuple[str | None, tuple[str, ...], str | None]:
    """Table, columns and constraint, as far as the message has them."""
    if kind is UniqueViolation and (found := _KEY.search(text)):
        # MySQL says table.key, MariaDB key.
        table, _, key = found["key"].rpartition(".")
        return table or None, (), key
    if kind is ForeignKeyViolation and (found := _CONSTRAINT.search(text)):
        child = _CHILD.search(text)
        return child and child["table"], (), found["name"]
    if kind is CheckViolation and (found := _CHECK.search(text)):
        return None, (), found["name"]
    if kind in (NotNullViolation, DataError) and (found := _COLUMN.search(text)):
        return None, (found["column"],), None
    return None, (), None


def connecting_failed(error: BaseException, place: str, seconds: float) -> DatabaseError | None:
    """The same for what happened while connecting to ``place``."""
    if isinstance(error, TimeoutError):
        return ConnectionLost(
            f"{place} did not answer within {seconds:g} seconds. Is that the right address, and does a firewall drop "
            f"what is sent there? connect_timeout= gives it more time."
        )
    failure = translated(error)
    if failure is None:
        return None
    number = failure.code
    if number in _REFUSED:
        failure = ProgrammingError(f"{place} refused the connection. {failure.message}", code=number)
    elif number == "2003":
        failure.message = f"{place} cannot be reached. Is the server running? {failure.message}"
    elif number == "1040":
        failure.message += ". All workers together have larger pools than the server allows: lower pool_size."
    failure.args = (failure.message,)
    return failure
