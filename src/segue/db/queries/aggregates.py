"""Functions over the rows of a group: ``count``, ``sum``, ``string_agg``."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from segue.db.models.kinds import Kind
from segue.db.queries.expressions import Column, Expr, Function, Key, Order

__all__ = ["Aggregate", "columns_of", "is_aggregated"]

T = TypeVar("T")


class Aggregate(Function[T]):
    """A function over the rows of a group. ``where``: only over those rows; ``order``: in that order."""

    __slots__ = ("distinct", "order", "where")

    def __init__(
        self,
        called: str,
        arguments: tuple[Expr[Any], ...],
        kind: Kind,
        *,
        distinct: bool = False,
        where: Expr[bool] | None = None,
        order: tuple[Order, ...] = (),
    ) -> None:
        super().__init__(called, arguments, kind)
        self.distinct = distinct
        self.where = where
        self.order = order

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("aggregate", self.distinct, self.where is not None, len(self.order))
        super().walk(key, values)
        if self.where is not None:
            self.where.walk(key, values)
        for one in self.order:
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (
            *self.arguments,
            *(() if self.where is None else (self.where,)),
            *(one.expression for one in self.order),
        )

    def name(self) -> str:
        return f"{self.called}_{self.arguments[0].name()}" if self.arguments else self.called


def is_aggregated(expression: Expr[Any]) -> bool:
    """Whether it says something about a group of rows. What is over a window says something about one row."""
    from segue.db.queries.windows import Over

    if isinstance(expression, Aggregate):
        return True
    if isinstance(expression, Over):
        # What a window is over may be an aggregate itself: the rank of a sum.
        inner = expression.function
        return any(is_aggregated(one) for one in (*inner.parts(), *expression.around()))
    return any(is_aggregated(one) for one in expression.parts())


def columns_of(expression: Expr[Any], seen: Callable[[Column[Any]], None]) -> None:
    """Calls ``seen`` with each column in an expression; what is in a query inside is that query's own."""
    if isinstance(expression, Column):
        seen(expression)
    for one in expression.parts():
        columns_of(one, seen)
