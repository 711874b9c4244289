"""Values in AMF0 and AMF3 (Adobe's "Action Message Format"), as far as remote calls need them; no classes are made.

What is read is bounded: in depth, in values, and in text; what a reference stands for counts each time that it is followed,
because it will be there as often in what is made of it.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

__all__ = ["AMFError", "Reader", "Record", "write_value"]

_MAX_DEPTH = 64
_MAX_VALUES = 100_000
_MAX_COPIED = 16 * 1024 * 1024  # bytes of text that references stand for
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_EXACT = 2**53
# One value that writes itself: the list that it stands for.
_COLLECTIONS = frozenset(
    {"flex.messaging.io.ArrayCollection", "flex.messaging.io.ArrayList", "flex.messaging.io.ObjectProxy"}
)


class AMFError(ValueError):
    """What was sent is not AMF, or more of it than is taken."""


class Record(dict[str, Any]):
    """An object, with the name that its class has there; ``""`` for none."""

    name: str = ""


class _Read(NamedTuple):
    """Something that references may stand for, and how much is in it."""

    value: Any
    values: int
    bytes: int


class Reader:
    """Reads from the bytes of one packet."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self._values = 0
        self._bytes = 0
        self._copied = 0
        self.amf3 = False  # whether any value was
        self._forget()

    def _forget(self) -> None:
        self._strings: list[str] = []
        # None while it is being read: an object within itself.
        self._objects: list[_Read | None] = []
        self._objects0: list[_Read | None] = []
        self._traits: list[tuple[str, list[str], bool, bool]] = []

    # --- bytes ---------------------------------------------------------------------------------------------------

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise AMFError("it ends too early")
        self.at += count
        return piece

    def number(self, form: str) -> Any:
        """One number: a format of ``struct`` without the byte order."""
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def text(self, form: str = "H") -> str:
        """A text behind its length."""
        return self._text(self.number(form))

    def _text(self, length: int) -> str:
        self._bytes += length
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise AMFError("a text is not UTF-8") from None

    def _count(self, depth: int, values: int = 1) -> None:
        self._values += values
        if depth > _MAX_DEPTH or self._values > _MAX_VALUES:
            raise AMFError(f"it has more than {_MAX_VALUES} values, or {_MAX_DEPTH} within each other")

    # --- references ----------------------------------------------------------------------------------------------

    def _known(self, table: list[_Read | None], index: int, depth: int) -> Any:
        entry = table[index] if index < len(table) else None
        if entry is None:
            raise AMFError("a reference leads nowhere, or into itself")
        self._count(depth, entry.values)
        self._copy(entry.bytes)
        return entry.value

    def _copy(self, count: int) -> None:
        self._bytes += count
        self._copied += count
        if self._copied > _MAX_COPIED:
            raise AMFError(f"its references stand for more than {_MAX_COPIED} bytes of text")

    def _entered(self, table: list[_Read | None], read: Callable[[], Any]) -> Any:
        index, values, count = len(table), self._values, self._bytes
        table.append(None)
        value = read()
        table[index] = _Read(value, self._values - values + 1, self._bytes - count)
        return value

    # --- AMF0 ----------------------------------------------------------------------------------------------------

    def value(self) -> Any:
        """One value with references of its own."""
        self._forget()
        return self._value0(0)

    def _value0(self, depth: int) -> Any:
        self._count(depth)
        match self.number("B"):
            case 0x00:
                return self.number("d")
            case 0x01:
                return self.number("B") != 0
            case 0x02:
                return self.text()
            case 0x03:
                return self._entered(self._objects0, lambda: self._object0("", depth))
            case 0x05 | 0x06:
                return None
            case 0x07:
                return self._known(self._objects0, self.number("H"), depth)
            case 0x08:
                self.take(4)  # a count that need not be right
                return self._entered(self._objects0, lambda: self._object0("", depth))
            case 0x0A:
                count = self.number("I")
                return self._entered(
                    self._objects0, lambda: [self._value0(depth + 1) for _ in self._times(count)]
                )
            case 0x0B:
                moment = self.number("d")
                self.take(2)  # a zone that is not to be used
                return _moment(moment)
            case 0x0C:
                return self.text("I")
            case 0x10:
                name = self.text()
                return self._entered(self._objects0, lambda: self._object0(name, depth))
            case 0x11:
                self.amf3 = True
                return self._value3(depth)
            case marker:
                raise AMFError(f"no value of AMF0 that is taken here begins with {marker:#x}")

    def _times(self, count: int) -> range:
        if count > len(self.data) - self.at:  # each takes a byte at least
            raise AMFError("it ends too early")
        return range(count)

    def _object0(self, name: str, depth: int) -> Record:
        found = Record()
        found.name = name
        while True:
            key = self.text()
            if key == "" and self.data[self.at : self.at + 1] == b"\x09":
                self.at += 1
                return found
            found[key] = self._value0(depth + 1)

    # --- AMF3 ----------------------------------------------------------------------------------------------------

    def _u29(self) -> int:
        value = 0
        for _ in range(3):
            byte: int = self.number("B")
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value
        return value << 8 | int(self.number("B"))

    def _string(self) -> str:
        header = self._u29()
        if header & 1:
            text = self._text(header >> 1)
            if text:
                self._strings.append(text)
            return text
        if header >> 1 >= len(self._strings):
            raise AMFError("a reference to a text leads nowhere")
        text = self._strings[header >> 1]
        self._copy(len(text))
        return text

    def _value3(self, depth: int) -> Any:
        self._count(depth)
        marker = self.number("B")
        match marker:
            case 0x00 | 0x01:
                return None
            case 0x02 | 0x03:
                return marker == 0x03
            case 0x04:
                number = self._u29()
                return number - (1 << 29) if number >= 1 << 28 else number
            case 0x05:
                return self.number("d")
            case 0x06:
                return self._string()
            case 0x08 | 0x09 | 0x0A | 0x0C:
                header = self._u29()
                if not header & 1:
                    return self._known(self._objects, header >> 1, depth)
                read = {0x08: self._date3, 0x09: self._array3, 0x0A: self._object3, 0x0C: self._bytes3}[
                    marker
                ]
                return self._entered(self._objects, lambda: read(header >> 1, depth + 1))
            case _:
                raise AMFError(f"no value of AMF3 that is taken here begins with {marker:#x}")

    def _date3(self, _: int, __: int) -> datetime:
        return _moment(self.number("d"))

    def _bytes3(self, length: int, _: int) -> bytes:
        self._bytes += length
        return self.take(length)

    def _array3(self, count: int, depth: int) -> Any:
        named = Record()
        while key := self._string():
            named[key] = self._value3(depth)
        items = [self._value3(depth) for _ in self._times(count)]
        return Record({**named, **{str(at): one for at, one in enumerate(items)}}) if named else items

    def _object3(self, header: int, depth: int) -> Any:
        if not header & 1:
            if header >> 1 >= len(self._traits):
                raise AMFError("a reference to a class leads nowhere")
            traits = self._traits[header >> 1]
        else:
            name = self._string()
            traits = (
                name,
                [self._string() for _ in self._times(header >> 3)],
                bool(header & 4),
                bool(header & 2),
            )
            self._traits.append(traits)
        name, fields, is_dynamic, is_external = traits
        if is_external:
            if name not in _COLLECTIONS:
                raise AMFError(f"the class {name!r:.80} writes itself in a way that is not known here")
            return self._value3(depth)
        found = Record()
        found.name = name
        for field in fields:
            found[field] = self._value3(depth)
        while is_dynamic and (key := self._string()):
            found[key] = self._value3(depth)
        return found


def _moment(milliseconds: float) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError):
        raise AMFError("a date is out of range") from None


def write_value(value: Any, *, amf3: bool) -> bytes:
    """A plain value as one of AMF0; ``amf3``: as one of AMF3 in it."""
    return b"\x11" + _write3(value) if amf3 else _write0(value)


def _simple(value: Any) -> Any:
    """What has no type of its own in AMF as text, as JSON has it."""
    match value:
        case bool() | float() | str() | bytes() | datetime() | dict() | list() | None:
            return value
        case int():
            return value if abs(value) <= _LARGEST_EXACT else str(value)
        case _:
            return msgspec.to_builtins(value, str_keys=True)


def _since(value: datetime) -> float:
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return (moment - _EPOCH) / timedelta(milliseconds=1)


def _write0(value: Any) -> bytes:
    match _simple(value):
        case None:
            return b"\x05"
        case bool() as flag:
            return b"\x01" + bytes([flag])
        case int() | float() as number:
            return b"\x00" + struct.pack(">d", number)
        case str() as text:
            data = text.encode()
            return (
                b"\x02" + struct.pack(">H", len(data))
                if len(data) < 65536
                else b"\x0c" + struct.pack(">I", len(data))
            ) + data
        case datetime() as moment:
            return b"\x0b" + struct.pack(">dh", _since(moment), 0)
        case bytes():
            return b"\x11" + _write3(value)  # AMF0 has none
        case dict() as named:
            name = named.name if isinstance(named, Record) else ""
            head = b"\x10" + _name0(name) if name else b"\x03"
            return (
                head + b"".join([_name0(str(key)) + _write0(one) for key, one in named.items()]) + b"\0\0\x09"
            )
        case items:
            return b"\x0a" + struct.pack(">I", len(items)) + b"".join([_write0(one) for one in items])


def _name0(name: str) -> bytes:
    data = name.encode()[:65535]
    return struct.pack(">H", len(data)) + data


def _write3(value: Any) -> bytes:
    match _simple(value):
        case None:
            return b"\x01"
        case bool() as flag:
            return b"\x03" if flag else b"\x02"
        case int() as number if -(1 << 28) <= number < 1 << 28:
            return b"\x04" + _u29_of(number & 0x1FFFFFFF)
        case int() | float() as number:
            return b"\x05" + struct.pack(">d", number)
        case str() as text:
            return b"\x06" + _text3(text)
        case datetime() as moment:
            return b"\x08\x01" + struct.pack(">d", _since(moment))
        case bytes() as data:
            return b"\x0c" + _u29_of(len(data) << 1 | 1) + data
        case dict() as named:
            name = named.name if isinstance(named, Record) else ""
            pairs = [_text3(str(key)) + _write3(one) for key, one in named.items() if str(key)]
            return b"\x0a\x0b" + _text3(name) + b"".join(pairs) + b"\x01"
        case items:
            return (
                b"\x09" + _u29_of(len(items) << 1 | 1) + b"\x01" + b"".join([_write3(one) for one in items])
            )


def _text3(text: str) -> bytes:
    data = text.encode()
    return _u29_of(len(data) << 1 | 1) + data


def _u29_of(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    if number < 0x4000:
        return bytes([number >> 7 | 0x80, number & 0x7F])
    if number < 0x200000:
        return bytes([number >> 14 | 0x80, number >> 7 & 0x7F | 0x80, number & 0x7F])
    if number < 0x20000000:
        return bytes(
            [number >> 22 | 0x80, number >> 15 & 0x7F | 0x80, number >> 8 & 0x7F | 0x80, number & 0xFF]
        )
    raise AMFError("a text or a list is too long for AMF3")
