"""Functions over windows: each needs ``.over(...)``."""

from typing import Any, TypeVar

from segue.db.queries.expressions import FLOAT, INTEGER, Expr, Value, as_expression
from segue.db.queries.windows import WindowFunction

__all__ = [
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
]

T = TypeVar("T")


def row_number() -> Expr[int]:
    """The number of the row in its window: ``row_number().over(partition_by=Post.author.id, order_by=Post.views.desc())``."""
    return WindowFunction("row_number", (), INTEGER)


def rank() -> Expr[int]:
    """The rank; rows that are alike share it, and the next one is as many later."""
    return WindowFunction("rank", (), INTEGER)


def dense_rank() -> Expr[int]:
    """The rank; rows that are alike share it, and the next one is one later."""
    return WindowFunction("dense_rank", (), INTEGER)


def percent_rank() -> Expr[float]:
    """The rank from 0 to 1."""
    return WindowFunction("percent_rank", (), FLOAT)


def cume_dist() -> Expr[float]:
    """Which part of the rows is up to here, from 0 to 1."""
    return WindowFunction("cume_dist", (), FLOAT)


def ntile(count: int) -> Expr[int]:
    """In which of ``count`` parts of about one size the row is, from 1."""
    return WindowFunction("ntile", (Value(count, INTEGER),), INTEGER)


def lag(expression: Expr[T], offset: int = 1) -> Expr[T | None]:
    """The value of the row before, or of the one ``offset`` before; None where there is none."""
    return _beside("lag", expression, offset)


def lead(expression: Expr[T], offset: int = 1) -> Expr[T | None]:
    """The value of the row after, or of the one ``offset`` after; None where there is none."""
    return _beside("lead", expression, offset)


def first_value(expression: Expr[T]) -> Expr[T]:
    """The value of the first row of the window."""
    return WindowFunction("first_value", (expression,), expression.kind)


def last_value(expression: Expr[T]) -> Expr[T]:
    """The value of the last row of the window, which ends with this row unless ``rows=(None, None)`` says otherwise."""
    return WindowFunction("last_value", (expression,), expression.kind)


def nth_value(expression: Expr[T], number: int) -> Expr[T | None]:
    """The value of the row with this number in the window, from 1."""
    arguments: tuple[Expr[Any], ...] = (expression, as_expression(number, INTEGER))
    return WindowFunction("nth_value", arguments, expression.kind.nullable())


def _beside(name: str, expression: Expr[Any], offset: int) -> Expr[Any]:
    return WindowFunction(name, (expression, Value(offset, INTEGER)), expression.kind.nullable())
