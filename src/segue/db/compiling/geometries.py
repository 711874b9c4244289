"""Geometries as databases and their drivers have them."""

import struct
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import base as mysql
from sqlalchemy.dialects.postgresql import base as postgresql
from sqlalchemy.ext.compiler import compiles

from segue.db.models.geometry import GEOMETRIES, geometry_name
from segue.db.models.kinds import Kind
from segue.db.models.wellknown import from_wkb, to_wkb

__all__ = ["MySQLGeometry", "PostGIS", "geometry_from", "geometry_to", "geometry_type"]

_MYSQL = frozenset({"mysql", "mariadb"})


class PostGIS(sa.types.UserDefinedType[Any]):
    """``geometry(Point,4326)``. Named as PostgreSQL names it, so that it is known again where a table is read."""

    cache_ok = True
    name = "geometry"

    def __init__(self, shape: str | None = None, srid: int | str | None = None) -> None:
        self.shape = shape
        self.srid = None if srid is None else int(srid)

    def get_col_spec(self, **_: Any) -> str:
        if self.shape is None:
            return self.name
        return f"{self.name}({self.shape})" if self.srid is None else f"{self.name}({self.shape},{self.srid})"


class Geography(PostGIS):
    """``geography(Point,4326)``."""

    cache_ok = True
    name = "geography"


postgresql.ischema_names |= {"geometry": PostGIS, "geography": Geography}


class MySQLGeometry(sa.types.UserDefinedType[Any]):
    """``POINT SRID 4326``; MariaDB calls it REF_SYSTEM_ID."""

    cache_ok = True

    def __init__(self, shape: str, srid: int | None = None) -> None:
        self.shape = shape
        self.srid = srid


def _read_from_mysql(name: str) -> Any:
    """What a column is that is read from a table, where its system is not told."""
    return type(
        name,
        (MySQLGeometry,),
        {"cache_ok": True, "__init__": lambda self, *_: MySQLGeometry.__init__(self, name)},
    )


mysql.ischema_names |= {
    name.lower(): _read_from_mysql(name)
    for name in ("Geometry", *(one.__name__ for one in GEOMETRIES.values()))
}


@compiles(MySQLGeometry)
def _mysql_geometry(kind: MySQLGeometry, compiler: Any, **_: Any) -> str:
    if kind.srid is None:
        return kind.shape.upper()
    said = "REF_SYSTEM_ID=" if getattr(compiler.dialect, "is_mariadb", False) else "SRID "
    return f"{kind.shape.upper()} {said}{kind.srid}"


def geometry_type(kind: Kind) -> sa.types.TypeEngine[Any]:
    """The type of a column: bytes where a database has no geometries."""
    name = geometry_name(kind)
    made = Geography if kind.geography else PostGIS
    return (
        sa.LargeBinary()
        .with_variant(made(name + ("Z" if kind.dimensions == 3 else ""), kind.srid), "postgresql")
        .with_variant(MySQLGeometry(name, kind.srid), "mysql", "mariadb")
    )


def geometry_to(dialect: str, srid: int) -> Callable[[Any], Any]:
    """What makes of a geometry that of the driver."""
    if dialect == "postgresql":
        # As text: asyncpg knows no type of an extension.
        return lambda value: to_wkb(value, srid).hex()
    if dialect in _MYSQL:
        before = struct.pack("<I", srid)
        return lambda value: before + to_wkb(value)
    return lambda value: to_wkb(value, srid)


def geometry_from(dialect: str) -> Callable[[Any], Any]:
    """What makes of a geometry of the driver one of ours."""
    if dialect == "postgresql":
        return lambda value: from_wkb(bytes.fromhex(value))
    if dialect in _MYSQL:
        return lambda value: from_wkb(bytes(value)[4:])
    return from_wkb
