"""Tokens in the header field ``Authorization`` (RFC 6750)."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from segue.core.documentation import SecurityScheme, answers
from segue.core.ports import Identity
from segue.http.errors import Forbidden, Unauthorized
from segue.http.request import Request
from segue.security.basic import quoted

__all__ = ["BearerAuth", "CheckToken", "scopes_of"]

CheckToken = Callable[[str], Identity | Awaitable[Identity | None] | None]
"""Takes a token; returns who that is, or None. An identity with ``scopes`` may do what these say."""

_LONGEST = 8_192
_token = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*) *\Z", re.IGNORECASE).match
_scope = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}\Z").match


class BearerAuth:
    """Lets programs in that send a token: ``Authorization: Bearer ...``.

        async def check(token: str) -> Machine | None: ...

        bearer = BearerAuth(check, realm="films", scopes={"films:write": "Change films."})
        app.identifies(bearer)

        @app.post("/films", requires=[bearer.scope("films:write")])
        async def add(film: Body[Film]) -> Film: ...

    ``realm``: what a 401 names. ``scopes``: what tokens may be for, with a line for people. ``format``: what the description of the API says that
    they look like. ``flows``: where they come from, as OpenAPI writes it (OAuth2); by default they come from somewhere.

    A token in the query is not read: it would stand in every log on the way.
    """

    def __init__(
        self,
        check: CheckToken,
        *,
        realm: str,
        scopes: Mapping[str, str] | None = None,
        format: str = "",
        flows: Mapping[str, Any] | None = None,
        name: str = "bearer",
    ) -> None:
        self._check = check
        self.realm = quoted(realm)
        self.known = dict(scopes or {})
        for one in self.known:
            if not _scope(one):
                raise ValueError(
                    f"a scope is printable ASCII without spaces, quotes and backslashes, not {one!r:.80}"
                )
        described: dict[str, Any] = {"type": "http", "scheme": "bearer"}
        if format:
            described["bearerFormat"] = format
        if flows is not None:
            described = {"type": "oauth2", "flows": dict(flows)}
        self._scheme = SecurityScheme(name, described)
        self.schemes = (self._scheme,)

    async def __call__(self, request: Request) -> Identity | None:
        """Who the request says that it is, if that is so."""
        token = token_of(request)
        if token is None:
            return None
        found = self._check(token)
        identity: Identity | None = await found if isinstance(found, Awaitable) else found
        return identity

    @answers(401)
    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``. Raises Unauthorized (401) with the challenge."""
        await self.identified(request)

    def scope(self, *scopes: str) -> "ScopeGuard":
        """A guard that lets those in whose token is for all of these. Others get a 403, who has none a 401."""
        unknown = [one for one in scopes if self.known and one not in self.known]
        if unknown or not scopes:
            raise ValueError(
                f"{', '.join(unknown) or 'nothing'} is no scope; there are: {', '.join(self.known)}"
            )
        return ScopeGuard(self, scopes)

    async def identified(self, request: Request) -> Identity:
        """Who sends the request. Raises Unauthorized (401), which says whether there was a token (RFC 6750, section 3)."""
        identity = await self(request)
        if identity is not None:
            return identity
        said = request.headers.get("authorization", "")[:7].lower() == "bearer "
        error = (
            ', error="invalid_token", error_description="The token is not valid, or not any more."'
            if said
            else ""
        )
        raise Unauthorized(challenge=f'Bearer realm="{self.realm}"{error}')

    def described(self, scopes: tuple[str, ...]) -> SecurityScheme:
        """The scheme, with what is asked of it."""
        return SecurityScheme(self._scheme.name, self._scheme.description, scopes)


@answers(401, 403)
class ScopeGuard:
    """Lets those in whose token is for something."""

    def __init__(self, bearer: BearerAuth, scopes: tuple[str, ...]) -> None:
        self._bearer = bearer
        self.scopes = scopes
        self.schemes = (bearer.described(scopes),)

    async def __call__(self, request: Request) -> None:
        identity = await self._bearer.identified(request)
        if not scopes_of(identity).issuperset(self.scopes):
            asked = " ".join(self.scopes)
            challenge = f'Bearer realm="{self._bearer.realm}", error="insufficient_scope", scope="{asked}"'
            raise Forbidden(f"This takes a token for {asked}.", headers={"www-authenticate": challenge})

    def __repr__(self) -> str:
        return f"<ScopeGuard {' '.join(self.scopes)}>"


def token_of(request: Request) -> str | None:
    """The token that a request has, if it has exactly one that can be one."""
    field = request.headers.get("authorization", "")
    found = _token(field) if len(field) <= _LONGEST else None
    return None if found is None else found[1]


def scopes_of(identity: Identity) -> frozenset[str]:
    """What an identity may do; nothing if it does not say."""
    said: Collection[str] = getattr(identity, "scopes", ())
    return frozenset(said)
