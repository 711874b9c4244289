"""Elements of a template by CSS selectors, with their places in its text (Selectors Level 4, as far as patches need it)."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from segue.html.elements import VOID

__all__ = ["BadSelector", "Found", "elements_of", "select"]

_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\$\{.*?\}", re.DOTALL)
_COMPOUND = re.compile(
    r"""(?P<tag>\*|[a-zA-Z][\w-]*)?(?P<rest>(?:\#[\w-]+|\.[\w-]+|\[[\w:-]+(?:=(?:"[^"]*"|'[^']*'|[\w-]+))?\])*)\Z"""
)
_PART = re.compile(
    r"""\#(?P<id>[\w-]+)|\.(?P<cls>[\w-]+)|\[(?P<name>[\w:-]+)(?:=(?P<value>"[^"]*"|'[^']*'|[\w-]+))?\]"""
)
_TOKEN = re.compile(r"""\s*(>)\s*|\s+|((?:\[[^\]]*\]|[^\s>\[])+)""")


#: What ends where one of these begins, without a tag of its own (HTML, section 13.1.2.4).
_ENDS = {
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
    "option": ("option",),
    "p": ("p",),
}


class BadSelector(ValueError):
    """A selector that is none, or of a kind that is not known here."""


class Found:
    """An element: the text from ``start`` to ``end``; its content begins at ``opened`` and ends at ``closing``."""

    __slots__ = ("attributes", "closing", "end", "name", "opened", "parent", "start")

    def __init__(
        self, name: str, attributes: dict[str, str], parent: "Found | None", start: int, opened: int
    ) -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.start = start
        self.opened = self.closing = self.end = opened

    def above(self) -> Iterator["Found"]:
        """The elements that it is in, the nearest first."""
        one = self.parent
        while one is not None:
            yield one
            one = one.parent


def elements_of(text: str) -> list[Found]:
    """The elements of a template, in order. What is code in it is no HTML."""
    reader = _Reader(_CODE.sub(lambda code: re.sub(r"[^\n]", "_", code[0]), text))
    reader.feed(reader.text)
    reader.close()
    reader.end_at(len(text), 0)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text = text
        self.found: list[Found] = []
        self._open: list[Found] = []
        self._lines = [0, *[line.end() for line in re.finditer("\n", text)]]

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._at()
        while self._open and self._open[-1].name in _ENDS.get(tag, ()):
            self.end_at(start, len(self._open) - 1)
        opened = start + len(self.get_starttag_text() or "")
        given = {name: value or "" for name, value in attrs}
        one = Found(tag, given, self._open[-1] if self._open else None, start, opened)
        self.found.append(one)
        if tag not in VOID:
            self._open.append(one)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._open and self._open[-1] is self.found[-1]:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        at = self._at()
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].name == tag:
                self.end_at(at, depth + 1)
                one = self._open.pop()
                one.closing, one.end = at, self.text.index(">", at) + 1
                return

    def end_at(self, at: int, depth: int) -> None:
        """Ends the elements that were never closed: where the one around them does."""
        while len(self._open) > depth:
            one = self._open.pop()
            one.closing = one.end = at


class _Compound(NamedTuple):
    tag: str | None
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    attributes: tuple[tuple[str, str | None], ...]
    child: bool = False
    """Whether it is directly in the one before it."""

    def matches(self, one: Found) -> bool:
        classes = one.attributes.get("class", "").split()
        return (
            self.tag in (None, "*", one.name)
            and all(one.attributes.get("id") == name for name in self.ids)
            and all(name in classes for name in self.classes)
            and all(
                name in one.attributes and value in (None, one.attributes[name])
                for name, value in self.attributes
            )
        )


def select(text: str, selector: str) -> list[Found]:
    """The elements that a selector means: ``#main``, ``ul.films > li``, ``[data-x="1"]``, ``h1, h2``. Raises BadSelector."""
    ways = [_parsed(one.strip(), selector) for one in selector.split(",")]
    return [one for one in elements_of(text) if any(_matches(way, one) for way in ways)]


def _matches(way: list[_Compound], one: Found) -> bool:
    *before, last = way
    if not last.matches(one):
        return False
    if not before:
        return True
    if last.child:
        return one.parent is not None and _matches(before, one.parent)
    return any(_matches(before, outer) for outer in one.above())


def _parsed(text: str, selector: str) -> list[_Compound]:
    way: list[_Compound] = []
    child = False
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadSelector(_told(selector))
        at = token.end()
        if token[1]:
            child = True
        elif token[2]:
            way.append(_compound(token[2], selector)._replace(child=child))
            child = False
    if not way or child or way[0].child:
        raise BadSelector(_told(selector))
    return way


def _compound(text: str, selector: str) -> _Compound:
    found = _COMPOUND.match(text)
    if found is None:
        raise BadSelector(_told(selector))
    parts = list(_PART.finditer(found["rest"]))
    tag = found["tag"]
    return _Compound(
        None if tag is None else tag.lower(),
        tuple(one["id"] for one in parts if one["id"]),
        tuple(one["cls"] for one in parts if one["cls"]),
        tuple((one["name"], one["value"] and one["value"].strip("\"'")) for one in parts if one["name"]),
    )


def _told(selector: str) -> str:
    return (
        f"{selector!r} is no selector that is known here: there are names, #id, .class, [attribute], [attribute=value], "
        f"descendants (a b), children (a > b) and lists (a, b)"
    )
