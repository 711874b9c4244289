"""The plugin that names the stores of an app, once for all that keep something."""

from collections.abc import AsyncIterator, Callable, Mapping

import msgspec

from segue.core.appkey import AppKey
from segue.core.plugins.setup import Setup
from segue.stores.choice import open_store
from segue.stores.namespaces import Namespace
from segue.stores.store import Store

__all__ = ["STORES", "STORE_KINDS", "Stores", "StoresSettings", "named_store"]

_NAMED = "store:"


class StoresSettings(msgspec.Struct):
    """``[stores.places]`` in ``segue.toml``: a URL for each name; ``STORES_DEFAULT``: that of all others."""

    default: str | None = None
    places: dict[str, str] = {}


class Stores:
    """Plugin: the stores of an app, by names that caches, sessions, limits and handlers share.

        app = App(plugins=[
            Stores(default="redis://localhost", drafts="files:///drafts"),
            Caching("store:default"), Sessions("store:default"), Limiter("store:default"),
        ])

        @app.put("/draft/{name}")
        async def keep(name: str, text: str, stores: Stores) -> None:
            await stores["drafts"].set(key_of(name), text.encode(), 3600)

    ``places``: URLs as ``open_store`` takes them, ``"database:"`` for the app's database, or Stores. What is not named here may be named in the
    settings (``[stores.places]``, ``STORES_DEFAULT``); any other name is a namespace of the default store. Whoever uses one has a namespace of its
    own in it: to clear the cache ends no session. All are closed when the app stops.
    """

    name = "stores"
    wants = ("database",)

    def __init__(self, **places: str | Store) -> None:
        self._places = dict(places)
        self._opened: dict[str, Store] = {}
        self._kinds: Mapping[str, Callable[[], Store]] = {}

    def setup(self, to: Setup) -> None:
        settings = to.settings(StoresSettings, "stores")
        for name, where in settings.places.items():
            self._places.setdefault(name, where)
        self._places.setdefault("default", settings.default or "memory:")
        self._kinds = _kinds_of(to)
        for name in self._places:
            self._open(name)
        to.app[STORES] = self

        async def provided() -> AsyncIterator[Stores]:
            yield self
            for store in self._opened.values():
                await store.close()

        to.provide(Stores, provided, life="app")

        async def stores_expired() -> str:
            """Gives up the room of what is over, in all stores of the app."""
            counts = [f"{name}: {await one.delete_expired()}" for name, one in self._opened.items()]
            return "\n".join(counts)

        to.command(stores_expired)

    def __getitem__(self, name: str) -> Store:
        """The store of a name, or the namespace of that name in the default store."""
        found = self._opened.get(name)
        if found is None:
            found = Namespace(self._open("default"), name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def _open(self, name: str) -> Store:
        found = self._opened.get(name)
        if found is None:
            where = self._places.get(name, "memory:")
            found = self._opened[name] = _made(self._kinds, where) if isinstance(where, str) else where
        return found


STORES: AppKey[Stores] = AppKey("segue.stores")
#: Kinds of stores that other plugins have, by what stands for a URL: ``"database:"``.
STORE_KINDS: AppKey[dict[str, Callable[[], Store]]] = AppKey("segue.stores.kinds")


def named_store(to: Setup, where: str) -> Store:
    """The store that ``where`` means for a plugin: ``"store:default"`` is one of Stores, others are URLs.

    Raises ValueError for what is neither.
    """
    if where.startswith(_NAMED):
        if STORES not in to.app:
            raise ValueError(
                f"{where!r} is a store of the plugin Stores, which this app does not list: plugins=[Stores(...), ...]"
            )
        return to.app[STORES][where.removeprefix(_NAMED)]
    return _made(_kinds_of(to), where)


def _kinds_of(to: Setup) -> Mapping[str, Callable[[], Store]]:
    if STORE_KINDS not in to.app:
        return {}
    kinds: dict[str, Callable[[], Store]] = to.app[STORE_KINDS]
    return kinds


def _made(kinds: Mapping[str, Callable[[], Store]], where: str) -> Store:
    make = kinds.get(where)
    if make is not None:
        return make()
    if where == "database:":
        raise ValueError(
            '"database:" is the store of the plugin Database, which this app does not list: plugins=[Database(), ...]'
        )
    return open_store(where)
