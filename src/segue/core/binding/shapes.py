"""Copies of models that have only the fields that go one way: what is sent, or what is taken.

A copy is a Struct of its own: values are converted to it by msgspec in C, at every level, and what it does not have stays
behind. It is made once, when the app is frozen.
"""

import copy
import dataclasses
import functools
import itertools
import sys
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, is_typeddict

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from segue.core.binding.kinds import bare, is_union
from segue.core.binding.roles import Shape, role_of, shape_of
from segue.core.binding.validation import ObjectField, object_fields

__all__ = ["Way", "conceals", "has_roles", "is_flat", "shaped"]

Way = Literal["in", "out"]
_counter = itertools.count()


class _Level(NamedTuple):
    """Where a copy stands: how deep, under which name, and what is left out there."""

    way: Way
    partial: bool
    exclude: frozenset[str]
    depth: int | None


def shaped(kind: Any, way: Way, *, partial: bool = False, loose: bool = False) -> Any:
    """``kind`` with a copy instead of each model in it; ``partial``: none of the outermost fields has to be there.

    ``loose``: what is in a field that has no model is not looked at, a datetime may stand for a date.
    """
    shape = shape_of(kind) or Shape()
    return _Shaping(shape, loose=loose).copy(
        kind, _Level(way, partial, frozenset(shape.exclude), shape.depth)
    )


class _Shaping:
    def __init__(self, shape: Shape, *, loose: bool) -> None:
        self.shape = shape
        self.loose = loose
        self.made: dict[tuple[Any, _Level], str] = {}

    def copy(self, kind: Any, level: _Level) -> Any:
        if get_origin(kind) is Annotated:
            plain, *metadata = get_args(kind)
            shape = shape_of(kind)
            if shape is not None and shape is not self.shape:
                own = level._replace(exclude=frozenset(shape.exclude), depth=shape.depth)
                return _Shaping(shape, loose=self.loose).copy(kind, own)
            copied = self.copy(plain, level)
            # Constraints are for what comes from outside.
            kept = [one for one in metadata if isinstance(one, Meta)] if level.way == "in" else []
            return Annotated[(copied, *kept)] if kept else copied
        if object_fields(kind) is not None:
            if level.way == "out" and conceals(kind) and not self.shape.rename and not level.exclude:
                if level.depth is None:
                    return kind
            return self.model(kind, level)
        args = get_args(kind)
        if is_union(kind):
            if sum(object_fields(bare(one)) is not None for one in args) > 1 and not _tagged(args):
                return kind
            return Union[tuple(self.copy(one, level) for one in args)]  # noqa: UP007 -- known only now
        origin = get_origin(kind)
        if origin is None or not args or origin is Literal:
            return kind
        return origin[tuple(self.copy(one, level) for one in args)]

    def model(self, kind: Any, level: _Level) -> Any:
        key = (kind, level)
        if key in self.made:
            return self.made[key]
        origin = get_origin(kind) or kind
        name = self.made[key] = f"{origin.__name__}_{next(_counter)}"
        below = level._replace(partial=False, depth=None if level.depth is None else level.depth - 1)
        fields: list[tuple[str, Any, Any]] = []
        for field in object_fields(kind) or ():
            if not self.kept(field, level):
                continue
            prefix = f"{field.name}."
            inner = frozenset(one.removeprefix(prefix) for one in level.exclude if one.startswith(prefix))
            hint = self.copy(field.type, below._replace(exclude=inner))
            if self.loose and not _models(field.type):
                hint = Any
            fields.append((field.name, *self.field(kind, field, hint, partial=level.partial)))
        config = getattr(origin, "__struct_config__", None)
        made = msgspec.defstruct(
            name,
            fields,
            kw_only=True,
            module=__name__,
            rename=self.shape.rename,
            tag_field=None if config is None or config.tag is None else config.tag_field,
            tag=None if config is None else config.tag,
            omit_defaults=config is not None and config.omit_defaults,
            forbid_unknown_fields=config is not None and config.forbid_unknown_fields,
        )
        # A model that contains itself refers to its copy by name.
        setattr(sys.modules[__name__], name, made)
        made.__qualname__ = made.__name__ = origin.__name__
        return made

    def kept(self, field: ObjectField, level: _Level) -> bool:
        role = role_of(field.type)
        if field.name in level.exclude or (
            role is not None and not (role.comes if level.way == "in" else role.goes)
        ):
            return False
        return level.depth is None or level.depth > 0 or not _models(field.type)

    def field(self, kind: Any, field: ObjectField, hint: Any, *, partial: bool) -> tuple[Any, Any]:
        """The type and default of a field of a copy."""
        name = None if field.wire == field.name or self.shape.rename else field.wire
        if partial or (not field.required and is_typeddict(get_origin(kind) or kind)):
            return Union[hint, UnsetType], msgspec.field(default=UNSET, name=name)  # noqa: UP007 -- a type that is known only now
        if field.required:
            return hint, msgspec.field(name=name)
        return hint, msgspec.field(default_factory=_default(kind, field.name), name=name)


def has_roles(kind: Any) -> bool:
    """Whether a model in this type has a field with a role."""
    return any(role_of(field.type) is not None for one in models(kind) for field in object_fields(one) or ())


def conceals(kind: Any) -> bool:
    """Whether it is a Struct whose objects keep beside their fields what may not go out: ``__conceals__`` says so."""
    return getattr(get_origin(kind) or kind, "__conceals__", False) is True


def is_flat(kind: Any) -> bool:
    """Whether it is its own copy: a Struct of scalars, all of which may go out, or one that conceals the others."""
    origin = get_origin(kind) or kind
    return conceals(kind) or (
        isinstance(origin, type)
        and issubclass(origin, Struct)
        and not has_roles(kind)
        and not any(_models(field.type) for field in object_fields(kind) or ())
    )


def models(kind: Any) -> list[Any]:
    """The models in this type, and those in their fields."""
    found: list[Any] = []
    waiting = [*_models(kind)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.append(one)
            waiting += [inner for field in object_fields(one) or () for inner in _models(field.type)]
    return found


def _models(kind: Any) -> tuple[Any, ...]:
    try:
        return _models_of(kind)
    except TypeError:  # a type that has no hash
        return _models_of.__wrapped__(kind)


@functools.lru_cache(maxsize=4096)  # the same few types are in the fields of all models
def _models_of(kind: Any) -> tuple[Any, ...]:
    plain = bare(kind)
    if object_fields(plain) is not None:
        return (plain,)
    return tuple([inner for one in get_args(plain) for inner in _models(one)])


def _tagged(members: tuple[Any, ...]) -> bool:
    configs = [
        getattr(bare(one), "__struct_config__", None)
        for one in members
        if object_fields(bare(one)) is not None
    ]
    return all(config is not None and config.tag is not None for config in configs)


def _default(kind: Any, name: str) -> Any:
    """What makes the default of a field."""
    origin = get_origin(kind) or kind
    if issubclass(origin, Struct):
        found = next(one for one in msgspec.structs.fields(origin) if one.name == name)
        default, factory = found.default, found.default_factory
        missing: Any = msgspec.NODEFAULT
    elif dataclasses.is_dataclass(origin):
        one = next(one for one in dataclasses.fields(origin) if one.name == name)
        default, factory, missing = one.default, one.default_factory, dataclasses.MISSING
    else:  # attrs
        default = next(one.default for one in origin.__attrs_attrs__ if one.name == name)
        factory = missing = getattr(default, "factory", None)
        if factory is not None:
            return factory
    if factory is not missing:
        return factory
    return lambda: copy.copy(default)
