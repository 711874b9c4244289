"""Reads XML that a client sent: elements and text, no DTD, no entity, no more than 64 levels."""

from typing import Any
from xml.parsers import expat

from segue.core.binding.kinds import bare, list_item, without_none
from segue.core.binding.validation import object_fields

__all__ = ["MAX_DEPTH", "read_xml"]

MAX_DEPTH = 64


class Element:
    """An element: its name without namespace, the elements in it, its text."""

    __slots__ = ("inside", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.inside: list[Element] = []
        self.text: list[str] = []


def read_xml(data: bytes, kind: Any) -> Any:
    """The root element as dicts, lists and text, by the shape of ``kind``. Raises ValueError."""
    return _shape(_parse(data), kind)


def _parse(data: bytes) -> Element:
    parser = expat.ParserCreate(namespace_separator=" ")
    top = Element("")
    stack = [top]

    def start(name: str, _: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise ValueError(f"elements are nested deeper than {MAX_DEPTH} levels")
        element = Element(name.rpartition(" ")[2])
        stack[-1].inside.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(piece: str) -> None:
        stack[-1].text.append(piece)

    def refused(*_: Any) -> Any:
        raise ValueError("a document type or an entity is declared, which is not taken here")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    parser.UnparsedEntityDeclHandler = refused
    parser.ExternalEntityRefHandler = refused
    parser.ProcessingInstructionHandler = refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"{expat.ErrorString(error.code)}, line {error.lineno}") from None
    return top.inside[0]


def _shape(element: Element, kind: Any) -> Any:
    kind = without_none(kind)
    fields = object_fields(bare(kind))
    if fields is not None:
        types = {field.wire: field.type for field in fields}
        found: dict[str, Any] = {}
        for one in element.inside:
            if one.name in found:
                raise ValueError(f"the element {one.name[:80]!r} comes twice")
            hint = types.get(one.name, Any)
            # An empty element says nothing, unless text may stand there.
            if one.inside or one.text or bare(hint) is str or list_item(hint) is not None:
                found[one.name] = _shape(one, hint)
        return found
    item = list_item(kind)
    if item is not None:
        return [_shape(one, item) for one in element.inside]
    if not element.inside:
        return "".join(element.text)
    names = [one.name for one in element.inside]
    if len(set(names)) == 1 and (len(names) > 1 or names == ["item"]):
        return [_shape(one, Any) for one in element.inside]
    if len(set(names)) < len(names):
        raise ValueError("elements of one name stand among others")
    return {one.name: _shape(one, Any) for one in element.inside}
