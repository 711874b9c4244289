"""What a client sent as XML, in the shape of a type: elements and text."""

from typing import Any
from xml.etree.ElementTree import Element

from segue.core.binding.kinds import bare, list_item, without_none
from segue.core.binding.validation import object_fields
from segue.http.xml import MAX_DEPTH, parse_xml

__all__ = ["MAX_DEPTH", "read_xml"]


def read_xml(data: bytes, kind: Any) -> Any:
    """The root element as dicts, lists and text, by the shape of ``kind``. Raises ValueError."""
    return _shape(parse_xml(data), kind)


def _shape(element: Element, kind: Any) -> Any:
    kind = without_none(kind)
    fields = object_fields(bare(kind))
    if fields is not None:
        types = {field.wire: field.type for field in fields}
        found: dict[str, Any] = {}
        for one in element:
            name = _name(one)
            if name in found:
                raise ValueError(f"the element {name[:80]!r} comes twice")
            hint = types.get(name, Any)
            # An empty element says nothing, unless text may stand there.
            if len(one) or one.text or bare(hint) is str or list_item(hint) is not None:
                found[name] = _shape(one, hint)
        return found
    item = list_item(kind)
    if item is not None:
        return [_shape(one, item) for one in element]
    if not len(element):
        return element.text or ""
    names = [_name(one) for one in element]
    if len(set(names)) == 1 and (len(names) > 1 or names == ["item"]):
        return [_shape(one, Any) for one in element]
    if len(set(names)) < len(names):
        raise ValueError("elements of one name stand among others")
    return {_name(one): _shape(one, Any) for one in element}


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
