"""Refresh tokens: each is good for once, and one that comes again ends the sign-in that it belongs to (RFC 9700, section 4.14)."""

import secrets
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from segue.core.settings.secret import Secret
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, Signer
from segue.security.tokens.claims import InvalidToken

__all__ = ["Family", "FamilyStore", "RefreshTokens", "ReusedToken"]

_DAY = 86_400.0


class ReusedToken(InvalidToken):
    """A refresh token that was used before: two have it, and one of them is not its owner. ``family``: what was ended for that."""

    def __init__(self, family: "Family") -> None:
        super().__init__("the refresh token was used before; the sign-in has been ended")
        self.family = family


class Family(msgspec.Struct):
    """A sign-in, and the refresh tokens that come from it. ``step``: how many were given out. ``until``: when it is over, whatever happens."""

    id: str
    owner: str
    scopes: tuple[str, ...]
    step: int
    until: float
    used: float


class FamilyStore(Protocol):
    """Where sign-ins are kept. What several processes share has to do each of these at once or not at all."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def sweep(self) -> int: ...

    async def add(self, family: Family) -> None:
        """Keeps a new one."""

    async def read(self, id: str) -> Family | None:
        """The sign-in, if there is one and it is not over."""
        ...

    async def advance(self, id: str, step: int, now: float) -> bool:
        """From ``step`` to the next, unless it is at another one by now; whether that was so."""
        ...

    async def end(self, id: str) -> None:
        """Forgets it, if there is one."""

    async def end_all(self, owner: str) -> int:
        """Forgets all of an owner; how many there were."""
        ...

    async def of(self, owner: str) -> Sequence[Family]:
        """All of an owner."""
        ...


class RefreshTokens:
    """Gives out refresh tokens, and takes each of them once.

        refreshing = RefreshTokens(keys, store)
        token, family = await refreshing.begin("7", ["films:read"])
        token, family = await refreshing.next(token)

    ``lifetime``: seconds that a sign-in lasts without being refreshed; ``longest``: and in any case. ``grace``: seconds in which the token before
    the last still gives the same next one: for clients that refresh twice at once, or never saw the reply. Within them a thief is not seen.

    The store knows no token: who reads it cannot make one.
    """

    def __init__(
        self,
        keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys",
        store: FamilyStore,
        *,
        lifetime: float = 14 * _DAY,
        longest: float = 90 * _DAY,
        grace: float = 0.0,
    ) -> None:
        self._signer = Signer(keys, "refresh token")
        self.store = store
        self._lifetime = lifetime
        self._longest = longest
        self._grace = grace

    async def begin(self, owner: str, scopes: Sequence[str] = ()) -> tuple[str, Family]:
        """The first token of a new sign-in."""
        now = time.time()
        family = Family(secrets.token_urlsafe(18), owner, tuple(scopes), 0, now + self._longest, now)
        await self.store.add(family)
        return self._token(family), family

    async def next(self, token: str) -> tuple[str, Family]:
        """The token that comes after this one. Raises InvalidToken, and ReusedToken, which has ended the sign-in."""
        known, step = self._read(token)
        family = await self.store.read(known)
        now = time.time()
        if family is None or now - family.used > self._lifetime or now > family.until:
            raise InvalidToken("the sign-in of this token is over")
        if step == family.step and await self.store.advance(known, step, now):
            family.step, family.used = step + 1, now
            return self._token(family), family
        family = await self.store.read(known)  # somebody else was faster
        if family is not None and step == family.step - 1 and now - family.used <= self._grace:
            return self._token(family), family
        if family is None:
            raise InvalidToken("the sign-in of this token is over")
        await self.store.end(known)
        raise ReusedToken(family)

    async def end(self, token: str) -> Family | None:
        """Ends the sign-in of a token, used or not; None for what is none."""
        try:
            known, _ = self._read(token)
        except InvalidToken:
            return None
        family = await self.store.read(known)
        await self.store.end(known)
        return family

    def _token(self, family: Family) -> str:
        return self._signer.pack([family.id, family.step])

    def _read(self, token: str) -> tuple[str, int]:
        try:
            return self._signer.unpack(token, tuple[str, int])
        except InvalidSignature:
            raise InvalidToken("this is no refresh token") from None
