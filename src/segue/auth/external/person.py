"""Whom a provider has named."""

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["Person", "SignInFailed"]


class SignInFailed(Exception):
    """A provider did not name anybody whom we may believe; the message is for the log. ``cancelled``: the visitor did not want to."""

    def __init__(self, message: str, *, cancelled: bool = False) -> None:
        super().__init__(message)
        self.cancelled = cancelled


class Person(msgspec.Struct, frozen=True):
    """Somebody whom ``provider`` knows as ``subject``, for ever; everything else may change.

    ``email_verified``: the provider says that the address is theirs. ``login``: the name that they type there, ``groups``: what they are in there.
    ``claims``: all that it says.
    """

    provider: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    picture: str = ""
    claims: Mapping[str, Any] = {}
    login: str = ""
    groups: frozenset[str] = frozenset()

    @classmethod
    def of(cls, provider: str, claims: Mapping[str, Any], *, subject: str = "sub") -> "Person":
        """What the standard claims say (OpenID Connect Core, section 5.1). Raises SignInFailed where they name nobody."""
        named = claims.get(subject)
        if isinstance(named, int) and not isinstance(named, bool):
            named = str(named)
        if not isinstance(named, str) or not 0 < len(named) <= 255:
            raise SignInFailed(f"{provider} names nobody: {subject} is {named!r:.60}")
        verified = claims.get("email_verified", claims.get("verified"))
        groups = claims.get("groups")
        return cls(
            provider,
            named,
            _text(claims.get("email"), 254),
            verified is True or verified == "true",
            _text(claims.get("name"), 200),
            _text(claims.get("picture"), 2_000),
            claims,
            _text(claims.get("preferred_username"), 150),
            frozenset(one for one in groups if isinstance(one, str))
            if isinstance(groups, list)
            else frozenset(),
        )


def _text(value: Any, longest: int) -> str:
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""
