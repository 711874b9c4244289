"""Numbers, sizes and times as people say them, in English; ``segue.i18n`` has those of other languages."""

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from segue.core.plugins.setup import Setup

__all__ = ["Humanised", "day", "file_size", "in_words", "ordinal", "since", "spelled", "thousands"]

Number: TypeAlias = int | float | Decimal

_SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LARGE = ("thousand", "million", "billion", "trillion", "quadrillion", "quintillion")
_SIZES = ("kB", "MB", "GB", "TB", "PB", "EB")
_UNITS = (
    ("year", 31_557_600),
    ("month", 2_629_800),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)


def thousands(value: Number) -> str:
    """``4500000`` is 4,500,000."""
    return f"{value:,}"


def in_words(value: Number, places: int = 1) -> str:
    """``1_200_000`` is 1.2 million; what is below a thousand stays as it is."""
    for power, word in reversed(list(enumerate(_LARGE, 1))):
        if abs(value) >= 1000**power:
            return f"{_short(float(value) / 1000**power, places)} {word}"
    return f"{value:,}"


def ordinal(value: int) -> str:
    """``3`` is 3rd."""
    number = abs(int(value))
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{value}{ending}"


def spelled(value: int) -> str:
    """``5`` is five; from ten on it is written in digits."""
    return _SPELLED[value] if 0 <= value <= 9 and value == int(value) else str(value)


def file_size(value: Number, places: int = 1) -> str:
    """``13_000_000`` is 13 MB: bytes by thousands, as disks count them."""
    size = float(value)
    if abs(size) < 1000:
        return f"{int(size)} byte{'' if abs(int(size)) == 1 else 's'}"
    for name in _SIZES:
        size /= 1000
        if abs(round(size, places)) < 1000 or name == _SIZES[-1]:
            return f"{_short(size, places)} {name}"
    return ""


def since(value: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """A time as seen from now: ``3 hours ago``, ``in 2 days``, ``now``. A time without a zone is UTC."""
    seconds = (_aware(now or datetime.datetime.now(datetime.UTC)) - _aware(value)).total_seconds()
    past, seconds = seconds >= 0, abs(seconds)
    for name, length in _UNITS:
        number = math.floor(seconds / length)
        if number >= 1:
            told = f"{number} {name}{'' if number == 1 else 's'}"
            return f"{told} ago" if past else f"in {told}"
    return "now"


def day(value: datetime.date, today: datetime.date | None = None) -> str:
    """A day as seen from today: ``yesterday``, ``today``, ``tomorrow``, else the date."""
    date = value.date() if isinstance(value, datetime.datetime) else value
    away = (date - (today or datetime.datetime.now(datetime.UTC).date())).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(away) or f"{date.day} {date:%B %Y}"


def _short(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _aware(time: datetime.datetime) -> datetime.datetime:
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


_FILTERS: tuple[Callable[..., Any], ...] = (thousands, in_words, ordinal, spelled, file_size, since, day)


class Humanised:
    """Plugin: filters for templates: ``{{ film.size|file_size }}``, ``{{ film.added|since }}``, ``{{ place|ordinal }}``.

    ``thousands``, ``in_words``, ``ordinal``, ``spelled``, ``file_size``, ``since``, ``day``: each is a function of this module too.
    """

    name = "humanised"

    def setup(self, to: Setup) -> None:
        """Declares the filters."""
        for one in _FILTERS:
            to.template_filter(one)
