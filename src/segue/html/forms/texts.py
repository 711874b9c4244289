"""Between the texts of a form and the values of a model, in both directions."""

import enum
from collections.abc import Callable
from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

import msgspec

from segue.core.binding.scalars import from_text
from segue.core.texts.speaking import current_zone
from segue.html.forms.fieldtype import FieldType

__all__ = ["reader_of", "shown_text"]


def reader_of(told: FieldType, zone: tzinfo | None) -> Callable[[str], Any] | None:
    """What makes a value of a text that is not empty; None where the text is the value.

    ``zone``: where times are at home that browsers send without one, for fields that want to know; None is that of who
    reads.
    """
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
    plain = msgspec.to_builtins(value)  # a duration
    return plain if isinstance(plain, str) else str(value)


def _to_the_minute(text: str) -> str:
    return text.removesuffix(":00") if text.count(":") == 2 else text
