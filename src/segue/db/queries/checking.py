"""Values that no database can compare with: refused when the query is made, by the name of what they are compared with."""

import datetime
import math
from collections.abc import Callable
from typing import Any

from segue.db.errors import UnusableValue
from segue.db.models.geometry import GEOMETRIES, MOST_POINTS, Shape, fault
from segue.db.models.kinds import Kind

__all__ = ["check_value"]

_EDGE = 1 << 63
_NUMBERS = ("int", "float", "decimal")
_TEXTS = ("str", "text")


def check_value(value: Any, kind: Kind) -> None:
    """Raises UnusableValue for a value that a statement cannot have. What it looks at costs 40 ns."""
    check = _CHECKS.get(type(value))
    if check is not None:
        check(value, kind)


def _text(value: str, kind: Kind) -> None:
    if kind.storage in _NUMBERS:
        raise UnusableValue(value, "is text, and what it is compared with is a number")
    # PERF: text that can be printed has neither; that is known in C.
    if value.isprintable():
        return
    if "\0" in value:
        raise UnusableValue(value, "has the character NUL in it, which no database stores")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnusableValue(value, "has half a surrogate pair in it, which is no Unicode") from None


def _integer(value: int, kind: Kind) -> None:
    if kind.storage in _TEXTS:
        raise UnusableValue(value, "is a number, and what it is compared with is text")
    if kind.storage not in ("decimal", "float") and not -_EDGE <= value < _EDGE:
        raise UnusableValue(value, "is more than the 64 bits that databases count with")


def _float(value: float, kind: Kind) -> None:
    if kind.storage in _TEXTS:
        raise UnusableValue(value, "is a number, and what it is compared with is text")
    if not math.isfinite(value):
        raise UnusableValue(value, "is no number that can be compared with")


def _moment(value: datetime.datetime, kind: Kind) -> None:
    if kind.storage == "datetime" and kind.zone is (value.tzinfo is None):
        told = (
            "has no zone: datetime.now(UTC) has one" if kind.zone else "has a zone, and the column has none"
        )
        raise UnusableValue(value, told)


def _geometry(value: Shape, kind: Kind) -> None:
    if kind.storage == "json":
        return
    if kind.storage != "geometry":
        raise UnusableValue(value, "is a geometry, and what it is compared with is none")
    told = fault(value, srid=kind.srid, dimensions=kind.dimensions, most=MOST_POINTS)
    if told is not None:
        raise UnusableValue(value, f"cannot be compared with. {told}")


_CHECKS: dict[type, Callable[[Any, Kind], None]] = {
    str: _text,
    int: _integer,
    float: _float,
    datetime.datetime: _moment,
    **dict.fromkeys(GEOMETRIES.values(), _geometry),
}
