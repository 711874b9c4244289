"""The plugin that lets people make tokens for their programs."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from segue.auth.accounts import ACCOUNTS, Accounts
from segue.auth.apitokens.model import APIToken
from segue.auth.apitokens.pages import declare
from segue.auth.identity import id_of, principals_of
from segue.auth.signins import Way
from segue.core.app import App
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.http.request import Request
from segue.security import BearerAuth
from segue.security.tokens.bearer import ScopeGuard

__all__ = ["APITokens", "TokenHolder"]

_MINUTE = timedelta(minutes=1)


class TokenHolder(msgspec.Struct, frozen=True):
    """A program that has the token of an account: an identity, which may do what the token is for.

    It is nobody who has signed in: the pages of the account are closed to it.
    """

    user: Any
    id: str
    principals: frozenset[str]
    scopes: frozenset[str]


class APITokens:
    """Plugin: people make tokens for their programs at ``/account/tokens``.

        tokens = APITokens(scopes={"films:read": "Read films.", "films:write": "Change films."})
        app = App(plugins=[Database(), Auth(), tokens])

        @app.post("/api/films", requires=[tokens.scope("films:write")], skip=["csrf"])
        async def add(film: Body[Film]) -> Film: ...

    A token is shown once, and kept as a hash. ``scopes``: what it may be for, with a line for people. ``prefix``: what tokens begin with, so that those who
    look for secrets in public code find them. ``at``: where the pages of Auth stand.
    """

    name = "api-tokens"
    needs = ("auth",)

    def __init__(
        self, *, scopes: Mapping[str, str] | None = None, prefix: str = "segue", at: str = "/"
    ) -> None:
        if not prefix.isalnum() or not prefix.isascii():
            raise ValueError(f"the prefix of tokens is letters and digits, not {prefix!r:.40}")
        self._prefix = f"{prefix}_"
        self._at = at
        self.known = dict(scopes or {})
        self.bearer = BearerAuth(self._holder, realm="api", scopes=self.known, name="api-token")
        self.schemes = self.bearer.schemes
        self._accounts: Accounts | None = None

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (APIToken,)

    def setup(self, to: Setup) -> None:
        """Lets tokens say who sends a request, and adds the pages."""
        accounts = self._accounts = to.app[ACCOUNTS]
        accounts.sign_ins.identifiers.append(self.bearer)
        accounts.sign_ins.settings.append(
            Way("api_tokens.home", framework.lazy_gettext("Tokens of programs"))
        )
        pages = App("api_tokens", documented=False, cache=0)
        declare(pages, self)
        to.include(pages, at=self._at)

    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``: lets those in who have a token."""
        await self.bearer.required(request)

    def scope(self, *scopes: str) -> ScopeGuard:
        """A guard that lets those in whose token is for all of these."""
        return self.bearer.scope(*scopes)

    async def make(
        self,
        user: Any,
        name: str,
        scopes: Iterable[str] = (),
        *,
        days: int | None = 90,
        request: Request | None = None,
    ) -> str:
        """A new token for an account; nobody can read it later. ``days``: that it is good for; None is for ever.

        Raises ValueError for a scope that is none.
        """
        wanted = list(dict.fromkeys(scopes))
        unknown = [one for one in wanted if one not in self.known]
        if unknown:
            raise ValueError(f"{unknown[0]!r:.80} is no scope; there are: {', '.join(self.known)}")
        token = self._prefix + secrets.token_urlsafe(32)
        until = None if days is None else datetime.now(UTC) + timedelta(days=days)
        shown = "".join(one for one in name.strip() if one.isprintable())[:80] or "?"
        await APIToken.create(
            key=_hash(token), owner=id_of(user), name=shown, scopes=" ".join(wanted), until=until
        )
        if self._accounts is not None:
            await self._accounts.note("token made", request, user, detail=shown)
        return token

    async def of(self, user: Any) -> list[APIToken]:
        """The tokens of an account, the oldest first."""
        return await APIToken.where(APIToken.owner == id_of(user)).order_by(APIToken.id)

    async def take_back(self, user: Any, id: int, *, request: Request | None = None) -> bool:
        """Makes a token worth nothing; False if it is not theirs."""
        mine = APIToken.where(APIToken.id == id, APIToken.owner == id_of(user))
        gone = await mine.delete() > 0
        if gone and self._accounts is not None:
            await self._accounts.note("token taken back", request, user)
        return gone

    async def _holder(self, token: str) -> TokenHolder | None:
        """Whose program has this token, if it is good."""
        if self._accounts is None or not token.startswith(self._prefix):
            return None
        known = await APIToken.where(APIToken.key == _hash(token)).first()
        now = datetime.now(UTC)
        if known is None or (known.until is not None and known.until <= now):
            return None
        user = await self._accounts.by_id(known.owner)
        if user is None or not self._accounts.is_open(user):
            return None
        if known.used is None or now - known.used > _MINUTE:
            await APIToken.where(APIToken.id == known.id).update(used=now)
        return TokenHolder(user, known.owner, principals_of(user), frozenset(known.scopes.split()))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
