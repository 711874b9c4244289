"""Ranges: from one value to another, as PostgreSQL has them."""

import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

__all__ = ["Bounds", "Range"]

T = TypeVar("T")

Bounds = Literal["[)", "[]", "(]", "()"]


class Range(msgspec.Struct, Generic[T], frozen=True):
    """All values from ``lower`` to ``upper``: ``during: Field[Range[date]]``; None where it has no end.

        Range(date(2026, 5, 1), date(2026, 6, 1))            # May: without the last one
        Range(1, 10, bounds="[]")                            # with both

    ``value in range`` says whether one is in it. ``Range(empty=True)`` has none.
    """

    lower: T | None = None
    upper: T | None = None
    bounds: Bounds = "[)"
    empty: bool = False

    def __post_init__(self) -> None:
        low: Any = self.lower
        high: Any = self.upper
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"A range begins with the lesser value: {low!r:.40} is greater than {high!r:.40}"
            )

    def __contains__(self, value: T) -> bool:
        low: Any = self.lower
        high: Any = self.upper
        one: Any = value
        if self.empty:
            return False
        above = low is None or one > low or (one == low and self.bounds[0] == "[")
        below = high is None or one < high or (one == high and self.bounds[1] == "]")
        return above and below

    def canonical(self) -> "Range[T]":
        """The same values, written as PostgreSQL writes them: of whole numbers and days with the first and without the last."""
        low: Any = self.lower
        high: Any = self.upper
        bounds: Any = self.bounds
        step = _step(low if low is not None else high)
        if step is not None:
            low = low + step if low is not None and bounds[0] == "(" else low
            high = high + step if high is not None and bounds[1] == "]" else high
            bounds = "[)"
        if self.empty or (low is not None and low == high and bounds != "[]"):
            return Range(empty=True)
        # Without an end there is none that could belong to it.
        bounds = ("(" if low is None else bounds[0]) + (")" if high is None else bounds[1])
        return Range(low, high, bounds)


def _step(value: Any) -> Any:
    """What is between two neighbours; None where there is always one between."""
    if isinstance(value, int):
        return 1
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.timedelta(days=1)
    return None
