"""How an app reads and writes JSON: types of its own, the order of keys, decimals (RFC 8259)."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Self

import msgspec

from segue.core.binding.decimals import bounded
from segue.core.binding.validated import validated

__all__ = ["DEFAULT_JSON", "JSONCodec"]

_MOST_DECODERS = 1024


class JSONCodec:
    """Reads and writes JSON.

        app = App(json=JSONCodec(write={Money: str}, read={Money: Money.parse}, order="sorted"))

    Dates, UUIDs, decimals, enumerations, Structs, dataclasses and attrs classes need nothing. ``write``: for types that
    JSON does not know, what makes one of them a value that it does; subclasses too. ``read``: what makes one of a
    parsed value. ``order``: of keys, ``"sorted"`` or ``"deterministic"`` (sets too). ``decimals``: ``"number"`` instead of
    text. ``schemas``: JSON Schemas of such types, for the description of the API. NaN and the infinities, which JSON does not have, are written as null.
    """

    __slots__ = ("_dec_hook", "_decimals", "_decoders", "_encoder", "_read", "_schemas", "_write")

    def __init__(
        self,
        *,
        write: Mapping[type, Callable[[Any], Any]] | None = None,
        read: Mapping[type, Callable[[Any], Any]] | None = None,
        order: Literal["sorted", "deterministic"] | None = None,
        decimals: Literal["string", "number"] = "string",
        schemas: Mapping[type, Mapping[str, Any]] | None = None,
    ) -> None:
        self._schemas = dict(schemas or {})
        self._decimals: Literal["string", "number"] = decimals
        self._write = dict(write or {})
        self._read = dict(read or {})
        self._encoder = msgspec.json.Encoder(enc_hook=self._written, order=order, decimal_format=decimals)
        self._dec_hook = self._read_or_refused
        self._decoders: dict[Any, Callable[[bytes | str], Any]] = {}

    def extended(
        self,
        *,
        write: Mapping[type, Callable[[Any], Any]] | None = None,
        read: Mapping[type, Callable[[Any], Any]] | None = None,
        schemas: Mapping[type, Mapping[str, Any]] | None = None,
    ) -> Self:
        """One like this that knows more types; what this one says of them stands."""
        return type(self)(
            write={**(write or {}), **self._write},
            read={**(read or {}), **self._read},
            order=self._encoder.order,
            decimals=self._decimals,
            schemas={**(schemas or {}), **self._schemas},
        )

    def schema(self, kind: Any) -> dict[str, Any] | None:
        """The JSON Schema of a type that ``schemas`` names. Its ``$defs``, if it has any, are components for others."""
        found = self._schemas.get(kind) if isinstance(kind, type) else None
        return None if found is None else dict(found)

    @property
    def encode(self) -> Callable[[Any], bytes]:
        """Makes JSON of a value. It raises TypeError for a type that it does not know."""
        return self._encoder.encode

    def decode(self, data: bytes | str, type: Any = Any) -> Any:
        """The value of JSON, validated as ``type``. Raises msgspec.ValidationError and msgspec.DecodeError."""
        if type is Any:
            return msgspec.json.decode(data)
        try:
            decode = self._decoders.get(type)
        except TypeError:  # a type that has no hash
            return self.decoder(type)(data)
        if decode is None:
            decode = self.decoder(type)
            if len(self._decoders) < _MOST_DECODERS:
                self._decoders[type] = decode
        return decode(data)

    def decoder(self, type: Any) -> Callable[[bytes | str], Any]:
        """:meth:`decode` for one type: what is asked of it often."""
        return validated(type, bounded(type, msgspec.json.Decoder(type, dec_hook=self._dec_hook).decode))

    def convert(self, value: Any, type: Any, *, strict: bool = True) -> Any:
        """A value of dicts, lists and scalars, or an object with attributes, as ``type``. Raises ValidationError."""
        return msgspec.convert(
            value, type, strict=strict, from_attributes=True, dec_hook=self._dec_hook, str_keys=True
        )

    def check(self, value: Any, type: Any, *, strict: bool = True) -> Any:
        """:meth:`convert` for what came from outside: NaN, and decimals that nobody could write out, are refused."""
        checked = bounded(type, lambda one: self.convert(one, type, strict=strict), floats=True)
        return validated(type, checked)(value)

    def recast(self, value: Any, type: Any) -> Any:
        """A model as another one, ``type``, that has some of its fields. Raises ValidationError."""
        try:
            return self.convert(value, type)
        except msgspec.ValidationError:
            # UNSET and tags of unions are told apart in plain values only.
            return self.convert(self.plain(value), type)

    def plain(self, value: Any) -> Any:
        """A value in dicts with text for keys, lists, text, numbers, dates, decimals, UUIDs and bytes."""
        return msgspec.to_builtins(value, builtin_types=_KEPT, str_keys=True, enc_hook=self._written)

    def reads(self, kind: Any) -> bool:
        """Whether ``read`` says how to make one."""
        return kind in self._read

    def writes(self, kind: type) -> bool:
        """Whether ``write`` says what stands for one."""
        return any(one in self._write for one in kind.__mro__)

    def _written(self, value: Any) -> Any:
        """What stands for a value of a type that msgspec does not know."""
        for kind in type(value).__mro__ if self._write else ():
            if kind in self._write:
                return self._write[kind](value)
        stands_for = getattr(type(value), "__stands_for__", None)
        if stands_for is not None:
            # Only a part of something, such as the key of an object that was not loaded.
            return stands_for(value)
        html = getattr(value, "__html__", None)
        if html is not None:
            return str.__str__(html())
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, Mapping):
            return dict(value)
        name = type(value).__qualname__
        raise TypeError(
            f"JSON knows no {name}: {value!r:.80}. Say how to write one: App(json=JSONCodec(write={{{name}: ...}}))"
        )

    def _read_or_refused(self, kind: Any, value: Any) -> Any:
        """What msgspec asks for types that it does not know: a value of one may be there already."""
        if isinstance(kind, type) and isinstance(value, kind):
            return value
        return self._made(kind, value)

    def _made(self, kind: Any, value: Any) -> Any:
        make = self._read.get(kind)
        if make is None:
            raise ValueError(f"Expected `{getattr(kind, '__name__', kind)}`, got `{type(value).__name__}`")
        return make(value)


def _kept() -> tuple[type, ...]:
    import datetime
    import decimal
    import uuid

    return (
        bytes,
        datetime.datetime,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        decimal.Decimal,
        uuid.UUID,
    )


_KEPT = _kept()

DEFAULT_JSON = JSONCodec()
"""What an app has that says nothing."""
