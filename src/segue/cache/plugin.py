"""The plugin that gives an app its cache."""

from collections.abc import AsyncIterator

from segue.cache.cache import Cache
from segue.cache.fragments import fragments_of
from segue.cache.watching import watched
from segue.core.plugins.setup import Setup
from segue.stores.plugin import named_store
from segue.stores.store import Store

__all__ = ["Caching"]


class Caching:
    """Handlers, middleware and tasks get a cache by asking for one, ``cache: Cache``.

        app = App(plugins=[Caching("redis://localhost")])

    ``where``: a Cache that is there already, or what ``Cache`` takes: ``"memory:"``, ``"sqlite:///cache.db"``, a URL of Redis, a
    Store; ``"store:shared"`` is one of the plugin Stores, ``"database:"`` the app's database. It is closed when the app stops. ``segue exec app cache-clear`` empties it.
    """

    name = "cache"
    wants = ("stores", "database")

    def __init__(self, where: "Cache | Store | str" = "memory:") -> None:
        self._where = where

    def setup(self, to: Setup) -> None:
        where = self._where
        if isinstance(where, str):
            where = named_store(to, where)
        cache = where if isinstance(where, Cache) else Cache(where)

        async def provided() -> AsyncIterator[Cache]:
            yield cache
            await cache.close()

        async def cache_clear() -> str:
            """Forgets everything that the cache of the app has kept."""
            await cache.clear()
            return "The cache is empty."

        to.provide(Cache, provided, life="app")
        to.template_global(fragments_of(cache), name="cache_fragment")
        to.measures("cache", lambda: watched(cache))
        to.command(cache_clear)
