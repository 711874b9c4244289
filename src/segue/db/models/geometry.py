"""Geometries: points, lines and areas, written in JSON as RFC 7946 (GeoJSON) writes them."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

__all__ = [
    "GEOMETRIES",
    "MOST_POINTS",
    "Box",
    "Geometry",
    "GeometryCollection",
    "LineString",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "Point",
    "Polygon",
    "Position",
    "Shape",
    "fault",
    "geometry_name",
]

Position: TypeAlias = Annotated[tuple[float, ...], msgspec.Meta(min_length=2, max_length=3)]
"""Where something is: x and y, which is longitude and latitude on the Earth, and a height if the column has three dimensions."""

Box: TypeAlias = tuple[float, float, float, float]
"""From west and south to east and north: the least x and y, the greatest x and y."""

#: So many positions one geometry may have where its column says nothing else.
MOST_POINTS = 100_000

_WORLD = 4326


class Shape(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """What all geometries have.

    ``srid``: in which system the coordinates are, as EPSG numbers them; None stands for that of the column. It is
    looked at and not kept: what is read from a column is in the system of that column.
    """

    def positions(self) -> Iterator[Position]:
        """All positions, one after the other."""
        raise NotImplementedError

    @property
    def bbox(self) -> Box:
        """The smallest upright rectangle around it."""
        xs, ys = zip(*((one[0], one[1]) for one in self.positions()), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def wkt(self) -> str:
        """It as Well-Known Text: ``POINT (2.35 48.85)``."""
        from segue.db.models.wellknown import to_wkt

        return to_wkt(self)

    def __str__(self) -> str:
        return self.wkt

    @staticmethod
    def __from_text__(text: str) -> "Geometry":
        """What somebody writes into a form: Well-Known Text, or GeoJSON."""
        if text.lstrip().startswith("{"):
            return msgspec.json.decode(text, type=Geometry)  # type: ignore[no-any-return] # a union of types
        return Shape.from_wkt(text)

    @staticmethod
    def from_wkt(text: str) -> "Geometry":
        """The geometry that Well-Known Text says, with ``SRID=4326;`` before it or without. Raises ValueError."""
        from segue.db.models.wellknown import from_wkt

        found: Geometry = from_wkt(text)
        return found


class _Placed(Shape, frozen=True, omit_defaults=True, tag_field="type"):
    """A geometry that has coordinates: they are looked at when it is made, and kept as tuples of floats."""

    def __post_init__(self) -> None:
        made: Any = self
        kept = _coordinates(made.coordinates, _DEPTHS[type(self).__name__])
        msgspec.structs.force_setattr(made, "coordinates", kept)
        self._check(kept)

    def _check(self, coordinates: Any) -> None:
        """Raises ValueError for positions that make no such geometry."""

    def positions(self) -> Iterator[Position]:
        made: Any = self
        return _flat(made.coordinates, _DEPTHS[type(self).__name__])


class Point(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """A place: ``Point((2.35, 48.85))``, longitude before latitude."""

    coordinates: Position
    srid: int | None = None

    @property
    def x(self) -> float:
        """How far to the east."""
        return self.coordinates[0]

    @property
    def y(self) -> float:
        """How far to the north."""
        return self.coordinates[1]


class LineString(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """A way: ``LineString([(0, 0), (1, 1)])``, two positions or more."""

    coordinates: Sequence[Position]
    srid: int | None = None

    def _check(self, coordinates: Any) -> None:
        _check_line(coordinates)


class Polygon(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """An area: its outer ring, then the holes in it. A ring ends where it begins: ``Polygon([[(0, 0), (1, 0), (1, 1), (0, 0)]])``."""

    coordinates: Sequence[Sequence[Position]]
    srid: int | None = None

    def _check(self, coordinates: Any) -> None:
        _check_area(coordinates)

    @classmethod
    def box(cls, west: float, south: float, east: float, north: float) -> "Polygon":
        """An upright rectangle."""
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        return cls([corners])


class MultiPoint(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """Several places."""

    coordinates: Sequence[Position]
    srid: int | None = None

    def _check(self, coordinates: Any) -> None:
        _some(coordinates, "a MultiPoint", "point")


class MultiLineString(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """Several ways."""

    coordinates: Sequence[Sequence[Position]]
    srid: int | None = None

    def _check(self, coordinates: Any) -> None:
        _some(coordinates, "a MultiLineString", "line")
        for line in coordinates:
            _check_line(line)


class MultiPolygon(_Placed, frozen=True, omit_defaults=True, tag_field="type"):
    """Several areas."""

    coordinates: Sequence[Sequence[Sequence[Position]]]
    srid: int | None = None

    def _check(self, coordinates: Any) -> None:
        _some(coordinates, "a MultiPolygon", "area")
        for area in coordinates:
            _check_area(area)


class GeometryCollection(Shape, frozen=True, omit_defaults=True, tag_field="type"):
    """Geometries of several kinds, none of them a collection."""

    geometries: "Sequence[Single]"
    srid: int | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "geometries", tuple(self.geometries))
        _some(self.geometries, "a GeometryCollection", "geometry")
        for one in self.geometries:
            if not isinstance(one, _Placed):
                raise ValueError(f"A GeometryCollection is made of geometries, and not of {one!r:.80}")  # noqa: TRY004 -- a bad value, as all the others

    def positions(self) -> Iterator[Position]:
        for one in self.geometries:
            yield from one.positions()


Single: TypeAlias = Point | LineString | Polygon | MultiPoint | MultiLineString | MultiPolygon

Geometry: TypeAlias = (
    Point | LineString | Polygon | MultiPoint | MultiLineString | MultiPolygon | GeometryCollection
)
"""A geometry of any kind: ``shape: Field[Geometry]``."""

G = TypeVar("G", bound=Shape)

#: By the numbers that Well-Known Binary has for them.
GEOMETRIES: dict[int, Any] = {
    1: Point,
    2: LineString,
    3: Polygon,
    4: MultiPoint,
    5: MultiLineString,
    6: MultiPolygon,
    7: GeometryCollection,
}

#: How many lists are around a position.
_DEPTHS = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}


def geometry_name(kind: Any) -> str:
    """What databases call the geometries of a kind of column: ``Geometry`` where there may be several."""
    return kind.python.__name__ if kind.python in GEOMETRIES.values() else "Geometry"


def fault(shape: Any, *, srid: int, dimensions: int, most: int) -> str | None:
    """What keeps a geometry out of a column; None if nothing does."""
    told = shape.srid
    if told is not None and told != srid:
        return f"Expected coordinates of the system {srid}, got {told}: transform them before"
    for count, one in enumerate(shape.positions(), 1):
        if count > most:
            return f"Expected at most {most:,} positions"
        if len(one) != dimensions:
            return f"Expected {dimensions} coordinates for each position, got {len(one)}"
        if srid == _WORLD and not (-180 <= one[0] <= 180 and -90 <= one[1] <= 90):
            return f"Expected a longitude from -180 to 180 and then a latitude from -90 to 90, got {one[0]:g}, {one[1]:g}"
    return None


def _coordinates(given: Any, depth: int) -> Any:
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise ValueError(f"Expected coordinates, got {given!r:.80}")
    if depth:
        return tuple([_coordinates(one, depth - 1) for one in given])
    found = tuple(given)
    if len(found) not in (2, 3):
        raise ValueError(f"Expected a position of 2 or 3 coordinates, got {len(found)}")
    for one in found:
        if isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one):
            raise ValueError(f"Expected coordinates that are numbers, got {one!r:.80}")
    return tuple([float(one) for one in found])


def _flat(coordinates: Any, depth: int) -> Iterator[Position]:
    if not depth:
        yield coordinates
    elif depth == 1:
        yield from coordinates
    else:
        for one in coordinates:
            yield from _flat(one, depth - 1)


def _some(given: Any, whole: str, part: str) -> None:
    if not given:
        raise ValueError(f"Expected {whole} of at least one {part}")


def _check_line(positions: Any) -> None:
    if len(positions) < 2:
        raise ValueError(f"Expected a line of at least 2 positions, got {len(positions)}")


def _check_area(rings: Any) -> None:
    _some(rings, "an area", "ring")
    for ring in rings:
        if len(ring) < 4:
            raise ValueError(f"Expected a ring of at least 4 positions, got {len(ring)}")
        if ring[0] != ring[-1]:
            raise ValueError(
                f"Expected a ring that ends where it begins, {ring[0]}, and it ends at {ring[-1]}"
            )
