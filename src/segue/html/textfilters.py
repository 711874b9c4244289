"""Filters that make HTML of text and text of HTML: each looks at a text once, however it was written.

    {{ comment|linebreaks }}   {{ story|urlize }}   {{ page.html|truncate_html(200) }}   {{ page.html|striptags }}

Those of Jinja of the same name take time with the square of what somebody may have written.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from markupsafe import Markup, escape

__all__ = ["TEXT_FILTERS", "linebreaks", "striptags", "truncate_html", "urlize", "wordwrap"]

_SPACES = re.compile(r"(\s+)")
_PARAGRAPHS = re.compile(r"\n{2,}")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9:-]{0,63})")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_OPENS, _CLOSES = "([{<'\"«“\u2018", ".,:;!?)]}>'\"»”\u2019"
_PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
#: Elements that have no end.
_EMPTY = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_LONGEST_WORD = 2_100


def striptags(value: Any) -> str:
    """The text of HTML: without tags and comments, with characters in place of entities, blanks once.

    What it gives is text, and is escaped as such: it makes nothing safe that was not.
    """
    text = value.__html__() if hasattr(value, "__html__") else str(value)
    return " ".join(unescape("".join([piece for is_tag, piece in _pieces(str(text)) if not is_tag])).split())


def linebreaks(value: object) -> Markup:
    """Text as paragraphs: an empty line begins one, every other line end is a ``<br>``."""
    text = str(escape(value)).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    paragraphs = [one.replace("\n", "<br>") for one in _PARAGRAPHS.split(text) if one]
    return Markup("\n\n".join([f"<p>{one}</p>" for one in paragraphs]))  # noqa: S704 -- it was escaped


def urlize(
    value: object, limit: int | None = None, *, rel: str = "nofollow noopener", target: str | None = None
) -> Markup:
    """Text whose web and mail addresses are links. ``limit``: characters of an address that are shown.

    Only what begins with ``http://``, ``https://`` or ``www.``, and mail addresses: no other scheme becomes a link. Marks at the
    end of a sentence are no part of one, brackets only in pairs.
    """
    more = "".join([f' {name}="{escape(said)}"' for name, said in (("rel", rel), ("target", target)) if said])
    made = [_linked(word, limit, more) for word in _SPACES.split(str(value))]
    return Markup("".join(made))  # noqa: S704 -- each piece was escaped


def wordwrap(value: object, width: int = 79, *, end: str = "\n") -> str:
    """Text in lines of at most ``width`` characters, broken between words; a word that is longer is broken itself."""
    if width < 1:
        raise ValueError(f"wordwrap needs a width of at least 1, not {width}")
    lines: list[str] = []
    for line in str(value).splitlines():
        row: list[str] = []
        used = 0
        for word in line.split():
            if used + len(word) + bool(row) <= width:
                used += len(word) + bool(row)
                row.append(word)
                continue
            if row:
                lines.append(" ".join(row))
            *full, word = [word[at : at + width] for at in range(0, len(word), width)]
            lines += full
            row, used = [word], len(word)
        lines.append(" ".join(row))
    return end.join(lines)


def truncate_html(value: object, length: int = 200, end: str = "…") -> Markup:
    """HTML cut after so many characters of its text, between words where it can be, with its elements closed.

    Tags and comments do not count, an entity is one character. Text that is not HTML is escaped first.
    """
    out: list[str] = []
    open_: list[str] = []
    opened: dict[str, int] = {}
    left = length
    for is_tag, piece in _pieces(str(escape(value))):
        if is_tag:
            _keep(piece, open_, opened, out)
            continue
        units = _units(piece)
        if len(units) <= left:
            out.append(piece)
            left -= len(units)
            continue
        kept = "".join(units[:left])
        between, _, last = kept.rpartition(" ")
        out.append(between if between and last and units[left] != " " else kept)
        out.append(str(escape(end)))
        break
    out += [f"</{name}>" for name in reversed(open_)]
    return Markup("".join(out))  # noqa: S704 -- HTML before, or escaped


#: By their names in templates.
TEXT_FILTERS = {one.__name__: one for one in (linebreaks, striptags, truncate_html, urlize, wordwrap)}


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The tags of HTML, comments too, and the texts between them. A ``<`` that begins none is text."""
    at, size = 0, len(text)
    while at < size:
        start = text.find("<", at)
        if start < 0:
            break
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            after = size if end < 0 else end + 3  # as a browser: to the end
        elif text[start + 1 : start + 2].isalpha() or text[start + 1 : start + 2] in ("/", "!", "?"):
            end = text.find(">", start + 1)
            if end < 0:
                break
            after = end + 1
        else:
            after = start + 1
            yield False, f"{text[at:start]}&lt;"
            at = after
            continue
        if start > at:
            yield False, text[at:start]
        yield True, text[start:after]
        at = after
    if at < size:
        yield False, text[at:].replace("<", "&lt;")


def _units(text: str) -> list[str]:
    """The characters of text in HTML, an entity as one."""
    if "&" not in text:
        return list(text)
    units: list[str] = []
    at = 0
    while at < len(text):
        entity = _ENTITY.match(text, at) if text[at] == "&" else None
        units.append(text[at] if entity is None else entity[0])
        at += len(units[-1])
    return units


def _keep(tag: str, open_: list[str], opened: dict[str, int], out: list[str]) -> None:
    """Takes a tag over, and knows which elements it leaves open; an end that nothing began is left out."""
    found = _TAG.match(tag, 1)
    if found is None:  # a comment, a declaration
        return
    name = found[2].lower()
    if not found[1]:
        out.append(tag)
        if name not in _EMPTY and not tag.endswith("/>"):
            open_.append(name)
            opened[name] = opened.get(name, 0) + 1
        return
    if not opened.get(name):
        return
    while True:  # each is closed once: what was left open inside ends here too
        last = open_.pop()
        opened[last] -= 1
        out.append(f"</{last}>")
        if last == name:
            return


def _linked(word: str, limit: int | None, more: str) -> str:
    if len(word) > _LONGEST_WORD or not ("@" in word or "://" in word or "www." in word.lower()):
        return str(escape(word))
    core = word.lstrip(_OPENS)
    before = word[: len(word) - len(core)]
    core, after = _without_marks(core)
    small = core.lower()
    if small.startswith(("http://", "https://")) and len(core) > len("https://"):
        target = core
    elif small.startswith("www.") and "." in core[4:]:
        target = f"https://{core}"
    elif _EMAIL.fullmatch(core):
        target = f"mailto:{core}"
    else:
        return str(escape(word))
    shown = core if limit is None or len(core) <= limit else f"{core[:limit]}…"
    return f'{escape(before)}<a href="{escape(target)}"{more}>{escape(shown)}</a>{escape(after)}'


def _without_marks(word: str) -> tuple[str, str]:
    """A word without the marks at its end; a bracket stays that closes one in it."""
    counts = {mark: word.count(mark) for mark in "()[]{}<>"}
    end = len(word)
    while end and word[end - 1] in _CLOSES:
        mark = word[end - 1]
        opening = _PAIRS.get(mark)
        if opening is not None and counts[opening] >= counts[mark]:
            break
        if opening is not None:
            counts[mark] -= 1
        end -= 1
    return word[:end], word[end:]
