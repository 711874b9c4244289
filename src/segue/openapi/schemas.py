"""JSON Schemas (draft 2020-12) of Python types: what OpenAPI says of bodies, parameters and results.

Made from ``msgspec.inspect``, so that a schema says what msgspec checks. A class is a component that others refer to. A
value that comes in may leave out what has a default, one that goes out has it: where this differs and a class is used
both ways, it becomes two components, ``Film`` and ``FilmInput``.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import inspect as kinds

from segue.core.binding.drafts import Draft
from segue.core.binding.roles import role_of, shape_of
from segue.core.binding.shapes import shaped
from segue.core.binding.validation import object_fields

__all__ = ["Schema", "Schemas", "Side"]

Schema = dict[str, Any]
Side = Literal["in", "out"]

_Object = kinds.StructType | kinds.DataclassType | kinds.TypedDictType | kinds.NamedTupleType
_OBJECTS = (kinds.StructType, kinds.DataclassType, kinds.TypedDictType, kinds.NamedTupleType)

# What msgspec takes, said so that no value that matches is refused.
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_DURATION = r"^-?P(?=[0-9T])(?:[0-9]{1,6}D)?(?:T(?=[0-9])(?:[0-9]{1,6}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,6}(?:\.[0-9]{1,6})?S)?)?$"

_DECIMAL: Schema = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^-?[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]{1,3})?$",
}

_SIMPLE: dict[type[kinds.Type], Schema] = {
    kinds.AnyType: {},
    kinds.RawType: {},
    kinds.NoneType: {"type": "null"},
    kinds.BoolType: {"type": "boolean"},
    kinds.IntType: {"type": "integer"},
    kinds.FloatType: {"type": "number"},
    kinds.StrType: {"type": "string"},
    kinds.BytesType: {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    kinds.ByteArrayType: {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    kinds.MemoryViewType: {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    kinds.DateTimeType: {"type": "string", "format": "date-time"},
    kinds.TimeType: {"type": "string", "format": "time"},
    kinds.DateType: {"type": "string", "format": "date"},
    # The format "duration" knows none below zero.
    kinds.TimeDeltaType: {"type": "string", "format": "signed-duration", "pattern": _DURATION},
    kinds.UUIDType: {"type": "string", "format": "uuid"},
    kinds.DecimalType: _DECIMAL,
}
_LIMITS = {
    "ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf",
}  # fmt: skip


class Schemas:
    """Collects the types that a document speaks of; :meth:`finish` gives the components.

    What :meth:`of` returns is filled in then: only when all types are known, their names are. ``own``: the schemas of types
    that msgspec does not know.
    """

    def __init__(self, own: Callable[[Any], Schema | None] = lambda _: None) -> None:
        self._own = own
        #: Components that schemas of others refer to.
        self._given: dict[str, Schema] = {}
        self._wanted: list[tuple[Schema, kinds.Type, Side, bool]] = []
        self._classes: dict[Any, kinds.Type] = {}
        self._sides: dict[Any, set[Side]] = {}
        self._partial: dict[str, tuple[kinds.Type, Side]] = {}
        self._names: dict[Any, str] = {}
        self._split: set[Any] = set()

    def of(self, kind: Any, side: Side, *, text: bool = False) -> Schema:
        """The schema of a type; empty, which takes anything, for one that msgspec does not know.

        ``text``: the value is written as text, where there is no null.
        """
        schema: Schema = {}
        origin = get_origin(kind)
        try:
            if isinstance(origin, type) and issubclass(origin, Draft):
                return self._draft(get_args(kind)[0], side, partial=origin.partial)
            info = kinds.type_info(kind if shape_of(kind) is None else shaped(kind, side))
        except (TypeError, NameError):
            return schema
        self._use(info, side)
        self._wanted.append((schema, info, side, text))
        return schema

    def _draft(self, kind: Any, side: Side, *, partial: bool) -> Schema:
        """The schema of a model that is not complete yet: what it is on its way in, some of it if ``partial``."""
        if not partial:
            return self.of(kind, side)
        info = _plain(kinds.type_info(kind))
        for part in _parts(info):
            self._use(part, side)
        name = f"{_short(kind)}Partial"
        self._partial[name] = info, side
        return {"$ref": f"#/components/schemas/{name}"}

    def fields(self, kind: Any, side: Side) -> dict[str, Schema]:
        """The schemas of the fields of a Struct, dataclass or TypedDict that are written as text, by their names."""
        info = _plain(kinds.type_info(kind))
        found: dict[str, Schema] = {}
        for field in info.fields if isinstance(info, _OBJECTS) else ():
            schema: Schema = {}
            self._use(field.type, side)
            self._wanted.append((schema, field.type, side, True))
            if not field.required:
                schema.update({name: value for name, value in _default(field).items() if value is not None})
            found[field.encode_name] = schema
        return found

    def finish(self) -> dict[str, Schema]:
        """Fills in all schemas; returns the components by name."""
        self._names = _names(self._classes)
        differing = self._differing()
        self._split = {kind for kind, sides in self._sides.items() if len(sides) == 2 and kind in differing}
        for schema, info, side, text in self._wanted:
            made = self._schema(info, side)
            schema.update({**(_without_null(made) if text else made), **schema})
        components = {
            self._name(kind, side): self._component(info, side)
            for kind, info in self._classes.items()
            for side in sorted(self._sides[kind])
        }
        for name, (info, side) in self._partial.items():
            partial = self._component(info, side)
            partial.pop("required", None)
            for schema in partial.get("properties", {}).values():
                schema.pop("default", None)  # what is not there stays as it is
            components[name] = {**partial, "title": name}
        return dict(sorted({**self._given, **components}.items()))

    # --- which classes there are ---------------------------------------------------------------------------------

    def _use(self, info: kinds.Type, side: Side) -> None:
        plain = _plain(info)
        if isinstance(plain, (*_OBJECTS, kinds.EnumType)):
            sides = self._sides.setdefault(plain.cls, set())
            if side in sides:
                return
            sides.add(side)
            self._classes[plain.cls] = plain
        for part in _parts(plain):
            self._use(part, side)

    def _differing(self) -> set[Any]:
        """The classes whose values look different coming and going, or that have such a class in them."""
        found = {
            kind
            for kind, info in self._classes.items()
            if self._component(info, "in") != self._component(info, "out")
        }
        while True:
            more = {
                kind for kind, info in self._classes.items() if kind not in found and self._has(info, found)
            }
            if not more:
                return found
            found |= more

    def _has(self, info: kinds.Type, classes: set[Any]) -> bool:
        for part in _parts(info):
            plain = _plain(part)
            kind = getattr(plain, "cls", None)
            if kind in self._classes:
                if kind in classes:
                    return True
            elif self._has(plain, classes):
                return True
        return False

    def _name(self, kind: Any, side: Side) -> str:
        return self._names[kind] + ("Input" if side == "in" and kind in self._split else "")

    # --- what they look like -------------------------------------------------------------------------------------

    def _schema(self, info: kinds.Type, side: Side) -> Schema:
        if isinstance(info, kinds.Metadata):
            return {**self._schema(info.type, side), **(info.extra_json_schema or {})}
        kind = getattr(info, "cls", None)
        if kind in self._names:
            return {"$ref": f"#/components/schemas/{self._name(kind, side)}"}
        own = self._own(kind) if isinstance(info, kinds.CustomType) else None
        if own is not None:
            self._given.update(own.pop("$defs", {}))
            return own
        schema = dict(_SIMPLE.get(type(info), {}))
        if isinstance(info, kinds.DecimalType) and side == "in":
            return {"anyOf": [schema, {"type": "number"}]}
        _limit(info, schema)
        if isinstance(info, kinds.CollectionType):
            schema |= {"type": "array", "items": self._schema(info.item_type, side)}
        elif isinstance(info, kinds.TupleType):
            count = len(info.item_types)
            items = [self._schema(one, side) for one in info.item_types]
            schema = {"type": "array", "minItems": count, "maxItems": count, "prefixItems": items}
        elif isinstance(info, kinds.DictType):
            schema |= {"type": "object", "additionalProperties": self._schema(info.value_type, side)}
            key = _plain(info.key_type)
            if not isinstance(key, kinds.StrType | kinds.AnyType):
                schema["propertyNames"] = _as_text(self._schema(info.key_type, side))
        elif isinstance(info, kinds.LiteralType):
            schema = {"enum": list(info.values)}
        elif isinstance(info, kinds.UnionType):
            schema = self._union(info, side)
        return schema

    def _union(self, info: kinds.UnionType, side: Side) -> Schema:
        schema: Schema = {"anyOf": [self._schema(one, side) for one in info.types]}
        tagged = [
            one
            for one in map(_plain, info.types)
            if isinstance(one, kinds.StructType) and one.tag is not None
        ]
        rest = [one for one in info.types if _plain(one) not in tagged]
        if len(tagged) > 1 and not rest:
            mapping = {str(one.tag): f"#/components/schemas/{self._name(one.cls, side)}" for one in tagged}
            schema["discriminator"] = {"propertyName": tagged[0].tag_field, "mapping": mapping}
        return schema

    def _component(self, info: kinds.Type, side: Side) -> Schema:
        if isinstance(info, kinds.EnumType):
            return {**_heading(info.cls), "enum": [one.value for one in info.cls]}
        if not isinstance(info, _OBJECTS):  # no other is a component
            return {}
        schema = _heading(info.cls)
        there = _there(info, side)
        fields = {field.encode_name: self._field(field, side) for field in there}
        required = [
            field.encode_name
            for field in there
            if _has_to_be_there(field) or (side == "out" and _always_sent(info, field))
        ]
        if isinstance(info, kinds.NamedTupleType) or (isinstance(info, kinds.StructType) and info.array_like):
            return schema | {
                "type": "array", "prefixItems": list(fields.values()), "minItems": len(required),
            }  # fmt: skip
        if isinstance(info, kinds.StructType) and info.tag_field is not None:
            fields = {info.tag_field: {"const": info.tag}, **fields}
            required.insert(0, info.tag_field)
        schema |= {"type": "object", "properties": fields}
        if required:
            schema["required"] = required
        if isinstance(info, kinds.StructType) and info.forbid_unknown_fields:
            schema["additionalProperties"] = False
        return schema

    def _field(self, field: kinds.Field, side: Side) -> Schema:
        schema = self._schema(field.type, side)
        return schema if field.required else {**schema, **_default(field)}


def _plain(info: kinds.Type) -> kinds.Type:
    while isinstance(info, kinds.Metadata):
        info = info.type
    return info


def _parts(info: kinds.Type) -> Iterable[kinds.Type]:
    """The types that a type is made of."""
    if isinstance(info, _OBJECTS):
        return [field.type for field in info.fields]
    if isinstance(info, kinds.CollectionType):
        return [info.item_type]
    if isinstance(info, kinds.TupleType):
        return info.item_types
    if isinstance(info, kinds.DictType):
        return [info.key_type, info.value_type]
    if isinstance(info, kinds.UnionType):
        return info.types
    return [info.type] if isinstance(info, kinds.Metadata) else ()


def _there(info: _Object, side: Side) -> list[kinds.Field]:
    """The fields that come in, or those that go out."""
    roles = {one.wire: role_of(one.type) for one in object_fields(info.cls) or ()}
    return [
        field
        for field in info.fields
        if (role := roles.get(field.encode_name)) is None or (role.comes if side == "in" else role.goes)
    ]


def _always_sent(info: _Object, field: kinds.Field) -> bool:
    """Whether an optional field is in every value that goes out."""
    if isinstance(info, kinds.TypedDictType):
        return False
    config = getattr(info.cls, "__struct_config__", None)
    if config is not None and config.omit_defaults:
        return False
    # What is UNSET has no default that msgspec tells.
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _has_to_be_there(field: kinds.Field) -> bool:
    """Whether there is no default: neither a value nor what makes one. Models have one that refuses."""
    return field.required or getattr(field.default_factory, "required", False) is True


def _default(field: kinds.Field) -> Schema:
    """``{"default": ...}`` where it can be written as JSON."""
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        if field.default_factory not in (list, dict, set, tuple, frozenset):
            return {}
        value = field.default_factory()
    try:
        return {"default": msgspec.to_builtins(value, str_keys=True)}
    except (TypeError, ValueError):
        return {}


def _limit(info: kinds.Type, schema: Schema) -> None:
    for name, word in _LIMITS.items():
        if (value := getattr(info, name, None)) is not None:
            schema[word] = value
    if isinstance(info, kinds.StrType):
        suffix, factor = "Length", 1
        if info.pattern is not None:
            schema["pattern"] = info.pattern
    elif isinstance(info, kinds.BytesType | kinds.ByteArrayType | kinds.MemoryViewType):
        suffix, factor = "Length", 4
    else:
        suffix, factor = ("Properties" if isinstance(info, kinds.DictType) else "Items"), 1
    for bound in ("min", "max"):
        value = getattr(info, f"{bound}_length", None)
        if value is not None:  # three bytes are four characters
            schema[bound + suffix] = value if factor == 1 else factor * ((value + 2) // 3)


def _without_null(schema: Schema) -> Schema:
    if "anyOf" not in schema:
        return schema
    none_of_text = ({"type": "null"}, {"type": "number"} if _DECIMAL in schema["anyOf"] else None)
    others = [one for one in schema["anyOf"] if one not in none_of_text]
    rest = {word: value for word, value in schema.items() if word != "anyOf"}
    return {**rest, **others[0]} if len(others) == 1 else {**rest, "anyOf": others}


def _as_text(schema: Schema) -> Schema:
    """What the keys of an object may be: they are always text."""
    if schema.get("type") == "integer":
        return {"pattern": "^-?(?:0|[1-9][0-9]{0,17})$"}
    return {} if schema.get("type") in ("number", "boolean") else schema


def _heading(kind: Any) -> Schema:
    """The title and description of a class."""
    origin = getattr(kind, "__origin__", kind)
    text = textwrap.dedent(getattr(origin, "__doc__", None) or "").strip()
    # What dataclasses, named tuples, enumerations and TypedDicts are given is no description.
    given = text.startswith(f"{origin.__name__}(") or text in ("An enumeration.", dict.__doc__)
    return {"title": _short(kind), **({"description": text} if text and not given else {})}


def _short(kind: Any) -> str:
    """``Film``, and ``Page_Film`` for ``Page[Film]``."""
    origin = getattr(kind, "__origin__", None)
    if origin is None:
        return str(getattr(kind, "__name__", kind))
    return "_".join([_short(origin), *[_short(one) for one in kind.__args__]])


def _names(classes: Iterable[Any]) -> dict[Any, str]:
    """A name for each class; two that are called the same get those of their modules too."""

    def normal(name: str) -> str:
        return re.sub(r"[^a-zA-Z0-9.\-_]+", "_", name).strip("_")

    by_name: dict[str, list[Any]] = {}
    for kind in classes:
        by_name.setdefault(normal(_short(kind)), []).append(kind)
    names: dict[Any, str] = {}
    for name, sharing in by_name.items():
        # Copies of models, made for a shape, have no module that says more.
        own = [kind for kind in sharing if kind.__module__ != shaped.__module__]
        for kind in sharing:
            if len(sharing) == 1 or (len(own) == 1 and kind in own):
                names[kind] = name
            elif kind in own:
                names[kind] = normal(f"{kind.__module__}.{_qualified(kind)}")
    taken = set(names.values())
    for name, sharing in by_name.items():
        for kind in sharing:
            if kind not in names:
                names[kind] = next(
                    one for n in range(2, len(sharing) + 2) if (one := f"{name}{n}") not in taken
                )
                taken.add(names[kind])
    return names


def _qualified(kind: Any) -> str:
    origin = getattr(kind, "__origin__", kind)
    arguments: Iterator[str] = (_short(one) for one in getattr(kind, "__args__", ()))
    return "_".join([origin.__qualname__, *arguments])
