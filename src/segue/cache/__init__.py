"""Keeps what is costly to make: values, results of functions, whole responses.

    cache = Cache("sqlite:///cache.db")
    app = App(plugins=[Caching(cache)])

    @app.get("/top", middleware=[Pages(60, tags=["films"])])
    async def top() -> list[Film]: ...

- values by key, tags that take them back: ``cache`` (Cache), ``keys``, ``entries``; the plugin: ``plugin`` (Caching)
- one makes it and the others wait: ``flights``; results of functions: ``memo``
- whole responses: ``pages`` (Pages), by the rules of ``freshness``; what clients are told: ``expires`` (Expires); ``recent``
- where it is kept: ``segue.stores``
"""

from segue.cache.cache import Cache
from segue.cache.expires import Expires
from segue.cache.pages import Pages
from segue.cache.plugin import Caching
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SQLiteStore
from segue.stores.store import Store, StoreDown

__all__ = ["Cache", "Caching", "Expires", "MemoryStore", "Pages", "SQLiteStore", "Store", "StoreDown"]
