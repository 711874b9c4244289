"""What may be asked about the type in an annotation."""

import enum
import types
import typing
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

from segue.http.uploads import UploadFile

__all__ = ["bare", "is_text_like", "is_union", "is_upload", "list_item", "told", "without_none"]

_SCALARS = (str, int, float, bool, Decimal, UUID, datetime, date, time, timedelta)


def bare(kind: Any) -> Any:
    """``T`` for ``Annotated[T, ...]``."""
    # PERF(freeze): nearly all are classes, and asked dozens of times each.
    while not isinstance(kind, type) and get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def is_union(kind: Any) -> bool:
    """Whether it is ``A | B``."""
    return not isinstance(kind, type) and get_origin(kind) in (Union, types.UnionType)


def without_none(kind: Any) -> Any:
    """``T`` for ``T | None``."""
    plain = bare(kind)
    if is_union(plain):
        members = [one for one in get_args(plain) if one is not type(None)]
        if len(members) == 1:
            return members[0]
    return kind


def list_item(kind: Any) -> Any:
    """``T`` for a list, set, tuple or sequence of T, None possible or not; None for other types."""
    plain = bare(without_none(kind))
    if plain in (list, set, frozenset, tuple):
        return str
    origin, args = get_origin(plain), get_args(plain)
    if not args or not isinstance(origin, type):
        return None
    if origin is tuple:
        return args[0] if len(args) == 2 and args[1] is Ellipsis else None
    return args[0] if issubclass(origin, Sequence | set | frozenset) else None


def is_text_like(kind: Any) -> bool:
    """Whether a text can be such a value: a number, a date, an enumeration, a choice of them."""
    plain = bare(kind)
    if is_union(plain):
        return all(one is type(None) or is_text_like(one) for one in get_args(plain))
    if get_origin(plain) is typing.Literal:
        return True
    if isinstance(plain, typing.NewType):
        return is_text_like(plain.__supertype__)
    return isinstance(plain, type) and (plain in _SCALARS or issubclass(plain, enum.Enum))


def is_upload(kind: Any) -> bool:
    """Whether it is an uploaded file, or a list of them."""
    plain, item = bare(without_none(kind)), list_item(kind)
    return (isinstance(plain, type) and issubclass(plain, UploadFile)) or (
        item is not None and is_upload(item)
    )


def told(kind: Any) -> str:
    """Its name, for errors."""
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
