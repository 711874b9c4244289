"""What an access token says."""

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["InvalidToken", "TokenClaims"]


class InvalidToken(ValueError):
    """A token that is none, was changed, is over, or is meant for somebody else."""


class TokenClaims(msgspec.Struct, frozen=True):
    """An identity (``segue.core.ports.Identity``) that a token has proven.

    ``id``: whose it is. ``scopes``: what it is for. ``session``: which sign-in it comes from; empty for one that comes from none. ``more``: what else it says.
    """

    id: str
    scopes: frozenset[str] = frozenset()
    session: str = ""
    expires: float = 0.0
    more: Mapping[str, Any] = {}

    @property
    def principals(self) -> frozenset[str]:
        return frozenset({f"user:{self.id}", *[f"scope:{one}" for one in self.scopes]})
