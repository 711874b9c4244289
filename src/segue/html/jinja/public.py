"""What a page shows of a model that was put into it whole: not the fields that are Private or WriteOnly."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from segue.core.binding.roles import role_of
from segue.core.binding.shapes import conceals, has_roles, shaped
from segue.core.binding.validation import object_fields
from segue.core.ports import Codec

__all__ = ["public_json", "shown"]

_PLAIN = frozenset({str, int, float, bool, type(None), bytes})


def shown(value: Any) -> Any:
    """What ``{{ value }}`` writes: of a model with such fields the text that logs have of it, with ``...`` in their place."""
    kind: Any = type(value)
    # PERF: 0.06 us, and this is all for what stands in most places.
    if kind in _PLAIN or hasattr(kind, "__html__"):
        return value
    return _told(value) if _holds(kind) else value


def public_json(codec: Codec) -> Callable[[Any], bytes]:
    """What writes the JSON of ``tojson`` and ``json_script``."""

    def public(value: Any) -> Any:
        kind: Any = type(value)
        if kind in _PLAIN:
            return value
        if isinstance(value, list | tuple | set | frozenset):
            return [public(one) for one in value]
        if isinstance(value, Mapping):
            return {name: public(one) for name, one in value.items()}
        return codec.convert(codec.plain(value), _copy(kind)) if _secretive(kind) else value

    return lambda value: codec.encode(public(value))


@functools.lru_cache(maxsize=1024)
def _secretive(kind: type) -> bool:
    """Whether a type has, at any level, fields with a role; those of the data layer keep theirs out of sight by themselves."""
    return object_fields(kind) is not None and not conceals(kind) and has_roles(kind)


@functools.lru_cache(maxsize=1024)
def _copy(kind: type) -> Any:
    return shaped(kind, "out", loose=True)


@functools.lru_cache(maxsize=1024)
def _holds(kind: type) -> bool:
    return _secretive(kind) or issubclass(kind, list | tuple | dict)


def _may_hold(value: Any) -> bool:
    kind: Any = type(value)
    return _holds(kind)


def _told(value: Any) -> Any:
    """The value, or its text where something in it is left out."""
    kind: Any = type(value)
    if isinstance(value, list | tuple) and any(_may_hold(one) for one in value):
        told = ", ".join(_text(one) for one in value)
        return f"[{told}]" if isinstance(value, list) else f"({told},)" if len(value) == 1 else f"({told})"
    if isinstance(value, dict) and any(_may_hold(one) for one in value.values()):
        return "{" + ", ".join(f"{name!r}: {_text(one)}" for name, one in value.items()) + "}"
    return _text(value) if _secretive(kind) else value


def _text(value: Any) -> str:
    kind: Any = type(value)
    if not _secretive(kind):
        told = _told(value) if _holds(kind) else value
        return told if told is not value and isinstance(told, str) else repr(value)
    fields = []
    for field in object_fields(kind) or ():
        role = role_of(field.type)
        hidden = role is not None and not role.goes
        fields.append(f"{field.name}={'...' if hidden else _text(getattr(value, field.name))}")
    return f"{kind.__name__}({', '.join(fields)})"
