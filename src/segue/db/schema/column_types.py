"""The types of columns, as revisions name them: each is what Segue stores values of a Python type in, on every database."""

from typing import Any, Literal

import sqlalchemy as sa

from segue.db.compiling.types import enum_values, sql_type
from segue.db.models.geometry import GEOMETRIES, Geometry, geometry_name
from segue.db.models.kinds import Kind, Storage

__all__ = [
    "array",
    "binary",
    "boolean",
    "column_type",
    "date",
    "datetime",
    "decimal",
    "double",
    "geometry",
    "hstore",
    "integer",
    "interval",
    "json",
    "range_of",
    "string",
    "text",
    "time",
    "uuid",
]

Type = sa.types.TypeEngine[Any]


def column_type(kind: Kind, *, indexed: bool = False, words: bool = False) -> Type:
    """The type of a column, which knows how it is written in a revision. ``words``: it is searched for words."""
    words = words and kind.cipher is None and kind.storage in ("str", "text")
    found = sql_type(kind, indexed=indexed, words=words)
    source = _source(kind, indexed=indexed, words=words)
    if source is not None:
        found.segue_source = f"types.{source}"  # type: ignore[attr-defined] # read when it is written
    return found


def _source(kind: Kind, *, indexed: bool, words: bool = False) -> str | None:  # noqa: C901 -- a case for each kind
    if kind.cipher is not None:
        return "binary()"
    said = [f"collation={kind.collation!r}"] if kind.collation else []
    more = ", ".join([*said, "words=True"] if words else said)
    match kind.storage:
        case "str" if kind.length is not None:
            return f"string({', '.join(filter(None, (str(kind.length), more)))})"
        case "str":
            return f"string({', '.join(filter(None, ('indexed=True' if indexed else '', more)))})"
        case "text":
            return f"text({more})"
        case "int":
            return "integer()" if kind.bits == 64 else f"integer(bits={kind.bits})"
        case "decimal":
            places = (kind.digits, kind.places or 0)
            return "decimal()" if kind.digits is None else f"decimal({places[0]}, {places[1]})"
        case "float":
            return "double()"
        case "bool":
            return "boolean()"
        case "bytes":
            return "binary()" if kind.length is None else f"binary({kind.length})"
        case "datetime":
            return "datetime()" if kind.zone else "datetime(zone=False)"
        case "date" | "time" | "uuid" | "json":
            return f"{kind.storage}()"
        case "timedelta":
            return "interval()"
        case "enum":
            values = enum_values(kind.python)
            if all(isinstance(one, int) for one in values):
                return "integer(bits=32)"
            return f"string({kind.length or max(len(str(one)) for one in values)})"
        case "array" if kind.item is not None:
            inner = _source(kind.item, indexed=False)
            return None if inner is None else f"array(types.{inner})"
        case "range" if kind.item is not None:
            more = "" if kind.item.bits == 64 else f", bits={kind.item.bits}"
            more += "" if kind.item.zone else ", zone=False"
            return f'range_of("{kind.item.storage}"{more})'
        case "hstore":
            return "hstore()"
        case "geometry":
            said = [] if kind.srid == 4326 else [f"srid={kind.srid}"]
            said += ["geography=True"] if kind.geography else []
            said += ["dimensions=3"] if kind.dimensions == 3 else []
            return f"geometry({', '.join([repr(geometry_name(kind)), *said])})"
        case _:
            return None


def _made(storage: Storage, **more: Any) -> Type:
    indexed, words = more.pop("indexed", False), more.pop("words", False)
    return column_type(Kind(storage, None, **more), indexed=indexed, words=words)


def string(
    length: int | None = None, *, indexed: bool = False, collation: str | None = None, words: bool = False
) -> Type:
    """Text, of at most ``length`` characters. ``indexed``: MariaDB indexes short text only. ``words``: it is searched for words."""
    return _made("str", length=length, indexed=indexed, collation=collation, words=words)


def text(*, collation: str | None = None, words: bool = False) -> Type:
    """Text of any length. ``words``: it is searched for words."""
    return _made("text", collation=collation, words=words)


def integer(*, bits: int = 64) -> Type:
    """Whole numbers of 16, 32 or 64 bits."""
    return _made("int", bits=bits)


def decimal(digits: int | None = None, places: int | None = None) -> Type:
    """Decimal numbers: so many digits in all, so many of them after the point."""
    return _made("decimal", digits=digits, places=places)


def double() -> Type:
    """Floating-point numbers."""
    return _made("float")


def boolean() -> Type:
    """True or false."""
    return _made("bool")


def binary(length: int | None = None) -> Type:
    """Bytes."""
    return _made("bytes", length=length)


def datetime(*, zone: bool = True) -> Type:
    """A moment; with ``zone=False`` what a clock on a wall shows."""
    return _made("datetime", zone=zone)


def date() -> Type:
    """A day."""
    return _made("date")


def time() -> Type:
    """A time of the day."""
    return _made("time")


def interval() -> Type:
    """A length of time."""
    return _made("timedelta")


def uuid() -> Type:
    """A UUID."""
    return _made("uuid")


def json() -> Type:
    """JSON."""
    return _made("json")


def range_of(
    of: Literal["int", "decimal", "date", "datetime"], *, bits: Literal[32, 64] = 64, zone: bool = True
) -> Type:
    """From one value to another: a range of PostgreSQL, JSON elsewhere."""
    return _made("range", item=Kind(of, None, bits=bits, zone=zone))


def hstore() -> Type:
    """Texts by keys that are texts: hstore of PostgreSQL, JSON elsewhere."""
    return _made("hstore")


def geometry(
    shape: str = "Geometry", *, srid: int = 4326, geography: bool = False, dimensions: Literal[2, 3] = 2
) -> Type:
    """A geometry: of PostGIS, of MySQL, and bytes (Well-Known Binary) elsewhere."""
    python = next((one for one in GEOMETRIES.values() if one.__name__ == shape), Geometry)
    found = Kind("geometry", python, srid=srid, geography=geography, dimensions=dimensions)
    return column_type(found)


def array(item: Type) -> Type:
    """A list: an array of PostgreSQL, JSON elsewhere."""
    from sqlalchemy.dialects import postgresql

    return sa.JSON().with_variant(postgresql.ARRAY(item), "postgresql")
