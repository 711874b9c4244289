"""Parts and beginnings of dates and times in queries."""

import datetime
import re
from collections.abc import Sequence
from typing import Any, get_args

from segue.db.models.kinds import Kind
from segue.db.queries.expressions import INTEGER, Expr, Key
from segue.db.queries.timed import Part, Unit

__all__ = ["DatePart", "Day", "Truncated", "day_of", "part_of", "truncated"]

_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,2}")
_DAY = Kind("date", datetime.date)
_LOCAL = Kind("datetime", datetime.datetime, zone=False)


class Timed(Expr[Any]):
    """What is computed of a time, perhaps in the time of a place."""

    __slots__ = ("inner", "kind", "what", "zone")

    def __init__(self, inner: Expr[Any], what: str, zone: str | None, kind: Kind) -> None:
        if inner.kind.storage not in ("datetime", "date", "time"):
            raise TypeError(f"{inner!r} is no date and no time, so it has no {what}")
        if zone is not None:
            if inner.kind.storage != "datetime" or not inner.kind.zone:
                raise TypeError(f"{inner!r} is in no zone: zone= is for moments, which are stored in UTC")
            if not isinstance(zone, str) or not _ZONE.fullmatch(zone):
                raise ValueError(f"{zone!r:.80} is no name of a zone, such as 'Europe/Paris'")
        self.inner = inner
        self.what = what
        self.zone = zone
        self.kind = kind.nullable() if inner.kind.null else kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += (type(self).__name__, self.what, self.zone is not None)
        if self.zone is not None:
            values.append(self.zone)
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def name(self) -> str:
        return f"{self.inner.name()}_{self.what.replace(' ', '_')}"

    def __repr__(self) -> str:
        return f"{self.what} of {self.inner!r}"


class DatePart(Timed):
    """A number in a date or a time."""

    __slots__ = ()


class Truncated(Timed):
    """The beginning of the unit that a time is in."""

    __slots__ = ()


class Day(Timed):
    """The day of a time."""

    __slots__ = ()


def part_of(inner: Expr[Any], part: str, zone: str | None) -> Expr[int]:
    """What ``x.part("year")`` is."""
    known = get_args(Part)
    if part not in known:
        raise ValueError(f"{part!r:.80} is no part of a time; there are {', '.join(known)}")
    return DatePart(inner, part, zone, INTEGER)


def truncated(inner: Expr[Any], to: str, zone: str | None) -> Expr[Any]:
    """What ``x.trunc("month")`` is."""
    known = get_args(Unit)
    if to not in known:
        raise ValueError(f"{to!r:.80} is no unit that a time is in; there are {', '.join(known)}")
    if inner.kind.storage == "time":
        raise TypeError(f"{inner!r} is a time of the day: trunc() is for dates and moments")
    return Truncated(inner, to, zone, inner.kind if zone is None else _LOCAL)


def day_of(inner: Expr[Any], zone: str | None) -> Expr[datetime.date]:
    """What ``x.date()`` is."""
    return Day(inner, "date", zone, _DAY)
