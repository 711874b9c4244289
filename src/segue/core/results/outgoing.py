"""What the annotation of a result lets out: fields that it does not declare stay here."""

import functools
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from segue.core.binding.json_codec import JSONCodec
from segue.core.binding.kinds import bare, is_union
from segue.core.binding.roles import shape_of
from segue.core.binding.shapes import is_flat, models, shaped
from segue.http.response import Response

__all__ = ["Project", "flat_items", "projection", "result_kind"]

Project = Callable[[Any], Any]


def result_kind(returns: Any) -> Any:
    """Of an annotation, what the data are: ``T`` for ``T | Response | None`` and for ``tuple[T, int]``."""
    if get_origin(returns) is Annotated and shape_of(returns) is None:
        return result_kind(bare(returns))
    args = get_args(returns)
    gives = getattr(get_origin(returns), "__gives__", None)
    if gives is not None:  # a query: what it gives when it is awaited
        return result_kind(gives(args))
    if get_origin(returns) is tuple and len(args) in (2, 3) and _is_dressing(args[1]):
        return result_kind(args[0])
    if is_union(returns):
        data = [result_kind(one) for one in args if one is not type(None) and not _is_response(one)]
        if len(data) == 1:
            return data[0]
    return returns


def projection(kind: Any, codec: JSONCodec, told: str, *, validated: bool = False) -> Project | None:
    """What makes of a result one with the fields of ``kind`` and no others; None where ``kind`` names no model.

    A model with ``__open__ = True`` stands for those that derive from it too, each with its own fields: nothing is taken from them.
    ``validated``: what is in its fields is looked at too. ``told``: the handler, for the TypeError about a result that is not of its annotation.
    """
    if not models(kind) or (is_union(kind) and not _one_way(kind)) or _is_open(kind):
        return None
    flat = kind if is_flat(kind) else None
    # PERF: a copy takes 0.2 ms to make, and who returns what they say never needs it.
    copied = functools.cache(lambda: shaped(kind, "out", loose=not validated))

    def project(value: Any) -> Any:
        if flat is not None and type(value) is flat:
            return value
        try:
            return codec.recast(value, copied())
        except (msgspec.ValidationError, TypeError) as error:
            raise TypeError(
                f"{told} says that it returns {_name(kind)}, but it returned {value!r:.80}: {error}"
            ) from error

    return project


def flat_items(returns: Any) -> Any:
    """``T`` for ``list[T]`` with a Struct that needs no copy: lists of just these are sent as they are."""
    args = get_args(returns)
    return args[0] if get_origin(returns) is list and args and is_flat(args[0]) else None


def _is_open(kind: Any) -> bool:
    args = get_args(kind)
    one = args[0] if get_origin(kind) is list and args else kind
    return getattr(one, "__open__", False) is True


def _one_way(kind: Any) -> bool:
    """Whether of a choice of types it can be told which a value is."""
    members = [one for one in get_args(kind) if models(one)]
    tags = [getattr(bare(one), "__struct_config__", None) for one in members]
    return len(members) == 1 or all(one is not None and one.tag is not None for one in tags)


def _is_dressing(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return origin is Literal or (isinstance(origin, type) and issubclass(origin, int | Mapping | list))


def _is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
