"""Values that fit a type: a route is asked with them before one of them is made hostile."""

import dataclasses
import datetime
import decimal
import enum
import types
import typing
import uuid
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

__all__ = ["sample", "texts_in"]

_DEEPEST = 4
_PLAIN: dict[Any, Any] = {
    str: "a",
    int: 1,
    float: 1.0,
    bool: True,
    bytes: "YQ==",
    decimal.Decimal: "1",
    uuid.UUID: "00000000-0000-4000-8000-000000000001",
    datetime.date: "2026-01-01",
    datetime.datetime: "2026-01-01T00:00:00+00:00",
    datetime.time: "00:00:00",
    datetime.timedelta: "PT1S",
}


def sample(kind: Any, depth: int = 0) -> Any:
    """A plain value of a type, as JSON has it; None for what is not known."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _fitting(sample(get_args(kind)[0], depth), get_args(kind)[1:])
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is Literal:
        return get_args(kind)[0]
    if origin in (Union, types.UnionType):
        members = [one for one in get_args(kind) if one is not type(None)]
        return sample(members[0], depth) if members else None
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    if origin in (list, set, frozenset, tuple) or kind in (list, set, frozenset, tuple):
        items = [one for one in get_args(kind) if one is not Ellipsis]
        return [sample(one, depth + 1) for one in items] if items and depth < _DEEPEST else []
    if origin is dict or kind is dict:
        return {}
    return _object(kind, depth) if depth < _DEEPEST else None


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a plain value there are texts, as paths."""
    if isinstance(value, str):
        return [path]
    if isinstance(value, dict):
        return [found for name, one in value.items() for found in texts_in(one, (*path, name))]
    if isinstance(value, list):
        return [found for at, one in enumerate(value) for found in texts_in(one, (*path, at))]
    return []


def _object(kind: Any, depth: int) -> Any:
    """The fields that an object has to have, and its texts."""
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except (TypeError, NameError):
        return None
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {one.name: one.encode_name for one in msgspec.structs.fields(kind)}
    elif dataclasses.is_dataclass(kind):
        fields = {one.name: one.name for one in dataclasses.fields(kind)}
    elif typing.is_typeddict(kind):
        fields = {name: name for name in hints}
    else:
        return None
    return {wire: sample(hints[name], depth + 1) for name, wire in fields.items() if name in hints}


def _fitting(value: Any, metas: tuple[Any, ...]) -> Any:
    """A value within the bounds that its type has."""
    for one in metas:
        if not isinstance(one, msgspec.Meta):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            least = one.ge if one.ge is not None else None if one.gt is None else one.gt + 1
            value = value if least is None or value >= least else least
        if isinstance(value, str) and one.min_length:
            value = value * one.min_length
    return value
