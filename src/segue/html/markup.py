"""Where in a page a piece of text ends: in text, in a tag, in a value, in a script (HTML, section 13.2.5, as far as values go)."""

import re
from typing import Literal, NamedTuple

__all__ = ["TEXT", "Spot", "after"]

Kind = Literal["text", "name", "tag", "quoted", "unquoted", "raw", "comment"]

_OPENING = re.compile(r"<!--|<(?=[A-Za-z])|</(?=[A-Za-z])|<\Z|</\Z")
_TAG_NAME = re.compile(r"[^\s/>]*")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=]+)(\s*=\s*)?")
_UNQUOTED = re.compile(r"[^\s>]*")
_TYPE = re.compile(r"""type\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_SCRIPTS = frozenset({"", "module", "text/javascript", "application/javascript", "importmap"})


class Spot(NamedTuple):
    """A place in a page.

    ``element`` and ``attribute`` are where it is, in small letters; ``quote`` what ends a value; ``begun`` whether the
    value has something before it; ``line`` what stands before it on the line of a script.
    """

    kind: Kind = "text"
    element: str = ""
    attribute: str = ""
    quote: str = ""
    begun: bool = False
    line: str = ""
    closing: bool = False
    runs: bool = True
    """Of a script: whether it is code, and not data."""

    @property
    def danger(self) -> int:
        """How much a value can do there: where two ways lead to one place, the worse is believed."""
        order: tuple[Kind, ...] = ("text", "comment", "tag", "name", "quoted", "unquoted", "raw")
        return order.index(self.kind)


TEXT = Spot()
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")


def after(spot: Spot, text: str) -> Spot:
    """Where one is behind ``text``, if it begins at ``spot``."""
    at = 0
    while at < len(text):
        spot, at = _STEPS[spot.kind](spot, text, at)
    return spot


def _text(_: Spot, text: str, at: int) -> tuple[Spot, int]:
    found = _OPENING.search(text, at)
    if found is None:
        return TEXT, len(text)
    if found[0] == "<!--":
        return Spot("comment"), found.end()
    return Spot("name", closing=found[0] == "</"), found.end()


def _comment(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    end = text.find("-->", at)
    return (spot, len(text)) if end < 0 else (TEXT, end + 3)


def _name(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    found = _TAG_NAME.match(text, at)
    end = at if found is None else found.end()
    element = spot.element + text[at:end].lower()
    if end == len(text):
        return spot._replace(element=element), end
    return Spot("tag", element, closing=spot.closing), end


def _tag(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    stripped = len(text) - len(text[at:].lstrip(" \t\r\n\f/"))
    if stripped >= len(text):
        return spot, len(text)
    if text[stripped] == ">":
        if spot.element in _RAW and not spot.closing:
            return Spot("raw", spot.element, runs=spot.runs), stripped + 1
        return TEXT, stripped + 1
    found = _ATTRIBUTE.match(text, at)
    if found is None:
        return spot, stripped + 1
    attribute, end = found[1].lower(), found.end()
    inside = spot._replace(attribute=attribute)
    if not found[2]:
        return inside, end
    if end < len(text) and text[end] in "\"'":
        if spot.element == "script" and attribute == "type":
            kind = _TYPE.match(text, found.start(1))
            inside = inside._replace(runs=kind is None or kind[1].lower() in _SCRIPTS)
        return inside._replace(kind="quoted", quote=text[end], begun=False), end + 1
    return inside._replace(kind="unquoted"), end


def _quoted(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    end = text.find(spot.quote, at)
    if end < 0:
        begun = spot.begun or bool(text[at:].strip())
        return spot._replace(begun=begun, line=(spot.line + text[at:])[-400:]), len(text)
    return Spot("tag", spot.element, runs=spot.runs), end + 1


def _unquoted(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    found = _UNQUOTED.match(text, at)
    end = at if found is None else found.end()
    if end == len(text):
        return spot._replace(begun=True), end
    return Spot("tag", spot.element, runs=spot.runs), end


def _raw(spot: Spot, text: str, at: int) -> tuple[Spot, int]:
    end = re.compile(rf"</{spot.element}(?=[\s/>]|\Z)", re.IGNORECASE).search(text, at)
    if end is None:
        line = (spot.line + text[at:]).rpartition("\n")[2]
        return spot._replace(line=line[-400:]), len(text)
    return Spot("tag", spot.element, closing=True), end.end()


_STEPS = {
    "text": _text,
    "comment": _comment,
    "name": _name,
    "tag": _tag,
    "quoted": _quoted,
    "unquoted": _unquoted,
    "raw": _raw,
}
