"""What is asked of dates and times: their parts, and where they are cut off."""

import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast, overload

if TYPE_CHECKING:
    from segue.db.queries.expressions import Expr

__all__ = ["Part", "Timed", "Unit"]

T = TypeVar("T")
S = TypeVar("S")

Part: TypeAlias = Literal[
    "year", "quarter", "month", "week", "day", "weekday", "year day", "hour", "minute", "second", "iso year"
]
Unit: TypeAlias = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]


class Timed(Generic[T]):
    """The part of an expression that is about times."""

    __slots__ = ()

    def part(self, part: "Part", *, zone: str | None = None) -> "Expr[int]":
        """A part of a date or a time: ``Post.published.part("year")``. Weeks are those of ISO 8601, ``weekday`` is 1 on Mondays.

        ``zone``: of which place, ``"Europe/Paris"``; without it UTC.
        """
        from segue.db.queries.times import part_of

        return part_of(cast("Any", self), part, zone)

    @overload
    def trunc(self: "Timed[S]", to: "Unit", *, zone: None = None) -> "Expr[S]": ...
    @overload
    def trunc(self, to: "Unit", *, zone: str) -> "Expr[datetime.datetime]": ...
    def trunc(self, to: "Unit", *, zone: str | None = None) -> "Expr[Any]":
        """The beginning of the year, month, week, day, hour ... in which a time is. With a ``zone``, in the time of that place."""
        from segue.db.queries.times import truncated

        return truncated(cast("Any", self), to, zone)

    def date(self, *, zone: str | None = None) -> "Expr[datetime.date]":
        """The day of a time."""
        from segue.db.queries.times import day_of

        return day_of(cast("Any", self), zone)
