"""Shards: the rows of a model in several databases, each where its key says."""

import asyncio
import contextlib
import functools
import heapq
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from segue.db.databases.database import Database, chosen
from segue.db.errors import ConfigurationError
from segue.db.queries.expressions import Column, Order

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.db.databases.options import DatabaseOptions
    from segue.db.queries.query import Asking, Query

__all__ = ["Shards", "by_hash"]

R = TypeVar("R")
T = TypeVar("T")


def by_hash(key: Any, count: int) -> int:
    """Which of so many shards a key is in: spread evenly, the same in every process and for ever."""
    return zlib.crc32(str(key).encode()) % count


class Shards:
    """Several databases with the same tables, of which each has some of the rows.

        shards = Shards(["postgresql://a/orders", "postgresql://b/orders"], name="orders", models=[Order])

        class Order(Model, database="orders"): ...

        with shards.of(customer.id) as db:                       # one shard: all there is to models
            order = await Order.create(customer=customer.id)
        newest = await shards.all(Order.order_by(Order.created.desc()).limit(20))    # all shards

    ``by``: gives the place of a key among so many shards. It has to be the same for ever: a row is looked for where it says.
    ``options``: those of each database. A transaction is one of one shard, and so is a relation: what belongs together has one key.
    A plugin of an app, or a block of a script.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        name: str,
        by: Callable[[Any, int], int] = by_hash,
        models: Sequence[Any] | None = None,
        **options: "Unpack[DatabaseOptions]",
    ) -> None:
        if not urls:
            raise ValueError("shards need the URL of at least one database")
        self.name = name
        self.by = by
        #: The databases, in their order.
        self.databases = [Database(url, name=name, models=models, **options) for url in urls]
        for one in self.databases:
            one.shard_of = self

    def database(self, key: Any) -> Database:
        """The database of a key. Raises ConfigurationError if ``by`` gives none of their places."""
        place = self.by(key, len(self.databases))
        if not 0 <= place < len(self.databases):
            raise ConfigurationError(
                f"the key {key!r:.80} was given the place {place!r}, and there are {len(self.databases)} shards: 0 to {len(self.databases) - 1}"
            )
        return self.databases[place]

    @contextlib.contextmanager
    def of(self, key: Any) -> Generator[Database]:
        """A block whose queries ask the shard of a key."""
        database = self.database(key)
        with chosen(database):
            yield database

    # -- all of them

    async def all(self, query: "Asking[R]") -> list[R]:
        """What a query gives in all shards together, in its order and up to its limit.

        Raises TypeError for a query that cannot be put together from parts: groups, ``distinct``, an order by something else than
        columns of the model.
        """
        orders, limit, offset = _said(query)
        if limit is not None:
            query = query.limit(limit + offset)
        if offset:
            query = query.offset(0)
        parts = await self._each(query.all)
        merged = (
            list(heapq.merge(*parts, key=_sorting(orders)))
            if orders
            else [one for part in parts for one in part]
        )
        return merged[offset : None if limit is None else offset + limit]

    async def count(self, query: "Asking[Any]") -> int:
        """How many there are in all shards."""
        _said(query)
        return sum(await self._each(query.order_by().count))

    async def exists(self, query: "Asking[Any]") -> bool:
        """Whether there is one in any shard."""
        return any(await self._each(query.exists))

    async def first(self, query: "Asking[R]") -> R | None:
        """The first one of all shards, None if there is none."""
        found = await self.all(query.limit(1))
        return found[0] if found else None

    async def update(self, query: "Query[Any]", **values: Any) -> int:
        """Changes those of a query in all shards, each in its own transaction; gives how many."""
        return sum(await self._each(functools.partial(query.update, **values)))

    async def delete(self, query: "Query[Any]") -> int:
        """Deletes those of a query in all shards, each in its own transaction; gives how many."""
        return sum(await self._each(query.delete))

    async def _each(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> list[T]:
        """What each shard answers, in their order; all are asked at the same time."""

        async def one(database: Database) -> T:
            with chosen(database):
                return await ask()

        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(one(database)) for database in self.databases]
        return [task.result() for task in asked]

    async def create_all(self) -> None:
        """Makes the tables that are missing, in all shards."""
        for database in self.databases:
            await database.create_all()

    async def drop_all(self) -> None:
        """Drops the tables of all models, in all shards."""
        for database in self.databases:
            await database.drop_all()

    # -- open and closed

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            for database in self.databases:
                await database.open()
                stack.push_async_callback(database.close)
            self._opened = stack.pop_all()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._opened.aclose()

    def setup(self, to: "Setup") -> None:
        """Opens all with the app, and adds their commands: ``segue db -d orders migrate`` is done in each."""
        from segue.db.commands import add_commands

        for one in self.databases:
            add_commands(one, to)

        async def opened(_: Any) -> AsyncIterator[None]:
            async with self:
                yield

        to.lifespan(opened)


def _said(query: "Asking[Any]") -> tuple[list[Order], int | None, int]:
    """The order, the limit and the offset of a query."""
    orders: list[Order] = []
    limit: int | None = None
    offset = 0
    for step in query._steps():
        match step._step:
            case "order":
                orders = list(step._payload)
            case "limit":
                limit = step._payload
            case "no limit":
                limit = None
            case "offset":
                offset = step._payload
            case "group" | "having" | "distinct" | "select" | "values":
                raise TypeError(
                    f"a query with {step._step} cannot be put together from several shards: ask for objects, or each shard with .using(database)"
                )
            case _:
                pass
    for one in orders:
        if not isinstance(one.expression, Column) or one.expression.path:
            raise TypeError(
                f"several shards are put in order by columns of the model, not by {one.expression!r}"
            )
    return orders, limit, offset


@functools.total_ordering
class _Falling:
    """A value in descending order."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "_Falling") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Falling) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment] # it is only compared


def _sorting(orders: Sequence[Order]) -> Callable[[Any], tuple[Any, ...]]:
    """What objects are compared by: as the databases have put them in order."""

    def key(one: Any) -> tuple[Any, ...]:
        parts: list[Any] = []
        for order in orders:
            column: Any = order.expression
            value = getattr(one, column.field.name)
            nulls_first = order.nulls == "first"
            if order.nulls is None and value is None:
                raise TypeError(
                    f"{column!r} may be missing: say where those are, {column!r}.asc(nulls='last'), so that all shards do the same"
                )
            if value is None:
                parts += [0 if nulls_first else 2, 0]
            else:
                parts += [1, _Falling(value) if order.descending else value]
        return tuple(parts)

    return key
