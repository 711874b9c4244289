"""What formats share: values made plain, scalars as text."""

import base64
import copy
import datetime
import decimal
import math
from typing import Any, Self

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.ports import Codec

__all__ = ["PlainFormat", "element_name", "rows_of", "text_of"]


class PlainFormat:
    """A format that writes any value, once the app's JSON codec has made it plain."""

    _codec: Codec = DEFAULT_JSON

    def with_codec(self, codec: Codec) -> Self:
        """The same format, which asks ``codec`` about types that it does not know."""
        made = copy.copy(self)
        made._codec = codec
        return made

    def plain(self, value: Any) -> Any:
        """The value in dicts, lists, text, numbers, dates, decimals, UUIDs and bytes."""
        return self._codec.plain(value)


def text_of(value: Any) -> str:
    """A plain scalar as text, nothing for None. Never longer than the value itself: decimals keep their exponent."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def rows_of(value: Any) -> list[Any]:
    """The rows of a plain value: a list is them, of a dict the only list that it has, else it is one row itself."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
        if len(lists) == 1 and all(isinstance(one, dict) for one in lists[0]):
            return lists[0]
    return [value]


def element_name(value: Any, otherwise: str) -> str:
    """The name of a model as that of an element: ``film`` for a ``Film``."""
    kind = type(value)
    is_model = hasattr(kind, "__struct_fields__") or hasattr(kind, "__dataclass_fields__")
    name = kind.__name__
    return name[:1].lower() + name[1:] if is_model and name.isidentifier() else otherwise
