"""Factories: objects for tests and demonstrations, with values that fit their model, and what they refer to."""

import enum
import itertools
import random
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from msgspec import UNSET

from segue.db.models.columns import ColumnField
from segue.db.models.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from segue.db.models.mapping import Mapping, resolve_all
from segue.db.models.model import Keyed

__all__ = ["Factory"]

M = TypeVar("M", bound=Keyed)

_WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fable",
    "grove",
    "haven",
    "indigo",
    "juniper",
    "kettle",
    "lantern",
    "meadow",
    "nectar",
    "opal",
    "pebble",
    "quartz",
    "river",
    "saffron",
    "timber",
    "umber",
    "velvet",
    "willow",
    "yarrow",
    "zephyr",
]
_START = datetime(2020, 1, 1, tzinfo=UTC)


class Factory(Generic[M]):
    """Makes objects of a model whose values are allowed: long enough, in range, unique where they have to be.

        authors = Factory(Author, born=lambda number: 1900 + number)
        author = await authors.create(name="Django")
        posts = await Factory(Post, author=author).create_many(20)

    ``values``: those that you care about; a function is called with the number of the object, from 1. What a model refers to
    is made too, by a factory of its own, and given to all objects of one factory; what may be missing is missing. ``seed``: the same
    seed gives the same values.
    """

    def __init__(self, model: type[M], *, seed: int = 0, **values: Any) -> None:
        self.model = model
        self._values = values
        self._random = random.Random(f"{model.__name__} {seed}")  # noqa: S311 -- no secret
        self._numbers = itertools.count(1)
        self._seed = seed
        self._made: dict[str, Any] = {}
        unknown = [name for name in values if name not in model.__struct_fields__]
        if unknown:
            raise TypeError(f"{model.__name__} has no field {unknown[0]!r}")

    def build(self, **values: Any) -> M:
        """An object that is not saved. What it refers to has to be given."""
        resolve_all()
        number = next(self._numbers)
        given = {
            name: value(number) if callable(value) and not isinstance(value, type) else value
            for name, value in {**self._values, **values}.items()
        }
        mapping: Mapping = self.model.__mapping__
        for column in mapping.stored_columns():
            if column.name in given or column.reference is not None:
                continue
            if _has_value(column):
                continue
            given[column.name] = self._value(column, number)
        return self.model(**given)

    async def create(self, **values: Any) -> M:
        """An object in the database."""
        made = self.build(**{**values, **await self._references(values)})
        found: M = await made.save()
        return found

    async def create_many(self, count: int, **values: Any) -> list[M]:
        """So many of them, in few statements."""
        references = await self._references(values)
        return await self.model.create_many([self.build(**{**values, **references}) for _ in range(count)])

    async def _references(self, values: dict[str, Any]) -> dict[str, Any]:
        """What objects refer to: made once, and kept for the next ones."""
        resolve_all()
        found: dict[str, Any] = {}
        for relation in self.model.__mapping__.relations.values():
            names = {relation.name, *(column.name for column in relation.columns)}
            if relation.many or relation.null or names & {*self._values, *values}:
                continue
            if relation.target is self.model:
                raise TypeError(
                    f"{relation!r} refers to its own model and has to be there: give the first one, {relation.name}=..."
                )
            if relation.name not in self._made:
                other: Factory[Any] = Factory(relation.target, seed=self._seed)
                self._made[relation.name] = await other.create()
            found[relation.name] = self._made[relation.name]
        return found

    def _value(self, column: ColumnField, number: int) -> Any:
        options, kind = column.options, column.kind
        unique = options.unique or options.key
        hint: Any = kind.python
        if get_origin(hint) is Literal:
            return self._random.choice(get_args(hint))
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self._random.choice(list(hint))
        if hint is str:
            return self._text(column, number, unique=unique)
        if hint is bool:
            return self._random.random() < 0.5
        if hint is int:
            low, high = _bounds(column)
            return low + (number - 1) % (high - low + 1) if unique else self._random.randint(low, high)
        if hint is float:
            low, high = _bounds(column)
            return float(number) if unique else self._random.uniform(low, high)
        if hint is Decimal:
            low, high = _bounds(column)
            places = options.places or 0
            whole = number if unique else self._random.randint(low, min(high, low + 999))
            return Decimal(whole).scaleb(0).quantize(Decimal(1).scaleb(-places))
        return self._other(hint, column, number)

    def _other(self, hint: Any, column: ColumnField, number: int) -> Any:
        made: dict[Any, Callable[[], Any]] = {
            UUID: lambda: UUID(int=self._random.getrandbits(128), version=4),
            datetime: lambda: self._moment(number, zone=column.options.zone),
            date: (_START + timedelta(days=number)).date,
            time: lambda: time(number % 24, self._random.randrange(60)),
            timedelta: lambda: timedelta(minutes=number),
            bytes: lambda: self._random.randbytes(16),
        }
        if hint in made:
            return made[hint]()
        if column.kind.storage == "geometry":
            return self._geometry(hint, number, three=column.kind.dimensions == 3)
        if get_origin(hint) in (list, set, frozenset, dict, tuple) or hint in (list, set, dict):
            return (get_origin(hint) or hint)()
        raise TypeError(
            f"no factory knows what a {hint} is: give it, Factory({self.model.__name__}, {column.name}=...)"
        )

    def _geometry(self, hint: Any, number: int, *, three: bool) -> Any:
        """Something small, each a little further to the east: on the Earth and on any plane."""
        x, y = number % 1000 / 10, number // 1000 % 500 / 10
        rest = (0.0,) if three else ()
        corners = [(x + east, y + north, *rest) for east, north in ((0, 0), (0.1, 0), (0.1, 0.1), (0, 0))]
        made: dict[Any, Callable[[], Any]] = {
            LineString: lambda: LineString(corners[:2]),
            Polygon: lambda: Polygon([corners]),
            MultiPoint: lambda: MultiPoint(corners[:2]),
            MultiLineString: lambda: MultiLineString([corners[:2]]),
            MultiPolygon: lambda: MultiPolygon([[corners]]),
            GeometryCollection: lambda: GeometryCollection([Point(corners[0])]),
        }
        return made.get(hint, lambda: Point(corners[0]))()

    def _moment(self, number: int, *, zone: bool) -> datetime:
        found = _START + timedelta(hours=number)
        return found if zone else found.replace(tzinfo=None)

    def _text(self, column: ColumnField, number: int, *, unique: bool) -> str:
        options = column.options
        if options.pattern is not None or options.validate is not None:
            raise TypeError(
                f"what {column!r} may be is said by a pattern or a function: give it, Factory({self.model.__name__}, {column.name}=...)"
            )
        most = options.max_length or 40
        word = self._random.choice(_WORDS)
        if "email" in column.name:
            text = f"{word}{number}@example.org"
        elif unique:
            text = f"{word} {number}" if most > 12 else _in_letters(number)
        else:
            text = " ".join(self._random.choice(_WORDS) for _ in range(2)).capitalize()
        if unique and len(text) > most:
            text = _in_letters(number)
        return text[:most].ljust(options.min_length or 0, "x")


def _has_value(column: ColumnField) -> bool:
    """Whether an object has a value where none is given."""
    options = column.options
    return (
        column.from_database
        or column.generated
        or column.kind.null
        or options.default_factory is not None
        or options.default is not UNSET
    )


def _bounds(column: ColumnField) -> tuple[int, int]:
    options = column.options
    low = options.ge if options.ge is not None else (options.gt + 1 if options.gt is not None else None)
    high = options.le if options.le is not None else (options.lt - 1 if options.lt is not None else None)
    if low is None:
        low = min(1, int(high)) if high is not None else 1
    if high is None:
        high = int(low) + 999
    return int(low), int(high)


def _in_letters(number: int) -> str:
    letters = string.ascii_lowercase
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = letters[rest] + text
    return text
