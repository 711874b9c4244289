"""Scopes: queries that a model has names for."""

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

__all__ = ["Scope", "scope"]

P = ParamSpec("P")
Q = TypeVar("Q")


class Scope(Generic[P, Q]):
    """A named query of one model: called it is a query, and ``query.scope(...)`` narrows one with it."""

    __slots__ = ("function", "model")

    def __init__(self, function: Callable[Concatenate[Q, P], Q], model: Any) -> None:
        self.function = function
        self.model = model

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Q:
        return self.function(self.model.all(), *args, **kwargs)

    def __repr__(self) -> str:
        return f"{self.model.__name__}.{getattr(self.function, '__name__', 'scope')}"


class scope(Generic[P, Q]):  # noqa: N801 -- a decorator
    """Decorates a function of a query in the body of a model.

        class Post(Model):
            published: Field[bool]

            @scope
            def public(query: "Query[Post]") -> "Query[Post]":
                return query.where(Post.published == True)

            @scope
            def longest(query: "Query[Post]", count: int) -> "Query[Post]":
                return query.order_by(Post.length.desc()).limit(count)

        await Post.public()
        await Post.where(Post.author == django).scope(Post.public).scope(Post.longest, 3)

    What is to hold for every query of a model is a row rule.
    """

    def __init__(self, function: Callable[Concatenate[Q, P], Q]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, target: object, owner: type[Any]) -> Scope[P, Q]:
        return Scope(self.function, owner)
