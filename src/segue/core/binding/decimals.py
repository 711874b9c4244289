"""Numbers that come from outside: no decimal that would fill the memory when it is written out, no NaN, no infinity."""

import functools
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, get_args

import msgspec

from segue.core.binding.kinds import bare
from segue.core.binding.validation import object_fields

__all__ = ["MOST_EXPONENT", "bounded", "check_decimal"]

MOST_EXPONENT = 6144
"""Of decimal128 (IEEE 754). ``f"{Decimal('1e1000000'):f}"`` has a million digits."""


def check_decimal(value: Decimal) -> None:
    """Raises msgspec.ValidationError for one whose exponent is out of range."""
    if value.is_finite() and not -MOST_EXPONENT <= value.adjusted() <= MOST_EXPONENT:
        raise msgspec.ValidationError("Number out of range")


def bounded(kind: Any, make: Callable[[Any], Any], *, floats: bool = False) -> Callable[[Any], Any]:
    """``make``, which gives a value of ``kind``, with its decimals checked, if there can be any in it.

    ``floats``: those too; where they come from JSON they are finite anyway.
    """
    try:
        concerned = _has_numbers(kind, (Decimal, float) if floats else (Decimal,))
    except TypeError:  # a type that has no hash
        concerned = True
    if not concerned:
        return make

    def made(source: Any) -> Any:
        value = make(source)
        _check(value)
        return value

    return made


@functools.lru_cache(maxsize=1024)
def _has_numbers(kind: Any, numbers: tuple[type, ...]) -> bool:
    seen: list[Any] = []
    waiting = [kind]
    while waiting:
        one = bare(waiting.pop())
        if one in numbers:
            return True
        if one not in seen:
            seen.append(one)
            waiting += get_args(one)
            waiting += [field.type for field in object_fields(one) or ()]
    return False


def _check(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Decimal):
            check_decimal(one)
        elif isinstance(one, float):
            if not math.isfinite(one):
                raise msgspec.ValidationError("Expected a finite number")
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple | set | frozenset):
            waiting.extend(one)
        elif fields := object_fields(type(one)):
            waiting.extend([getattr(one, field.name, None) for field in fields])
