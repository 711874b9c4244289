"""HTML in Python: elements are functions, what is put into them is escaped."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from markupsafe import Markup, escape

from segue.html.attribute import BadAttribute, attribute_name, python_name, written

__all__ = ["Attribute", "Child", "Element", "Tag", "fragment"]


class HasHTML(Protocol):
    """What can write itself as HTML: elements, markup, and what other libraries make."""

    def __html__(self) -> str: ...


Child: TypeAlias = str | int | float | HasHTML | bool | Iterable["Child"] | None
"""What may stand in an element: text and numbers, which are escaped; markup and elements; nothing, for None and
booleans; and whatever gives these one after the other.
"""

Attribute: TypeAlias = str | int | float | bool | Iterable[Any] | Mapping[str, Any] | None
"""The value of an attribute: True is the name alone, None and False are nothing; see :func:`segue.html.attribute`."""

#: They have no content and no end (HTML, section 13.1.2).
VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905 -- to be read as a list of words
)
#: Their content is no HTML: references in it are not read.
RAW = frozenset({"script", "style"})


class Element(Markup):
    """An element, written: it is markup, so templates, other elements and handlers take it as it is."""

    __slots__ = ()


class Tag:
    """Makes elements of one name: ``h.p("text", class_="lead")``. ``h.p`` alone stands for an empty one."""

    __slots__ = ("_close", "_open", "_raw", "_void", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._open = f"<{name}"
        self._void = name in VOID
        self._raw = name in RAW
        self._close = "" if self._void else f"</{name}>"

    def __call__(self, *children: Child | Mapping[str, Any], **attributes: Attribute) -> Element:
        """The element. A mapping first gives attributes whose names Python cannot have: ``h.a({"@click": "open"})``.

        Raises BadAttribute for a name that is none, UnsafeURL for a URL that runs code, ValueError for children where
        none can be.
        """
        opening = self._open
        if children and isinstance(children[0], Mapping):
            for name, value in children[0].items():
                opening += written(attribute_name(str(name)), value)
            children = children[1:]
        for name, value in attributes.items():
            known = _NAMES.get(name)
            if known is None:
                known = attribute_name(python_name(name))
                if len(_NAMES) < _MOST_NAMES:
                    _NAMES[name] = known
            opening += written(known, value)
        if self._void:
            if children:
                raise ValueError(f"<{self.name}> has no content: {children[0]!r:.80}")
            return _new(Element, opening + ">")
        if self._raw:
            return _new(Element, f"{opening}>{_raw(self.name, children)}{self._close}")
        parts: list[str] = []
        _add(parts, children)
        return _new(Element, f"{opening}>{''.join(parts)}{self._close}")

    def __html__(self) -> str:
        return f"{self._open}>{self._close}"

    def __repr__(self) -> str:
        return f"h.{self.name}"


#: PERF: ``Markup(text)`` asks its text whether it is HTML: 0.4 us for each element (a table of 12 rows: 117 us, now 60).
_new = str.__new__

_NAMES: dict[str, str] = {}
_MOST_NAMES = 1000


def fragment(*children: Child) -> Markup:
    """Several elements without one around them."""
    parts: list[str] = []
    _add(parts, children)
    return _new(Element, "".join(parts))


def _add(parts: list[str], children: Iterable[Any]) -> None:
    for child in children:
        kind = type(child)
        if kind is str or kind is int or kind is float:
            parts.append(escape(child))
        elif kind is Element or kind is Markup:
            parts.append(child)
        elif child is None or kind is bool:
            continue
        elif hasattr(child, "__html__") or isinstance(child, str | int | float):
            parts.append(escape(child))
        elif isinstance(child, Mapping):
            raise BadAttribute(
                f"attributes come first: h.p({{...}}, ...); here {child!r:.80} is among the content"
            )
        elif isinstance(child, Iterable) and not isinstance(child, bytes):
            _add(parts, child)
        else:
            raise TypeError(
                f"{child!r:.80} is {kind.__qualname__}, which is no content of an element: give text, a number, markup, "
                f"elements or several of them"
            )


def _raw(name: str, children: Iterable[Any]) -> str:
    """The content of a script or a style, as it is. Raises ValueError for what would end it."""
    parts: list[str] = []
    for child in children:
        if child is None or child is False:
            continue
        if not isinstance(child, str):
            raise TypeError(
                f"<{name}> takes text, not {child!r:.80}. Data is put into a script by json_for_page(value)"
            )
        parts.append(str(child))
    text = "".join(parts)
    lower = text.lower()
    if f"</{name}" in lower or "<!--" in lower:
        raise ValueError(
            f"the content of <{name}> would end it, or hide its end: {text!r:.80}. Data is put there by json_for_page(value)"
        )
    return text
