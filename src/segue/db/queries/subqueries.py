"""Queries inside of queries: their value, whether they have a result, and what they say of the row around them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from segue.db.models.kinds import Kind
from segue.db.queries.expressions import BOOLEAN, Condition, Expr, Key
from segue.db.queries.query import Asking
from segue.db.queries.scoping import scoped

__all__ = ["Exists", "Outer", "Subquery", "exists", "outer"]

T = TypeVar("T")


class Subquery(Expr[Any]):
    """A query that stands in another one."""

    __slots__ = ("kind", "query")

    def __init__(self, query: Asking[Any]) -> None:
        # What holds for every query of a model holds for those inside of others.
        self.query = scoped(query)
        self.kind = self._kind()

    def _kind(self) -> Kind:
        chosen = self.query._chosen()
        if not chosen:
            return self.query._mapping.key[0].kind
        return chosen[0].kind.nullable()

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("subquery", self.query._mapping.token)
        self.query._walk(key, values)
        key.append("end")

    def __repr__(self) -> str:
        return f"({self.query!r})"


class Exists(Expr[bool]):
    """Whether a query has a result."""

    __slots__ = ("kind", "query")

    def __init__(self, query: Asking[Any]) -> None:
        self.query = scoped(query)
        self.kind = BOOLEAN

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("exists", self.query._mapping.token)
        self.query._walk(key, values)
        key.append("end")

    def __repr__(self) -> str:
        return f"exists({self.query!r})"


class Outer(Expr[T]):
    """Something about the row of the query around this one."""

    __slots__ = ("inner", "kind")

    def __init__(self, inner: Expr[Any]) -> None:
        self.inner = inner
        self.kind = inner.kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append("outer")
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def __repr__(self) -> str:
        return f"outer({self.inner!r})"


def exists(query: Asking[Any]) -> Condition:
    """Whether a query has a result, as a condition of another one.

        Author.where(exists(Post.where(Post.author.id == Author.id, Post.views > 100)))

    For what a relation leads to, ``Author.posts.any(...)`` is shorter.
    """
    if not isinstance(query, Asking):
        raise TypeError(f"exists() is given a query, not {query!r:.80}")
    return Exists(query)


def outer(expression: Expr[T]) -> Expr[T]:
    """Says something about the row of the query around this one.

        Post.where(~exists(Post.where(Post.author.id == outer(Post.author.id), Post.views > outer(Post.views))))

    Columns of another model are found there by themselves; it is needed where both queries are about one model.
    """
    return Outer(expression)
