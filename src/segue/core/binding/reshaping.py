"""Puts the shapes that a layer has declared for models into the annotations of its handlers."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from segue.core.binding.kinds import is_union
from segue.core.binding.parameters import Parameter
from segue.core.binding.roles import Shape, shape_of

__all__ = ["reshaped", "reshaped_parameters"]

Shapes = Mapping[Any, Shape | None]


def reshaped(hint: Any, shapes: Shapes) -> Any:
    """``hint`` with ``Annotated[Film, shapes[Film]]`` for each ``Film`` in it that has no shape of its own.

    A shape of None is none, so that an inner layer can take away what an outer one says.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        if shape_of(hint) is not None:
            return hint
        inner = reshaped(args[0], shapes)
        return hint if inner is args[0] else Annotated[(inner, *args[1:])]
    if is_union(hint):
        members = tuple(reshaped(one, shapes) for one in args)
        return hint if members == args else Union[members]  # noqa: UP007 -- known only now
    shape = _of(hint, shapes)
    if shape is not None:
        return Annotated[hint, shape]
    if origin is None or origin is Literal or not args or not hasattr(origin, "__class_getitem__"):
        return hint
    inside = tuple(reshaped(one, shapes) for one in args)
    return hint if inside == args else origin[inside]


def reshaped_parameters(parameters: Sequence[Parameter], shapes: Shapes) -> tuple[Parameter, ...]:
    """The parameters of a handler, of which bodies have the shapes."""
    return tuple(
        [
            dataclasses.replace(one, kind=reshaped(one.kind, shapes)) if one.origin == "body" else one
            for one in parameters
        ]
    )


def _of(hint: Any, shapes: Shapes) -> Shape | None:
    try:
        return shapes.get(hint)
    except TypeError:  # what cannot be hashed is no model
        return None
