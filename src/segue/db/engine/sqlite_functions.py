"""Functions that SQLite lacks, made in Python for each connection: what other databases compute, computed alike."""

import datetime
import json
import math
import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, cast

from segue.db.engine.sqlite_geometry import geometry

__all__ = ["add_functions"]

_MICROSECOND: Final = datetime.timedelta(microseconds=1)
_LONGEST_PATTERN = 1_000


def add_functions(raw: sqlite3.Connection) -> None:
    """Adds them to a connection. Each is called by queries that use it, and costs nothing else."""
    for name, function, arguments in (
        ("regexp", _regexp, 2),
        ("segue_iregexp", _iregexp, 2),
        ("segue_ilike", _ilike, 2),
        ("segue_lower", _lower, 1),
        ("segue_upper", _upper, 1),
        ("segue_title", _title, 1),
        ("segue_reverse", _reverse, 1),
        ("segue_repeat", _repeat, 2),
        ("segue_pad", _pad, 4),
        ("segue_replace_pattern", _replace_pattern, 3),
        ("segue_add", _add, 3),
        ("segue_difference", _difference, 2),
        ("segue_in_zone", _in_zone, 2),
        ("segue_json_contains", _json_contains, 2),
        ("segue_json_overlaps", _json_overlaps, 2),
        ("segue_similarity", _similarity, 2),
        ("segue_geometry", geometry, -1),
    ):
        raw.create_function(name, arguments, _of_known(function), deterministic=True)
    aggregates: tuple[tuple[str, Any, int], ...] = (
        ("segue_string_agg", _StringAggregate, -1),
        ("segue_json_agg", _JSONAggregate, -1),
        ("segue_variance", _Variance, 2),
        ("segue_deviation", _Deviation, 2),
    )
    for name, aggregate, arguments in aggregates:
        raw.create_aggregate(name, arguments, cast("Any", aggregate))


def _of_known(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, None of None, as all functions of SQL are."""

    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call


# -- text


@lru_cache(maxsize=256)
def _pattern(pattern: str, flags: int) -> re.Pattern[str]:
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a regular expression of more than {_LONGEST_PATTERN:,} characters")
    return re.compile(pattern, flags)


def _regexp(pattern: str, text: Any) -> bool:
    return _pattern(pattern, 0).search(str(text)) is not None


def _iregexp(pattern: str, text: Any) -> bool:
    return _pattern(pattern, re.IGNORECASE).search(str(text)) is not None


def _replace_pattern(text: str, pattern: str, by: str) -> str:
    return _pattern(pattern, 0).sub(by, text)


@lru_cache(maxsize=256)
def _like(pattern: str) -> re.Pattern[str]:
    """A pattern of LIKE, with a backslash as its escape, in the case that all letters are folded to."""
    made: list[str] = []
    letters = iter(pattern.casefold())
    for letter in letters:
        if letter == "\\":
            made.append(re.escape(next(letters, "")))
        else:
            made.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
    return re.compile("".join(made), re.DOTALL)


def _ilike(pattern: str, text: Any) -> bool:
    return _like(pattern).fullmatch(str(text).casefold()) is not None


def _lower(text: Any) -> str:
    return str(text).lower()


def _upper(text: Any) -> str:
    return str(text).upper()


def _title(text: Any) -> str:
    return re.sub(r"[^\W_]+", lambda found: found[0][0].upper() + found[0][1:].lower(), str(text))


def _reverse(text: Any) -> str:
    return str(text)[::-1]


def _repeat(text: Any, count: int) -> str:
    told = str(text)
    if len(told) * count > 10_000_000:
        raise ValueError("a text of more than ten million characters")
    return told * count


def _pad(value: Any, length: int, by: str, left: int) -> str:
    text = str(value)
    if len(text) >= length or not by:
        return text[: max(length, 0)]
    filling = (by * length)[: length - len(text)]
    return filling + text if left else text + filling


def _trigrams(text: str) -> set[str]:
    return {
        f"  {word} "[at : at + 3]
        for word in re.findall(r"[^\W_]+", text.lower())
        for at in range(len(word) + 1)
    }


def _similarity(one: Any, other: Any) -> float:
    """How many of their groups of three letters two texts share, from 0 to 1, counted as PostgreSQL counts them."""
    here, there = _trigrams(str(one)), _trigrams(str(other))
    both = here | there
    return len(here & there) / len(both) if both else 0.0


# -- times


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _add(text: str, microseconds: int, kind: str) -> str:
    step = microseconds * _MICROSECOND
    if kind == "date":
        return (_moment(text) + step).date().isoformat()
    if kind == "time":
        day = datetime.datetime.combine(datetime.date(2000, 1, 1), datetime.time.fromisoformat(text))
        return (day + step).time().isoformat()
    return (_moment(text) + step).isoformat(" ", "microseconds")


def _difference(one: str, other: str) -> int:
    return (_moment(one) - _moment(other)) // _MICROSECOND


def _in_zone(text: str, zone: str) -> str:
    from zoneinfo import ZoneInfo

    moment = _moment(text).replace(tzinfo=datetime.UTC)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ", "microseconds")


# -- JSON


def _json_contains(document: str, part: str) -> bool:
    return _contains(json.loads(document), json.loads(part))


def _contains(whole: Any, part: Any) -> bool:
    """As ``@>`` of PostgreSQL: all of ``part`` is there, whatever else is."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    if isinstance(whole, list):
        wanted = part if isinstance(part, list) else [part]
        return all(any(_contains(one, each) for one in whole) for each in wanted)
    return (type(whole) is type(part) and bool(whole == part)) or _same_number(whole, part)


def _same_number(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return numbers and not isinstance(one, bool) and not isinstance(other, bool) and one == other


def _json_overlaps(one: str, other: str) -> bool:
    here, there = json.loads(one), json.loads(other)
    return any(_contains([each], [same]) for each in here for same in there)


# -- aggregates


class _Ordered:
    """Collects values with what they are ordered by.

    Its arguments: a text with a letter for each order (``a`` ascending, ``d`` descending; then ``f`` or ``l``, where None
    stands), whether each value counts once, the value, what it is ordered by.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[Any, tuple[Any, ...]]] = []
        self.directions = ""
        self.distinct = False

    def step(self, directions: str, distinct: int, value: Any, *orders: Any) -> None:
        self.directions, self.distinct = directions, bool(distinct)
        self.rows.append((value, orders))

    def values(self) -> list[Any]:
        for at in range(len(self.directions) // 2 - 1, -1, -1):
            down, last = self.directions[2 * at] == "d", self.directions[2 * at + 1] == "l"

            def place(
                row: tuple[Any, tuple[Any, ...]], at: int = at, last: bool = last, down: bool = down
            ) -> Any:
                value = row[1][at]
                return ((value is None) is (last is not down), () if value is None else (value,))

            self.rows.sort(key=place, reverse=down)
        found = [value for value, _ in self.rows]
        return list(dict.fromkeys(found)) if self.distinct else found


class _StringAggregate(_Ordered):
    """Its first argument is what stands between the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.between = ""

    def step(self, between: str, directions: str, distinct: int, value: Any, *orders: Any) -> None:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] # SQLite calls it by position
        self.between = between
        if value is not None:
            super().step(directions, distinct, value, *orders)

    def finalize(self) -> str | None:
        return self.between.join(map(str, self.values())) if self.rows else None


class _JSONAggregate(_Ordered):
    def finalize(self) -> str | None:
        return json.dumps(self.values()) if self.rows else None


class _Variance:
    """The variance by Welford's way. Its second argument is 1 if the rows are a sample, 0 if they are all that there are."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares, self.sample = 0, 0.0, 0.0, 0

    def step(self, value: Any, sample: int) -> None:
        if value is None:
            return
        self.sample = sample
        self.count += 1
        away = value - self.mean
        self.mean += away / self.count
        self.squares += away * (value - self.mean)

    def finalize(self) -> float | None:
        rest = self.count - self.sample
        return self.squares / rest if self.count and rest > 0 else None


class _Deviation(_Variance):
    def finalize(self) -> float | None:
        found = super().finalize()
        return None if found is None else math.sqrt(found)
