"""What each kind of column is in each database, and what turns values of Python into those of its driver and back."""

import datetime
import decimal
import enum
import functools
import uuid
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql

from segue.db.compiling.geometries import geometry_from, geometry_to, geometry_type
from segue.db.compiling.pgvalues import hstore_dict, hstore_text, range_from, range_to
from segue.db.models.kinds import Kind

__all__ = ["Convert", "from_database", "sql_type", "to_database"]

Convert: TypeAlias = Callable[[Any], Any]

UTC = datetime.UTC
_MIDNIGHT = datetime.datetime(1, 1, 1)  # noqa: DTZ001 -- times of the day have no zone
_MYSQL = frozenset({"mysql", "mariadb"})
_WORDS = "utf8mb4_unicode_ci"


@functools.cache
def _json() -> msgspec.json.Encoder:
    return msgspec.json.Encoder()


def sql_type(  # noqa: C901 -- a case for each kind
    kind: Kind, *, indexed: bool = False, words: bool = False
) -> sa.types.TypeEngine[Any]:
    """The type for SQLAlchemy, which knows what it is called where. ``indexed``: MySQL indexes text of a known length only.

    ``words``: it is searched for words, which MySQL finds in any case of letters only where the column compares so.
    """
    if kind.cipher is not None:
        return sa.LargeBinary()
    collation = _WORDS if words and kind.collation is None else kind.collation
    match kind.storage:
        case "bool":
            return sa.Boolean(create_constraint=False)
        case "int":
            # SQLite counts up only what is called INTEGER.
            wide = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
            return {16: sa.SmallInteger(), 32: sa.Integer()}.get(kind.bits, wide)
        case "float":
            return sa.Double()
        case "decimal":
            if kind.digits is None:
                return sa.Numeric().with_variant(mysql.NUMERIC(38, 10), "mysql", "mariadb")
            return sa.Numeric(kind.digits, 0 if kind.places is None else kind.places)
        case "str":
            if kind.length is not None:
                short: sa.types.TypeEngine[Any] = _in_unicode(
                    sa.String(kind.length, collation=kind.collation), kind.length
                )
                made = mysql.VARCHAR(kind.length, collation=collation)
                return short.with_variant(made, "mysql", "mariadb") if words else short
            text: sa.types.TypeEngine[Any] = _in_unicode(
                sa.Text(collation=kind.collation), 255 if indexed else None
            )
            if indexed:
                return text.with_variant(
                    mysql.VARCHAR(255, collation=collation), "mysql", "mariadb"
                ).with_variant(sa.String(255), "oracle")
            return text.with_variant(mysql.TEXT(collation=collation), "mysql", "mariadb") if words else text
        case "text":
            text = sa.Text(collation=kind.collation)
            return _in_unicode(
                text.with_variant(mysql.LONGTEXT(collation=collation), "mysql", "mariadb"), None
            )
        case "bytes":
            return (
                sa.LargeBinary(kind.length)
                .with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
                .with_variant(_mssql_bytes(kind.length), "mssql")
            )
        case "datetime":
            return (
                sa.DateTime(timezone=kind.zone)
                .with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
                .with_variant(_mssql_datetime(kind.zone), "mssql")
                # What it calls a date has no parts of seconds.
                .with_variant(sa.TIMESTAMP(timezone=kind.zone), "oracle")
            )
        case "date":
            return sa.Date()
        case "time":
            # Oracle has no times of the day: it is how long after midnight.
            return (
                sa.Time()
                .with_variant(mysql.TIME(fsp=6), "mysql", "mariadb")
                .with_variant(_oracle_interval(), "oracle")
            )
        case "timedelta":
            return (
                sa.BigInteger()
                .with_variant(postgresql.INTERVAL(), "postgresql")
                .with_variant(_oracle_interval(), "oracle")
            )
        case "uuid":
            return sa.Uuid()
        case "enum":
            values = enum_values(kind.python)
            if all(isinstance(one, int) for one in values):
                return sa.Integer()
            return sa.String(kind.length or max(len(str(one)) for one in values))
        case "array":
            inner = sql_type(kind.item) if kind.item is not None else sa.Text()
            return _json_text(sa.JSON().with_variant(postgresql.ARRAY(inner), "postgresql"))
        case "json":
            return _json_text(sa.JSON().with_variant(postgresql.JSONB(), "postgresql"))
        case "hstore":
            # As text on both sides: asyncpg knows no type of an extension.
            return _json_text(sa.JSON().with_variant(postgresql.HSTORE(), "postgresql"))
        case "range" if kind.item is not None:
            return _json_text(sa.JSON().with_variant(_range_type(kind.item), "postgresql"))
        case "geometry":
            return geometry_type(kind)
        case _:
            return sa.Text()


def _range_type(item: Kind) -> Any:
    match item.storage:
        case "int":
            return postgresql.INT4RANGE() if item.bits == 32 else postgresql.INT8RANGE()
        case "decimal":
            return postgresql.NUMRANGE()
        case "date":
            return postgresql.DATERANGE()
        case _:
            return postgresql.TSTZRANGE() if item.zone else postgresql.TSRANGE()


def _json_text(json: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Firebird has no JSON: it is text there."""
    return json.with_variant(sa.Text(), "firebird", "firebird.firebird")


def _in_unicode(text: sa.types.TypeEngine[Any], length: int | None) -> sa.types.TypeEngine[Any]:
    """SQL Server's other types of text have the letters of one part of the world only."""
    made: Any = mssql.NVARCHAR
    return text.with_variant(made(length or "max"), "mssql")


def _mssql_bytes(length: int | None) -> Any:
    made: Any = mssql.VARBINARY
    return made(length or "max")


def _mssql_datetime(zone: bool) -> Any:
    made: Any = mssql.DATETIMEOFFSET if zone else mssql.DATETIME2
    return made()


def _oracle_interval() -> Any:
    made: Any = oracle.INTERVAL
    return made()


def enum_values(python: Any) -> list[Any]:
    """What stands for the members of an Enum or Literal in the database."""
    if get_origin(python) is Literal:
        return list(get_args(python))
    return [one.value for one in python]


@functools.cache
def to_database(storage_of: "_ByToken", dialect: str) -> Convert | None:
    """What makes of a value that of the driver; None if it is the same. It is not asked about None."""
    kind = storage_of.kind
    inner = _to(kind, dialect)
    if kind.cipher is not None:
        encrypt, encode = kind.cipher[0], _json().encode
        return lambda value: encrypt(encode(value))
    return inner


@functools.cache
def from_database(storage_of: "_ByToken", dialect: str) -> Convert | None:
    """What makes of a value of the driver that of Python; None if it is the same. It is not asked about None."""
    kind = storage_of.kind
    if kind.cipher is not None:
        decrypt, decode = kind.cipher[1], msgspec.json.Decoder(kind.python).decode
        return lambda value: decode(decrypt(bytes(value)))
    return _from(kind, dialect)


class _ByToken:
    """A kind as a key: alike kinds share their converters."""

    __slots__ = ("kind",)

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def __hash__(self) -> int:
        return self.kind.token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByToken) and other.kind.token == self.kind.token


def converter_to(kind: Kind, dialect: str) -> Convert | None:
    """:func:`to_database` for a kind."""
    return to_database(_ByToken(kind), dialect)


def converter_from(kind: Kind, dialect: str) -> Convert | None:
    """:func:`from_database` for a kind."""
    return from_database(_ByToken(kind), dialect)


def array_type(kind: Kind) -> str | None:
    """What PostgreSQL calls the items of an array of such values; None where there are no such arrays.

    Lengths are left to the column: a cast would cut the text, the column refuses it.
    """
    if kind.cipher is not None:
        return "bytea"
    if kind.storage == "enum":
        values = enum_values(kind.python)
        return "integer" if all(isinstance(one, int) for one in values) else "text"
    return {
        "bool": "boolean",
        "int": "bigint",
        "float": "float8",
        "decimal": "numeric",
        "str": "text",
        "text": "text",
        "bytes": "bytea",
        "datetime": "timestamptz" if kind.zone else "timestamp",
        "date": "date",
        "time": "time",
        "timedelta": "interval",
        "uuid": "uuid",
        "json": "jsonb",
        "geometry": "geography" if kind.geography else "geometry",
    }.get(kind.storage)


def inline_from(kind: Kind, dialect: str, cell: str) -> str | None:
    """:func:`converter_from` as text of an expression, for what is quicker so; ``iso`` in it is ``datetime.fromisoformat``.

    It may raise ValueError or TypeError for a value that Segue would not have written; then ask the converter.
    """
    if dialect != "sqlite" or kind.cipher is not None:
        return None
    if kind.storage == "bool":
        return f"({cell} != 0)"
    if kind.storage == "datetime" and kind.zone:
        return f'iso({cell} + "+00:00")'
    return None


def _to(kind: Kind, dialect: str) -> Convert | None:  # noqa: C901 -- a case for each kind
    match kind.storage:
        case "json":
            return lambda value: _json().encode(value).decode()
        case "range":
            return range_to(dialect)
        case "geometry":
            return geometry_to(dialect, kind.srid)
        case "hstore" if dialect == "postgresql":
            return hstore_text
        case "hstore":
            return lambda value: _json().encode(value).decode()
        case "array" if dialect != "postgresql":
            one = None if kind.item is None else _to(kind.item, "sqlite")
            if one is None:
                return lambda value: _json().encode(value).decode()
            return lambda value: (
                _json().encode([None if each is None else one(each) for each in value]).decode()
            )
        case "array":
            item = None if kind.item is None else _to(kind.item, dialect)
            return None if item is None else lambda value: [item(one) for one in value]
        case "enum":
            return None if get_origin(kind.python) is Literal else _enum_value
        case "datetime":
            if dialect == "postgresql":
                return None
            if dialect in _MYSQL:
                return _in_utc_naive if kind.zone else None
            if dialect == "sqlite":
                return _datetime_text_utc if kind.zone else _datetime_text
        case "date" | "time" if dialect == "sqlite":
            return _iso
        case "time" if dialect == "oracle":
            return _since_midnight
        case "uuid" if dialect != "postgresql":
            return _hex
        case "decimal" if dialect == "sqlite":
            return _decimal_text
        case "timedelta" if dialect not in ("postgresql", "oracle"):
            return _microseconds
        case "bool" if dialect in ("sqlite", "oracle"):
            return None
        case "str" | "text":
            return _text_of(kind)
        case _:
            pass
    return None


def _text_of(kind: Kind) -> Convert | None:
    return None if kind.python is str else str


def _from(kind: Kind, dialect: str) -> Convert | None:  # noqa: C901 -- a case for each kind
    python = kind.python
    match kind.storage:
        case "json":
            return _decoded(python)
        case "geometry":
            return geometry_from(dialect)
        case "range":
            return range_from if dialect == "postgresql" else _decoded(python)
        case "hstore":
            return hstore_dict if dialect == "postgresql" else _decoded(python)
        case "array":
            # In JSON items are what they are in SQLite, which has as few types.
            item = (
                None
                if kind.item is None
                else _from(kind.item, dialect if dialect == "postgresql" else "sqlite")
            )
            if dialect != "postgresql":
                return _decoded(python) if item is None else _decoded_items(item)
            return (
                None if item is None else lambda value: [None if one is None else item(one) for one in value]
            )
        case "enum":
            if get_origin(python) is Literal:
                return None
            members = {one.value: one for one in python}
            return lambda value: members[value] if value in members else python(value)
        case "bool" if dialect != "postgresql":
            return bool
        case "datetime":
            if dialect == "sqlite":
                return _text_datetime_utc if kind.zone else datetime.datetime.fromisoformat
            if dialect == "postgresql":
                return None
            return _naive_to_utc if kind.zone else None
        case "date" if dialect == "sqlite":
            return datetime.date.fromisoformat
        case "time":
            if dialect == "sqlite":
                return datetime.time.fromisoformat
            if dialect in _MYSQL or dialect == "oracle":
                return _timedelta_to_time
        case "timedelta" if dialect not in ("postgresql", "oracle"):
            return _from_microseconds
        case "uuid" if dialect != "postgresql":
            return _to_uuid
        case "decimal" if dialect == "sqlite":
            return _text_decimal(kind.places)
        case "float" if dialect != "postgresql":
            return float
        case "str" | "text" if dialect == "oracle" and not kind.null:
            made: Convert = kind.python
            return lambda value: made(value or "")
        case "str" | "text" if kind.python is not str:
            subclass: Convert = kind.python
            return subclass
        case _:
            pass
    return None


def _decoded(python: Any) -> Convert:
    # SQLite gives a number back as a number where JSON was one.
    decode = msgspec.json.Decoder(python).decode
    return lambda value: decode(value) if isinstance(value, str | bytes) else msgspec.convert(value, python)


def _decoded_items(item: Convert) -> Convert:
    decode = msgspec.json.Decoder(list[Any]).decode
    return lambda value: [None if one is None else item(one) for one in decode(value)]


def _enum_value(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _in_utc_naive(value: datetime.datetime) -> datetime.datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


def _naive_to_utc(value: datetime.datetime) -> datetime.datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _datetime_text_utc(value: datetime.datetime) -> str:
    # One form for all, so that they compare as text: SQLite has no datetimes.
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _datetime_text(value: datetime.datetime) -> str:
    return value.isoformat(" ", "microseconds")


def _text_datetime_utc(value: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _iso(value: Any) -> str:
    text: str = value.isoformat()
    return text


def _hex(value: Any) -> str:
    return value.hex if isinstance(value, uuid.UUID) else uuid.UUID(str(value)).hex


def _to_uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _decimal_text(value: decimal.Decimal) -> str:
    return format(value, "f")


def _text_decimal(places: int | None) -> Convert:
    step = None if places is None else decimal.Decimal(1).scaleb(-places)

    def convert(value: Any) -> decimal.Decimal:
        found = decimal.Decimal(repr(value) if isinstance(value, float) else value)
        return found if step is None else found.quantize(step)

    return convert


def _microseconds(value: datetime.timedelta) -> int:
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def _from_microseconds(value: int) -> datetime.timedelta:
    return datetime.timedelta(microseconds=value)


def _since_midnight(value: datetime.time) -> datetime.timedelta:
    return datetime.datetime.combine(_MIDNIGHT, value.replace(tzinfo=None)) - _MIDNIGHT


def _timedelta_to_time(value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return (_MIDNIGHT + value).time()
    return value
