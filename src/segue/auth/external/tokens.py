"""Access tokens of an issuer elsewhere, for an API that trusts it (RFC 9068)."""

import time
from collections.abc import AsyncIterator
from typing import Any

from segue.auth.external.issuer import Issuer, careful_client
from segue.auth.external.person import SignInFailed
from segue.auth.external.provider import checked_url
from segue.auth.external.verifying import verified
from segue.core.plugins.setup import Setup
from segue.security import TokenClaims

__all__ = ["IssuedTokens"]

_LEEWAY = 60


class IssuedTokens:
    """Reads access tokens that an issuer of OpenID Connect has signed for an API: a check of BearerAuth, and a plugin.

        issued = IssuedTokens("https://id.example.com", audience="https://api.films.example")
        bearer = BearerAuth(issued, realm="films")
        app = App(plugins=[issued])

        @app.get("/films", requires=[bearer.scope("films:read")])
        async def films() -> list[Film]: ...

    The keys of the issuer are found by discovery, and looked for anew when it signs with another one.
    """

    def __init__(self, issuer: str, *, audience: str) -> None:
        self.name = f"issued tokens {issuer}"
        if not audience:
            raise ValueError(
                "say whom tokens are for: audience=; a token for another API is none for this one"
            )
        self._http = careful_client()
        self._issuer = Issuer(checked_url(issuer, "the issuer"), self._http)
        self._audience = audience

    def setup(self, to: Setup) -> None:
        """Closes its connections with the app."""

        async def opened() -> AsyncIterator[None]:
            yield
            await self.close()

        to.lifespan(opened)

    async def close(self) -> None:
        """Closes its connections; as a plugin, it does so with the app."""
        await self._http.close()

    async def __call__(self, token: str) -> TokenClaims | None:
        """What a token says, if it is for us and not over."""
        try:
            header, claims = await verified(token, self._issuer)
        except SignInFailed:
            return None
        subject, audience = claims.get("sub"), claims.get("aud")
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if str(header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt", "jwt", ""):
            return None
        if "nonce" in claims or self._audience not in (
            [audience] if isinstance(audience, str) else audience or ()
        ):
            return None  # an ID token says who somebody is to a client, and opens nothing
        if (
            not isinstance(subject, str)
            or not isinstance(expires, int | float)
            or not isinstance(begins, int | float)
        ):
            return None
        if time.time() >= expires + _LEEWAY or begins > time.time() + _LEEWAY:
            return None
        return TokenClaims(subject, _scopes(claims), str(claims.get("sid", "")), float(expires), claims)


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """What a token is for: ``scope`` as one text, or ``scp`` as some say it."""
    said = claims.get("scope", claims.get("scp", ""))
    listed = said.split() if isinstance(said, str) else said
    return (
        frozenset(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else frozenset()
    )
