"""Questions about geometries as each database spells them."""

import importlib.util
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from segue.db.compiling.geometries import Geography, PostGIS
from segue.db.compiling.spelling.functions import without
from segue.db.compiling.translation import MYSQL, Scope, Translator, orders, translates
from segue.db.errors import ConfigurationError
from segue.db.models.geometry import Point
from segue.db.queries.spatial import Distance, Near, Spatial

_RELATIONS = frozenset(
    {"contains", "within", "covers", "intersects", "overlaps", "touches", "crosses", "disjoint", "equals"}
)
_NAMES = {"near": "DWithin", "x": "X", "y": "Y"}

# On the Earth PostGIS has these; what is not here is asked of the plane of longitudes and latitudes.
_ON_EARTH = {
    "contains": "ST_Covers",
    "within": "ST_CoveredBy",
    "covers": "ST_Covers",
    "intersects": "ST_Intersects",
}
_MEASURES = frozenset(
    {"distance", "near", "area", "length", "perimeter", "centroid", "buffer", "intersection"}
)
_NOT_IN_MYSQL = frozenset({"covers", "perimeter", "transform", "simplify"})


@translates(Spatial)
@translates(Distance)
@translates(Near)
def _spatial(sql: Translator, node: Spatial[Any], scope: Scope) -> Any:
    arguments = [_argument(sql, one, scope) for one in node.arguments]
    if sql.dialect == "postgresql":
        return _postgis(node, arguments)
    if sql.dialect in MYSQL:
        return _mysql(sql, node, arguments)
    if sql.dialect == "sqlite":
        return _sqlite(sql, node, arguments)
    raise without(sql, f"{node.called}() of a geometry")


@orders(Distance)
def _nearest(sql: Translator, node: Distance, scope: Scope) -> Any:
    """In the order of an index, which ST_Distance is not."""
    if sql.dialect != "postgresql":
        return _spatial(sql, node, scope)
    left, right = (_argument(sql, one, scope) for one in node.arguments)
    return left.op("<->", precedence=10)(right)


def _argument(sql: Translator, node: Any, scope: Scope) -> Any:
    found = sql.expression(node, scope)
    if sql.dialect == "postgresql" and isinstance(found, sa.BindParameter):
        if node.kind.storage == "geometry":
            # Of any shape: the column may have points only.
            return sa.cast(found, Geography() if node.kind.geography else PostGIS())
        return sa.cast(found, sa.Double())
    return found


def _postgis(node: Spatial[Any], arguments: Sequence[Any]) -> Any:
    called = node.called
    if called == "bbox":
        return arguments[0].bool_op("&&")(arguments[1])
    if called == "transform":
        return sa.func.ST_Transform(arguments[0], sa.literal_column(str(node.kind.srid)))
    if node.geography:
        if called in _ON_EARTH:
            return getattr(sa.func, _ON_EARTH[called])(*arguments)
        if called not in _MEASURES:
            flat = [
                sa.cast(made, PostGIS()) if one.kind.storage == "geometry" else made
                for one, made in zip(node.arguments, arguments, strict=True)
            ]
            made = getattr(sa.func, f"ST_{_name(called)}")(*flat)
            return sa.cast(made, Geography()) if node.kind.storage == "geometry" else made
    return getattr(sa.func, f"ST_{_name(called)}")(*arguments)


def _name(called: str) -> str:
    return _NAMES.get(called) or called.capitalize()


def _mysql(sql: Translator, node: Spatial[Any], arguments: Sequence[Any]) -> Any:
    called = node.called
    if called in _NOT_IN_MYSQL or (node.geography and called in ("area", "length", "buffer")):
        raise without(sql, f"{called}() of a geometry" + (" with geography=True" if node.geography else ""))
    if called in ("distance", "near"):
        measure = sa.func.ST_Distance
        if node.geography:
            _points_only(sql, node)
            measure = sa.func.ST_Distance_Sphere
        found = measure(*arguments[:2])
        return found <= arguments[2] if called == "near" else found
    if called in _RELATIONS or called == "bbox":
        name = "MBRIntersects" if called == "bbox" else f"ST_{_name(called)}"
        if called == "crosses":
            # It has an answer only where the lesser one stands first.
            either = sa.func.coalesce(sa.func.ST_Crosses(*arguments), sa.func.ST_Crosses(*arguments[::-1]))
            return either == sa.literal_column("1")
        found = getattr(sa.func, name)(*arguments) == sa.literal_column("1")
        if called == "overlaps":
            # MariaDB takes those that only touch for such.
            return sa.and_(found, sa.func.ST_Touches(*arguments) == sa.literal_column("0"))
        return found
    return getattr(sa.func, f"ST_{_name(called)}")(*arguments)


def _sqlite(sql: Translator, node: Spatial[Any], arguments: Sequence[Any]) -> Any:
    called = node.called
    if called == "transform":
        raise without(sql, "transform() of a geometry")
    if importlib.util.find_spec("shapely") is None:
        raise ConfigurationError(
            f"{called}() of a geometry needs shapely on SQLite, which has no geometries: pip install 'segue[geometry]'"
        )
    if node.geography and called in _MEASURES - {"centroid", "intersection"}:
        if called not in ("distance", "near", "length"):
            raise without(sql, f"{called}() of a geometry with geography=True")
        if called != "length":
            _points_only(sql, node)
        called = f"{called} on earth"
    made = sa.func.segue_geometry(sa.literal_column(f"'{called}'"), *arguments)
    if node.kind.storage == "bool":
        return sa.type_coerce(made, sa.Boolean()) == sa.literal_column("1")
    return made


def _points_only(sql: Translator, node: Spatial[Any]) -> None:
    if any(one.kind.python is not Point for one in node.arguments[:2]):
        raise without(sql, "the distance on the Earth of anything but points")
