"""One change of tables at a time: a lock that dies with the process that holds it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.db.engine.contract import Connection, Engine

__all__ = ["only_one"]

# Seconds between two attempts. Who waits inside the database would be waited for by CREATE INDEX CONCURRENTLY.
_PAUSE = 0.1


@asynccontextmanager
async def only_one(engine: "Engine", *, timeout: float = 60.0) -> AsyncGenerator[None]:
    """Waits until nobody else changes the tables of this database, and keeps others waiting for as long as the block runs.

    The locks of PostgreSQL and MariaDB belong to a connection, and end with it. SQLite needs none: there a change
    is one transaction that nobody else writes in, and looks again at what is left to do when it begins.

    Raises MigrationError after ``timeout`` seconds.
    """
    if engine.name not in _TAKE:
        yield
        return
    async with engine.connection() as connection:
        until = asyncio.get_running_loop().time() + timeout
        while not await _taken(connection, engine.name):
            if asyncio.get_running_loop().time() > until:
                # Loaded with all that migrations need: create_all() does without.
                from segue.db.migrations.errors import MigrationError

                raise MigrationError(
                    f"somebody else has been migrating this database for {timeout:g} seconds. Look at what it waits for, or wait longer: --wait"
                )
            await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            await connection.fetch(_GIVE[engine.name], ())


async def _taken(connection: "Connection", name: str) -> bool:
    rows = await connection.fetch(_TAKE[name], ())
    return bool(rows[0][0])


_KEY = int.from_bytes(hashlib.sha256(b"segue migrations").digest()[:7])
# The lock of MySQL is one for the whole server: the name of the database makes it one of its own.
_NAME = "concat('segue migrations ', left(sha2(database(), 256), 40))"
_TAKE = {
    "postgresql": f"SELECT pg_try_advisory_lock({_KEY})",
    "mysql": f"SELECT get_lock({_NAME}, 0)",
    "mariadb": f"SELECT get_lock({_NAME}, 0)",
}
_GIVE = {
    "postgresql": f"SELECT pg_advisory_unlock({_KEY})",
    "mysql": f"SELECT release_lock({_NAME})",
    "mariadb": f"SELECT release_lock({_NAME})",
}
