r"""Converters of path parameters: ``{id:int}``. Each says which text it takes and what value that is.

    app.converter("hex", Converter(r"[0-9a-f]{1,16}", lambda text: int(text, 16), lambda value: f"{value:x}"))

The pattern is for one segment, as all but ``path`` are; numbers are bounded, so that no path costs more than another.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

__all__ = ["BUILT_IN", "Converter", "regex_converter"]


def _same(text: str) -> str:
    return text


class Converter:
    """What a ``{name:converter}`` of a path template takes.

    ``pattern``: a regular expression for the whole text. ``convert``: the value for the text; a ValueError means that
    the route does not match. ``format``: the text for a value, for ``url_for``. ``spans``: takes slashes too.
    ``kind``: the type of the values; where the handler asks for the same, nothing more is checked.
    """

    __slots__ = ("convert", "format", "kind", "pattern", "spans", "takes")

    def __init__(
        self,
        pattern: str,
        convert: Callable[[str], Any] = _same,
        format: Callable[[Any], str] = str,
        *,
        spans: bool = False,
        kind: type | None = None,
    ) -> None:
        self.pattern = pattern
        self.convert = convert
        self.format = format
        self.spans = spans
        self.kind = kind
        takes = re.compile(pattern, re.ASCII if pattern.isascii() else 0).fullmatch
        self.takes = takes

    def __call__(self, text: str) -> Any:
        """The value for ``text``. Raises ValueError when it is none."""
        if self.takes(text) is None:
            raise ValueError(text)
        return self.convert(text)


def _format_float(value: Any) -> str:
    return repr(float(value))


def _format_date(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


_DIGITS = "[0-9]{1,18}"
_HEX = "[0-9a-fA-F]"

#: By name. ``str`` is what ``{name}`` is: one segment, not empty.
BUILT_IN: dict[str, Converter] = {
    "int": Converter(f"-?{_DIGITS}", int, kind=int),
    "float": Converter(rf"-?{_DIGITS}(?:\.{_DIGITS})?", float, _format_float, kind=float),
    "uuid": Converter(f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", UUID, kind=UUID),
    "date": Converter("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, _format_date, kind=date),
    "path": Converter("(?s:.+)", spans=True, kind=str),
}


def regex_converter(pattern: str) -> Converter:
    """For ``{name:re:pattern}``: text of one segment that matches as a whole."""
    return Converter(pattern, kind=str)
