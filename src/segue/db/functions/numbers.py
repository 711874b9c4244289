"""Functions of numbers."""

from typing import Any, TypeVar

from segue.db.queries.expressions import FLOAT, INTEGER, Expr, Function, Value, as_expression

__all__ = ["absolute", "ceil", "exp", "floor", "ln", "log10", "power", "random", "rounded", "sign", "sqrt"]

T = TypeVar("T")


def absolute(number: Expr[T]) -> Expr[T]:
    """The number without its sign."""
    return Function("abs", (number,), number.kind)


def rounded(number: Expr[T], places: int = 0) -> Expr[T]:
    """The number with so many digits after the point; halves are rounded as the database does."""
    return Function("round", (number, Value(places, INTEGER)), number.kind)


def floor(number: Expr[Any]) -> Expr[int]:
    """The greatest whole number that is not greater."""
    return Function("floor", (number,), INTEGER)


def ceil(number: Expr[Any]) -> Expr[int]:
    """The least whole number that is not less."""
    return Function("ceil", (number,), INTEGER)


def sign(number: Expr[Any]) -> Expr[int]:
    """-1, 0 or 1."""
    return Function("sign", (number,), INTEGER)


def power(number: Expr[Any], exponent: float | Expr[Any]) -> Expr[float]:
    """The number to the power of another one."""
    return Function("power", (number, as_expression(exponent, FLOAT)), FLOAT)


def sqrt(number: Expr[Any]) -> Expr[float]:
    """The square root."""
    return Function("sqrt", (number,), FLOAT)


def exp(number: Expr[Any]) -> Expr[float]:
    """E to the power of the number."""
    return Function("exp", (number,), FLOAT)


def ln(number: Expr[Any]) -> Expr[float]:
    """The natural logarithm."""
    return Function("ln", (number,), FLOAT)


def log10(number: Expr[Any]) -> Expr[float]:
    """The logarithm to the base of 10."""
    return Function("log10", (number,), FLOAT)


def random() -> Expr[float]:
    """Another number for each row, from 0 to 1: ``order_by(random())`` shuffles."""
    return Function("random", (), FLOAT)
