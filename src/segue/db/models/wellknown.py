"""Geometries as databases and people write them: Well-Known Binary (with PostGIS's number of the system) and Well-Known Text."""

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from segue.db.models.geometry import GEOMETRIES, Shape

__all__ = ["from_wkb", "from_wkt", "to_wkb", "to_wkt"]

_Z = 0x80000000
_M = 0x40000000
_SRID = 0x20000000
_NUMBERS: dict[Any, int] = {shape: number for number, shape in GEOMETRIES.items()}
_NAMES: dict[str, Any] = {shape.__name__.upper(): shape for shape in GEOMETRIES.values()}
_COLLECTION = 7

#: What a multiple geometry is made of.
_PARTS = {4: 1, 5: 2, 6: 3}


def to_wkb(shape: Shape, srid: int | None = None) -> bytes:
    """A geometry as WKB, least byte first. ``srid``: the number of its system, which PostGIS writes in it (EWKB)."""
    three = len(next(iter(shape.positions()))) == 3
    pieces: list[bytes] = []
    _write(shape, pieces, _Z if three else 0, srid)
    return b"".join(pieces)


def _write(shape: Any, pieces: list[bytes], flags: int, srid: int | None = None) -> None:
    number = _NUMBERS[type(shape)]
    if srid is None:
        pieces.append(struct.pack("<BI", 1, number | flags))
    else:
        pieces.append(struct.pack("<BII", 1, number | flags | _SRID, srid))
    if number == _COLLECTION:
        parts: Sequence[Any] = shape.geometries
        pieces.append(struct.pack("<I", len(parts)))
        for one in parts:
            _write(one, pieces, flags)
    elif number in _PARTS:
        pieces.append(struct.pack("<I", len(shape.coordinates)))
        for one in shape.coordinates:
            pieces.append(struct.pack("<BI", 1, _PARTS[number] | flags))
            _write_coordinates(one, _PARTS[number], pieces)
    else:
        _write_coordinates(shape.coordinates, number, pieces)


def _write_coordinates(coordinates: Any, number: int, pieces: list[bytes]) -> None:
    match number:
        case 1:
            pieces.append(struct.pack(f"<{len(coordinates)}d", *coordinates))
        case 2:
            flat = [one for position in coordinates for one in position]
            pieces.append(struct.pack(f"<I{len(flat)}d", len(coordinates), *flat))
        case _:
            pieces.append(struct.pack("<I", len(coordinates)))
            for ring in coordinates:
                _write_coordinates(ring, 2, pieces)


def from_wkb(data: bytes) -> Any:
    """The geometry that WKB says, PostGIS's or that of ISO 19125; None for an empty one. Raises ValueError for what is none."""
    reader = _Reader(data)
    try:
        found = reader.geometry()
    except (struct.error, KeyError, IndexError) as error:
        raise ValueError(f"This is no Well-Known Binary: {data[:40].hex()}") from error
    if reader.at != len(data):
        raise ValueError(f"There are {len(data) - reader.at} bytes after the geometry")
    return found


class _Reader:
    """A place in WKB."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return found

    def geometry(self, depth: int = 0) -> Any:
        order, number, size = self.head()
        shape = GEOMETRIES[number]
        if number == _COLLECTION:
            if depth:
                raise ValueError("A GeometryCollection in another one has no meaning here")
            parts = [self.geometry(1) for _ in range(self.count(order))]
            there = tuple([one for one in parts if one is not None])
            return shape(there) if there else None
        if number in _PARTS:
            made = []
            for _ in range(self.count(order)):
                inner, part, inner_size = self.head()
                made.append(self.coordinates(part, inner, inner_size))
            made = [one for one in made if not _is_empty(one)]
            return shape(tuple(made)) if made else None
        coordinates = self.coordinates(number, order, size)
        return None if _is_empty(coordinates) else shape(coordinates)

    def head(self) -> tuple[str, int, int]:
        """The order of bytes, the number of the kind, and how many coordinates a position has."""
        order = "<" if self.take("B")[0] else ">"
        (said,) = self.take(f"{order}I")
        if said & _SRID:
            self.take(f"{order}I")
        plain = said & 0x1FFFFFFF
        extra, number = divmod(plain, 1000)
        if said & _M or extra in (2, 3):
            raise ValueError("Measures in geometries (M) are not read")
        return order, number, 3 if said & _Z or extra == 1 else 2

    def count(self, order: str) -> int:
        (found,) = self.take(f"{order}I")
        if found * 4 > len(self.data) - self.at:
            raise ValueError(f"Well-Known Binary says {found} parts, and there are not as many bytes")
        return int(found)

    def coordinates(self, number: int, order: str, size: int) -> Any:
        if number == 1:
            return self.take(f"{order}{size}d")
        if number == 2:
            count = self.count(order)
            flat = self.take(f"{order}{count * size}d")
            return tuple(zip(*(flat[at::size] for at in range(size)), strict=True))
        return tuple([self.coordinates(2, order, size) for _ in range(self.count(order))])


def _is_empty(coordinates: Any) -> bool:
    """Whether there is nothing: no positions, or a point of no numbers, as PostGIS writes it."""
    return not coordinates or coordinates[0] != coordinates[0]


# -- text


def to_wkt(shape: Shape) -> str:
    """A geometry as Well-Known Text."""
    three = len(next(iter(shape.positions()))) == 3
    return _text(shape, " Z" if three else "")


def _text(shape: Any, z: str) -> str:
    name = f"{type(shape).__name__.upper()}{z}"
    if _NUMBERS[type(shape)] == _COLLECTION:
        return f"{name} ({', '.join(_text(one, z) for one in shape.geometries)})"
    inner = _position(shape.coordinates) if name.startswith("POINT") else _listed(shape.coordinates)
    return f"{name} ({inner})"


def _listed(coordinates: Any) -> str:
    return ", ".join(
        _position(one) if isinstance(one[0], float) else f"({_listed(one)})" for one in coordinates
    )


def _position(position: Sequence[float]) -> str:
    return " ".join(repr(one).removesuffix(".0") for one in position)


_TOKENS = re.compile(r"\s*(?:([A-Za-z]+)|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([(),;=]))")


def from_wkt(text: str) -> Any:
    """The geometry that Well-Known Text says; ``SRID=4326;`` before it as PostGIS writes it. Raises ValueError."""
    tokens = _tokens(text)
    try:
        token = next(tokens)
        srid = None
        if token.upper() == "SRID":
            _expect(tokens, "=")
            srid = int(next(tokens))
            _expect(tokens, ";")
            token = next(tokens)
        found = _shape(token, tokens, srid)
        rest = next(tokens, None)
    except (StopIteration, RuntimeError):
        raise ValueError("Expected Well-Known Text, such as POINT (2.35 48.85); it ends too soon") from None
    if rest is not None:
        raise ValueError(f"Expected nothing after the geometry, got {rest!r:.40}")
    return found


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            raise ValueError(f"Expected Well-Known Text, such as POINT (2.35 48.85), got {text[at:]!r:.40}")
        yield match[match.lastindex or 0]
        at = match.end()


def _shape(name: str, tokens: Iterator[str], srid: int | None, depth: int = 0) -> Any:
    kind = _NAMES.get(name.upper())
    if kind is None:
        raise ValueError(f"Expected one of {', '.join(_NAMES)}, got {name!r:.40}")
    token = next(tokens)
    if token.upper() == "Z":
        token = next(tokens)
    if token != "(":
        raise ValueError(f"Expected ( after {name}, got {token!r:.40}")
    if _NUMBERS[kind] == _COLLECTION:
        if depth:
            raise ValueError("A GeometryCollection in another one has no meaning here")
        parts = [_shape(next(tokens), tokens, None, 1)]
        while next(tokens) == ",":
            parts.append(_shape(next(tokens), tokens, None, 1))
        return kind(parts, srid)
    found = _list(tokens)
    if kind is GEOMETRIES[1]:
        if len(found) != 1:
            raise ValueError(f"Expected one position of a POINT, got {len(found)}")
        found = found[0]
    elif kind is GEOMETRIES[4]:
        # Both are written: (1 2, 3 4) and ((1 2), (3 4)).
        found = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in found]
    return kind(found, srid)


def _list(tokens: Iterator[str], depth: int = 0) -> list[Any]:
    """What is between parentheses, the first of which was read."""
    if depth > 3:
        raise ValueError("Expected at most four parentheses in each other")
    found: list[Any] = []
    numbers: list[float] = []
    for token in tokens:
        if token == "(":
            found.append(_list(tokens, depth + 1))
        elif token in (",", ")"):
            if numbers:
                found.append(tuple(numbers))
                numbers = []
            if token == ")":
                return found
        else:
            try:
                numbers.append(float(token))
            except ValueError:
                raise ValueError(f"Expected a number, got {token!r:.40}") from None
    raise StopIteration


def _expect(tokens: Iterator[str], wanted: str) -> None:
    found = next(tokens)
    if found != wanted:
        raise ValueError(f"Expected {wanted}, got {found!r:.40}")
