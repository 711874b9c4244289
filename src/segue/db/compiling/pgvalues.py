"""Ranges and hstores as PostgreSQL and its driver have them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from segue.db.models.ranges import Range

__all__ = ["hstore_dict", "hstore_text", "range_from", "range_to"]

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:(NULL)|"((?:[^"\\]|\\.)*)")(?:, )?', re.DOTALL)


def range_to(dialect: str) -> Callable[[Any], Any]:
    """What makes of a range that of the driver; JSON where there are none."""
    if dialect != "postgresql":
        return lambda value: msgspec.json.encode(value.canonical()).decode()
    import asyncpg

    def convert(value: Range[Any]) -> Any:
        return asyncpg.Range(
            value.lower,
            value.upper,
            lower_inc=value.bounds[0] == "[",
            upper_inc=value.bounds[1] == "]",
            empty=value.empty,
        )

    return convert


def range_from(value: Any) -> Range[Any]:
    """A range of asyncpg."""
    if value.isempty:
        return Range(empty=True)
    bounds: Any = ("[" if value.lower_inc else "(") + ("]" if value.upper_inc else ")")
    return Range(value.lower, value.upper, bounds)


def hstore_text(value: Mapping[str, str | None]) -> str:
    """A dict as the text of an hstore."""
    return ", ".join(
        f"{_quoted(key)}=>{'NULL' if text is None else _quoted(text)}" for key, text in value.items()
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def hstore_dict(text: str) -> dict[str, str | None]:
    """The text of an hstore as a dict."""
    return {_plain(match[1]): None if match[2] else _plain(match[3]) for match in _PAIR.finditer(text)}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
