"""What PostgreSQL and asyncpg say, as Segue's errors: by SQLSTATE (PostgreSQL's manual, appendix A)."""

import re
from typing import Any

from segue.db.engine.errors import (
    ConnectionLost,
    DatabaseError,
    DataError,
    ProgrammingError,
    StaleStatement,
    StatementTimeout,
)
from segue.db.engine.sqlstates import kind_of

__all__ = ["connecting_failed", "translated"]

_KEY = re.compile(r"\((?P<columns>.*?)\)=\(")


def translated(error: BaseException, sql: str | None = None) -> DatabaseError | None:
    """Segue's error for one of the driver; None for what is none of them, as a cancellation."""
    import asyncpg

    if isinstance(error, DatabaseError):
        return error
    if isinstance(
        error, asyncpg.exceptions.InvalidCachedStatementError | asyncpg.InvalidSQLStatementNameError
    ):
        return StaleStatement(f"The statement was prepared before the schema was changed: {error}", sql=sql)
    if isinstance(error, asyncpg.InternalClientError):
        # As when the server's farewell arrived a moment before the statement.
        lost = ConnectionLost(f"asyncpg cannot use the connection any more: {error}", sql=sql)
        lost.sent = "cannot switch to state" not in str(error)
        return lost
    if isinstance(error, asyncpg.InterfaceError):
        return _of_the_driver(error, sql)
    if isinstance(error, asyncpg.PostgresError):
        return _of_the_server(error, sql)
    if isinstance(error, TimeoutError):
        return StatementTimeout("PostgreSQL did not answer in time.", sql=sql)
    if isinstance(error, OSError):
        return ConnectionLost(f"The connection to PostgreSQL broke: {error}", sql=sql)
    return None


def _of_the_server(error: Any, sql: str | None) -> DatabaseError:
    state: str = error.sqlstate or ""
    kind = kind_of(state) or DatabaseError
    columns: tuple[str, ...] = (error.column_name,) if error.column_name else ()
    if not columns and error.detail and (key := _KEY.search(error.detail)):
        columns = tuple(name.strip().strip('"') for name in key["columns"].split(","))
    message = f"PostgreSQL says: {error.message or error}"
    if error.hint:
        message += f" ({error.hint})"
    if kind is StatementTimeout:
        message += ". It ran for longer than the server lets it, or somebody cancelled it."
    return kind(
        message,
        sql=sql,
        code=state or None,
        constraint=error.constraint_name,
        table=error.table_name,
        columns=columns,
    )


def _of_the_driver(error: Exception, sql: str | None) -> DatabaseError:
    import asyncpg

    text = str(error)
    if isinstance(error, asyncpg.exceptions.ConnectionDoesNotExistError) or "connection is closed" in text:
        lost = ConnectionLost(f"The connection to PostgreSQL is closed: {text}", sql=sql)
        lost.sent = "connection is closed" not in text
        return lost
    if isinstance(error, asyncpg.DataError | ValueError):
        return DataError(f"PostgreSQL cannot take an argument: {text}", sql=sql)
    return ProgrammingError(f"asyncpg says: {text}", sql=sql)


def connecting_failed(error: BaseException, place: str, seconds: float) -> DatabaseError | None:
    """The same for what happened while connecting to ``place``."""
    import asyncpg

    if isinstance(error, TimeoutError):
        return ConnectionLost(
            f"{place} did not answer within {seconds:g} seconds. Is that the right address, and does a firewall drop "
            f"what is sent there? connect_timeout= gives it more time."
        )
    if isinstance(error, asyncpg.PostgresError):
        found = _of_the_server(error, None)
        found.message = f"{place} refused the connection. {found.message}"
        if found.code == "53300":
            found.message += (
                ". All workers together have larger pools than the server allows: lower pool_size."
            )
        found.args = (found.message,)
        return found
    if isinstance(error, OSError):
        return ConnectionLost(f"{place} cannot be reached: {error}. Is the server running?")
    if isinstance(error, asyncpg.InterfaceError | ValueError):
        return ProgrammingError(f"The address of the database is not one for PostgreSQL: {error}")
    return None
