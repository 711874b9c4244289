"""A look that is enough for most objects: whether every value is plainly right. What is not so sure is checked at length."""

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

from msgspec import UNSET, Meta

from segue.core.binding.validated import plan_of
from segue.db.models.hints import without_none
from segue.db.models.mapping import ColumnField, Mapping, constraints, resolve_all
from segue.db.writing.validating import checker, has_bounds_of_its_own

__all__ = ["plainly_right"]

_PLAIN: dict[str, type] = {
    "bool": bool,
    "date": date,
    "time": time,
    "timedelta": timedelta,
    "uuid": UUID,
}


def plainly_right(mapping: Mapping) -> Callable[[Any], bool]:
    """A function of an object. False means only that somebody has to look closer.

    PERF: 0.5 us for an object of four fields; to check each field is 5 us.
    """
    found: Callable[[Any], bool] | None = mapping.kept.get("plainly right")
    if found is None:
        resolve_all()
        found = mapping.kept["plainly right"] = _generated(mapping)
    return found


def _generated(mapping: Mapping) -> Callable[[Any], bool]:
    names: dict[str, Any] = {
        "UNSET": UNSET,
        "datetime": datetime,
        "finite": math.isfinite,
        "encodable": _encodable,
    }
    lines = ["def plainly_right(o):", "    try:"]
    for at, column in enumerate(mapping.columns.values()):
        if column.generated:
            continue
        test = _test(column, at, names)
        absent = [
            f"v is {one}" for one, may in (("None", column.kind.null), ("UNSET", column.from_database)) if may
        ]
        lines.append(f"        v = o.{column.name}")
        lines.append(f"        if not ({' or '.join((*absent, test))}): return False")
    lines += ["    except Exception:", "        return False", "    return True"]
    exec(compile("\n".join(lines), "<plainly right>", "exec"), names)  # noqa: S102 -- our own text and names of fields
    made: Callable[[Any], bool] = names["plainly_right"]
    return made


def _test(column: ColumnField, at: int, names: dict[str, Any]) -> str:
    kind, options = column.kind, column.options
    limits = constraints(column)
    plain = _PLAIN.get(kind.storage)
    if (
        options.validate is not None
        or options.pattern is not None
        or options.multiple_of is not None
        or has_bounds_of_its_own(column)
        or _says_more(column.hint)
    ):
        plain = None
    elif kind.storage in ("str", "text") and kind.python is str:
        tests = ["type(v) is str", '"\\0" not in v', "(v.isascii() or encodable(v))"]
        if options.max_length is not None:
            tests.append(f"len(v) <= {int(options.max_length)}")
        if options.min_length is not None:
            tests.append(f"len(v) >= {int(options.min_length)}")
        return f"({' and '.join(tests)})"
    elif kind.storage == "int" and kind.python is int:
        tests = ["type(v) is int"]
        for name, sign in (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<")):
            if name in limits:
                names[f"{name}{at}"] = limits[name]
                tests.append(f"v {sign} {name}{at}")
        return f"({' and '.join(tests)})"
    elif kind.storage == "float" and not {"ge", "gt", "le", "lt"} & set(limits):
        return "(type(v) is float and finite(v))"
    elif kind.storage == "datetime":
        return f"(type(v) is datetime and v.tzinfo is {'not None' if kind.zone else 'None'})"
    if plain is not None and kind.python is plain:
        names[f"t{at}"] = plain
        return f"type(v) is t{at}"
    names[f"c{at}"] = checker(column)
    return f"c{at}(v) is v"


def _says_more(hint: Any) -> bool:
    """Whether the annotation has limits of its own: ``Field[Email]``."""
    plain, _ = without_none(hint)
    if get_origin(plain) is not Annotated:
        return False
    return any(isinstance(one, Meta) for one in get_args(plain)[1:]) or plan_of(hint) is not None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
