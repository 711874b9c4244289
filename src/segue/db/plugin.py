"""The database as a plugin of an app: open while the app runs, and known to its handlers."""

import contextlib
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.identity import identity_of
from segue.core.records import Next
from segue.db.commands import DATABASES, add_commands
from segue.db.databases.database import Database, _chosen
from segue.db.models.audit import Audited, answered
from segue.db.models.registry import registered
from segue.db.models.versions import Versioned
from segue.http.request import Request
from segue.http.response import Response
from segue.stores.plugin import STORE_KINDS
from segue.stores.store import Store

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.core.records import MiddlewareLike

__all__ = ["set_up"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

#: All that were listed by apps of this process.
_listed: "weakref.WeakSet[Database]" = weakref.WeakSet()


def set_up(database: Database, to: "Setup") -> None:
    """What ``App(plugins=[Database(...)])`` declares."""
    add_commands(database, to)
    beside = to.app[DATABASES]
    first = next(one for one in beside if one.shard_of is None) is database

    async def opened(_: Any) -> AsyncIterator[None]:
        await database.open()
        try:
            yield
        finally:
            await database.close()

    to.lifespan(opened)
    if first:
        to.provide(Database, lambda: database, life="app")
        if STORE_KINDS not in to.app:
            to.app[STORE_KINDS] = {}
        to.app[STORE_KINDS]["database:"] = _store
    if first and any(one not in beside for one in _listed):
        # More than one app of this process has a database: its requests say which one is theirs.
        for one in beside:
            one._says_so = True
        to.middleware(_Choosing(beside))
    if first:
        to.around_routes(_who_writes)
    _listed.add(database)
    to.measures("SQL" if database.name == "database" else f"SQL of {database.name}", _Statements(database))
    options = database.options
    if options.get("replicas"):
        from segue.db.databases.replicas import ReadYourWrites

        to.middleware(ReadYourWrites(options.get("primary_params", ())))
    if to.app.debug and to.app.development:
        from segue.db.databases.querylog import StatementsOfRequest

        to.middleware(StatementsOfRequest(database))
    if options.get("transaction") == "request":
        from segue.db.databases.transactional import RequestTransaction

        to.middleware(RequestTransaction(database, retries=options.get("retries", 0)))


def _store() -> Store:
    # Loaded where an app keeps something in its database: an app that does not has no table for it.
    from segue.db.store import DatabaseStore

    return DatabaseStore()


def _who_writes(route: Any) -> "MiddlewareLike | None":
    """What lets models that remember who wrote them know who sends a request; where there are such models, and somebody is known."""
    remember = any(issubclass(one.model, Audited | Versioned) for one in registered())
    return _WhoeverSends() if remember and getattr(route, "identifies", None) is not None else None


class _WhoeverSends:
    """Middleware of routes: who sends a request is who writes what is written for it.

    Requests that only read do not ask who it is: where a handler has asked, that holds for them too.
    """

    async def __call__(self, request: Request, next: Next) -> Response:
        if request.method not in _SAFE:
            await identity_of(request)
        here = Carried(answered.set, answered.reset, request)
        return carried_on(here, await stepwise(here, next(request)))


class _Statements:
    """What ``segue explain --run`` says of a database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextlib.contextmanager
    def __call__(self) -> Generator[Callable[[], Sequence[str]]]:
        with self.database.counting() as statements:
            yield lambda: _told(statements)


def _told(statements: Sequence[Any]) -> list[str]:
    count = len(statements)
    rows = [
        f"{one.rows} row{'s' * (one.rows != 1)}, {one.seconds * 1000:.1f} ms, {one.place or 'by Segue'}: {' '.join(one.sql.split())}"
        for one in statements
    ]
    return [f"{count} statement{'s' * (count != 1)}", *rows]


class _Choosing:
    """Middleware: what the app's code asks goes to the app's own database, not to that of another app."""

    def __init__(self, beside: list[Database]) -> None:
        self.beside = beside

    async def __call__(self, request: Request, next: Next) -> Response:
        whole = [one for one in self.beside if one.shard_of is None]
        named = [one for one in whole if one.name == "database"]
        here = Carried(_chosen.set, _chosen.reset, (named or whole)[0])
        return carried_on(here, await stepwise(here, next(request)))
