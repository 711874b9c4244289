"""The types of props, as a template says them: ``str``, ``int | none``, ``list[Film]``, ``"plain" | "wide"``."""

import datetime
import decimal
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2.parser import Parser

__all__ = ["PropType", "prop_type"]

_KNOWN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (Mapping,),
    "tuple": (tuple,),
    "set": (set, frozenset),
    "none": (type(None),),
    "None": (type(None),),
    "date": (datetime.date,),
    "datetime": (datetime.datetime,),
    "decimal": (decimal.Decimal,),
    "uuid": (uuid.UUID,),
    "any": (object,),
}


class _One(NamedTuple):
    """One of several: classes, with the type of their items, or a value itself."""

    classes: tuple[type, ...] = ()
    items: "PropType | None" = None
    value: Any = None

    def fits(self, value: Any) -> bool:
        items = self.items
        if not self.classes:
            return type(value) is type(self.value) and value == self.value
        if not isinstance(value, self.classes):
            return False
        if type(value) is bool:
            return self.classes not in (_KNOWN["int"], _KNOWN["float"])
        several: Any = value
        return items is None or all(items.fits(one) for one in several)


class PropType(NamedTuple):
    """The type of a prop; ``text`` is how it was said."""

    text: str
    ways: tuple[_One, ...]

    def fits(self, value: Any) -> bool:
        """Whether a value is of this type."""
        return any(one.fits(value) for one in self.ways)

    def __str__(self) -> str:
        return self.text


def prop_type(parser: Parser, known: Mapping[str, Any]) -> PropType:
    """Reads a type. Names of classes are those that templates know: ``app.template_globals(Film=Film)``."""
    ways: list[_One] = []
    texts: list[str] = []
    while True:
        one, text = _one(parser, known)
        ways.append(one)
        texts.append(text)
        if not parser.stream.skip_if("pipe"):
            return PropType(" | ".join(texts), tuple(ways))


def _one(parser: Parser, known: Mapping[str, Any]) -> tuple[_One, str]:
    stream = parser.stream
    token = next(stream)
    if token.type in ("string", "integer"):
        return _One(value=token.value), repr(token.value)
    name = str(token.value)
    classes = _KNOWN.get(name) or ((known[name],) if isinstance(known.get(name), type) else ())
    if token.type != "name" or not classes:
        parser.fail(
            f"{name!r} is no type of a prop: there are {', '.join(_KNOWN)}, texts and numbers, and classes that "
            f"templates know by app.template_globals(...)",
            token.lineno,
        )
    if name in ("list", "set", "tuple") and stream.skip_if("lbracket"):
        items = prop_type(parser, known)
        stream.expect("rbracket")
        return _One(classes, items), f"{name}[{items}]"
    return _One(classes), name
