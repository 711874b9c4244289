"""The plugin that gives an app its cache."""

from collections.abc import AsyncIterator

from segue.cache.cache import Cache
from segue.cache.store import Store
from segue.cache.watching import watched
from segue.core.plugins.setup import Setup

__all__ = ["Caching"]


class Caching:
    """Handlers, middleware and tasks get a cache by asking for one, ``cache: Cache``.

        app = App(plugins=[Caching("redis://localhost")])

    ``where``: a Cache that is there already, or what ``Cache`` takes: ``"memory:"``, ``"sqlite:///cache.db"``, a URL of Redis, a
    Store. It is closed when the app stops. ``segue exec app cache-clear`` empties it.
    """

    name = "cache"

    def __init__(self, where: "Cache | Store | str" = "memory:") -> None:
        self.cache = where if isinstance(where, Cache) else Cache(where)

    def setup(self, to: Setup) -> None:
        cache = self.cache

        async def provided() -> AsyncIterator[Cache]:
            yield cache
            await cache.close()

        async def cache_clear() -> str:
            """Forgets everything that the cache of the app has kept."""
            await cache.clear()
            return "The cache is empty."

        to.provide(Cache, provided, life="app")
        to.measures("cache", lambda: watched(cache))
        to.command(cache_clear)
