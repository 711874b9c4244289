"""What the annotation of a field says: the type itself, its constraints, and whether there may be nothing."""

import typing
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec

from segue.core.binding.kinds import is_union
from segue.core.texts.lazy import Label, Words

__all__ = ["FieldType", "Limits", "field_type"]


class Limits:
    """The constraints of msgspec.Meta in an annotation; of two that say the same, the outer one counts."""

    __slots__ = (
        "description", "format", "ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern", "title", "tz",
    )  # fmt: skip

    def __init__(self, metas: typing.Sequence[msgspec.Meta] = ()) -> None:
        for name in self.__slots__:
            setattr(self, name, None)
        for meta in reversed(metas):  # the outermost one comes first
            for name in self.__slots__:
                value = getattr(meta, name, None)
                if value is not None:
                    setattr(self, name, value)
            extra = meta.extra_json_schema or {}
            if "format" in extra:
                self.format = extra["format"]

    ge: Any
    gt: Any
    le: Any
    lt: Any
    multiple_of: Any
    min_length: int | None
    max_length: int | None
    pattern: str | None
    tz: bool | None
    title: str | None
    description: str | None
    format: str | None


class FieldType(NamedTuple):
    """An annotation, taken apart.

    ``kind``: the type without constraints and without None. ``whole``: what values are converted to. ``optional``: None is
    possible. ``unset``: the field may be left out of the object. ``marks``: what else is in the annotation.
    """

    kind: Any
    whole: Any
    optional: bool
    unset: bool
    limits: Limits
    marks: tuple[Any, ...]

    def mark(self, kind: type) -> Any:
        """The first mark of a class, or None."""
        return next((one for one in self.marks if isinstance(one, kind)), None)

    @property
    def label(self) -> Words:
        """What people call it; empty where nothing is said."""
        called: Label | None = self.mark(Label)
        return (called.label if called is not None else "") or self.limits.title or ""

    @property
    def help(self) -> Words:
        """What is said about it."""
        called: Label | None = self.mark(Label)
        return (called.help if called is not None else "") or self.limits.description or ""


def field_type(hint: Any) -> FieldType:
    """Takes the annotation of a field apart."""
    metas: list[msgspec.Meta] = []
    marks: list[Any] = []
    optional = unset = False
    kind = hint
    while True:
        if get_origin(kind) is Annotated:
            kind, *metadata = get_args(kind)
            metas += [one for one in reversed(metadata) if isinstance(one, msgspec.Meta)]
            marks += [one for one in metadata if not isinstance(one, msgspec.Meta)]
        elif isinstance(kind, typing.NewType):
            kind = kind.__supertype__
        elif is_union(kind):
            every = get_args(kind)
            optional = optional or type(None) in every
            unset = unset or msgspec.UnsetType in every
            rest = tuple(one for one in every if one not in (type(None), msgspec.UnsetType))
            if len(rest) == len(every) or not rest:
                break
            kind = rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007 -- known only now
        else:
            break
    return FieldType(kind, _without_unset(hint), optional, unset, Limits(metas), tuple(marks))


def _without_unset(hint: Any) -> Any:
    """The annotation as a type for values that are there."""
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        return Annotated[(_without_unset(inner), *metadata)]
    if is_union(hint) and msgspec.UnsetType in get_args(hint):
        rest = tuple(one for one in get_args(hint) if one is not msgspec.UnsetType)
        return Union[rest] if rest else Any  # noqa: UP007 -- known only now
    return hint
