"""Parameters and types in words: what a handler takes, and what it asks of it."""

import enum
import typing
from typing import Annotated, Any, get_args, get_origin

from msgspec import Meta, Struct

from segue.core.binding.kinds import is_union
from segue.core.binding.markers import Marker, Named
from segue.core.binding.parameters import MISSING, Parameter

__all__ = ["ParameterInfo", "parameter_info", "type_text"]

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_LENGTHS = {"min_length": "at least {} long", "max_length": "at most {} long"}


class ParameterInfo(Struct, frozen=True, kw_only=True):
    """A parameter of a handler: where it comes from, under which name, its type, constraints and default."""

    name: str
    origin: str
    wire: str
    type: str
    required: bool
    default: str | None


def parameter_info(parameter: Parameter) -> ParameterInfo:
    """What is known about one parameter."""
    required = parameter.default is MISSING
    return ParameterInfo(
        name=parameter.name,
        origin=parameter.origin,
        wire=parameter.wire,
        type=type_text(parameter.kind),
        required=required,
        default=None if required else f"{parameter.default!r:.60}",
    )


def type_text(kind: Any) -> str:
    """A type as one would write it, with its constraints: ``int >= 1``."""
    if kind is MISSING or kind is Any:
        return "anything"
    if kind is None or kind is type(None):
        return "None"
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        rest = [text for one in args[1:] if (text := _metadata_text(one))]
        return " ".join([type_text(args[0]), *rest])
    if origin is typing.Literal:
        return " or ".join(map(repr, args))
    if is_union(kind):
        return " | ".join(map(type_text, args))
    if origin is not None:
        name = getattr(origin, "__name__", str(origin))
        return f"{name}[{', '.join('...' if one is Ellipsis else _argument(one) for one in args)}]"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        values = [repr(one.value) for one in kind]
        more = " or ..." if len(values) > 6 else ""
        return f"{kind.__name__} ({' or '.join(values[:6])}{more})"
    return str(getattr(kind, "__name__", kind))


def _argument(kind: Any) -> str:
    return f"[{', '.join(map(type_text, kind))}]" if isinstance(kind, list) else type_text(kind)


def _metadata_text(one: Any) -> str:
    if isinstance(one, Marker | Named):
        return ""
    if not isinstance(one, Meta):
        return repr(one)
    parts = [
        f"{sign} {getattr(one, name)}" for name, sign in _BOUNDS.items() if getattr(one, name) is not None
    ]
    parts += [
        text.format(getattr(one, name)) for name, text in _LENGTHS.items() if getattr(one, name) is not None
    ]
    if one.multiple_of is not None:
        parts.append(f"a multiple of {one.multiple_of}")
    if one.pattern is not None:
        parts.append(f"like {one.pattern}")
    return ", ".join(parts)
