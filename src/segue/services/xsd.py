"""Types as W3C XML Schema, and values as the elements that it describes."""

import dataclasses
import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Iterable
from typing import Any, get_args, get_origin
from xml.etree.ElementTree import Element, SubElement

import msgspec

from segue.core.binding.kinds import bare, is_union
from segue.core.binding.validation import object_fields
from segue.services.methods import MISSING

__all__ = ["XSD", "XSI", "Schema", "by_name", "local_name", "read_value", "write_value"]

#: The namespaces that documents with these elements declare as ``xsd`` and ``xsi``.
XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_SIMPLE: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "double",
    bool: "boolean",
    bytes: "base64Binary",
    decimal.Decimal: "decimal",
    datetime.datetime: "dateTime",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "duration",
    uuid.UUID: "string",
}
_LISTS = (list, tuple, set, frozenset)


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What one element holds: a simple type, the fields of an object, or (neither) any value as JSON text."""

    simple: str | None
    fields: tuple[tuple[str, Any, bool], ...] | None
    many: bool
    optional: bool
    kind: Any


def shape(kind: Any) -> Shape:
    """How values of ``kind`` are written."""
    plain = bare(kind)
    optional = False
    if is_union(plain):
        members = [one for one in get_args(plain) if one is not type(None)]
        optional = len(members) < len(get_args(plain))
        if len(members) != 1:
            return Shape(None, None, many=False, optional=optional, kind=kind)
        plain = bare(members[0])
    origin = get_origin(plain)
    items = [one for one in get_args(plain) if one is not Ellipsis]
    if origin in _LISTS and len(items) == 1:
        inner = shape(items[0])
        if not inner.many and not inner.optional:  # a list of lists has no element for the inner ones
            return dataclasses.replace(inner, many=True, optional=optional, kind=items[0])
        return Shape(None, None, many=False, optional=optional, kind=plain)
    if plain in _SIMPLE:
        return Shape(_SIMPLE[plain], None, many=False, optional=optional, kind=plain)
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        numbers = all(isinstance(member.value, int) for member in plain)
        return Shape("integer" if numbers else "string", None, many=False, optional=optional, kind=plain)
    fields = object_fields(plain)
    if fields is not None:
        told = tuple((field.wire, field.type, field.required) for field in fields)
        return Shape(None, told, many=False, optional=optional, kind=plain)
    return Shape(None, None, many=False, optional=optional, kind=plain)


class Schema:
    """The complex types that a description needs, each declared once, in the namespace ``tns``."""

    def __init__(self, parent: Element) -> None:
        self.parent = parent
        self._names: dict[Any, str] = {}

    def element(self, parent: Element, name: str, kind: Any, *, required: bool = True) -> None:
        """Declares an element ``name`` of a ``kind`` in a sequence."""
        held = shape(kind)
        attributes = {"name": name, "type": self._type(held)}
        if held.many or held.optional or not required:
            attributes["minOccurs"] = "0"
        if held.many:
            attributes["maxOccurs"] = "unbounded"
        elif held.optional:
            attributes["nillable"] = "true"
        SubElement(parent, "xsd:element", attributes)

    def _type(self, held: Shape) -> str:
        if held.simple is not None:
            return f"xsd:{held.simple}"
        if held.fields is None:
            return "xsd:string"
        name = self._names.get(held.kind)
        if name is None:
            name = self._unused(getattr(held.kind, "__name__", "Object"))
            self._names[held.kind] = name
            sequence = self.complex(name)
            for field, kind, required in held.fields:
                self.element(sequence, field, kind, required=required)
        return f"tns:{name}"

    def _unused(self, name: str) -> str:
        taken = set(self._names.values())
        return next(one for one in _numbered(name) if one not in taken)

    def complex(self, name: str) -> Element:
        """Declares a complex type and returns its sequence."""
        kind = SubElement(self.parent, "xsd:complexType", {"name": name})
        return SubElement(kind, "xsd:sequence")


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def write_value(parent: Element, name: str, value: Any, kind: Any) -> None:
    """Adds the element or elements ``name`` for a value."""
    held = shape(Any if kind is MISSING else kind)
    if value is None:
        if not held.many:
            SubElement(parent, name, {"xsi:nil": "true"})
        return
    for one in value if held.many else (value,):
        element = SubElement(parent, name)
        plain = msgspec.to_builtins(one, str_keys=True)
        if held.fields is not None:
            for field, field_kind, _ in held.fields:
                if field in plain:
                    write_value(element, field, plain[field], field_kind)
        elif held.simple is not None:
            element.text = _text(plain)
        else:
            element.text = msgspec.json.encode(plain).decode()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    return str(value)


def read_value(elements: list[Element], kind: Any) -> Any:
    """The value of all elements of one name, in dicts, lists and text. Raises ValueError."""
    held = shape(kind)
    if held.many:
        return [_read_one(element, held) for element in elements]
    if len(elements) > 1:
        raise ValueError(f"the element {local_name(elements[0])} is there {len(elements)} times")
    return _read_one(elements[0], held)


def _read_one(element: Element, held: Shape) -> Any:
    if element.get(f"{{{XSI}}}nil") in ("true", "1"):
        return None
    if held.fields is not None:
        children = by_name(element)
        kinds = {name: kind for name, kind, _ in held.fields}
        unknown = children.keys() - kinds.keys()
        if unknown:
            raise ValueError(f"the element {local_name(element)} has no child {min(unknown)!r:.100}")
        return {name: read_value(found, kinds[name]) for name, found in children.items()}
    text = element.text or ""
    if held.simple is None:
        return msgspec.json.decode(text.encode())
    return text if held.simple == "string" else text.strip()


def by_name(element: Element) -> dict[str, list[Element]]:
    """The children by their names without namespace."""
    found: dict[str, list[Element]] = {}
    for child in element:
        found.setdefault(local_name(child), []).append(child)
    return found


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
