"""What is asked about geometries: how far they are from each other, which one lies in which, and what can be made of them."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from segue.db.models.geometry import Geometry, Point, Polygon, Shape

if TYPE_CHECKING:
    from segue.db.queries.expressions import Condition, Expr

__all__ = ["Located"]

T = TypeVar("T")
G = TypeVar("G", bound=Shape)


class Located(Generic[T]):
    """The part of an expression that is about geometries."""

    __slots__ = ()

    def _located(self, called: str, *others: Any) -> "Expr[Any]":
        from segue.db.queries.spatial import spatial

        return spatial(called, self, others)

    def distance(self: "Located[G] | Located[G | None]", to: "Geometry | Expr[Any]") -> "Expr[float]":
        """How far it is to another geometry: ``Place.at.distance(here) <= 500``, which an index answers.

        With ``field(geography=True)`` in metres on the Earth, otherwise in the unit of the coordinates. To order by it gives
        those that are nearest, with an index on PostGIS.
        """
        return self._located("distance", to)

    def intersects(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether they have a point in common."""
        return self._located("intersects", other)

    def covers(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether no point of the other one is outside of it (PostGIS, SQLite)."""
        return self._located("covers", other)

    def crosses(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether one goes through the other."""
        return self._located("crosses", other)

    def disjoint(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether they have no point in common. No index helps here."""
        return self._located("disjoint", other)

    def equals(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether both are the same points, in whatever order they are written."""
        return self._located("equals", other)

    def bbox_overlaps(self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]") -> "Condition":
        """Whether the upright rectangles around them have a point in common: the quickest question there is."""
        return self._located("bbox", other)

    def area(self: "Located[G] | Located[G | None]") -> "Expr[float]":
        """How large it is; 0 for what is no area."""
        return self._located("area")

    def perimeter(self: "Located[G] | Located[G | None]") -> "Expr[float]":
        """How long the edge of an area is (PostGIS, SQLite)."""
        return self._located("perimeter")

    def centroid(self: "Located[G] | Located[G | None]") -> "Expr[Point]":
        """The point in its middle."""
        return self._located("centroid")

    def envelope(self: "Located[G] | Located[G | None]") -> "Expr[Polygon]":
        """The upright rectangle around it."""
        return self._located("envelope")

    def buffer(self: "Located[G] | Located[G | None]", distance: float) -> "Expr[Geometry]":
        """All that is at most so far away."""
        return self._located("buffer", distance)

    def simplify(self: "Located[G] | Located[G | None]", tolerance: float) -> "Expr[Geometry]":
        """A geometry of fewer positions that is nowhere further away than that (PostGIS, SQLite)."""
        return self._located("simplify", tolerance)

    def intersection(
        self: "Located[G] | Located[G | None]", other: "Geometry | Expr[Any]"
    ) -> "Expr[Geometry]":
        """What both have in common."""
        return self._located("intersection", other)

    def transform(self: "Located[G] | Located[G | None]", srid: int) -> "Expr[Geometry]":
        """It in another system of coordinates (PostGIS)."""
        from segue.db.queries.spatial import transformed

        return transformed(cast("Any", self), srid)

    def x(self: "Located[Point] | Located[Point | None]") -> "Expr[float]":
        """How far to the east a point is."""
        return self._located("x")

    def y(self: "Located[Point] | Located[Point | None]") -> "Expr[float]":
        """How far to the north a point is."""
        return self._located("y")
