"""The plugin that gives tokens out for names and passwords (OAuth 2.0, RFC 6749), and takes them back (RFC 7009)."""

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import msgspec

from segue.core.plugins.setup import Setup
from segue.core.ports import Identity
from segue.core.settings.secret import Secret
from segue.http.request import Request
from segue.http.response import Response
from segue.security.basic import Check
from segue.security.identifiers import IDENTIFIERS
from segue.security.keys import Keys
from segue.security.limits.client import client_network
from segue.security.limits.plugin import Limiter
from segue.security.plugin import keys_of
from segue.security.tokens.bearer import BearerAuth, ScopeGuard, scopes_of
from segue.security.tokens.claims import InvalidToken, TokenClaims
from segue.security.tokens.families import FamilyStore, RefreshTokens, ReusedToken
from segue.security.tokens.jwt import AccessTokens
from segue.security.tokens.sqlite import SQLiteFamilies
from segue.security.upkeep import kept_open

__all__ = ["TokenAuth", "TokenOptions"]

logger = logging.getLogger("segue.security")

_DAY = 86_400.0
_FORM = "application/x-www-form-urlencoded"
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}

Identify = Callable[[TokenClaims], Identity | Awaitable[Identity | None] | None]
"""Makes of what a token says who that is now, such as a user of a database; None if there is none any more."""


class TokenOptions(TypedDict, total=False):
    """What TokenAuth takes besides.

    - `issuer`, `audience`: who makes tokens and for whom, both are checked; by default ``urn:segue:`` and the name of the app.
    - `lifetime`: seconds that an access token is good (15 minutes). `refresh`: seconds for which a sign-in may go on without being refreshed
      (14 days), `longest`: and in any case (90). `grace`: see RefreshTokens.
    - `limit`: how often somebody may try a password, for each name and each address.
    - `identify`: who the owner of a token is.
    """

    issuer: str
    audience: str
    lifetime: float
    refresh: float
    longest: float
    grace: float
    limit: str
    identify: Identify


class TokenAuth:
    """Plugin: programs sign in by a name and a password, and get tokens.

        async def check(name: str, password: str) -> User | None: ...

        tokens = TokenAuth(check, scopes={"films:write": "Change films."})
        app = App(plugins=[tokens])

        @app.post("/films", requires=[tokens.scope("films:write")])
        async def add(film: Body[Film], request: Request) -> Film: ...

    ``POST /token`` with ``grant_type=password`` gives an access token, which is good for a short time, and a refresh token, which is good once:
    ``grant_type=refresh_token`` makes two new ones of it. If one comes a second time, the whole sign-in is ended: two have it. ``POST /token/revoke``
    ends it too, and all its access tokens with it.

    ``check``: knows who that is. ``keys``: as of AccessTokens; by default those of the app. ``store``: where sign-ins are kept: a path of an SQLite file, which the
    workers of a machine share, or an object with the methods of FamilyStore. ``scopes``: what tokens may be for. ``at``: the path. ``options``: see TokenOptions.
    """

    name = "tokens"
    wants = ("auth", "limiter", "sessions")

    def __init__(
        self,
        check: Check,
        *,
        keys: "str | bytes | Secret[str] | Sequence[str | bytes | Secret[str]] | Keys | None" = None,
        store: "str | os.PathLike[str] | FamilyStore" = "tokens.db",
        scopes: Mapping[str, str] | None = None,
        at: str = "/token",
        **options: Unpack[TokenOptions],
    ) -> None:
        self._check = check
        self._keys = keys
        self._store = store
        self._at = at
        self._options = options
        self._identify = options.get("identify")
        self.known = dict(scopes or {})
        flows = {"password": {"tokenUrl": at, "refreshUrl": at, "scopes": self.known}}
        self.bearer = BearerAuth(self._identity, realm="api", scopes=self.known, flows=flows, name="tokens")
        self._access: AccessTokens | None = None
        self._refreshing: RefreshTokens | None = None

    def setup(self, to: Setup) -> None:
        """Declares who has sent a request, and the two paths."""
        options = self._options
        issuer = options.get("issuer") or f"urn:segue:{to.app.name}"
        own = keys_of(to)
        self._access = AccessTokens(
            own if self._keys is None else self._keys,
            issuer=issuer,
            audience=options.get("audience", ""),
            lifetime=options.get("lifetime", 900.0),
        )
        store = self._store
        if isinstance(store, str | os.PathLike):
            path = Path(store)
            store = SQLiteFamilies(path if path.is_absolute() else to.app.instance.parent / path)
        self._refreshing = RefreshTokens(
            own,
            store,
            lifetime=options.get("refresh", 14 * _DAY),
            longest=options.get("longest", 90 * _DAY),
            grace=options.get("grace", 0.0),
        )
        kept = store

        async def keep_open() -> AsyncIterator[None]:
            async with kept_open(kept):
                yield

        to.lifespan(keep_open)
        limiters = [one.plugin for one in to.app.declared.plugins if isinstance(one.plugin, Limiter)]
        limiter = limiters[0] if limiters else Limiter()
        to.bring(limiter)
        endpoint = _Endpoint(self, self._check, limiter, options.get("limit", "10 per 3 minutes"))
        # Who asks here proves it in the body: no cookie is looked at, so no other site can make a browser do it.
        skip = ["csrf"] if "sessions" in to.plugins or "csrf" in to.plugins else []
        to.post(self._at, name="token", skip=skip)(endpoint.token)
        to.post(f"{self._at}/revoke", name="token.revoke", skip=skip)(endpoint.revoke)
        if IDENTIFIERS in to.app:  # accounts say who it is, and ask tokens first
            to.app[IDENTIFIERS].append(self.bearer)
        elif not to.app.declared.identifies:
            to.identifies(self.bearer)

    @property
    def access(self) -> AccessTokens:
        """Makes and reads access tokens. Raises RuntimeError before the app is frozen."""
        if self._access is None:
            raise RuntimeError("this TokenAuth belongs to no app yet: App(plugins=[tokens])")
        return self._access

    @property
    def refreshing(self) -> RefreshTokens:
        """Makes and takes refresh tokens. Raises RuntimeError before the app is frozen."""
        if self._refreshing is None:
            raise RuntimeError("this TokenAuth belongs to no app yet: App(plugins=[tokens])")
        return self._refreshing

    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``: lets those in who have a token."""
        await self.bearer.required(request)

    @property
    def schemes(self) -> tuple[Any, ...]:
        """What the description of the API says of that guard."""
        return self.bearer.schemes

    def scope(self, *scopes: str) -> ScopeGuard:
        """A guard that lets those in whose token is for all of these."""
        return self.bearer.scope(*scopes)

    async def end_all(self, owner: str) -> int:
        """Ends all sign-ins of somebody, such as after a change of the password; how many there were."""
        return await self.refreshing.store.end_all(owner)

    async def _identity(self, token: str) -> Identity | None:
        """Who a token belongs to, unless its sign-in has been ended."""
        try:
            claims = self.access.read(token)
        except InvalidToken:
            return None
        if claims.session and await self.refreshing.store.read(claims.session) is None:
            return None
        if self._identify is None:
            return claims
        found = self._identify(claims)
        identity: Identity | None = await found if isinstance(found, Awaitable) else found
        return None if identity is None else _Scoped(identity, claims.scopes)


class _Scoped:
    """An identity of the app's own, for what a token is for."""

    def __init__(self, identity: Identity, scopes: frozenset[str]) -> None:
        self._identity = identity
        self.scopes = scopes

    @property
    def id(self) -> str:
        return self._identity.id

    @property
    def principals(self) -> Any:
        return self._identity.principals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._identity, name)


class _Refusal(Exception):
    """An error of RFC 6749, section 5.2."""


class _Endpoint:
    """The two paths of RFC 6749 and RFC 7009."""

    def __init__(self, auth: TokenAuth, check: Check, limiter: Limiter, limit: str) -> None:
        self._auth = auth
        self._check = check
        self._limiter = limiter
        self._limit = limit

    async def token(self, request: Request) -> Response:
        """Gives tokens for a name and a password, or for a refresh token."""
        try:
            given = await _fields(request)
            match given.get("grant_type"):
                case "password":
                    reply = await self._by_password(request, given)
                case "refresh_token":
                    reply = await self._by_refresh(given)
                case None:
                    raise _Refusal("invalid_request")
                case _:
                    raise _Refusal("unsupported_grant_type")
        except _Refusal as refusal:
            return _json({"error": str(refusal)}, 400)
        return _json(reply, 200)

    async def revoke(self, request: Request) -> Response:
        """Ends the sign-in that a token comes from. It answers alike for what is no token."""
        try:
            token = (await _fields(request)).get("token")
        except _Refusal as refusal:
            return _json({"error": str(refusal)}, 400)
        if not token:
            return _json({"error": "invalid_request"}, 400)
        if await self._auth.refreshing.end(token) is None:
            try:
                session = self._auth.access.read(token).session
            except InvalidToken:
                session = ""
            if session:
                await self._auth.refreshing.store.end(session)
        return _json({}, 200)

    async def _by_password(self, request: Request, given: Mapping[str, str]) -> dict[str, Any]:
        name, password = given.get("username"), given.get("password")
        if not name or password is None:
            raise _Refusal("invalid_request")
        await self._limiter.take("token from", client_network(request), self._limit)
        await self._limiter.take("token for", name, self._limit)
        found = self._check(name, password)
        identity: Identity | None = await found if isinstance(found, Awaitable) else found
        if identity is None:
            raise _Refusal("invalid_grant")
        scopes = self._scopes(given.get("scope"), identity)
        token, family = await self._auth.refreshing.begin(identity.id, scopes)
        return self._reply(identity.id, scopes, token, family.id)

    async def _by_refresh(self, given: Mapping[str, str]) -> dict[str, Any]:
        token = given.get("refresh_token")
        if not token:
            raise _Refusal("invalid_request")
        try:
            token, family = await self._auth.refreshing.next(token)
        except ReusedToken as error:
            logger.warning(
                "a refresh token of %.100r came a second time: its sign-in has been ended", error.family.owner
            )
            raise _Refusal("invalid_grant") from None
        except InvalidToken:
            raise _Refusal("invalid_grant") from None
        scopes: Sequence[str] = family.scopes
        if "scope" in given:  # fewer than before, never more
            scopes = given["scope"].split()
            if not set(scopes) <= set(family.scopes):
                raise _Refusal("invalid_scope")
        return self._reply(family.owner, scopes, token, family.id)

    def _scopes(self, asked: str | None, identity: Identity) -> list[str]:
        """What a token is for: what was asked for, or else all that its owner may."""
        known = self._auth.known
        allowed = [one for one in known if not hasattr(identity, "scopes") or one in scopes_of(identity)]
        if asked is None:
            return allowed
        wanted = asked.split()
        if not set(wanted) <= set(allowed):
            raise _Refusal("invalid_scope")
        return wanted

    def _reply(self, owner: str, scopes: Sequence[str], refresh: str, session: str) -> dict[str, Any]:
        access = self._auth.access
        return {
            "access_token": access.issue(owner, scopes=scopes, session=session),
            "token_type": "Bearer",
            "expires_in": int(access.lifetime),
            "refresh_token": refresh,
            "scope": " ".join(scopes),
        }


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form, each once, from the body and nowhere else (RFC 6749, section 3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _Refusal("invalid_request")
    form = await request.form()
    found: dict[str, str] = {}
    for name, value in form.multi_items():
        if name in found or not isinstance(value, str):
            raise _Refusal("invalid_request")
        found[name] = value
    return found


def _json(value: Any, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, _NO_STORE, "application/json")
