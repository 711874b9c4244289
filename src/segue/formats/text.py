"""Plain text, for people at a terminal."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from segue.formats.base import PlainFormat, text_of

__all__ = ["Text"]


class Text(PlainFormat):
    """Plain text: a text is itself, a list has a line for each item, fields are ``name: value``."""

    name = "text"
    media_types = ("text/plain",)
    suffixes = ("txt",)

    def encode(self, value: Any) -> bytes:
        if isinstance(value, str) and not hasattr(value, "__html__"):
            return value.encode()
        return "".join(f"{line}\n" for line in _lines(self.plain(value), "")).encode()

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for item in items:
            yield self.encode(item)


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, dict | list):
                yield f"{indent}{name}:"
                yield from _lines(one, indent + "  ")
            else:
                yield f"{indent}{name}: {text_of(one)}"
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, dict):
                first, *rest = list(_lines(one, indent + "  ")) or [""]
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                yield from _lines(one, indent)
    else:
        yield f"{indent}{text_of(value)}"
