"""Where an SQLite database is, and how a connection to it is made."""

import itertools
import os
import sqlite3
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

from segue.db.engine.options import Settings
from segue.db.engine.sqlite_errors import translated
from segue.db.engine.sqlite_functions import add_functions
from segue.db.engine.url import Address

__all__ = ["Place", "Use", "place_of"]

Use = Literal["write", "read", "schema"]

_OLDEST = (3, 36, 0)  # in memory databases that several connections share
_CACHE = 16_384  # kB of pages that a connection keeps
_LONGEST_LOG = 64 * 1024 * 1024  # bytes that the log keeps when it is empty again

_numbers = itertools.count(1)


class Place(NamedTuple):
    """``uri`` is SQLite's; ``shown`` is for people. ``memory``: nothing is on a disk. ``read_only``: nobody may write."""

    uri: str
    shown: str
    memory: bool
    read_only: bool

    def connect(self, settings: Settings, use: Use, busy: float = 0.0) -> sqlite3.Connection:
        """A connection in autocommit mode. ``busy``: seconds for which SQLite itself waits for a lock.

        Raises DatabaseError.
        """
        try:
            raw: sqlite3.Connection = sqlite3.connect(
                self.uri,
                uri=True,
                timeout=settings.connect_timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=max(settings.statement_cache, 16),
                **settings.driver,
            )
        except sqlite3.Error as error:
            raise _told(error, self.shown) from error
        try:
            self._set_up(raw, settings, use, busy)
        except sqlite3.Error as error:
            raw.close()
            raise _told(error, self.shown) from error
        except BaseException:
            raw.close()
            raise
        return raw

    def _set_up(self, raw: sqlite3.Connection, settings: Settings, use: Use, busy: float) -> None:
        if not self.memory and not self.read_only and use == "write":
            raw.execute("PRAGMA journal_mode = WAL").fetchone()
        for pragma in (
            f"synchronous = {settings.synchronous.upper()}",
            f"foreign_keys = {'OFF' if use == 'schema' else 'ON'}",
            f"cache_size = -{_CACHE}",
            f"journal_size_limit = {_LONGEST_LOG}",
            "temp_store = MEMORY",
            # What a file says about functions is not believed: it may come from elsewhere. Who writes has to: triggers keep
            # tables of words, which are virtual ones. Nothing that could be called there has effects.
            f"trusted_schema = {'OFF' if use == 'read' else 'ON'}",
            "cache_spill = OFF" if self.memory else "cache_spill = ON",
            f"busy_timeout = {int(busy * 1000)}",
        ):
            raw.execute(f"PRAGMA {pragma}").fetchall()
        add_functions(raw)
        if use == "read":
            raw.execute("PRAGMA query_only = ON").fetchall()
        raw.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # is it a database at all?


def _told(error: sqlite3.Error, shown: str) -> Exception:
    return translated(error, None, shown) or error


def place_of(address: Address) -> Place:
    """The place of ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``sqlite://`` (in memory)."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise ImportError(
            f"Python's sqlite3 is linked with SQLite {sqlite3.sqlite_version}; Segue needs "
            f"{'.'.join(map(str, _OLDEST))} or newer"
        )
    if address.host:
        raise ValueError(
            f"an SQLite database is a file: sqlite:///{address.host}{'/' if address.database else ''}{address.database} "
            f"(three slashes), or sqlite://// with its whole path"
        )
    query: dict[str, Any] = dict(address.query)
    name = address.database
    if name in ("", ":memory:"):
        # Its own name: another engine in this process has another database.
        path = f"/segue-{os.getpid()}-{next(_numbers)}"
        return Place(f"file:{path}?vfs=memdb", "sqlite:// (in memory)", memory=True, read_only=False)
    if name.startswith("file:"):
        name = name.removeprefix("file:")
    path = Path(name).absolute().as_posix()
    read_only = query.get("mode") == "ro" or query.get("immutable") in ("1", "true", "on", "yes")
    uri = f"file:{'' if path.startswith('/') else '/'}{quote(path)}"
    return Place(f"{uri}?{urlencode(query)}" if query else uri, path, memory=False, read_only=read_only)
