"""What kind of value a column holds: its Python type, and what the database has to know of it."""

import datetime
import decimal
import enum
import types
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import msgspec

from segue.db.models.geometry import GEOMETRIES, Shape
from segue.db.models.ranges import Range

__all__ = ["Kind", "Storage", "kind_of", "kind_of_value"]

_tokens: dict[Any, int] = {}

Storage: TypeAlias = Literal[
    "bool",
    "int",
    "float",
    "decimal",
    "str",
    "text",
    "bytes",
    "datetime",
    "date",
    "time",
    "timedelta",
    "uuid",
    "enum",
    "json",
    "array",
    "range",
    "hstore",
    "geometry",
]
"""How a value is stored, whatever the database calls it."""


class Kind:
    """The kind of a column or an expression.

    ``python``: the type of its values, without None. ``length``: of text, in characters. ``digits`` and ``places``: of
    decimals, in all and after the point. ``item``: of arrays. ``bits``: of integers. ``encrypt``: makes of the stored
    value what is written, and back.
    """

    __slots__ = (
        "bits",
        "cipher",
        "collation",
        "digits",
        "dimensions",
        "geography",
        "item",
        "length",
        "null",
        "places",
        "python",
        "srid",
        "storage",
        "token",
        "zone",
    )

    def __init__(
        self,
        storage: Storage,
        python: Any,
        *,
        null: bool = False,
        length: int | None = None,
        digits: int | None = None,
        places: int | None = None,
        item: "Kind | None" = None,
        bits: int = 64,
        **more: Any,
    ) -> None:
        self.storage: Storage = storage
        self.python = python
        self.null = null
        self.length = length
        self.digits = digits
        self.places = places
        self.item = item
        self.bits = bits
        #: Two functions of bytes: what is written for a value, and the value again.
        self.cipher: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] | None = more.pop(
            "cipher", None
        )
        self.collation: str | None = more.pop("collation", None)
        #: Whether datetimes know their zone. Naive ones are for what has none: opening hours, a birthday party.
        self.zone: bool = more.pop("zone", True)
        #: Of geometries: in which system their coordinates are, and whether distances on the Earth are meant.
        self.srid: int = more.pop("srid", None) or 4326
        self.geography: bool = more.pop("geography", False)
        self.dimensions: int = more.pop("dimensions", 2)
        if more:
            raise TypeError(f"a kind of column has no {', '.join(more)}")
        #: Stands for alike kinds in the shape of a query.
        alike = (
            storage,
            str(python),
            null,
            length,
            digits,
            places,
            item and item.token,
            bits,
            self.cipher,
            self.collation,
            self.zone,
            self.srid,
            self.geography,
            self.dimensions,
        )
        self.token: int = _tokens.setdefault(alike, len(_tokens))

    def __repr__(self) -> str:
        return f"<{self.storage}{' or null' if self.null else ''}>"

    def nullable(self) -> "Kind":
        """The same kind, None possible."""
        if self.null:
            return self
        shared = {name: getattr(self, name) for name in _SHARED}
        return Kind(self.storage, self.python, null=True, **shared)


#: What else is said of a kind, beside how it is stored and what it is in Python.
_SHARED = (
    "length",
    "digits",
    "places",
    "item",
    "bits",
    "cipher",
    "collation",
    "zone",
    "srid",
    "geography",
    "dimensions",
)

_SHAPES = frozenset(GEOMETRIES.values())

_SCALARS: dict[Any, Storage] = {
    bool: "bool",
    int: "int",
    float: "float",
    decimal.Decimal: "decimal",
    str: "str",
    bytes: "bytes",
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "timedelta",
    uuid.UUID: "uuid",
}

_BY_TYPE: dict[Any, Kind] = {python: Kind(storage, python) for python, storage in _SCALARS.items()}
ANY_JSON = Kind("json", Any)


def kind_of(hint: Any, **options: Any) -> Kind:  # noqa: C901 -- a case for each kind
    """The kind for a type annotation: ``str``, ``datetime | None``, an Enum, a Struct (JSON), ``list[str]`` (JSON).

    ``options`` as for Kind; ``text=True`` for text of any length, ``array=True`` for a list in an array of the database.
    Raises TypeError for a type that no column can hold.
    """
    array = options.pop("array", False)
    text = options.pop("text", False)
    forced_json = options.pop("json", False)
    hstore = options.pop("hstore", False)
    plain, null = _without_none(_bare(hint))
    if _is_geometry(plain) and not forced_json:
        return Kind("geometry", plain, null=null, **options)
    if options.get("srid") or options.get("geography"):
        raise TypeError(f"srid= and geography= are said of geometries, and {plain!r} is none")
    if forced_json:
        return Kind("json", plain, null=null, **options)
    if hstore:
        if get_origin(plain) is not dict or get_args(plain)[0] is not str:
            raise TypeError(f"an hstore is a dict[str, str] or a dict[str, str | None], not {plain!r}")
        return Kind("hstore", plain, null=null, **options)
    storage = _SCALARS.get(plain)
    if storage is not None:
        if storage == "str" and text:
            storage = "text"
        return Kind(storage, plain, null=null, **options)
    origin = get_origin(plain)
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return Kind("enum", plain, null=null, **options)
    if origin is Literal:
        return Kind("enum", plain, null=null, **options)
    if isinstance(plain, type) and origin is None:
        for base, found in _SCALARS.items():
            if issubclass(plain, base) and base is not int:
                return Kind(found, plain, null=null, **options)
    if origin is Range:
        return Kind("range", plain, null=null, item=_range_item(get_args(plain)[0], options), **options)
    if array:
        if origin is not list:
            raise TypeError(f"an array is a list[...], not {plain!r}")
        return Kind("array", plain, null=null, item=kind_of(get_args(plain)[0]), **options)
    if _is_json(plain):
        return Kind("json", plain, null=null, **options)
    raise TypeError(
        f"no column can hold {plain!r}. A column holds bool, int, float, Decimal, str, bytes, datetime, date, time, timedelta, UUID, "
        f"an Enum, a Literal, or (as JSON) a Struct, dict, list; a model is referred to with Ref[...] or Many[...]"
    )


def _range_item(python: Any, options: dict[str, Any]) -> Kind:
    item = kind_of(python, bits=options.get("bits", 64), zone=options.get("zone", True))
    if item.storage not in ("int", "decimal", "date", "datetime") or item.null:
        raise TypeError(f"a range is of int, Decimal, date or datetime, not of {python!r}")
    return item


def kind_of_value(value: Any) -> Kind:
    """The kind of a value that stands in an expression by itself."""
    if isinstance(value, Range):
        ends = [one for one in (value.lower, value.upper) if one is not None]
        if ends:
            return kind_of(Range[type(ends[0])])  # type: ignore[misc] # known only now
    found = _BY_TYPE.get(type(value))
    if found is not None:
        return found
    if isinstance(value, enum.Enum):
        return kind_of(type(value))
    for python, kind in _BY_TYPE.items():
        if isinstance(value, python):
            return kind
    if isinstance(value, Shape):
        return Kind("geometry", type(value), srid=getattr(value, "srid", None))
    if isinstance(value, dict | list | tuple | msgspec.Struct):
        return ANY_JSON
    raise TypeError(f"a query cannot say {value!r:.80}: no column holds a {type(value).__qualname__}")


def _bare(hint: Any) -> Any:
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        members = [one for one in get_args(hint) if one is not type(None)]
        null = len(members) < len(get_args(hint))
        if len(members) == 1:
            return _bare(members[0]), null
        return (Union[tuple(members)], null)  # noqa: UP007 -- known only now
    return hint, False


def _is_geometry(plain: Any) -> bool:
    """Whether it is a geometry, or one of several kinds."""
    if get_origin(plain) in (Union, types.UnionType):
        return all(one in _SHAPES for one in get_args(plain))
    return isinstance(plain, type) and plain in _SHAPES


def _is_json(plain: Any) -> bool:
    origin = get_origin(plain)
    if plain is Any or origin in (dict, list, set, frozenset, tuple, Union, types.UnionType):
        return True
    return isinstance(plain, type) and (
        issubclass(plain, msgspec.Struct | dict | list | tuple | set | frozenset)
        or hasattr(plain, "__dataclass_fields__")
        or hasattr(plain, "__total__")
    )
