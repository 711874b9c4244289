"""The types that msgspec is told of a model's fields: with what is checked of values, and who sees them."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from msgspec import Meta, UnsetType

from segue.core.binding.roles import Private, ReadOnly, Role, WriteOnly
from segue.core.texts.lazy import Label, LazyText
from segue.db.models.columns import ColumnField
from segue.db.models.hints import without_none

if TYPE_CHECKING:
    from segue.db.models.mapping import Mapping

__all__ = ["annotate", "annotation", "constraints"]


def annotate(mapping: "Mapping") -> None:
    """Tells msgspec the types of the fields, now that they are known."""
    model = mapping.model
    annotations = model.__annotations__
    for column in mapping.columns.values():
        if column.name in annotations:
            annotations[column.name] = annotation(column)
    shown, listed = Union[Any, UnsetType], Union[list[Any], UnsetType]  # noqa: UP007 -- what msgspec reads, not a hint
    for name in mapping.pointers:
        annotations[name] = Annotated[shown, _role("ReadOnly")]
    for relation in mapping.relations.values():
        annotations[relation.name] = Annotated[listed if relation.many else shown, _role("ReadOnly")]


def annotation(column: ColumnField) -> Any:
    """The type of one field."""
    hint: Any = column.hint
    metas = constraints(column)
    plain, null = without_none(hint)
    if metas:
        hint = _with_meta(plain, metas)
        if null:
            hint = Union[hint, None]  # noqa: UP007 -- known only now
    if column.from_database or column.filled or column.reference is not None or _is_pointing(column):
        hint = Union[hint, UnsetType]  # noqa: UP007 -- known only now
    options = column.options
    if isinstance(options.label, LazyText) or isinstance(options.help, LazyText):
        hint = Annotated[hint, Label(options.label or "", options.help or "")]
    role = (
        "Private"
        if options.private
        else "WriteOnly"
        if options.write_only or options.hashed
        else "ReadOnly"
        if options.read_only
        or column.generated
        or column.automatic
        or options.formula
        or options.compute
        or options.upload is not None
        else None
    )
    return Annotated[hint, _role(role)] if role else hint


def _with_meta(hint: Any, said: dict[str, Any]) -> Any:
    """A type with what is checked of its values. msgspec takes each limit once: of two the stricter one holds."""
    if get_origin(hint) is not Annotated:
        return Annotated[hint, Meta(**said)]
    plain, *marks = get_args(hint)
    found = dict(said)
    for meta in [one for one in marks if isinstance(one, Meta)]:
        for name, stricter in _LIMITS.items():
            theirs = getattr(meta, name)
            if theirs is not None:
                ours = found.get(name)
                found[name] = theirs if ours is None else stricter(ours, theirs)
    return Annotated[(plain, *(one for one in marks if not isinstance(one, Meta)), Meta(**found))]


def _both(one: str, other: str) -> str:
    """A pattern for what both are found in."""
    return one if one == other else f"^(?=[\\s\\S]*?(?:{one}))(?=[\\s\\S]*?(?:{other}))"


#: What Meta may say, and which of two it is.
_LIMITS: dict[str, Callable[[Any, Any], Any]] = {
    "ge": max,
    "gt": max,
    "le": min,
    "lt": min,
    "min_length": max,
    "max_length": min,
    "multiple_of": lambda ours, theirs: math.lcm(ours, theirs) if isinstance(ours, int) else ours,
    "pattern": _both,
    "tz": lambda ours, _: ours,
    "title": lambda ours, _: ours,
    "description": lambda ours, _: ours,
    "examples": lambda ours, _: ours,
    "extra_json_schema": lambda ours, theirs: {**theirs, **ours},
    "extra": lambda ours, theirs: {**theirs, **ours},
}


def _is_pointing(column: ColumnField) -> bool:
    """Whether it is put in from an object that the model is given."""
    pointers = column.model.__mapping__.pointers.values()
    return any(column is one.type or column is one.key for one in pointers)


def constraints(column: ColumnField) -> dict[str, Any]:
    """What msgspec checks of its values, by the names that msgspec has for it."""
    options = column.options
    storage = column.kind.storage
    found: dict[str, Any] = {}
    if storage in ("int", "float", "decimal"):
        for name in ("ge", "gt", "le", "lt", "multiple_of"):
            value = getattr(options, name)
            if value is not None and storage != "decimal":
                found[name] = value
        if storage == "int" and column.reference is None:
            edge = 1 << (column.kind.bits - 1)
            if "ge" not in found and "gt" not in found:
                found["ge"] = -edge
            if "le" not in found and "lt" not in found:
                found["le"] = edge - 1
    if storage in ("str", "text", "bytes"):
        for name in ("min_length", "max_length"):
            value = getattr(options, name)
            if value is not None:
                found[name] = value
        if options.pattern is not None and storage != "bytes":
            found["pattern"] = options.pattern
    if storage == "datetime":
        found["tz"] = column.kind.zone
    if options.help:
        found["description"] = str(options.help)
    if options.label:
        found["title"] = str(options.label)
    return found


def _role(name: str | None) -> Role:
    alias = {"Private": Private, "ReadOnly": ReadOnly, "WriteOnly": WriteOnly}[name or ""]
    role: Role = get_args(alias)[1]
    return role
