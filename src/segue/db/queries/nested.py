"""JSON, arrays and ranges in queries: what is at a path, what is in them, and changes of a part."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from segue.db.errors import UnusableValue
from segue.db.models.kinds import Kind, kind_of
from segue.db.queries.expressions import BOOLEAN, TEXT, Condition, Expr, Key, Value
from segue.http.errors import BadRequest

__all__ = [
    "Bound",
    "Changed",
    "Compared",
    "HasKeys",
    "Item",
    "JSONPath",
    "changed",
    "compared",
    "has_keys",
    "item",
    "removed",
]

T = TypeVar("T")

Comparison: TypeAlias = Literal["includes", "overlaps", "within", "before", "after", "touches"]


class JSONPath(Expr[T]):
    """What is at a path in a JSON value. The path is bound, or escaped by the compiler of the dialect, never text of ours."""

    __slots__ = ("inner", "kind", "path")

    def __init__(self, inner: Expr[Any], path: tuple[str | int, ...], kind: Kind) -> None:
        self.inner = inner
        self.path = path
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("path", self.kind.token)
        values.append(self.path)
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def name(self) -> str:
        return str(self.path[-1])

    def __repr__(self) -> str:
        return f"{self.inner!r}.get({', '.join(map(repr, self.path))})"


class Item(Expr[T]):
    """What is at a position of an array."""

    __slots__ = ("inner", "kind", "position")

    def __init__(self, inner: Expr[Any], position: int, kind: Kind) -> None:
        self.inner = inner
        self.position = position
        self.kind = kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append("item")
        self.inner.walk(key, values)
        values.append(self.position)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)


class HasKeys(Expr[bool]):
    """Whether a JSON object has keys."""

    __slots__ = ("inner", "keys", "kind")

    def __init__(self, inner: Expr[Any], keys: tuple[str, ...]) -> None:
        self.inner = inner
        self.keys = keys
        self.kind = BOOLEAN

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("has keys", len(self.keys))
        values += [(one,) for one in self.keys]
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)


class Compared(Expr[bool]):
    """Whether one of two JSON values, arrays or ranges is in the other, or they have something in common."""

    __slots__ = ("comparison", "kind", "left", "right")

    def __init__(self, comparison: Comparison, left: Expr[Any], right: Expr[Any]) -> None:
        self.comparison: Comparison = comparison
        self.left = left
        self.right = right
        self.kind = BOOLEAN

    def walk(self, key: Key, values: list[Any]) -> None:
        key += (self.comparison, self.left.kind.token)
        self.left.walk(key, values)
        self.right.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.left, self.right)

    def __repr__(self) -> str:
        return f"{self.left!r}.{self.comparison}({self.right!r})"


class Changed(Expr[T]):
    """A JSON value with another one at a path, or without what is there."""

    __slots__ = ("inner", "kind", "path", "value")

    def __init__(self, inner: Expr[Any], path: tuple[str | int, ...], value: Expr[Any] | None) -> None:
        self.inner = inner
        self.path = path
        self.value = value
        self.kind = inner.kind

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append("without" if self.value is None else "put")
        self.inner.walk(key, values)
        values.append(self.path)
        if self.value is not None:
            self.value.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,) if self.value is None else (self.inner, self.value)


def item(inner: Expr[Any], path: tuple[str | int, ...], type: Any) -> Expr[Any]:
    """What ``x.get(...)`` is."""
    storage = inner.kind.storage
    if storage == "array" and len(path) == 1 and isinstance(path[0], int) and type is None:
        kind = TEXT if inner.kind.item is None else inner.kind.item
        return Item(inner, _position(path[0]), kind.nullable())
    if storage == "hstore":
        if len(path) != 1 or not isinstance(path[0], str) or type not in (None, str):
            raise TypeError(f"{inner!r} is an hstore: get() is given one key, and what is there is text")
        return JSONPath(inner, _path(path, "get"), TEXT.nullable())
    if storage != "json":
        raise TypeError(f"{inner!r} is no JSON: get(...) looks into JSON, or at a position of an array")
    return JSONPath(
        inner, _path(path, "get"), kind_of(type).nullable() if type is not None else TEXT.nullable()
    )


def has_keys(inner: Expr[Any], keys: tuple[str, ...]) -> Condition:
    """What ``x.has_key(...)`` is."""
    _json(inner, "has_key")
    if not keys or not all(isinstance(one, str) for one in keys):
        raise TypeError("has_key() is given keys: .has_key('director')")
    for one in keys:
        _key(one)
    return HasKeys(inner, keys)


def compared(comparison: Comparison, left: Expr[Any], right: Any) -> Condition:
    """What ``x.includes(...)`` and ``x.overlaps(...)`` are."""
    kind = left.kind
    if kind.storage == "geometry" and comparison in ("overlaps", "within", "touches"):
        from segue.db.queries.spatial import spatial

        return spatial(comparison, left, (right,))
    if comparison not in ("includes", "overlaps") and kind.storage != "range":
        raise TypeError(f"{left!r} is no range: {comparison}() compares ranges")
    if kind.storage not in ("json", "array", "range", "hstore") or (
        kind.storage == "hstore" and comparison == "overlaps"
    ):
        raise TypeError(
            f"{left!r} is neither JSON nor an array nor a range: {comparison}() looks into those. For text: contains()"
        )
    if isinstance(right, Expr):
        return Compared(comparison, left, right)
    if kind.storage == "json":
        return Compared(comparison, left, _json_text(right))
    if kind.storage == "array" and not isinstance(right, list | tuple | set | frozenset):
        right = [right]
    if comparison == "includes" and kind.item is not None and isinstance(right, kind.item.python):
        return Compared(comparison, left, Value(right, kind.item))
    return Compared(comparison, left, Value(list(right) if kind.storage == "array" else right, kind))


class Bound(Expr[T]):
    """The lower or the upper end of a range."""

    __slots__ = ("end", "inner", "kind")

    def __init__(self, inner: Expr[Any], end: Literal["lower", "upper"]) -> None:
        if inner.kind.storage != "range" or inner.kind.item is None:
            raise TypeError(f"{inner!r} is no range, so it has no {end} end")
        self.inner = inner
        self.end = end
        self.kind = inner.kind.item.nullable()

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append(self.end)
        self.inner.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.inner,)

    def name(self) -> str:
        return f"{self.inner.name()}_{self.end}"


def changed(inner: Expr[Any], path: tuple[str | int, ...], value: Any) -> Expr[Any]:
    """What ``x.put(...)`` is."""
    _json(inner, "put")
    if inner.kind.storage == "hstore":
        if len(path) != 1 or not isinstance(path[0], str) or not isinstance(value, str | None):
            raise TypeError(f"{inner!r} is an hstore: put() is given one key, and text or None")
        return Changed(inner, _path(path, "put"), Value(value, TEXT.nullable()))
    if isinstance(value, Expr):
        return Changed(inner, _path(path, "put"), value)
    return Changed(inner, _path(path, "put"), _json_text(value))


def removed(inner: Expr[Any], path: tuple[str | int, ...]) -> Expr[Any]:
    """What ``x.without(...)`` is."""
    _json(inner, "without")
    return Changed(inner, _path(path, "without"), None)


def _json_text(value: Any) -> Value[Any]:
    """A value as the JSON that it is: None too, which is a value there."""
    return Value(msgspec.json.encode(value).decode(), TEXT)


def _json(inner: Expr[Any], what: str) -> None:
    if inner.kind.storage not in ("json", "hstore"):
        raise TypeError(f"{inner!r} is no JSON: {what}() is about JSON columns")


def _path(path: tuple[str | int, ...], what: str) -> tuple[str | int, ...]:
    if not path:
        raise TypeError(f"{what}() needs a path: .{what}('director', 'name')")
    for one in path:
        if isinstance(one, int) and not isinstance(one, bool):
            _position(one)
        elif isinstance(one, str):
            _key(one)
        else:
            raise TypeError(f"a path into JSON is made of keys and positions, not of {one!r:.80}")
    return path


def _key(key: str) -> None:
    try:
        Value(key, TEXT)
    except UnusableValue as error:
        raise BadRequest(f"There is no such key: {error}") from None


def _position(position: int) -> int:
    if not 0 <= position < 1 << 31:
        raise ValueError(f"{position} is no position: they count from 0")
    return position
