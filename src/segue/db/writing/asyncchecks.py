"""Checks that have to ask: async validators, and relations that lead only to objects of a query."""

import inspect
from typing import Any

from msgspec import UNSET

from segue.db.errors import ValidationError
from segue.db.models.columns import ColumnField, Relation
from segue.db.models.mapping import Mapping

__all__ = ["asks", "check_by_asking", "choices"]


def asks(mapping: Mapping) -> bool:
    """Whether objects of a model have checks that are awaited."""
    found: bool | None = mapping.kept.get("asks")
    if found is None:
        found = mapping.kept["asks"] = (
            inspect.iscoroutinefunction(getattr(mapping.model, "validate", None))
            or any(_is_async(column) for column in mapping.columns.values())
            or any(relation.options.among is not None for relation in mapping.relations.values())
        )
    return found


def _is_async(column: ColumnField) -> bool:
    return inspect.iscoroutinefunction(column.options.validate)


async def check_by_asking(target: Any, mapping: Mapping) -> None:
    """Raises ValidationError with every field that these checks refuse. What is plainly wrong was found before."""
    problems: list[dict[str, Any]] = []
    for column in mapping.columns.values():
        value = getattr(target, column.name)
        if _is_async(column) and value is not UNSET and value is not None:
            validate: Any = column.options.validate
            await _collect(problems, [column.name], validate(value))
    for relation in mapping.relations.values():
        if relation.options.among is not None and relation.refers:
            await _collect(problems, [relation.name], _is_among(target, relation))
    validate = getattr(target, "validate", None)
    if not problems and inspect.iscoroutinefunction(validate):
        await _collect(problems, [], validate())
    if problems:
        raise ValidationError(mapping.model, problems)


async def _collect(problems: list[dict[str, Any]], loc: list[Any], check: Any) -> None:
    try:
        await check
    except ValidationError as error:
        problems += error.problems
    except ValueError as error:
        problems.append({"loc": loc, "msg": str(error)})


async def _is_among(target: Any, relation: Relation) -> None:
    values = [getattr(target, column.name) for column in relation.columns]
    if any(value is None or value is UNSET for value in values):
        return
    other: Any = relation.target
    keys = other.__mapping__.key
    query = choices(target, relation)
    for key, value in zip(keys, values, strict=True):
        query = query.where(other.__mapping__.expression(key.name) == value)
    if not await query.exists():
        raise ValueError(f"This {other.__name__} cannot be chosen here")


def choices(target: Any, relation: Relation) -> Any:
    """The query of the objects that a relation of an object may lead to."""
    among: Any = relation.options.among
    return relation.target.all() if among is None else among(target)
