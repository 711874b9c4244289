"""Kinds of stores by their URLs."""

import re

from segue.stores.memory import MemoryStore
from segue.stores.store import Store, Unkept

__all__ = ["is_place", "open_store"]

_place = re.compile(r"[a-z]{2,}:").match

_REDIS = ("redis://", "rediss://", "unix://", "valkey://", "valkeys://")


def open_store(where: str) -> Store:
    """The store of a URL. Nothing is connected before it is asked for the first time.

        open_store("redis://localhost")

    ``"memory:"``, ``"files:///folder"``, ``"sqlite:///cache.db"``, ``"redis://host"`` (``valkey://`` is the same),
    ``"memcached://one:11211,two:11211"``, ``"none:"``. A path after three slashes is relative, after four it is from the root.

    Raises ValueError for what is none of them, and ImportError where a client is missing.
    """
    if where == "memory:":
        return MemoryStore()
    if where == "none:":
        return Unkept()
    if where.startswith("sqlite:///"):
        from segue.stores.sqlite import SQLiteStore

        return SQLiteStore(where.removeprefix("sqlite:///"))
    if where.startswith("files:///"):
        from segue.stores.files import FileStore

        return FileStore(where.removeprefix("files:///"))
    if where.startswith(_REDIS):
        from segue.stores.redis import RedisStore

        return RedisStore(where.replace("valkey", "redis", 1) if where.startswith("valkey") else where)
    if where.startswith("memcached://"):
        from segue.stores.memcached import MemcachedStore

        return MemcachedStore(where)
    raise ValueError(
        f'{where!r:.80} is no place for a store: "memory:", "files:///folder", "sqlite:///path", "redis://host:6379/0", '
        f'"memcached://host:11211", "none:"'
    )


def is_place(where: str) -> bool:
    """Whether a text is a URL, or ``"store:name"``, and not the path of a file."""
    return _place(where) is not None
