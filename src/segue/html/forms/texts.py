"""Between the texts of a form and the values of a model, in both directions."""

import enum
from collections.abc import Callable
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any, get_args

import msgspec

from segue.core.binding.kinds import is_union
from segue.core.binding.scalars import from_text
from segue.core.texts.speaking import current_zone
from segue.html.forms.fieldtype import FieldType

__all__ = ["has_text_form", "reader_of", "shown_text"]


def has_text_form(kind: Any) -> bool:
    """Whether its class reads it from a text, with ``__from_text__``, and ``str()`` writes it: a geometry, for one."""
    members = get_args(kind) if is_union(kind) else (kind,)
    return all(hasattr(one, "__from_text__") for one in members)


def reader_of(told: FieldType, zone: tzinfo | None) -> Callable[[str], Any] | None:
    """What makes a value of a text that is not empty; None where the text is the value.

    ``zone``: where times are at home that browsers send without one, for fields that want to know; None is that of who
    reads.
    """
    if has_text_form(told.kind):
        return _text_form_reader(told.kind)
    convert = from_text(told.whole, validating=False)  # the field asks once for all of it
    if convert is None or told.whole is str:
        return None
    if told.kind is time:
        return lambda text: convert(text + ":00" if len(text) == 5 else text)
    if told.kind is not datetime:
        return convert
    wants_zone = told.limits.tz

    def read(text: str) -> Any:
        # A browser leaves out seconds that are zero, and never tells a zone.
        text = text.replace(" ", "T", 1)
        if len(text) == 16:
            text += ":00"
        if not wants_zone:
            return convert(text)
        plain = msgspec.convert(text, datetime)
        return msgspec.convert(
            plain.replace(tzinfo=zone or current_zone()) if plain.tzinfo is None else plain, told.whole
        )

    return read


def _text_form_reader(kind: Any) -> Callable[[str], Any]:
    members = get_args(kind) if is_union(kind) else (kind,)

    def read(text: str) -> Any:
        found = members[0].__from_text__(text)
        if not isinstance(found, members):
            names = ", ".join(one.__name__ for one in members)
            raise ValueError(f"Expected {names}, got {type(found).__name__}")  # noqa: TRY004 -- a bad value
        return found

    return read


def shown_text(value: Any, zone: tzinfo | None) -> str:
    """The text for a value, as the controls of a browser have it."""
    kind = type(value)
    if kind is str:
        text: str = value
        return text
    if value is None or value is msgspec.UNSET:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, datetime):
        local = (
            value if value.tzinfo is None else value.astimezone(zone or current_zone()).replace(tzinfo=None)
        )
        return _to_the_minute(local.isoformat())
    if isinstance(value, time):
        return _to_the_minute(value.isoformat())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str | int | float):
        return str(value)
    if hasattr(kind, "__from_text__"):
        return str(value)
    plain = msgspec.to_builtins(value)  # a duration
    return plain if isinstance(plain, str) else str(value)


def _to_the_minute(text: str) -> str:
    return text.removesuffix(":00") if text.count(":") == 2 else text
