"""Whether the values of an object are what its model allows: at assignment, and all at once before it is written."""

import functools
import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from segue.core.binding.validated import plan_of
from segue.db.errors import ValidationError
from segue.db.models.fieldtypes import annotation
from segue.db.models.geometry import fault, geometry_name
from segue.db.models.hashed import Hashed
from segue.db.models.mapping import ColumnField, Mapping, resolve_all
from segue.db.models.state import put

__all__ = ["check_all", "check_one", "checker", "has_bounds_of_its_own"]

Check = Callable[[Any], Any]


def checker(column: ColumnField) -> Check:
    """What raises ValueError or msgspec.ValidationError for a value that the column cannot have, and gives back what is stored."""
    kept: dict[str, Check] = column.model.__mapping__.kept.setdefault("checkers", {})
    found = kept.get(column.name)
    if found is None:
        found = kept[column.name] = _checker(column)
    return found


def _checker(column: ColumnField) -> Check:
    hint = annotation(column)
    storage = column.kind.storage
    own = None if inspect.iscoroutinefunction(column.options.validate) else column.options.validate
    options = column.options
    text = storage in ("str", "text", "enum")
    bounded = has_bounds_of_its_own(column)
    asked = plan_of(column.hint)
    low, high = (
        options.ge if options.ge is not None else options.gt,
        options.le if options.le is not None else options.lt,
    )

    def check(value: Any) -> Any:
        if value is UNSET or type(value) is Hashed:
            return value
        if own is not None and value is not None:
            value = own(value)
        if storage == "geometry":
            _check_shape(value, column)
        msgspec.convert(value, hint, dec_hook=_as_it_is, from_attributes=True)
        if value is None:
            return value
        if asked is not None:
            value = asked(value)
        if text and isinstance(value, str):
            if "\0" in value:
                raise ValueError("Text with the character NUL cannot be stored")
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("Text with half a surrogate pair is no Unicode") from None
        elif storage == "float" and not math.isfinite(value):
            raise ValueError(f"{value} is no number that can be stored")
        elif storage == "decimal":
            _check_decimal(value, column, low, high)
        elif storage == "geometry":
            _check_geometry(value, column)
        if bounded:
            _check_bounds(value, column)
        return value

    return check


_BOUNDS = {
    "ge": (operator.ge, ">="),
    "gt": (operator.gt, ">"),
    "le": (operator.le, "<="),
    "lt": (operator.lt, "<"),
}


def has_bounds_of_its_own(column: ColumnField) -> bool:
    """Whether values have bounds that msgspec does not check: those of dates, times and durations."""
    options = column.options
    return column.kind.storage in ("date", "datetime", "time", "timedelta") and any(
        getattr(options, name) is not None for name in _BOUNDS
    )


def _check_bounds(value: Any, column: ColumnField) -> None:
    for name, (holds, sign) in _BOUNDS.items():
        bound = getattr(column.options, name)
        if bound is not None and not holds(value, bound):
            raise ValueError(f"Expected a value {sign} {bound}")


def _check_decimal(value: Any, column: ColumnField, low: Any, high: Any) -> None:
    if not value.is_finite():
        raise ValueError(f"{value} is no number that can be stored")
    options = column.options
    if low is not None and (value < low or (options.ge is None and value == low)):
        raise ValueError(f"Expected a number {'>=' if options.ge is not None else '>'} {low}")
    if high is not None and (value > high or (options.le is None and value == high)):
        raise ValueError(f"Expected a number {'<=' if options.le is not None else '<'} {high}")
    kind = column.kind
    if kind.digits is not None:
        places = kind.places or 0
        _, digits, exponent = value.as_tuple()
        after = max(0, -int(exponent))
        before = max(0, len(digits) + int(exponent))
        if after > places:
            raise ValueError(f"Expected at most {places} digits after the point")
        if before > kind.digits - places:
            raise ValueError(f"Expected at most {kind.digits - places} digits before the point")


def _check_shape(value: Any, column: ColumnField) -> None:
    """What is no geometry, and one of another kind, may have the same attributes: it is not converted."""
    if value is not None and not isinstance(value, column.kind.python):
        raise ValueError(f"Expected a {geometry_name(column.kind)}, got a {type(value).__name__}")


def _check_geometry(value: Any, column: ColumnField) -> None:
    kind = column.kind
    told = fault(value, srid=kind.srid, dimensions=kind.dimensions, most=column.options.max_points)
    if told is not None:
        raise ValueError(told)


def _as_it_is(kind: Any, value: Any) -> Any:
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    raise ValueError(f"Expected `{getattr(kind, '__name__', kind)}`, got `{type(value).__name__}`")


def check_one(target: Any, name: str, value: Any) -> Any:
    """What is stored for a value that is assigned. Raises ValidationError."""
    column = type(target).__mapping__.columns[name]
    try:
        return checker(column)(value)
    except (ValueError, TypeError) as error:
        raise ValidationError(type(target), [{"loc": [name], "msg": _message(error)}]) from None


def check_all(target: Any, mapping: Mapping, *, new: bool) -> None:
    """Raises ValidationError with every bad field of an object, before anything is written. Cleaned values are put in."""
    problems: list[dict[str, Any]] = []
    for name, column, check in _checks(mapping.model):
        value = getattr(target, name)
        if value is UNSET:
            if new and not column.from_database and not column.filled:
                told = column.reference.name if column.reference is not None else name
                told = next((p.name for p in mapping.pointers.values() if p.type is column), told)
                problems.append({"loc": [told], "msg": f"Object missing required field `{told}`"})
            continue
        try:
            stored = check(value)
        except (ValueError, TypeError) as error:
            problems.append({"loc": [name], "msg": _message(error)})
            continue
        if stored is not value:
            put(target, name, stored)
    own = getattr(target, "validate", None)
    if own is not None and not problems and not inspect.iscoroutinefunction(own):
        try:
            own()
        except ValidationError:
            raise
        except ValueError as error:
            problems.append({"loc": [], "msg": str(error)})
    if problems:
        raise ValidationError(mapping.model, problems)


@functools.cache
def _checks(model: Any) -> list[tuple[str, ColumnField, Check]]:
    resolve_all()
    return [
        (column.name, column, checker(column))
        for column in model.__mapping__.columns.values()
        if not column.generated
    ]


def _message(error: Exception) -> str:
    return str(error).partition(" - at `")[0]
