"""Limits of routes, of apps and of anything else: who comes too often gets a 429 that says when to come back."""

import hashlib
import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from segue.core.plugins.setup import Setup
from segue.core.records import Next
from segue.http.errors import TooManyRequests
from segue.http.headers import MutableHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.security.limits.client import client_network
from segue.security.limits.fields import is_policy_name, tell
from segue.security.limits.rate import Allowance, Counts, Rate
from segue.security.upkeep import kept_open
from segue.stores.choice import is_place
from segue.stores.plugin import named_store

__all__ = ["By", "Limit", "Limiter"]

By = Callable[[Request], str | Awaitable[str | None] | None]
"""Says who is counted as one; None is not counted."""


class Limiter:
    """Plugin: how often requests may come, counted in all workers together.

        limiter = Limiter("limits.db")
        app = App(plugins=[limiter])

        @app.post("/login", middleware=[limiter.limit("10 per 3 minutes")])
        async def login(form: Form[Login]) -> None: ...

    ``counts``: what counts. Without it the environment says so (``SEGUE_LIMITS``), else it is ``"limits.db"``. A path of an SQLite file, which the workers of a machine share; a URL of a store (``"redis://..."``,
    ``"memcached://..."``, ``"database:"``), ``"store:name"`` for one of the plugin Stores; ``RedisCounts(url)``, ``MemoryCounts()``, or
    any object with the methods of ``Counts``. ``default``: a rate around all that the app answers, such as ``"1000 per minute"``;
    ``by``: who is counted as one there. In no stretch of time of that length are there ever more.
    """

    name = "limiter"
    wants = ("stores", "database")

    def __init__(
        self,
        counts: "str | os.PathLike[str] | Counts | None" = None,
        *,
        default: str | Rate | None = None,
        by: By = client_network,
    ) -> None:
        given = counts if counts is not None else os.environ.get("SEGUE_LIMITS") or "limits.db"
        self._given = given
        self._counts: Counts | None = None if isinstance(given, str | os.PathLike) else given
        self._default = None if default is None else self.limit(default, by=by, name="default")

    def setup(self, to: Setup) -> None:
        """Opens what counts while the app runs, and puts the default limit around it."""
        given = self._given
        if isinstance(given, str) and is_place(given):
            if self._counts is None:
                from segue.security.limits.stored import StoredCounts

                self._counts = StoredCounts(named_store(to, given))
        elif isinstance(given, str | os.PathLike) and self._counts is None:
            from segue.security.limits.sqlite import SQLiteCounts

            path = Path(given)
            self._counts = SQLiteCounts(path if path.is_absolute() else to.app.instance.parent / path)
        counts = self.counts

        async def keep_open() -> AsyncIterator[None]:
            async with kept_open(counts):
                yield

        to.lifespan(keep_open)
        to.provide(Limiter, self)
        if self._default is not None:
            to.middleware(self._default)

    @property
    def counts(self) -> Counts:
        """What counts. Raises RuntimeError before the app is frozen."""
        if self._counts is None:
            raise RuntimeError("this limiter belongs to no app yet: App(plugins=[limiter])")
        return self._counts

    def limit(self, rate: str | Rate, *, by: By = client_network, cost: int = 1, name: str = "") -> "Limit":
        """A middleware for a route, a resource or an included app.

        ``by``: who is counted as one, by default each address; ``None`` from it is not counted. ``cost``: what one request
        takes. Routes with limits of the same ``name`` count together; without one, each limit counts for itself in each
        route. Clients read the name in the field ``RateLimit``. Raises ValueError for what is no rate, and for a name that is
        not printable ASCII.
        """
        if not is_policy_name(name):
            raise ValueError(
                f'the name of a limit is told to clients, so it is printable ASCII without " and \\, not {name!r}'
            )
        return Limit(self, Rate.parse(rate), by, cost, name)

    async def take(self, name: str, key: str, rate: str | Rate, *, cost: int = 1) -> Allowance:
        """Takes from a limit that no route has: the tries of one account, for example.

        await limiter.take("login", account.email, "10 per 3 minutes")

        Raises TooManyRequests (429) with ``Retry-After``.
        """
        allowance = await self.ask(name, key, rate, cost=cost)
        if not allowance.allowed:
            raise too_many(allowance)
        return allowance

    async def ask(self, name: str, key: str, rate: str | Rate, *, cost: int = 1) -> Allowance:
        """The same, and tells instead of raising."""
        return await self.counts.take(_hashed(name, key), Rate.parse(rate), cost)

    async def forget(self, name: str, key: str) -> None:
        """Begins anew: after a login that succeeded, for example."""
        await self.counts.forget(_hashed(name, key))


class Limit:
    """The middleware that :meth:`Limiter.limit` gives."""

    def __init__(self, limiter: Limiter, rate: Rate, by: By, cost: int, name: str) -> None:
        self._limiter = limiter
        self.rate = rate
        self._by = by
        self._cost = cost
        self._name = name

    async def __call__(self, request: Request, next: Next) -> Response:
        who: Any = self._by(request)
        if isinstance(who, Awaitable):
            who = await who
        if who is None:
            return await next(request)
        name = self._name or f"{getattr(request.endpoint, 'name', '')} {self.rate}"
        allowance = await self._limiter.ask(name, who, self.rate, cost=self._cost)
        policy = self._name or f"{self.rate}"
        if not allowance.allowed:
            told = MutableHeaders()
            tell(told, policy, self.rate, allowance)
            raise too_many(allowance, told)
        response = await next(request)
        tell(response.headers, policy, self.rate, allowance)
        return response


def too_many(allowance: Allowance, headers: MutableHeaders | None = None) -> TooManyRequests:
    """The error for who comes too often, with the seconds to wait."""
    return TooManyRequests(
        "That was too often. Try again later.",
        retry_after=math.ceil(allowance.wait),
        headers=None if headers is None else dict(headers),
    )


def _hashed(name: str, key: str) -> str:
    """A key of fixed length: what clients send may be long, and nobody needs to read it in a store."""
    framed = f"{len(name)}:{name}{key}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(framed).hexdigest()
