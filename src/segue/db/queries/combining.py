"""Queries put together: union, intersection, difference."""

from collections.abc import Sequence
from typing import Any

from segue.db.queries.expressions import Key
from segue.db.queries.query import Asking, Rows
from segue.db.queries.scoping import scoped

__all__ = ["Combined"]


class Combined:
    """What a step of a query puts together with the steps before it."""

    __slots__ = ("operator", "others")

    def __init__(self, operator: str, first: Asking[Any], others: Sequence[Asking[Any]]) -> None:
        for one in others:
            _check(operator, first, one)
        self.operator = operator
        self.others = [scoped(one) for one in others]

    def walk(self, key: Key, values: list[Any]) -> None:
        """Its shape."""
        key += (self.operator, len(self.others))
        for one in self.others:
            key.append(one._mapping.token)
            one._walk(key, values)
            key.append("end")


def _check(operator: str, first: Asking[Any], other: Any) -> None:
    if not isinstance(other, Asking) or isinstance(first, Rows) is not isinstance(other, Rows):
        raise TypeError(
            f"{operator} puts together queries of the same: objects with objects, rows with rows, not {first!r} and {other!r:.80}"
        )
    if isinstance(first, Rows):
        here, there = len(first._chosen()), len(other._chosen())
        if here != there:
            raise TypeError(f"{operator}: rows of {here} columns and of {there} cannot be put together")
    elif not issubclass(other._model, first._model):
        raise TypeError(
            f"{operator}: objects of {first._model.__name__} and of {other._model.__name__} cannot be put together; rows can: select the "
            f"columns that both have"
        )
