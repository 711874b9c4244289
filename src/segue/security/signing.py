"""Signed values: text that travels through other hands and comes back as it was (HMAC-SHA-256, RFC 2104)."""

import hmac
import re
import struct
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Any, TypeVar, overload

import msgspec

from segue.core.settings.secret import Secret
from segue.security.keys import Keys

__all__ = ["InvalidSignature", "SignatureExpired", "Signer", "decode_base64", "encode_base64", "framed"]

T = TypeVar("T")

_token = re.compile(r"([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{1,11})\.([A-Za-z0-9_-]{43})\Z").match
_LONGEST = 1_000_000


class InvalidSignature(ValueError):
    """A value that was not signed for this purpose with any of the keys, or was changed since."""


class SignatureExpired(InvalidSignature):
    """A value that is genuine, but too old."""


class Signer:
    """Signs values for one purpose, and tells when.

        signer = Signer(keys, "unsubscribe")
        token = signer.sign("django@example.com")
        signer.unsign(token, max_age=3600)            # "django@example.com", for an hour

    Everybody can read what is signed; nobody without the key can change it, use it for another ``purpose``, or give it
    another ``name``. Tokens have letters, digits, ``-``, ``_`` and dots only: they fit into cookies and URLs.

    ``keys``: a secret key, or several, the newest first.
    """

    __slots__ = ("_keys", "_purpose")

    def __init__(self, keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys", purpose: str) -> None:
        if not purpose:
            raise ValueError('a signer has a purpose: Signer(keys, "password reset")')
        self._purpose = purpose
        self._keys = Keys.of(keys).derived("sign")

    def sign(self, value: str | bytes, *, name: str = "", now: float | None = None) -> str:
        """A token that holds ``value``. ``name``: of the cookie or field that it is for. ``now``: seconds since 1970."""
        data = value.encode() if isinstance(value, str) else value
        moment = int(time.time() if now is None else now)
        mac = self._mac(self._keys[0], name, moment, data)
        stamp = moment.to_bytes(8, "big", signed=True).lstrip(b"\0") or b"\0"
        return f"{encode_base64(data)}.{encode_base64(stamp)}.{encode_base64(mac)}"

    def unsign(
        self, token: str, *, name: str = "", max_age: float | None = None, now: float | None = None
    ) -> str:
        """The text of a token. ``max_age``: seconds since it was signed.

        Raises InvalidSignature, and SignatureExpired for one that is too old.
        """
        try:
            return self.unsign_bytes(token, name=name, max_age=max_age, now=now).decode()
        except UnicodeDecodeError:
            raise InvalidSignature("what was signed is no text") from None

    def unsign_bytes(
        self, token: str, *, name: str = "", max_age: float | None = None, now: float | None = None
    ) -> bytes:
        """The bytes of a token. Raises as :meth:`unsign`."""
        found = _token(token) if len(token) <= _LONGEST else None
        if found is None:
            raise InvalidSignature("this is no signed value")
        data, stamp, mac = (decode_base64(part) for part in found.groups())
        if len(stamp) > 8:
            raise InvalidSignature("this is no signed value")
        moment = int.from_bytes(stamp, "big")
        if not any(hmac.compare_digest(self._mac(key, name, moment, data), mac) for key in self._keys):
            raise InvalidSignature("the signature does not fit")
        if max_age is not None:
            age = (time.time() if now is None else now) - moment
            if age > max_age:
                raise SignatureExpired(
                    f"it was signed {age:.0f} seconds ago, which is more than {max_age:.0f}"
                )
        return data

    def pack(self, value: Any, *, name: str = "", now: float | None = None) -> str:
        """A token that holds any value of plain data, as MessagePack."""
        return self.sign(msgspec.msgpack.encode(value), name=name, now=now)

    @overload
    def unpack(
        self, token: str, *, name: str = "", max_age: float | None = None, now: float | None = None
    ) -> Any: ...
    @overload
    def unpack(
        self,
        token: str,
        type: type[T],
        *,
        name: str = "",
        max_age: float | None = None,
        now: float | None = None,
    ) -> T: ...
    def unpack(
        self,
        token: str,
        type: Any = Any,
        *,
        name: str = "",
        max_age: float | None = None,
        now: float | None = None,
    ) -> Any:
        """The value of a token, validated as ``type``. Raises as :meth:`unsign`."""
        data = self.unsign_bytes(token, name=name, max_age=max_age, now=now)
        try:
            return msgspec.msgpack.decode(data, type=type)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidSignature(f"what was signed is not what is expected: {error}") from None

    def _mac(self, key: bytes, name: str, moment: int, data: bytes) -> bytes:
        return hmac.digest(key, framed(self._purpose.encode(), name.encode(), b"%d" % moment, data), "sha256")

    def __repr__(self) -> str:
        return f"<Signer for {self._purpose!r}>"


def framed(*parts: bytes) -> bytes:
    """The parts, each behind its length: other parts never give the same bytes."""
    return b"".join([struct.pack(">Q", len(part)) + part for part in parts])


def encode_base64(data: bytes) -> str:
    """Base64 for URLs (RFC 4648, section 5), without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of :func:`encode_base64`. Raises InvalidSignature for any other text, a second spelling included."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        raise InvalidSignature("this is no signed value") from None
    if encode_base64(data) != text:
        raise InvalidSignature("this is no signed value")
    return data
