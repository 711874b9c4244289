"""Encrypted values: text that others carry and cannot read (AES-256-GCM, NIST SP 800-38D)."""

import hmac
import secrets
import time
from collections.abc import Sequence
from typing import Any

from segue.core.settings.secret import Secret
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, SignatureExpired, decode_base64, encode_base64, framed

__all__ = ["Cipher"]

_SALT = 16
_NONCE = 12
_STAMP = 8
_TAG = 16
_LONGEST = 1_000_000


class Cipher:
    """Encrypts values for one purpose; whoever changes one makes it worthless.

        cipher = Cipher(keys, "api token")
        token = cipher.encrypt("secret")
        cipher.decrypt(token, max_age=3600)           # b"secret", for an hour

    As with a Signer, a token is good for its ``purpose`` and its ``name`` only, and knows when it was made. Each has a key of
    its own, made of the secret key and a random salt, so that a key may encrypt any number of values.

    Needs the package ``cryptography``: ``pip install 'segue[security]'``. Raises ImportError without it.
    """

    __slots__ = ("_gcm", "_invalid", "_keys", "_purpose")

    def __init__(self, keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys", purpose: str) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise ImportError(
                "encryption needs the package cryptography: pip install 'segue[security]'"
            ) from None
        if not purpose:
            raise ValueError('a cipher has a purpose: Cipher(keys, "api token")')
        self._gcm: Any = AESGCM
        self._invalid: type[Exception] = InvalidTag
        self._purpose = purpose.encode()
        self._keys = Keys.of(keys).derived("encrypt")

    def encrypt(self, value: str | bytes, *, name: str = "", now: float | None = None) -> str:
        """A token that holds ``value``. ``name``: of the cookie or field that it is for. ``now``: seconds since 1970."""
        data = value.encode() if isinstance(value, str) else value
        stamp = int(time.time() if now is None else now).to_bytes(_STAMP, "big")
        random = secrets.token_bytes(_SALT + _NONCE)
        sealed: bytes = self._of(self._keys[0], random).encrypt(
            random[_SALT:], data, self._about(name, stamp)
        )
        return encode_base64(random + stamp + sealed)

    def decrypt(
        self, token: str, *, name: str = "", max_age: float | None = None, now: float | None = None
    ) -> bytes:
        """What a token holds. ``max_age``: seconds since it was made.

        Raises InvalidSignature for one that is not genuine, and SignatureExpired for one that is too old.
        """
        raw = decode_base64(token) if len(token) <= _LONGEST else b""
        random, stamp, sealed = (
            raw[: _SALT + _NONCE],
            raw[_SALT + _NONCE : _SALT + _NONCE + _STAMP],
            raw[_SALT + _NONCE + _STAMP :],
        )
        if len(sealed) < _TAG:
            raise InvalidSignature("this is no encrypted value")
        for key in self._keys:
            try:
                data: bytes = self._of(key, random).decrypt(random[_SALT:], sealed, self._about(name, stamp))
            except self._invalid:
                continue
            if max_age is not None:
                age = (time.time() if now is None else now) - int.from_bytes(stamp, "big")
                if age > max_age:
                    raise SignatureExpired(
                        f"it was encrypted {age:.0f} seconds ago, which is more than {max_age:.0f}"
                    )
            return data
        raise InvalidSignature("it was not encrypted with any of the keys, or was changed")

    def _of(self, key: bytes, random: bytes) -> Any:
        return self._gcm(hmac.digest(key, random[:_SALT], "sha256"))

    def _about(self, name: str, stamp: bytes) -> bytes:
        return framed(self._purpose, name.encode(), stamp)

    def __repr__(self) -> str:
        return f"<Cipher for {self._purpose.decode()!r}>"
