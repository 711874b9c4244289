"""SQLAlchemy's own way to an asynchronous driver, for DDL, reflection and migrations."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from segue.db.engine.errors import DatabaseError

if TYPE_CHECKING:
    import sqlalchemy
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["async_engine", "run_sync"]

T = TypeVar("T")

Translate = Callable[[BaseException, str | None], DatabaseError | None]


def async_engine(dialect: str, connect: Callable[[], Awaitable[Any]], **options: Any) -> "AsyncEngine":
    """An engine of SQLAlchemy that keeps no connections; ``connect`` opens those that it needs.

    Its dialect is what statements are compiled with. ``options`` are those of ``create_engine``.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine(f"{dialect}://", async_creator=connect, poolclass=NullPool, **options)


async def run_sync(
    engine: "AsyncEngine",
    function: "Callable[[sqlalchemy.Connection], T]",
    translated: Translate,
    *,
    begin: bool = True,
) -> T:
    """Calls ``function`` with a connection, in a transaction if ``begin``. SQLAlchemy's errors become Segue's."""
    from sqlalchemy.exc import DBAPIError

    try:
        async with engine.begin() if begin else engine.connect() as connection:
            return await connection.run_sync(function)
    except DBAPIError as error:
        failure = cause_of(error, translated)
        if failure is None:
            raise
        raise failure from error


def cause_of(error: Any, translated: Translate) -> DatabaseError | None:
    """What the driver's error inside one of SQLAlchemy means; its adapters put more of their own around."""
    cause: BaseException | None = error.orig
    while cause is not None:
        failure = translated(cause, error.statement)
        if failure is not None:
            return failure
        cause = cause.__cause__
    return None
