"""A value that is never shown by accident."""

import hmac
from typing import Generic, NoReturn, TypeVar

__all__ = ["Secret"]

T = TypeVar("T")


class Secret(Generic[T]):
    """A password, a key, a token: :meth:`reveal` gives it, nothing else does.

        class Mail(Struct):
            password: Secret[str]

        smtp.login(user, mail.password.reveal())

    ``str``, ``repr``, format strings and logs show ``***``. It cannot be encoded as JSON, nor pickled.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if isinstance(self._value, str) and isinstance(other._value, str):
            return hmac.compare_digest(self._value.encode(), other._value.encode())
        return bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled; what needs it gets it by reveal()")

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"
