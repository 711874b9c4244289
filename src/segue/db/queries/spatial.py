"""The nodes of questions about geometries."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from segue.db.errors import UnusableValue
from segue.db.models.geometry import Geometry, Point, Polygon, Shape
from segue.db.models.kinds import Kind
from segue.db.queries.expressions import BOOLEAN, FLOAT, Condition, Expr, Key, Value

__all__ = ["Distance", "Near", "Spatial", "spatial", "transformed"]

T = TypeVar("T")

_NUMBERS = frozenset({"distance", "area", "length", "perimeter", "x", "y"})
_SHAPES: dict[str, Any] = {
    "centroid": Point,
    "envelope": Polygon,
    "buffer": Geometry,
    "simplify": Geometry,
    "intersection": Geometry,
}
#: Those that are given a number.
_MEASURED = frozenset({"buffer", "simplify"})


class Spatial(Expr[T]):
    """A function of geometries: a relation of two, a measure, or another geometry."""

    __slots__ = ("arguments", "called", "kind")

    def __init__(self, called: str, arguments: tuple[Expr[Any], ...], kind: Kind) -> None:
        self.called = called
        self.arguments = arguments
        self.kind = kind

    @property
    def geography(self) -> bool:
        """Whether it is about the Earth, and not about a plane."""
        return self.arguments[0].kind.geography

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("spatial", self.called, self.kind.token, self.arguments[0].kind.token)
        for one in self.arguments:
            one.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return self.arguments

    def name(self) -> str:
        return self.called

    def __repr__(self) -> str:
        first, *others = self.arguments
        return f"{first!r}.{self.called}({', '.join(map(repr, others))})"


class Distance(Spatial[float]):
    """How far two geometries are from each other."""

    __slots__ = ()

    def __le__(self, other: "float | Expr[float]") -> Condition:
        """Whether they are as near as that: what an index can answer."""
        return Near("near", (*self.arguments, self._with(other)), BOOLEAN)


class Near(Spatial[bool]):
    """Whether two geometries are at most so far from each other."""

    __slots__ = ()


def spatial(called: str, left: Any, others: tuple[Any, ...]) -> Expr[Any]:
    """What ``x.<called>(...)`` is."""
    kind: Kind = left.kind
    if kind.storage != "geometry":
        raise TypeError(f"{left!r} is no geometry: {called}() is about geometries")
    if called in ("x", "y") and kind.python is not Point:
        raise TypeError(f"{left!r} is no point, so it has no {called}: take its centroid() or its envelope()")
    measured = called in _MEASURED
    arguments = [left, *(_number(called, one) if measured else _other(called, left, one) for one in others)]
    null = any(one.kind.null for one in arguments)
    if called in _NUMBERS:
        found = FLOAT
    elif called in _SHAPES:
        found = Kind("geometry", _SHAPES[called], srid=kind.srid, geography=kind.geography)
    else:
        return Spatial(called, tuple(arguments), BOOLEAN)
    if null or called == "intersection":
        found = found.nullable()
    made = Distance if called == "distance" else Spatial
    return made(called, tuple(arguments), found)


def transformed(left: Expr[Any], srid: int) -> Expr[Any]:
    """What ``x.transform(srid)`` is."""
    if left.kind.storage != "geometry" or left.kind.geography:
        raise TypeError(f"{left!r} is no geometry with coordinates of a plane: transform() is about those")
    if not 0 < srid < 1_000_000:
        raise ValueError(f"{srid} is no number of a system of coordinates")
    kind = Kind("geometry", left.kind.python, srid=srid, null=left.kind.null)
    return Spatial("transform", (left,), kind)


def _number(called: str, value: Any) -> Expr[Any]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{called}() is given a number, not {value!r:.80}")
    return Value(float(value), FLOAT)


def _other(called: str, left: Expr[Any], other: Any) -> Expr[Any]:
    if isinstance(other, Expr):
        if other.kind.storage != "geometry":
            raise TypeError(f"{other!r} is no geometry: {called}() compares geometries")
        if other.kind.srid != left.kind.srid:
            raise TypeError(
                f"{left!r} has coordinates of the system {left.kind.srid}, {other!r} of {other.kind.srid}: transform() one of them"
            )
        return other
    if not isinstance(other, Shape):
        raise TypeError(f"{called}() compares geometries, and {other!r:.80} is none")
    of = left.kind
    kind = Kind("geometry", type(other), srid=of.srid, geography=of.geography, dimensions=of.dimensions)
    try:
        return Value(other, kind)
    except UnusableValue as error:
        raise UnusableValue(error.value, error.why, repr(left)) from None
