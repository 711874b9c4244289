"""XML, written and read; nothing is taken that is more than elements and text."""

import re
from collections.abc import AsyncIterator
from typing import Any

from segue.formats.base import PlainFormat, element_name, text_of
from segue.formats.xml_reader import read_xml

__all__ = ["XML", "escape", "written"]

_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
)
_name = re.compile(f"[{_START}][{_START}.0-9\u00b7\u0300-\u036f\u203f-\u2040-]*\\Z").match
_foreign = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class XML(PlainFormat):
    """XML: an element for each field, of its name; an ``item`` for each one of a list, or its model's name.

    ``root``: the outermost element, where it is no model. Read with DTDs, entities and more than 64 levels refused;
    attributes and namespaces are left out. Raises ValueError for a name that no element has, and for control
    characters.
    """

    name = "xml"
    media_types: tuple[str, ...] = ("application/xml", "text/xml")
    suffixes = ("xml",)
    texts = True

    def __init__(
        self, *, root: str = "result", media_types: tuple[str, ...] = ("application/xml", "text/xml")
    ) -> None:
        self._root = _checked(root)
        self.media_types = media_types

    def encode(self, value: Any) -> bytes:
        root, item = element_name(value, self._root), "item"
        if isinstance(value, list | tuple) and value:
            item = element_name(value[0], item)
        parts: list[str] = []
        written(root, self.plain(value), parts, item)
        return DECLARATION + "".join(parts).encode() + b"\n"

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        before = DECLARATION + f"<{self._root}>".encode()
        async for item in items:
            parts: list[str] = []
            written(element_name(item, "item"), self.plain(item), parts, "item")
            yield before + "".join(parts).encode()
            before = b""
        yield before + f"</{self._root}>\n".encode()

    def decode(self, data: bytes, type: Any) -> Any:
        return read_xml(data, type)


def written(name: str, value: Any, parts: list[str], item: str = "item") -> None:
    """Adds the element ``name`` with a plain value in it to ``parts``."""
    _checked(name)
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        for key, one in value.items():
            written(str(key), one, parts)
    elif isinstance(value, list | tuple):
        for one in value:
            written(item, one, parts)
    else:
        parts.append(escape(text_of(value)))
    parts.append(f"</{name}>")


def escape(text: str) -> str:
    """Text for an element or an attribute. Raises ValueError for characters that XML cannot carry."""
    bad = _foreign(text)
    if bad:
        raise ValueError(f"XML cannot carry the character {bad[0]!r}")
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("\r", "&#13;")
    )


def _checked(name: str) -> str:
    if not _name(name):
        raise ValueError(f"{name!r:.80} cannot be the name of an XML element")
    return name
