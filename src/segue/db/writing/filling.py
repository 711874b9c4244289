"""Values that are made when an object is written: computed in Python, of the text of another field, of a password."""

import inspect
from typing import Any

from msgspec import UNSET

from segue.core.binding.slugs import slug_of
from segue.db.errors import ValidationError
from segue.db.models.columns import ColumnField
from segue.db.models.hashed import Hashed
from segue.db.models.mapping import Mapping
from segue.db.models.state import changed, put

__all__ = ["asks_to_fill", "compute", "fill"]

_LONGEST = 100
_TRIES = 1000


def _kept(mapping: Mapping, what: str) -> list[ColumnField]:
    by_option: dict[str, list[ColumnField]] = mapping.kept.setdefault("filled", {})
    found = by_option.get(what)
    if found is None:
        found = [one for one in mapping.columns.values() if getattr(one.options, what) is not None]
        by_option[what] = found
    return found


def compute(target: Any, mapping: Mapping) -> None:
    """Puts in what functions of the object make. They see values that were checked."""
    for column in _kept(mapping, "compute"):
        function: Any = column.options.compute
        value = function(target)
        if getattr(target, column.name, UNSET) != value:
            setattr(target, column.name, value)


def asks_to_fill(mapping: Mapping) -> bool:
    """Whether something is made that takes time, or has to look at what is there."""
    found: bool | None = mapping.kept.get("asks to fill")
    if found is None:
        found = any(_kept(mapping, what) for what in ("slug", "hashed", "keys_of"))
        mapping.kept["asks to fill"] = found
    return found


async def fill(target: Any, mapping: Mapping, *, new: bool, beside: set[str] | None = None) -> None:
    """Makes slugs and hashes, and looks whether the objects are there that a list of keys names.

    ``beside``: slugs of the objects that are inserted together with it.
    """
    for column in _kept(mapping, "slug"):
        if new and not getattr(target, column.name, None):
            await _fill_slug(target, mapping, column, set() if beside is None else beside)
    for column in _kept(mapping, "hashed"):
        value = getattr(target, column.name)
        if isinstance(value, str) and not isinstance(value, Hashed):
            made = column.options.hashed.hash(value)
            put(target, column.name, Hashed(await made if inspect.isawaitable(made) else made))
    for column in _kept(mapping, "keys_of"):
        if new or column.name in changed(target):
            await _check_keys(target, column)


async def _fill_slug(target: Any, mapping: Mapping, column: ColumnField, beside: set[str]) -> None:
    source = getattr(target, column.options.slug or "")
    longest = min(column.options.max_length or _LONGEST, _LONGEST)
    start = slug_of(str(source), longest) or mapping.table[:longest]
    if column.options.unique:
        start = await _free(mapping, column, start, longest, beside)
        beside.add(start)
    setattr(target, column.name, start)


async def _free(mapping: Mapping, column: ColumnField, start: str, longest: int, beside: set[str]) -> str:
    """The slug, or the first of those with a number behind it that nobody has."""
    expression = mapping.expression(column.name)
    number = 1
    while number < _TRIES:
        ends = ["" if at == 1 else f"-{at}" for at in range(number, number + 10)]
        wanted = [start[: longest - len(end)].rstrip("-") + end for end in ends]
        model: Any = mapping.family
        taken = beside | set(await model.all().unscoped().where(expression.is_in(wanted)).values(expression))
        free = next((one for one in wanted if one not in taken), None)
        if free is not None:
            return free
        number += len(ends)
    raise ValidationError(
        mapping.model, [{"loc": [column.name], "msg": f"There are too many like {start!r}"}]
    )


async def _check_keys(target: Any, column: ColumnField) -> None:
    keys = list(getattr(target, column.name) or ())
    other = others_of(column)
    found = set(await other.all().where(_key(other).is_in(keys)).values(_key(other))) if keys else set()
    missing = [one for one in keys if one not in found]
    if missing:
        told = ", ".join(repr(one) for one in missing[:5])
        problem = {"loc": [column.name], "msg": f"There is no {other.__name__} {told:.200}"}
        raise ValidationError(column.model, [problem])


def others_of(column: ColumnField) -> Any:
    """The model whose keys are in a list."""
    from segue.db.models.registry import model_named

    if column.options.keys_of is None:
        raise TypeError(f"{column!r} has no keys of others: field(keys_of=Tag) says whose they are")
    return model_named(column.options.keys_of, column.model, column.name)


def _key(model: Any) -> Any:
    return model.__mapping__.expression(model.__mapping__.key[0].name)


async def named_by(target: Any, column: ColumnField) -> list[Any]:
    """The objects that a list of keys names, in its order; those that are gone are left out."""
    other = others_of(column)
    keys = list(getattr(target, column.name) or ())
    found = await other.all().in_bulk(keys)
    return [found[one] for one in keys if one in found]
