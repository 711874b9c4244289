"""What is asked of values with something in them: JSON, arrays, hstores, ranges."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from segue.db.models.geometry import Geometry
    from segue.db.models.ranges import Range
    from segue.db.queries.expressions import Condition, Expr
    from segue.db.queries.nested import Comparison

__all__ = ["Inside"]

T = TypeVar("T")
S = TypeVar("S")


class Inside(Generic[T]):
    """The part of an expression that looks into its value."""

    __slots__ = ()

    @overload
    def get(self, *path: str | int) -> "Expr[Any]": ...
    @overload
    def get(self, *path: str | int, type: type[S]) -> "Expr[S]": ...
    def get(self, *path: str | int, type: Any = None) -> "Expr[Any]":
        """Of a JSON value, what is at a path of keys and positions: ``Film.facts.get("budget", type=int)``.

        Without ``type`` it is text. Of an array, what is at a position. Keys are values, so one from a client can do no harm.
        """
        from segue.db.queries.nested import item

        return item(cast("Any", self), path, type)

    def has_key(self, *keys: str) -> "Condition":
        """Whether a JSON object has these keys, each."""
        from segue.db.queries.nested import has_keys

        return has_keys(cast("Any", self), keys)

    def includes(self, part: "T | Expr[T] | Any") -> "Condition":
        """Whether all of ``part`` is in a JSON value, an array or a range: ``Film.facts.includes({"genre": "noir"})``.

        Of an object: these keys with these values. Of a list: these items. Of a range: this value, or all of this range.
        """
        from segue.db.queries.nested import compared

        return compared("includes", cast("Any", self), part)

    def overlaps(self, other: "T | Expr[T] | Geometry") -> "Condition":
        """Whether two lists have an item in common, or two ranges a value.

        Two geometries: whether each has points that the other one has and points that it has not.
        """
        from segue.db.queries.nested import compared

        return compared("overlaps", cast("Any", self), other)

    def within(self, other: "T | Expr[T] | Geometry") -> "Condition":
        """Whether all of a range is in another one (PostgreSQL, as all that follows about ranges), or all of a geometry."""
        return self._ranged("within", other)

    def before(self, other: "T | Expr[T]") -> "Condition":
        """Whether a range ends before another one begins."""
        return self._ranged("before", other)

    def after(self, other: "T | Expr[T]") -> "Condition":
        """Whether a range begins after another one has ended."""
        return self._ranged("after", other)

    def touches(self, other: "T | Expr[T] | Geometry") -> "Condition":
        """Whether one of two ranges begins where the other one ends, or two geometries meet at their edges only."""
        return self._ranged("touches", other)

    def _ranged(self, comparison: "Comparison", other: Any) -> "Condition":
        from segue.db.queries.nested import compared

        return compared(comparison, cast("Any", self), other)

    def lower_end(self: "Inside[Range[S]] | Inside[Range[S] | None]") -> "Expr[S | None]":
        """With what a range begins; None where it has no beginning."""
        from segue.db.queries.nested import Bound

        return Bound(cast("Expr[Any]", self), "lower")

    def upper_end(self: "Inside[Range[S]] | Inside[Range[S] | None]") -> "Expr[S | None]":
        """With what a range ends; None where it has no end."""
        from segue.db.queries.nested import Bound

        return Bound(cast("Expr[Any]", self), "upper")

    def put(self, *path: str | int, value: Any) -> "Expr[T]":
        """A JSON value with another one at a path: ``Film.where(...).update(facts=Film.facts.put("budget", value=11))``."""
        from segue.db.queries.nested import changed

        return changed(cast("Any", self), path, value)

    def without(self, *path: str | int) -> "Expr[T]":
        """A JSON value without what is at a path."""
        from segue.db.queries.nested import removed

        return removed(cast("Any", self), path)
