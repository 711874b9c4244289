"""Years, months, weeks and days: where one begins and ends, and what it is called."""

import datetime
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from segue.core.texts.texts import framework
from segue.http.errors import NotFound

__all__ = ["Period", "Unit", "named_period", "period"]

Unit: TypeAlias = Literal["year", "month", "week", "day"]


class Period(NamedTuple):
    """A year, a month, a week (from Monday, as ISO 8601 counts them) or a day: from ``start`` up to, not including, ``end``."""

    unit: Unit
    start: datetime.date
    end: datetime.date

    @property
    def text(self) -> str:
        """What it is called: ``2026``, ``2026-11``, ``2026-W47``, ``2026-11-20``."""
        if self.unit == "year":
            return f"{self.start.year:04}"
        if self.unit == "month":
            return f"{self.start.year:04}-{self.start.month:02}"
        if self.unit == "week":
            year, week, _ = self.start.isocalendar()
            return f"{year:04}-W{week:02}"
        return self.start.isoformat()

    def path(self) -> dict[str, int]:
        """What the path of its page has."""
        if self.unit == "week":
            year, week, _ = self.start.isocalendar()
            return {"year": year, "week": week}
        start = self.start
        return {
            name: getattr(start, name)
            for name in ("year", "month", "day")[: {"year": 1, "month": 2, "day": 3}[self.unit]]
        }

    def borders(self, *, moments: bool, zone: ZoneInfo | None) -> tuple[datetime.date, datetime.date]:
        """Its beginning and end as values of a column: dates, or moments in the zone."""
        if not moments:
            return self.start, self.end
        where = zone or datetime.UTC
        first, last = (
            datetime.datetime.combine(one, datetime.time(), where) for one in (self.start, self.end)
        )
        return first.astimezone(datetime.UTC), last.astimezone(datetime.UTC)


def period(unit: Unit, date: datetime.date) -> Period:
    """The period that a day is in. Raises NotFound for one at the end of time."""
    try:
        if unit == "year":
            start = date.replace(month=1, day=1)
            return Period(unit, start, start.replace(year=start.year + 1))
        if unit == "month":
            start = date.replace(day=1)
            return Period(unit, start, (start + datetime.timedelta(days=31)).replace(day=1))
        start = date - datetime.timedelta(days=date.weekday()) if unit == "week" else date
        return Period(unit, start, start + datetime.timedelta(days=7 if unit == "week" else 1))
    except (ValueError, OverflowError):
        raise NotFound(framework.gettext("There is nothing of this time.")) from None


def named_period(unit: Unit, named: dict[str, int]) -> Period:
    """The period that a path names. Raises NotFound for a 13th month, a 30th of February, a week 60."""
    try:
        if unit == "week":
            return period(unit, datetime.date.fromisocalendar(named["year"], named["week"], 1))
        return period(unit, datetime.date(named["year"], named.get("month", 1), named.get("day", 1)))
    except (ValueError, OverflowError):
        raise NotFound(framework.gettext("There is nothing of this time.")) from None
