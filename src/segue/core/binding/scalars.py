"""Text to values: what query strings, headers, cookies, forms and paths carry."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import msgspec

from segue.core.binding.decimals import check_decimal
from segue.core.binding.kinds import bare, is_union
from segue.core.binding.validated import validated

__all__ = ["FromText", "from_text"]

# msgspec takes 1e3, 1.0 and blanks for integers too.
_integer = re.compile(r"[+-]?[0-9]{1,4000}\Z").match

FromText = Callable[[str], Any]

_WRITTEN = (datetime, date, time, timedelta, UUID, type(None))
_BOOLEANS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
_MOST = 4_000  # characters of a number, a date or the like; text may be as long as the request


def from_text(kind: Any, *, validating: bool = True) -> FromText | None:
    """A function that makes a ``kind`` of a text and raises msgspec.ValidationError; None where the text is it.

    Booleans are written true, 1, on, false, 0 and off. Where None is possible, an empty text is None unless text is
    possible too: that is what a browser sends for a field that was left empty. ``validating``: what the annotation asks for
    besides is asked too.
    """
    read = _from_text(kind)
    return read if read is None or not validating else validated(kind, read)


def _from_text(kind: Any) -> FromText | None:
    whole = bare(kind)
    plain = [bare(member) for member in (get_args(whole) if is_union(whole) else (whole,))]
    if kind is str or kind is Any:
        return None
    if str in plain:
        return lambda text: msgspec.convert(text, kind)
    empty_is_none = type(None) in plain
    convert = msgspec.convert
    # A number is no date: msgspec would take it for seconds since 1970.
    strict = all(one in _WRITTEN for one in plain)

    def read(text: str) -> Any:
        if empty_is_none and not text:
            return None
        if len(text) > _MOST:
            raise msgspec.ValidationError("Value is too long")
        value = convert(text, kind, strict=strict)
        if value is None:
            raise msgspec.ValidationError("Expected a value, or nothing")
        if type(value) is float and not math.isfinite(value):
            raise msgspec.ValidationError("Expected a finite number")
        if type(value) is int and not _integer(text):
            raise msgspec.ValidationError("Expected `int`")
        if type(value) is Decimal:
            check_decimal(value)
        return value

    if bool not in plain:
        return read if float in plain or int in plain or empty_is_none else _plain(kind, strict=strict)

    def read_boolean(text: str) -> Any:
        value = _BOOLEANS.get(text.lower())
        return read(text) if value is None else convert(value, kind)

    return read_boolean


def _plain(kind: Any, *, strict: bool) -> FromText:
    convert = msgspec.convert

    def read(text: str) -> Any:
        if len(text) > _MOST:
            raise msgspec.ValidationError("Value is too long")
        value = convert(text, kind, strict=strict)
        if type(value) is Decimal:
            check_decimal(value)
        return value

    return read
