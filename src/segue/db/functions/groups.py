"""Functions over the rows of a group; ``sum``, ``avg``, ``min`` and ``max`` are methods of expressions."""

from collections.abc import Sequence
from typing import Any, TypeVar

from segue.db.models.kinds import Kind
from segue.db.queries.aggregates import Aggregate
from segue.db.queries.expressions import BOOLEAN, FLOAT, INTEGER, TEXT, Expr, Order, Value

__all__ = ["collect", "count", "deviation", "every", "some", "string_agg", "variance"]

T = TypeVar("T")

Orders = Expr[Any] | Order | Sequence[Expr[Any] | Order]


def count(
    expression: Expr[Any] | None = None, *, distinct: bool = False, where: Expr[bool] | None = None
) -> Expr[int]:
    """How many rows, or how many of them have a value: ``count()``, ``count(Post.id)``."""
    arguments = () if expression is None else (expression,)
    return Aggregate("count", arguments, INTEGER, distinct=distinct, where=where)


def string_agg(
    text: Expr[str] | Expr[str | None],
    between: str = ", ",
    *,
    order_by: Orders = (),
    distinct: bool = False,
    where: Expr[bool] | None = None,
) -> Expr[str | None]:
    """The texts of all rows, one after the other: ``string_agg(Tag.name, ", ", order_by=Tag.name)``.

    With ``distinct`` each text stands there once; then it may be ordered by itself only. None where there is no text.
    """
    orders = _orders(order_by)
    if distinct and any(_shape(one.expression) != _shape(text) for one in orders):
        raise TypeError("string_agg(): texts that stand there once can be ordered by themselves only")
    return Aggregate(
        "string_agg",
        (text, Value(between, TEXT)),
        TEXT.nullable(),
        distinct=distinct,
        where=where,
        order=orders,
    )


def collect(
    expression: Expr[T], *, order_by: Orders = (), where: Expr[bool] | None = None
) -> Expr[list[T] | None]:
    """The values of all rows as a list; None where there is no row."""
    kind = Kind("array", list[expression.kind.python], null=True, item=expression.kind)  # type: ignore[name-defined] # known only now
    return Aggregate("collect", (expression,), kind, where=where, order=_orders(order_by))


def every(condition: Expr[bool], *, where: Expr[bool] | None = None) -> Expr[bool | None]:
    """Whether a condition holds for all rows of the group."""
    return Aggregate("every", (condition,), BOOLEAN.nullable(), where=where)


def some(condition: Expr[bool], *, where: Expr[bool] | None = None) -> Expr[bool | None]:
    """Whether a condition holds for a row of the group."""
    return Aggregate("some", (condition,), BOOLEAN.nullable(), where=where)


def variance(
    expression: Expr[Any], *, sample: bool = False, where: Expr[bool] | None = None
) -> Expr[float | None]:
    """How far the values are spread. ``sample``: they are some of more values."""
    return Aggregate(f"var_{_all_or(sample)}", (expression,), FLOAT.nullable(), where=where)


def deviation(
    expression: Expr[Any], *, sample: bool = False, where: Expr[bool] | None = None
) -> Expr[float | None]:
    """The standard deviation. ``sample``: the values are some of more."""
    return Aggregate(f"stddev_{_all_or(sample)}", (expression,), FLOAT.nullable(), where=where)


def _all_or(sample: bool) -> str:
    return "samp" if sample else "pop"


def _orders(order_by: Orders) -> tuple[Order, ...]:
    listed = (order_by,) if isinstance(order_by, Expr | Order) else tuple(order_by)
    return tuple(one if isinstance(one, Order) else one.asc() for one in listed)


def _shape(expression: Expr[Any]) -> list[Any]:
    key: list[Any] = []
    values: list[Any] = []
    expression.walk(key, values)
    return [*key, *values]
