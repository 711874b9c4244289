"""Questions about geometries for SQLite, which has none: computed by shapely, distances on the Earth by the haversine formula."""

import functools
import math
from collections.abc import Callable
from typing import Any

__all__ = ["geometry"]

#: Metres from the centre of the Earth to its surface, on average (as MariaDB and PostGIS have it on a sphere).
_RADIUS = 6_371_008.8


def geometry(called: str, *arguments: Any) -> Any:
    """The function ``segue_geometry('contains', a, b)``: geometries are Well-Known Binary."""
    function = _functions()[called]
    found = function(*[_read(one) if isinstance(one, bytes) else one for one in arguments])
    if hasattr(found, "geom_type"):
        return None if found.is_empty else _written(found)
    # Numbers and truths of numpy are no values of SQLite.
    return found.item() if hasattr(found, "item") else found


@functools.lru_cache(maxsize=512)
def _read(data: bytes) -> Any:
    import shapely

    found = shapely.from_wkb(data)
    # What is asked of many rows is asked quicker so.
    shapely.prepare(found)
    return found


def _written(shape: Any) -> bytes:
    import shapely

    made: bytes = shapely.to_wkb(shape, include_srid=True, byte_order=1)
    return made


@functools.cache
def _functions() -> dict[str, Callable[..., Any]]:
    import shapely

    return {
        "contains": shapely.contains,
        "within": shapely.within,
        "covers": shapely.covers,
        "intersects": shapely.intersects,
        "overlaps": shapely.overlaps,
        "touches": shapely.touches,
        "crosses": shapely.crosses,
        "disjoint": shapely.disjoint,
        "equals": shapely.equals,
        "bbox": _boxes_meet,
        "distance": shapely.distance,
        "near": lambda one, other, most: shapely.distance(one, other) <= most,
        "distance on earth": _on_earth,
        "near on earth": lambda one, other, most: _on_earth(one, other) <= most,
        "area": shapely.area,
        "length": lambda shape: shape.length if "Polygon" not in shape.geom_type else 0.0,
        "length on earth": _length_on_earth,
        "perimeter": lambda shape: shape.length if "Polygon" in shape.geom_type else 0.0,
        "centroid": shapely.centroid,
        "envelope": shapely.envelope,
        "buffer": shapely.buffer,
        "simplify": shapely.simplify,
        "intersection": shapely.intersection,
        "x": shapely.get_x,
        "y": shapely.get_y,
    }


def _boxes_meet(one: Any, other: Any) -> bool:
    a, b = one.bounds, other.bounds
    return bool(a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3])


def _on_earth(one: Any, other: Any) -> float:
    return _haversine((one.x, one.y), (other.x, other.y))


def _haversine(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    x1, y1, x2, y2 = map(math.radians, (a[0], a[1], b[0], b[1]))
    square = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * _RADIUS * math.asin(min(1.0, math.sqrt(square)))


def _length_on_earth(shape: Any) -> float:
    if "Polygon" in shape.geom_type or "Point" in shape.geom_type:
        return 0.0
    lines = getattr(shape, "geoms", [shape])
    return sum(
        _haversine(a, b) for line in lines for a, b in zip(line.coords[:-1], line.coords[1:], strict=True)
    )
