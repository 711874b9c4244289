"""Secret keys: the first one signs and encrypts, all of them verify and decrypt."""

import hmac
import secrets
from collections.abc import Sequence

from segue.core.appkey import AppKey
from segue.core.settings.secret import Secret

__all__ = ["KEYS", "Keys", "new_key"]

_SHORTEST = 50
_FEWEST = 5


class Keys:
    """One secret key, or several of which the first is the newest.

        keys = Keys(os.environ["SHOP_KEY"], os.environ["SHOP_OLD_KEY"])

    To change a key, put the new one first: what was signed with the old one stays valid until that is taken away. The
    keys are never shown: not by ``repr``, not in an error, not in a traceback.

    Raises ValueError for a key with fewer than 50 characters, or with hardly any different ones. ``segue key`` and
    :func:`new_key` make a good one.
    """

    __slots__ = ("_secrets",)

    def __init__(self, *keys: str | Secret[str]) -> None:
        if not keys:
            raise ValueError("Keys needs a key, or several")
        plain = [key.reveal() if isinstance(key, Secret) else key for key in keys]
        for number, key in enumerate(plain, 1):
            if not isinstance(key, str):
                raise TypeError(f"a key is a text, not {type(key).__name__}")
            if len(key) < _SHORTEST or len(set(key)) < _FEWEST:
                raise ValueError(
                    f"key number {number} is too weak: it has {len(key)} characters, {len(set(key))} different ones, and "
                    f"needs {_SHORTEST} random ones. `segue key` prints a good one"
                )
        self._secrets = tuple([key.encode() for key in plain])

    @classmethod
    def of(cls, given: "str | Secret[str] | Sequence[str | Secret[str]] | Keys") -> "Keys":
        """Keys of one text, of a list of them, the newest first, or of Keys."""
        if isinstance(given, Keys):
            return given
        return cls(given) if isinstance(given, str | Secret) else cls(*given)

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A key of 32 bytes for one purpose, from each of the keys: what is known of one tells nothing of another."""
        told = purpose.encode()
        return tuple(
            [hmac.digest(key, b"segue:%d:%b" % (len(told), told), "sha256") for key in self._secrets]
        )

    def __len__(self) -> int:
        return len(self._secrets)

    def __repr__(self) -> str:
        return f"<Keys: {len(self)}>"


def new_key() -> str:
    """A new random key of 64 characters."""
    return secrets.token_urlsafe(48)


#: Those of an app: what its plugins sign with, if they have none of their own.
KEYS: AppKey[Keys] = AppKey("segue.security.keys")
