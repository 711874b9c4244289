"""Rows with objects and values in them."""

from collections.abc import Callable, Sequence
from typing import Any

from segue.db.compiling.types import converter_from
from segue.db.models.kinds import Kind
from segue.db.reading.rows import Reached, objects

__all__ = ["mixed"]

Build = Callable[[Sequence[Any], Any], list[Any]]


def mixed(dialect: str, items: Sequence[Kind | list[Reached]]) -> Build:
    """What makes a list of tuples of rows; ``items``: the kind of each value, or the models whose columns stand for an object."""
    columns: list[Callable[[Sequence[Any], Any], Sequence[Any]]] = []
    at = 0
    for item in items:
        if isinstance(item, Kind):
            columns.append(_values(at, converter_from(item, dialect)))
            at += 1
            continue
        width = sum(len(one.columns) for one in item)
        columns.append(_objects(at, width, objects(dialect, item)))
        at += width

    def build(rows: Sequence[Any], database: Any) -> list[Any]:
        return list(zip(*(column(rows, database) for column in columns), strict=True))

    return build


def _values(at: int, convert: Callable[[Any], Any] | None) -> Callable[[Sequence[Any], Any], Sequence[Any]]:
    if convert is None:
        return lambda rows, _: [row[at] for row in rows]
    return lambda rows, _: [None if row[at] is None else convert(row[at]) for row in rows]


def _objects(start: int, width: int, build: Build) -> Callable[[Sequence[Any], Any], Sequence[Any]]:
    end = start + width
    return lambda rows, database: build([tuple(row[start:end]) for row in rows], database)
