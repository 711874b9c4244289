r"""Converters of path parameters: ``{id:int}``. Each says which text it takes and what value that is.

    app.converter("hex", Converter(r"[0-9a-f]{1,16}", lambda text: int(text, 16), lambda value: f"{value:x}"))

The pattern is for one segment, as all but ``path`` are; numbers are bounded, so that no path costs more than another.
Some take options: ``{page:int(min=1, max=500)}``, ``{day:dt("%d.%m.%Y")}``.
"""

import functools
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

__all__ = ["BUILT_IN", "Converter", "choice_converter", "regex_converter"]


def _same(text: str) -> str:
    return text


class Converter:
    """What a ``{name:converter}`` of a path template takes.

    ``pattern``: a regular expression for the whole text. ``convert``: the value for the text; a ValueError means that
    the route does not match. ``format``: the text for a value, for ``url_for``. ``spans``: takes slashes too.
    ``kind``: the type of the values; where the handler asks for the same, nothing more is checked. ``options``: makes
    a converter of what ``{name:converter(...)}`` gives, literals by place or by name.
    """

    __slots__ = ("convert", "format", "kind", "options", "pattern", "spans", "takes")

    def __init__(
        self,
        pattern: str,
        convert: Callable[[str], Any] = _same,
        format: Callable[[Any], str] = str,
        *,
        spans: bool = False,
        kind: type | None = None,
        options: "Callable[..., Converter] | None" = None,
    ) -> None:
        self.pattern = pattern
        self.convert = convert
        self.format = format
        self.spans = spans
        self.kind = kind
        self.options = options
        takes = re.compile(pattern, re.ASCII if pattern.isascii() else 0).fullmatch
        self.takes = takes

    def __call__(self, text: str) -> Any:
        """The value for ``text``. Raises ValueError when it is none."""
        if self.takes(text) is None:
            raise ValueError(text)
        return self.convert(text)

    def accepts(self, text: str) -> bool:
        """Whether ``text`` is taken."""
        try:
            self(text)
        except ValueError:
            return False
        return True


def _format_float(value: Any) -> str:
    return repr(float(value))


def _format_date(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _within(convert: Callable[[str], Any], least: float | None, most: float | None) -> Callable[[str], Any]:
    def bounded(text: str) -> Any:
        value = convert(text)
        if (least is not None and value < least) or (most is not None and value > most):
            raise ValueError(text)
        return value

    return bounded


def _int(digits: int | None = None, min: int | None = None, max: int | None = None) -> Converter:
    """``{year:int(4)}``, ``{page:int(min=1, max=500)}``."""
    if digits is not None and not 1 <= digits <= 18:
        raise ValueError("an int has from 1 to 18 digits")
    pattern = f"-?{_DIGITS}" if digits is None else f"-?[0-9]{{{digits}}}"
    # What the digits leave out would be no text of this converter.
    write = str if digits is None else lambda value: f"{value:0{digits + (value < 0)}d}"
    return Converter(pattern, _within(int, min, max), write, kind=int)


def _float(min: float | None = None, max: float | None = None) -> Converter:
    """``{share:float(min=0, max=1)}``."""
    return Converter(_FLOAT, _within(float, min, max), _format_float, kind=float)


def _datetime(format: str = "%Y-%m-%dT%H:%M:%S%z") -> Converter:
    """``{day:dt("%Y-%m-%d")}``: what ``datetime.strptime`` reads."""

    def read(text: str) -> datetime:
        # Without %z it is of no zone, as the path says of none.
        return datetime.strptime(text, format)  # noqa: DTZ007 -- the format says whether there is a zone

    return Converter("[^/]{1,80}", read, lambda value: value.strftime(format), kind=datetime)


_DIGITS = "[0-9]{1,18}"
_FLOAT = rf"-?{_DIGITS}(?:\.{_DIGITS})?"
_HEX = "[0-9a-fA-F]"

#: By name. ``str`` is what ``{name}`` is: one segment, not empty.
BUILT_IN: dict[str, Converter] = {
    "int": Converter(f"-?{_DIGITS}", int, kind=int, options=_int),
    "float": Converter(_FLOAT, float, _format_float, kind=float, options=_float),
    "uuid": Converter(f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}", UUID, kind=UUID),
    "date": Converter("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, _format_date, kind=date),
    "ymd": Converter("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, _format_date, kind=date),
    "dt": Converter("[^/]{1,80}", _datetime().convert, _datetime().format, kind=datetime, options=_datetime),
    "alpha": Converter("[A-Za-z]+", kind=str),
    "slug": Converter("[a-z0-9]+(?:-[a-z0-9]+)*", kind=str),
    "strorempty": Converter("(?s:.*)", kind=str),
    "path": Converter("(?s:.+)", spans=True, kind=str),
}


@functools.lru_cache
def choice_converter(kind: str) -> Converter:
    """For ``{ending:jpg|png}``: one of these texts."""
    return Converter("|".join(re.escape(one) for one in kind.split("|")), kind=str)


def regex_converter(pattern: str) -> Converter:
    """For ``{name:re:pattern}``: text of one segment that matches as a whole."""
    return Converter(pattern, kind=str)
