"""Dates of HTTP header fields (RFC 9110, section 5.6.7)."""

import re
import time
from datetime import UTC, datetime

__all__ = ["http_date", "parse_http_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}

_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_SHORT_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH_NAME = f"(?P<month>{'|'.join(_MONTHS)})"
_FORMATS = tuple(
    re.compile(pattern).fullmatch
    for pattern in (
        rf"{_SHORT_DAY}, (?P<day>[0-9]{{2}}) {_MONTH_NAME} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH_NAME}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        rf"{_SHORT_DAY} {_MONTH_NAME} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)


def http_date(timestamp: float) -> str:
    """Seconds since 1970 as `Sun, 06 Nov 1994 08:49:37 GMT`; a fraction is cut off.

    Raises `ValueError` for a time that is not in the years 1 to 9999.
    """
    try:
        at = time.gmtime(timestamp // 1)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"not a date of the years 1 to 9999: {timestamp!r}") from None
    if not 1 <= at.tm_year <= 9999:
        raise ValueError(f"not a date of the years 1 to 9999: {timestamp!r}")
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def parse_http_date(text: str) -> float | None:
    """Seconds since 1970, or `None` for what is not a date: such a header field is to be ignored.

    Reads the format of today and the two that RFC 9110 keeps for old senders (RFC 850 and asctime). A year of
    two digits that would be more than fifty years ahead is in the past. The day of the week is not checked.
    """
    for match in _FORMATS:
        found = match(text)
        if found is not None:
            break
    else:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        now = time.gmtime().tm_year
        year += now - now % 100
        if year > now + 50:
            year -= 100
    # A leap second is valid; the clock of this machine has no place for it.
    second = 59 if found["second"] == "60" else int(found["second"])
    try:
        date = datetime(
            year,
            _MONTH[found["month"]],
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return date.timestamp()
