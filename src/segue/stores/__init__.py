"""Stores: bytes by key, each for a time. Caches, sessions, limits and code of your own keep theirs in the same few kinds.

    app = App(plugins=[Stores(default="redis://localhost"), Caching("store:default"), Sessions("store:default")])

- ``store``: the contract, Store, and the one that keeps nothing
- ``memory``, ``files``, ``sqlite``, ``redis``, ``memcached``: kinds; that of the app's database is ``segue.db.DatabaseStore``
- ``namespaces``: a part of a store, as a store; ``layered``: a quick one before one that forgets nothing
- ``choice``: kinds by their URLs; ``plugin``: stores of an app, by names
"""

from segue.stores.choice import open_store
from segue.stores.files import FileStore
from segue.stores.layered import LayeredStore
from segue.stores.memory import MemoryStore
from segue.stores.namespaces import Namespace
from segue.stores.plugin import Stores
from segue.stores.sqlite import SQLiteStore
from segue.stores.store import Store, StoreDown, key_of

__all__ = [
    "FileStore",
    "LayeredStore",
    "MemoryStore",
    "Namespace",
    "SQLiteStore",
    "Store",
    "StoreDown",
    "Stores",
    "key_of",
    "open_store",
]
