"""Times as people tell them: five minutes ago, yesterday at 20:15, on Monday."""

import datetime

from segue.core.texts.speaking import current_zone
from segue.core.texts.texts import framework
from segue.i18n.formats import format_date, format_datetime, format_duration, format_time, local_time

__all__ = ["relative_time"]

_ = framework.gettext


def relative_time(value: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """A time seen from now: ``5 minutes ago``, ``in 2 hours``, ``yesterday at 8:15 PM``, ``Monday at 8:15 PM``, ``31 Jan 2026``.

    A time without a zone is taken to be in that of who reads. ``now``: seen from when.
    """
    zone = current_zone()
    local = value.replace(tzinfo=zone) if value.tzinfo is None else local_time(value)
    seen = datetime.datetime.now(zone) if now is None else now.astimezone(zone)
    apart = local - seen
    days = (local.date() - seen.date()).days
    if abs(apart) < datetime.timedelta(seconds=45):
        return _("just now")
    if abs(apart) < datetime.timedelta(hours=6) or (days == 0 and abs(apart) < datetime.timedelta(hours=24)):
        return format_duration(apart, ago=True)
    if days == -1:
        return _("yesterday at %(time)s", time=format_time(local))
    if days == 1:
        return _("tomorrow at %(time)s", time=format_time(local))
    if -6 <= days < 0:
        return _("%(weekday)s at %(time)s", weekday=format_date(local, "EEEE"), time=format_time(local))
    return format_datetime(local) if 0 < days < 7 else format_date(local)
