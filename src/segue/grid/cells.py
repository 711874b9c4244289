"""Values as cells of a table: HTML for people, by what kind of value it is."""

import enum
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from markupsafe import escape

from segue.core.texts.speaking import current_zone
from segue.db.models.kinds import Kind
from segue.grid.texts import NO, YES
from segue.html.attribute import UnsafeURL, quoted, safe_url
from segue.html.forms.choices import label_of

__all__ = ["Cell", "cell_of_kind", "plain_text", "shown_cell", "text_cell"]

Cell: TypeAlias = Callable[[Any], str]
"""Makes HTML of a value."""

#: So many characters of a text are in a table; the whole of it is on the page of its object.
_LONGEST = 160


def text_cell(value: Any) -> str:
    """Any value."""
    if type(value) is str:
        return _short(value)
    if value is None:
        return ""
    if hasattr(value, "__html__"):
        return str(value.__html__())
    if isinstance(value, datetime):
        return datetime_cell(value)
    if isinstance(value, date):
        return date_cell(value)
    return _short(plain_text(value))


def datetime_cell(value: Any) -> str:
    """A time, to the minute, where who reads is at home."""
    if value is None:
        return ""
    return f'<time datetime="{value.isoformat()}">{plain_text(value)}</time>'


def date_cell(value: Any) -> str:
    """A day."""
    return "" if value is None else f'<time datetime="{value.isoformat()}">{value.isoformat()}</time>'


def choice_cell(value: Any) -> str:
    """One of several that a field may have, as forms call it."""
    return str(escape(label_of(value))) if type(value) is str else text_cell(value)


def number_cell(value: Any) -> str:
    """A number: nothing in it can be HTML."""
    return "" if value is None else plain_text(value)


def link_cell(value: Any) -> str:
    """A web address, as a link; one that would run code stays text."""
    if value is None:
        return ""
    text = str(value)
    try:
        href = safe_url(text)
    except UnsafeURL:
        return _short(text)
    if "://" not in text:
        return _short(text)
    return f'<a href="{quoted(href)}" rel="noreferrer">{_short(text)}</a>'


def mail_cell(value: Any) -> str:
    """An address of mail, as a link."""
    return "" if value is None else f'<a href="mailto:{quoted(str(value))}">{escape(value)}</a>'


def shown_cell(show: Callable[[Any], Any]) -> Cell:
    """What a function of the app makes of a value: text, which is escaped, or what is HTML already."""
    return lambda value: text_cell(show(value))


def cell_of_kind(kind: Kind) -> Cell:
    """The cell for values of a kind."""
    return _BY_STORAGE.get(kind.storage, text_cell)


def plain_text(value: Any) -> str:
    """A value as text, for tables and for files."""
    if type(value) is str:
        text: str = value
        return text
    if value is None:
        return ""
    if value is True:
        return str(YES)
    if value is False:
        return str(NO)
    if isinstance(value, enum.Enum):
        return str(getattr(value, "label", None) or label_of(value.name or str(value.value)))
    if isinstance(value, datetime):
        local = value if value.tzinfo is None else value.astimezone(current_zone())
        return f"{local:%Y-%m-%d %H:%M}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return f"{len(value):,} B"
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str | dict):
        return ", ".join([plain_text(one) for one in value])
    return str(value)


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        return f'<span title="{escape(text[:1000])}">{escape(text[:_LONGEST])}…</span>'
    return str(escape(text))


_BY_STORAGE: dict[str, Cell] = {
    "int": number_cell,
    "float": number_cell,
    "decimal": number_cell,
    "datetime": datetime_cell,
    "date": date_cell,
    "enum": choice_cell,
}
