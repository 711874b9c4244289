"""Names every bad field of a JSON value, where msgspec stops at the first.

Only used once it is known that something is wrong; what is right costs nothing here.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    NamedTuple,
    NotRequired,
    Required,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from segue.core.binding.kinds import is_union

__all__ = ["MOST", "Location", "ObjectField", "Problem", "object_fields", "problem", "problems"]

Location = tuple[str | int, ...]
Problem = dict[str, Any]

#: Problems of one reply.
MOST = 100


class ObjectField(NamedTuple):
    """A field of a Struct, dataclass, attrs class or TypedDict: its name in Python and outside, its type, and whether it must be there."""

    name: str
    wire: str
    type: Any
    required: bool


def object_fields(kind: Any) -> Sequence[ObjectField] | None:
    """The fields of a Struct, dataclass, attrs class or TypedDict; None for any other type."""
    try:
        return _fields(kind)
    except TypeError:  # a type that has no hash
        return _fields.__wrapped__(kind)


@functools.lru_cache(maxsize=4096)  # all that looks at models asks again and again
def _fields(kind: Any) -> Sequence[ObjectField] | None:
    origin = get_origin(kind) or kind
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return [
            ObjectField(field.name, field.encode_name, field.type, _required(field))
            for field in msgspec.structs.fields(kind)
        ]
    if dataclasses.is_dataclass(origin):
        hints = get_type_hints(origin, include_extras=True)
        return [
            ObjectField(
                field.name,
                field.name,
                hints[field.name],
                field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            )
            for field in dataclasses.fields(origin)
            if field.init
        ]
    if hasattr(origin, "__attrs_attrs__"):
        hints = get_type_hints(origin, include_extras=True)
        return [
            ObjectField(one.name, one.name, hints.get(one.name, Any), repr(one.default) == "NOTHING")
            for one in origin.__attrs_attrs__
            if one.init
        ]
    if hasattr(origin, "__shaped__"):  # Partial[T]: what of T may come
        return object_fields(origin.__shaped__(get_args(kind)[0])) if get_args(kind) else None
    if is_typeddict(origin):
        required = origin.__required_keys__
        return [
            ObjectField(name, name, _without_requirement(hint), name in required)
            for name, hint in get_type_hints(origin, include_extras=True).items()
        ]
    return None


def _required(field: msgspec.structs.FieldInfo) -> bool:
    """Whether a body must have it: a factory that only says what is missing is no default."""
    return field.required or getattr(field.default_factory, "required", False) is True


def problems(
    value: Any, kind: Any, location: Location = (), convert: Callable[[Any, Any], Any] | None = None
) -> list[Problem]:
    """What is wrong with ``value`` (of JSON) as a ``kind``: one problem for each bad field, at most 100.

    ``convert``: of a value to a type, where that of msgspec is not enough.
    """
    walk = _Walk(convert or (lambda one, to: msgspec.convert(one, to, str_keys=True)))
    walk.walk(value, kind, location)
    return walk.found[:MOST]


def problem(location: Location, message: str) -> Problem:
    """A problem at a place: ``{"loc": ["body", "title"], "msg": "..."}``."""
    # Names and values that came with the request are told in short: the reply must not outgrow it.
    return {"loc": [part[:80] if isinstance(part, str) else part for part in location], "msg": message[:200]}


class _Walk:
    """Collects problems, deeper and deeper where something is wrong."""

    def __init__(self, convert: Callable[[Any, Any], Any]) -> None:
        self.convert = convert
        self.found: list[Problem] = []

    def walk(self, value: Any, kind: Any, location: Location) -> None:
        found = self.found
        if len(found) >= MOST:
            return
        try:
            self.convert(value, kind)
            return
        except msgspec.ValidationError as error:
            message = str(error)
        before = len(found)
        self.into(value, _bare(kind), location)
        if len(found) == before:
            found.append(problem(location, message.partition(" - at `")[0]))

    def into(self, value: Any, kind: Any, location: Location) -> None:
        origin, args = get_origin(kind), get_args(kind)
        if is_union(kind):
            member = _member(value, args)
            if member is not None:
                self.into(value, member, location)
            return
        if isinstance(value, dict):
            fields = object_fields(kind)
            if fields is not None:
                self.object(value, kind, fields, location)
            elif isinstance(origin, type) and issubclass(origin, Mapping) and len(args) == 2:
                for key, item in value.items():
                    self.walk(key, args[0], (*location, key))
                    self.walk(item, args[1], (*location, key))
        elif isinstance(value, list):
            fields = object_fields(kind)
            if fields is not None:
                return
            if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
                if len(value) == len(args):
                    for at, (item, one) in enumerate(zip(value, args, strict=True)):
                        self.walk(item, one, (*location, at))
            elif isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset) and args:
                for at, item in enumerate(value):
                    self.walk(item, args[0], (*location, at))

    def object(
        self, value: dict[str, Any], kind: Any, fields: Sequence[ObjectField], location: Location
    ) -> None:
        found = self.found
        for field in fields:
            if field.wire in value:
                self.walk(value[field.wire], field.type, (*location, field.wire))
            elif field.required:
                found.append(problem((*location, field.wire), "is missing"))
        config = getattr(kind, "__struct_config__", None)
        if config is not None and config.forbid_unknown_fields:
            known = {field.wire for field in fields} | {config.tag_field}
            self.found += [
                problem((*location, name), "is not a field here") for name in value if name not in known
            ]


def _without_requirement(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _bare(kind: Any) -> Any:
    while get_origin(kind) in (Annotated, Required, NotRequired):
        kind = get_args(kind)[0]
    return kind


def _member(value: Any, members: tuple[Any, ...]) -> Any:
    """The member of a union that ``value`` was meant to be, where that can be told."""
    bare = [_bare(member) for member in members]
    if isinstance(value, list):
        lists = [one for one in bare if isinstance(get_origin(one), type) and get_origin(one) in _ARRAYS]
        return lists[0] if len(lists) == 1 else None
    if not isinstance(value, dict):
        return None
    objects = [one for one in bare if object_fields(one) is not None or get_origin(one) is dict]
    if len(objects) == 1:
        return objects[0]
    for one in objects:
        config = getattr(one, "__struct_config__", None)
        if config is not None and config.tag is not None and value.get(config.tag_field) == config.tag:
            return one
    return None


_ARRAYS = (list, set, frozenset, tuple)
