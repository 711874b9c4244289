"""Queries: lazy, made of steps, awaited for their result.

    posts = await Post.where(Post.title.icontains("swing")).order_by(Post.published.desc()).limit(20)

A step makes a new query and leaves the old one as it is, so one may be kept and refined.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypeVar, cast, overload

from segue.core.ports import Codec
from segue.db.errors import Ambiguous, Missing
from segue.db.models.mapping import Mapping
from segue.db.queries.expressions import Condition, Expr, Key, Order, any_of
from segue.db.queries.pages import Page
from segue.db.queries.paths import walk_load
from segue.db.queries.ruledloads import rules_on
from segue.db.queries.select import Select
from segue.db.queries.selections import reversed_orders, selected_from, walk_again

if TYPE_CHECKING:
    from segue.db.models.model import Keyed
    from segue.db.models.scopes import Scope
    from segue.db.queries.asking import Allowed
    from segue.db.queries.resulttables import Table
    from segue.db.writing.returning import Returning

__all__ = ["Asking", "Page", "Query", "Rows"]

M = TypeVar("M", bound="Keyed")
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
Q = TypeVar("Q", bound="Asking[Any]")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")


class Asking(Awaitable[list[R]], Generic[R]):
    """A question for the database whose answer is a list. What queries of objects and of rows have in common."""

    __slots__ = ("_before", "_model", "_payload", "_step")

    def __init__(
        self, model: Any, step: str = "all", payload: Any = None, before: "Asking[Any] | None" = None
    ) -> None:
        self._model = model
        self._step = step
        self._payload = payload
        self._before = before

    def _then(self, step: str, payload: Any) -> Self:
        return type(self)(self._model, step, payload, self)

    @property
    def _mapping(self) -> Mapping:
        mapping: Mapping = self._model.__mapping__
        return mapping

    def _walk(self, key: Key, values: list[Any]) -> None:
        """Its shape and its values: those of the steps, the first one first."""
        if self._before is not None:
            self._before._walk(key, values)
        step, payload = self._step, self._payload
        key.append(step)
        if payload is None or step == "using":
            return
        if step in ("where", "having", "select"):
            key.append(len(payload))
            for one in payload:
                one.walk(key, values)
        elif step in ("order", "group", "distinct"):
            key.append(len(payload))
            for one in payload:
                walk_again(self, one, key, values)
        elif step in ("limit", "offset"):
            values.append(payload)
        elif step == "load":
            key.append(len(payload))
            for one in payload:
                walk_load(one, key)
        elif step in ("combined", "join", "from", "raw", "follow", "rules"):
            payload.walk(key, values)
        else:
            key.append(payload)

    def _chosen(self) -> tuple[Expr[Any], ...]:
        """What ``select`` was given before this step."""
        one: Asking[Any] | None = self
        while one is not None:
            if one._step == "select":
                found: tuple[Expr[Any], ...] = one._payload
                return found
            one = one._before
        return ()

    def _steps(self) -> "list[Asking[Any]]":
        found: list[Asking[Any]] = []
        one: Asking[Any] | None = self
        while one is not None:
            found.append(one)
            one = one._before
        found.reverse()
        return found

    # -- steps

    def where(self, *conditions: Condition) -> Self:
        """Only those for which all conditions hold."""
        if not conditions:
            return self
        return self._then("where", tuple(_checked(one) for one in conditions))

    def exclude(self, *conditions: Condition) -> Self:
        """Only those for which the conditions do not all hold; a condition about a missing value does not hold."""
        from segue.db.queries.expressions import BOOLEAN, Operation, all_of

        return self._then("where", (Operation("is not true", (all_of(*conditions),), BOOLEAN),))

    def order_by(self, *orders: "Expr[Any] | Order") -> Self:
        """In this order. A second ``order_by`` takes the place of the first; without arguments there is none."""
        return self._then("order", tuple(_order(one) for one in orders))

    def sorted_by(self, names: str, allowed: "Allowed") -> Self:
        """In the order that a client asks for: ``sorted_by("-published,title", allowed=(Post.published, Post.title))``.

        ``-`` before a name means downwards; columns of others are named with their relation, ``author.name``. Raises BadRequest for
        what is not allowed.
        """
        from segue.db.queries.asking import orders_from

        return self._then("order", orders_from(names, allowed))

    def filtered(self, given: Any, allowed: "Allowed", *, beside: "Collection[str]" = ()) -> Self:
        """Only what a client asks for: ``filtered(request.query, allowed=(Post.title, Post.views))``.

        ``?title=Nuages&views.gt=3``: a name, or a name and an operator: ``ne lt le gt ge in contains icontains startswith endswith
        is_null``, and those that the program has named with ``@lookup``. Raises BadRequest for any other key, but for those in
        ``beside``, and for values that are not of the column's type.
        """
        from segue.db.queries.asking import conditions_from

        return self.where(*conditions_from(given, allowed, beside))

    def matching(self, text: str, allowed: "Allowed") -> Self:
        """Only what fits a small language for people: ``matching("title contains swing and views > 3", allowed=...)``.

        Comparisons ``= != < <= > >= contains startswith endswith in``, ``is null``; ``and``, ``or``, ``not``, parentheses; text with spaces in
        quotes. Raises BadRequest, with the place, for what it does not understand.
        """
        from segue.db.queries.phrases import condition_from

        return self.where(condition_from(text, allowed))

    def limit(self, count: int | None) -> Self:
        """At most so many; None for all."""
        return self._then("no limit" if count is None else "limit", _natural(count, "limit"))

    def offset(self, count: int) -> Self:
        """Without the first ones."""
        return self._then("offset", _natural(count, "offset"))

    def distinct(self, *on: Expr[Any]) -> Self:
        """Without those that are alike; ``on``: the first of those that are alike in these expressions (PostgreSQL)."""
        return self._then("distinct", on)

    def for_update(
        self,
        *,
        skip_locked: bool = False,
        nowait: bool = False,
        of: Any = None,
        share: bool = False,
        no_key: bool = False,
    ) -> Self:
        """Locks the rows until the transaction ends. SQLite, which locks all, has nothing to do.

        ``skip_locked``: leaves out what others have locked. ``nowait``: LockTimeout instead of waiting. ``share``: others may
        read too. ``no_key``: others may insert what refers to them meanwhile (PostgreSQL).
        """
        return self._then("lock", (skip_locked, nowait, share, None if of is None else id(of), no_key))

    def reversed(self) -> Self:
        """In the opposite order; by key, the greatest first, where there was none."""
        return self._then("order", reversed_orders(self))

    def nothing(self) -> Self:
        """A query without results, for where one has to be returned. The database is not asked for more."""
        return self.where(any_of())

    def join(self, table: "Table", on: Condition, *, outer: bool = False) -> Self:
        """Joins the results of another query; ``outer``: rows without a counterpart stay. Relations join by themselves."""
        from segue.db.queries.resulttables import Joined

        return self._then("join", Joined(table, _checked(on), outer=outer))

    def union(self, *others: Self, all: bool = False) -> Self:
        """These results and those of others, each once; ``all``: as often as they are there.

        What is said afterwards, conditions, order and limit, is about all of them.
        """
        return self._combined("union all" if all else "union", others)

    def intersection(self, *others: Self) -> Self:
        """The results that the others have too."""
        return self._combined("intersect", others)

    def difference(self, *others: Self) -> Self:
        """The results that none of the others has."""
        return self._combined("except", others)

    def _combined(self, operator: str, others: "Sequence[Asking[Any]]") -> Self:
        from segue.db.queries.combining import Combined

        return self._then("combined", Combined(operator, self, others)) if others else self

    def using(self, database: Any) -> Self:
        """Asks another database: one of several by its name, or itself."""
        return self._then("using", database)

    def unscoped(self) -> Self:
        """Without the conditions that hold for every query of the model: tenancy, soft deletion, row rules."""
        return self._then("unscoped", None)

    # -- answers

    def __await__(self) -> Generator[Any, None, list[R]]:
        return self._all().__await__()

    async def all(self) -> list[R]:
        """All results: what ``await query`` gives."""
        return await self._all()

    async def _all(self) -> list[R]:
        from segue.db.reading.selecting import selected

        found: list[R] = await selected(self)
        return found

    async def first(self) -> R | None:
        """The first one, None if there is none."""
        found = await self.limit(1)._all()
        return found[0] if found else None

    async def last(self) -> R | None:
        """The last one in its order, None if there is none."""
        return await self.reversed().first()

    async def one(self) -> R:
        """The only one. Raises Missing, a 404 in a handler, where there is none, and Ambiguous where there are several."""
        found = await self.one_or_none()
        if found is None:
            raise Missing(f"no {self._model.__name__} answers")
        return found

    async def one_or_none(self) -> R | None:
        """The only one, None if there is none. Raises Ambiguous where there are several."""
        found = await self.limit(2)._all()
        if len(found) > 1:
            raise Ambiguous(f"more than one {self._model.__name__} answers; .first() takes the first")
        return found[0] if found else None

    async def count(self) -> int:
        """How many there are."""
        from segue.db.reading.selecting import counted

        return await counted(self)

    async def exists(self) -> bool:
        """Whether there is one."""
        from segue.db.reading.selecting import exists

        return await exists(self)

    async def page(self, number: int = 1, size: int = 20) -> Page[R]:
        """A page of the results, with how many there are in all. ``number`` counts from 1."""
        if number < 1 or size < 1:
            from segue.http.errors import BadRequest

            raise BadRequest(f"there is no page {number} of {size} items")
        total = await self.count()
        items = await self.limit(size).offset((number - 1) * size)._all() if total else []
        return Page(items, number, size, total)

    def stream(self, size: int = 1000) -> AsyncIterator[R]:
        """The results one by one, ``size`` of them in memory at a time."""
        from segue.db.reading.selecting import streamed

        return streamed(self, size)

    def __aiter__(self) -> AsyncIterator[R]:
        return self.stream()

    async def explain(self, *, analyze: bool = False) -> str:
        """How the database finds the results, in its own words."""
        from segue.db.reading.selecting import explained

        return await explained(self, analyze=analyze)

    def sql(self, database: Any = None) -> tuple[str, Sequence[Any]]:
        """The statement and its arguments, for reading. ``database``: a name such as "postgresql" needs no connection."""
        from segue.db.reading.selecting import statement_text

        return statement_text(self, database)

    def update_sql(self, database: Any = None, /, **values: Any) -> tuple[str, Sequence[Any]]:
        """As ``sql``, of the statement that ``update`` runs."""
        from segue.db.compiling.statementtexts import update_text

        return update_text(self, database, values)

    def delete_sql(self, database: Any = None, /) -> tuple[str, Sequence[Any]]:
        """As ``sql``, of the statement that ``delete`` runs."""
        from segue.db.compiling.statementtexts import delete_text

        return delete_text(self, database)

    def as_subquery(self) -> Expr[Any]:
        """The query as an expression: of one column, or of the key of its objects."""
        from segue.db.queries.subqueries import Subquery

        return Subquery(self)

    def as_table(self) -> "Table":
        """The results as a table, which others can be joined with and which can be asked itself.

        views = Post.views.sum()
        table = Post.select(Post.author.id, views).group_by(Post.author.id).as_table()
        await Author.all().join(table, table[Post.author.id] == Author.id).where(table[views] > 100)
        """
        from segue.db.queries.resulttables import Table

        return Table(self)

    @staticmethod
    def __gives__(arguments: tuple[Any, ...]) -> Any:
        """What ``-> Query[Post]`` says that a handler returns."""
        return list[arguments[0]]  # type: ignore[valid-type] # known only now

    async def __json_body__(self, kind: Any, codec: Codec) -> bytes | AsyncIterator[bytes] | None:
        """The reply of a handler that returns the query as it is: segue.core.ports.WritesJSON."""
        from segue.db.reading.replies import json_body

        return await json_body(self, kind, codec)

    def __bool__(self) -> bool:
        raise TypeError(f"a query is neither true nor false: `await {self._model.__name__}....exists()`")

    def __iter__(self) -> Any:
        raise TypeError(
            "a query is awaited: `for post in await Post.where(...)`, or `async for post in Post.where(...)`"
        )

    def __repr__(self) -> str:
        return f"<query of {self._model.__name__}: {'.'.join(one._step for one in self._steps())}>"


class Query(Asking[M]):
    """A query of objects."""

    __slots__ = ()

    def load(self, *relations: Any) -> "Query[M]":
        """Loads related objects too: those of a relation to one in the same statement, those to many in one more each."""
        for one in relations:
            walk_load(one, [])
        made = self._then("load", relations)
        ruled = rules_on(relations)
        return made._then("rules", ruled) if ruled.listed else made

    def scope(self, scope: "Scope[P, Query[M]]", *args: P.args, **kwargs: P.kwargs) -> "Query[M]":
        """What a scope of the model makes of it: ``Post.where(...).scope(Post.public)``."""
        if not issubclass(self._model, scope.model):
            raise TypeError(
                f"{scope!r} is a scope of {scope.model.__name__}, and this is a query of {self._model.__name__}"
            )
        return scope.function(self, *args, **kwargs)

    def only(self, *columns: Expr[Any]) -> "Query[M]":
        """Objects with these columns, and the key; reading another one raises NotLoaded."""
        return self._then("only", tuple(cast("Any", one).field.name for one in columns))

    def defer(self, *columns: Expr[Any]) -> "Query[M]":
        """Objects without these columns."""
        return self._then("defer", tuple(cast("Any", one).field.name for one in columns))

    def follow(self, relation: Any, *, depth: int | None = None) -> "Query[M]":
        """These objects, those that a relation leads to, those that it leads to from there, and so on: each once.

            await Category.where(Category.name == "fiction").follow(Category.children)

        ``depth``: so many steps at most. The relation leads from a model to itself.
        """
        from segue.db.queries.following import Following

        return self._then("follow", Following(self._model, relation, depth))

    async def contains(self, object: M) -> bool:
        """Whether an object is among the results."""
        key = self._mapping.key
        return await self.where(
            *(self._mapping.expression(one.name) == getattr(object, one.name) for one in key)
        ).exists()

    @property
    def select(self) -> Select:
        """Rows of these instead of objects; a model among them stands for its object: ``select(Author, Author.posts.count())``.

        Beside aggregates, the others are what the rows are grouped by, unless ``group_by`` says so.
        """
        return self._select

    def _select(self, *expressions: Any) -> "Rows[Any]":
        return Rows(self._model, "select", selected_from(self, expressions), self)

    def values(self, expression: Expr[S]) -> "Rows[S]":
        """The values of one expression: ``await Post.all().values(Post.id)`` gives a list of numbers."""
        return Rows(
            self._model, "values", None, Rows(self._model, "select", selected_from(self, (expression,)), self)
        )

    async def aggregate(self, expression: Expr[S]) -> S:
        """One number about all of them: ``await Post.all().aggregate(Post.views.sum())``."""
        found = await self.order_by().values(expression)
        return found[0]

    async def update(self, **values: Any) -> int:
        """Changes all of them in one statement; gives how many. Values may be expressions: ``views=Post.views + 1``."""
        from segue.db.writing.changing import updated

        return await updated(self, values)

    async def delete(self) -> int:
        """Deletes all of them in one statement; gives how many."""
        from segue.db.writing.changing import deleted

        return await deleted(self)

    @overload
    def returning(self) -> "Returning[M]": ...
    @overload
    def returning(self, a: Expr[T1], /) -> "Returning[tuple[T1]]": ...
    @overload
    def returning(self, a: Expr[T1], b: Expr[T2], /) -> "Returning[tuple[T1, T2]]": ...
    @overload
    def returning(self, a: Expr[T1], b: Expr[T2], c: Expr[T3], /) -> "Returning[tuple[T1, T2, T3]]": ...
    @overload
    def returning(
        self, a: Expr[Any], b: Expr[Any], c: Expr[Any], d: Expr[Any], /, *columns: Expr[Any]
    ) -> "Returning[tuple[Any, ...]]": ...
    def returning(self, *columns: Expr[Any]) -> "Returning[Any]":
        """A change that gives back what it wrote: ``await Seat.where(Seat.free).limit(1).returning().update(free=False)``.

        The objects, or tuples of these columns: as they are after an update, as they were before a deletion. In one statement where the
        database can do that, else in one transaction.
        """
        from segue.db.writing.returning import Returning

        return Returning(self, columns)

    async def erase(self) -> int:
        """Deletes the rows of all of them, where the model keeps what is deleted (``SoftDelete``); gives how many."""
        return await self._then("for good", None).delete()

    async def in_bulk(self, keys: Sequence[Any]) -> dict[Any, M]:
        """Those with these keys, by key; keys that nobody has are not there."""
        from segue.db.models.attributes import key_of

        if not keys:
            return {}
        column = self._mapping.expression(self._mapping.key[0].name)
        return {key_of(one): one for one in await self.where(column.is_in(list(keys)))}


class Rows(Asking[R]):
    """A query of rows: tuples of what ``select`` was given."""

    __slots__ = ()

    def group_by(self, *expressions: Any) -> "Rows[R]":
        """One row for each group of rows that are alike in these: expressions, or a model for its key."""
        return self._then("group", selected_from(self, expressions))

    def having(self, *conditions: Condition) -> "Rows[R]":
        """Only groups for which all conditions hold."""
        return self._then("having", tuple(_checked(one) for one in conditions))

    def as_subquery(self) -> Expr[R]:
        """The rows as an expression for another query: of one column."""
        return super().as_subquery()

    async def dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts, by the names of the columns."""
        from segue.db.reading.selecting import names_of

        names = names_of(self)
        return [dict(zip(names, cast("Any", row), strict=True)) for row in await self._all()]

    async def into(self, type: Callable[..., S]) -> list[S]:
        """The rows as what ``type`` makes of their columns, by name: a Struct, a dataclass."""
        return [type(**row) for row in await self.dicts()]


def _checked(condition: Any) -> Expr[bool]:
    if isinstance(condition, Expr) and condition.kind.storage == "bool":
        return condition
    if isinstance(condition, bool):
        from segue.db.queries.expressions import all_of, any_of

        return all_of() if condition else any_of()
    raise TypeError(
        f"where() is given conditions, Post.title == 'Nuages', not {condition!r:.80}. Text is never a condition; several are separated "
        f"by commas, or by & and | with each in parentheses"
    )


def _order(one: Any) -> Order:
    if isinstance(one, Order):
        return one
    if isinstance(one, Expr):
        return one.asc()
    raise TypeError(
        f"order_by() is given columns, Post.title or Post.title.desc(), not {one!r:.80}. For a name that a client gives: "
        f"Post.sorted_by(name, allowed=(...))"
    )


def _natural(count: Any, what: str) -> Any:
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 0):
        raise ValueError(f"{what}() is given a number from 0 on, not {count!r}")
    return count
