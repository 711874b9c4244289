"""Dates, times, numbers and amounts as the language and the time zone of who reads have them (CLDR, by Babel)."""

import datetime
from collections.abc import Sequence
from copy import copy
from decimal import Decimal
from typing import Literal

from babel import dates, lists, numbers

from segue.core.texts.speaking import current_zone
from segue.i18n.speaker import speaker_locale

__all__ = [
    "Length",
    "format_currency",
    "format_date",
    "format_datetime",
    "format_duration",
    "format_list",
    "format_number",
    "format_percent",
    "format_time",
    "friendly_number",
    "local_time",
]

Length = Literal["short", "medium", "long", "full"]
Number = int | float | Decimal


def local_time(value: datetime.datetime) -> datetime.datetime:
    """A time in the zone of who reads. One without a zone is taken as it is: nobody knows where it is at home."""
    return value if value.tzinfo is None else value.astimezone(current_zone())


def format_date(value: datetime.date | datetime.datetime, format: Length | str = "medium") -> str:
    """A date: ``31 Jan 2026``, ``31.01.2026``.

    ``format``: its length, or a pattern of CLDR such as ``"d MMMM"``. Of a time with a zone it is the day for who reads.
    """
    day = local_time(value).date() if isinstance(value, datetime.datetime) else value
    return dates.format_date(day, format, locale=speaker_locale())


def format_time(value: datetime.time | datetime.datetime, format: Length | str = "short") -> str:
    """A time of day: ``8:15 PM``, ``20:15``."""
    if isinstance(value, datetime.datetime):
        value = local_time(value)
        if value.tzinfo is None:
            value = value.time()
        else:
            return dates.format_time(value, format, tzinfo=value.tzinfo, locale=speaker_locale())
    return dates.format_time(value, format, locale=speaker_locale())


def format_datetime(value: datetime.datetime, format: Length | str = "medium") -> str:
    """A date and a time, in the zone of who reads. ``format``: as :func:`format_date` has it."""
    local = local_time(value)
    return dates.format_datetime(local, format, tzinfo=local.tzinfo, locale=speaker_locale())


def format_duration(value: datetime.timedelta | float, *, ago: bool = False) -> str:
    """A span of time, rounded: ``3 hours``. ``ago``: seen from now, ``in 3 hours``, ``3 hours ago``."""
    span = value if isinstance(value, datetime.timedelta) else datetime.timedelta(seconds=value)
    return dates.format_timedelta(span, add_direction=ago, threshold=0.9, locale=speaker_locale())


def format_number(value: Number, format: str | None = None) -> str:
    """A number: ``1,234.5``, ``1.234,5``. ``format``: a pattern such as ``"#,##0.00"``."""
    return numbers.format_decimal(
        value, format, locale=speaker_locale(), decimal_quantization=format is not None
    )


def format_percent(value: Number, format: str | None = None) -> str:
    """A share: 0.25 is ``25%``, ``25 %``."""
    return numbers.format_percent(value, format, locale=speaker_locale())


def format_currency(
    value: Number, currency: str, format: str | None = None, *, digits: int | None = None
) -> str:
    """An amount of money: ``€9.90``, ``9,90 €``. ``currency``: the code of ISO 4217, ``"EUR"``.

    ``digits``: after the point, where they are not as many as the currency has: 0 for whole ones, ``€10``.
    """
    locale = speaker_locale()
    if digits is None:
        return numbers.format_currency(value, currency, format, locale=locale)
    pattern = copy(numbers.parse_pattern(format or locale.currency_formats["standard"].pattern))
    pattern.frac_prec = (digits, digits)
    text: str = pattern.apply(value, locale, currency=currency, currency_digits=False)
    return text


def friendly_number(value: Number, *, digits: int = 1) -> str:
    """A number as people say it: ``1.2 million``, ``1,2 Mio.``. ``digits``: after the point, at most."""
    if -1_000 < value < 1_000:
        return format_number(value)
    return numbers.format_compact_decimal(
        value, format_type="long", fraction_digits=digits, locale=speaker_locale()
    )


def format_list(items: Sequence[object], style: Literal["standard", "or"] = "standard") -> str:
    """Several as a text: ``A, B and C``; with ``"or"`` one of them."""
    return lists.format_list([str(one) for one in items], style=style, locale=speaker_locale())
