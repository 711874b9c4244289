"""What may be said of an engine: the size of its pool, how long anything may take, what its driver is told."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import msgspec

__all__ = ["EngineOptions", "Settings", "Synchronous"]

Synchronous = Literal["off", "normal", "full", "extra"]
"""When SQLite waits for the disk. In WAL mode ``normal`` never damages a file, and a loss of power may undo the last
transactions; ``full`` keeps those too, and is several times slower."""


_IN_URLS = (int, float, Synchronous)


class EngineOptions(TypedDict, total=False):
    """Options of :func:`engine_for`. All but ``driver`` may also stand in the query of the URL.

    ``pool_size``: connections at most; on SQLite, threads for reads that take long.
    ``pool_timeout``: seconds to wait for a free connection, then PoolTimeout; on SQLite also for a lock.
    ``connect_timeout``: seconds until a connection stands. ``statement_timeout``: seconds that one statement may take; 0 for
    no limit. ``ping_after``: a connection that did nothing for so many seconds is asked whether it still stands.
    ``lifetime``: a connection older than this is replaced when it is free. ``statement_cache``: prepared statements that
    a connection keeps; 0 behind a proxy that gives each transaction another connection. ``inline_budget``: seconds that a
    read on SQLite may keep the loop; what takes longer goes on in a thread. ``synchronous``: when SQLite waits for the
    disk. ``driver``: further arguments for the driver's ``connect``.
    """

    pool_size: int
    pool_timeout: float
    connect_timeout: float
    statement_timeout: float
    ping_after: float
    lifetime: float
    statement_cache: int
    inline_budget: float
    synchronous: Synchronous
    driver: Mapping[str, Any]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of one engine, complete and checked."""

    pool_size: int = 10
    pool_timeout: float = 5.0
    connect_timeout: float = 5.0
    statement_timeout: float = 30.0
    ping_after: float = 30.0
    lifetime: float = 1800.0
    statement_cache: int = 512
    inline_budget: float = 0.002
    synchronous: Synchronous = "normal"
    driver: Mapping[str, Any] = {}

    def __post_init__(self) -> None:
        if self.pool_size < 1:
            raise ValueError(f"pool_size is {self.pool_size}: a pool has one connection at least")
        for name in ("pool_timeout", "connect_timeout"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give more than 0 seconds")
        for name in ("statement_timeout", "ping_after", "lifetime", "statement_cache", "inline_budget"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it cannot be negative")

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> "Settings":
        """The settings for options that may have come from a URL, as text.

        Raises TypeError for a name that is no option, ValueError for a value that does not fit.
        """
        unknown = [name for name in options if name not in cls.__struct_fields__]
        if unknown:
            raise TypeError(
                f"{unknown[0]!r} is no option of an engine; there are {', '.join(cls.__struct_fields__)}. "
                f"What is meant for the driver goes into driver={{...}}."
            )
        try:
            return msgspec.convert(dict(options), cls, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"an option of the engine does not fit: {error}") from None


def names_in_urls() -> frozenset[str]:
    """The options that the query of a URL may hold."""
    kinds: dict[str, Any] = EngineOptions.__annotations__
    return frozenset(name for name, kind in kinds.items() if kind in _IN_URLS)
