"""Waiting for others who hold a lock."""

import asyncio
import time

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

__all__ = ["pause", "was_locked"]

#: PostgreSQL: lock_not_available. MariaDB: lock wait timeout, deadlock.
_STATE = "55P03"
_NUMBERS = (1205, 1213)


def was_locked(error: DBAPIError) -> bool:
    """Whether a statement failed because somebody else held a lock for too long."""
    cause: BaseException | None = error.orig
    while cause is not None:
        number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
        if getattr(cause, "sqlstate", None) == _STATE or number in _NUMBERS:
            return True
        cause = cause.__cause__
    return False


def pause(connection: sa.Connection, seconds: float) -> None:
    """Sleeps without keeping the loop that the connection's driver runs on."""
    if connection.dialect.is_async:
        await_only(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)
