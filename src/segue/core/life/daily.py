"""A time of each day, by the clock of a place."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import NamedTuple

__all__ = ["Daily", "daily_at"]


class Daily(NamedTuple):
    """Each day at ``at``, as clocks in ``zone`` show it."""

    at: time
    zone: tzinfo

    def after(self, moment: datetime) -> datetime:
        """The first such time after ``moment``, in UTC.

        Once for each day, whatever is done to the clocks on it: a time that is left out in spring is as much later, of one that comes
        twice in autumn the first counts.
        """
        day = moment.astimezone(self.zone).date() - timedelta(days=1)
        while True:
            # Python reads a time that is left out by the clock of before: half past two is half past three then.
            due = datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)
            if due > moment:
                return due
            day += timedelta(days=1)


def daily_at(at: str | time, zone: str) -> Daily:
    """What ``app.daily`` was told. Raises ValueError."""
    from zoneinfo import ZoneInfo

    try:
        chosen = at if isinstance(at, time) else time.fromisoformat(at)
    except (TypeError, ValueError):
        raise ValueError(f'app.daily takes a time of the day, such as "03:30", not {at!r}') from None
    if chosen.tzinfo is not None:
        raise ValueError(
            f'app.daily is told the zone beside the time: app.daily("{chosen:%H:%M}", zone="Europe/Paris")'
        )
    try:
        return Daily(chosen, ZoneInfo(zone))
    except (ValueError, OSError, LookupError):
        raise ValueError(
            f'{zone!r} is no time zone that this machine knows; zones are called "Europe/Paris" or "UTC". '
            f"On Windows they come with: pip install tzdata"
        ) from None
