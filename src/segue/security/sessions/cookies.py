"""Sessions that travel in their cookie: signed, so that they can be read, or encrypted."""

import msgspec

from segue.core.ports import StoredSession
from segue.security.encryption import Cipher
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, Signer

__all__ = ["EncryptedCookie", "SignedCookie"]


class SignedCookie:
    """Keeps a session in its cookie: the visitor can read it and not change it. ``Sessions(SignedCookie())``.

    Nothing is kept on the server, so nothing can be ended there: who has copied the cookie before a logout can use it until
    it expires. 4 KB at most.
    """

    def codec(self, keys: Keys) -> "SignedCodec":
        """What reads and writes it with these keys."""
        return SignedCodec(keys)


class EncryptedCookie:
    """Keeps a session in its cookie, where only the server can read it. ``Sessions(EncryptedCookie())``.

    Otherwise like SignedCookie. Needs the package ``cryptography``: ``pip install 'segue[security]'``.
    """

    def codec(self, keys: Keys) -> "EncryptedCodec":
        """What reads and writes it with these keys. Raises ImportError without ``cryptography``."""
        return EncryptedCodec(keys)


class SignedCodec:
    """MessagePack, signed."""

    def __init__(self, keys: Keys) -> None:
        self._signer = Signer(keys, "session")

    def write(self, session: StoredSession) -> str:
        return self._signer.pack(session, now=session.used)

    def read(self, value: str) -> StoredSession | None:
        try:
            return self._signer.unpack(value, StoredSession)
        except InvalidSignature:
            return None


class EncryptedCodec:
    """MessagePack, encrypted."""

    def __init__(self, keys: Keys) -> None:
        self._cipher = Cipher(keys, "session")

    def write(self, session: StoredSession) -> str:
        return self._cipher.encrypt(msgspec.msgpack.encode(session), now=session.used)

    def read(self, value: str) -> StoredSession | None:
        try:
            return msgspec.msgpack.decode(self._cipher.decrypt(value), type=StoredSession)
        except (InvalidSignature, msgspec.DecodeError, msgspec.ValidationError):
            return None
