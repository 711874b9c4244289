"""To a provider and back: the authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9207, OpenID Connect Core)."""

import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from segue.auth.external.issuer import Issuer
from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.provider import Provider
from segue.auth.external.started import Started, remember_start, take_start
from segue.auth.external.verifying import id_claims
from segue.client import CallFailed, CallOptions, Http
from segue.http.request import Request
from segue.security import Session

__all__ = ["CodeFlow"]


class CodeFlow:
    """Goes to one provider and back.

    Each start has a ``state`` (nobody else's answer is taken), a ``nonce`` (nor an old ID token) and a verifier (nor a code that somebody has
    picked up). They are good once, in the session that began, for the provider that was asked.
    """

    def __init__(self, provider: Provider, http: Http) -> None:
        self.provider = provider
        self.issuer = Issuer(provider.issuer, http) if provider.issuer else None
        self._http = http

    @property
    def source(self) -> Provider:
        """Who is asked."""
        return self.provider

    async def begin(self, session: Session[Any], *, back: str, target: str, link: bool = False) -> str:
        """The URL to send a visitor to. ``back``: where the provider sends them; ``target``: where they go afterwards.

        Raises SignInFailed where the provider cannot be asked.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped] # it has no types
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped] # as above

        provider = self.provider
        url = provider.authorize_url
        if self.issuer is not None:
            url = (await self.issuer.metadata())["authorization_endpoint"]
        state = secrets.token_urlsafe(32)
        started = Started(
            provider.name,
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(48),
            back,
            target,
            time.time(),
            link,
        )
        remember_start(session, state, started)
        more = {**provider.parameters, "code_challenge_method": "S256"}
        more["code_challenge"] = create_s256_code_challenge(started.verifier)
        if self.issuer is not None:
            more["nonce"] = started.nonce
        scope = " ".join(provider.scopes)
        asked: str = prepare_grant_uri(url, provider.client_id, "code", back, scope, state, **more)
        return asked

    async def finish(self, request: Request, session: Session[Any]) -> tuple[Person, Started]:
        """Whom the provider names, by what the visitor has brought back. Raises SignInFailed."""
        given = {name: request.query.get_all(name) for name in ("state", "code", "iss", "error")}
        if any(len(values) > 1 for values in given.values()):
            raise SignInFailed("the answer says something twice")
        said = {name: values[0] for name, values in given.items() if values}
        started = take_start(session, said.get("state", ""), self.provider.name)
        await self._is_theirs(said)
        if "error" in said:
            told = said["error"]
            raise SignInFailed(f"{self.provider.name} said {told!r:.80}", cancelled=told == "access_denied")
        if not said.get("code"):
            raise SignInFailed(f"{self.provider.name} gave no code")
        try:
            return await self._person(said["code"], started), started
        except CallFailed as error:
            raise SignInFailed(f"{self.provider.name} could not be asked: {error}") from error

    async def _is_theirs(self, said: Mapping[str, str]) -> None:
        """Refuses the answer of another provider (RFC 9207)."""
        if self.issuer is None:
            return
        announced = (await self.issuer.metadata()).get(
            "authorization_response_iss_parameter_supported"
        ) is True
        if said.get("iss", None if announced else self.issuer.url) != self.issuer.url:
            raise SignInFailed(f"the answer is of {said.get('iss')!r:.120}, not of {self.issuer.url}")

    async def _person(self, code: str, started: Started) -> Person:
        tokens = await self._exchange(code, started)
        token = tokens.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise SignInFailed(f"{self.provider.name} gave no access token")
        if self.issuer is None:
            ask = self.provider.ask
            if ask is None:
                raise SignInFailed(f"{self.provider.name} has nobody to ask")
            return await ask(self._http, token)
        claims = await id_claims(
            tokens.get("id_token"),
            self.issuer,
            client_id=self.provider.client_id,
            nonce=started.nonce,
            access_token=token,
        )
        return Person.of(self.provider.name, await self._with_profile(claims, token))

    async def _exchange(self, code: str, started: Started) -> Mapping[str, Any]:
        """The tokens for a code."""
        provider = self.provider
        url, methods = provider.token_url, ["client_secret_post"]
        if self.issuer is not None:
            metadata = await self.issuer.metadata()
            url = metadata["token_endpoint"]
            methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": started.back,
            "client_id": provider.client_id,
            "code_verifier": started.verifier,
        }
        options: CallOptions = {"data": fields, "headers": {"accept": "application/json"}, "retries": 0}
        if provider.secret and "client_secret_basic" in methods:
            # RFC 6749, section 2.3.1: both are encoded before they are put together.
            options["auth"] = (quote(provider.client_id, safe=""), quote(provider.secret, safe=""))
        elif provider.secret:
            fields["client_secret"] = provider.secret
        reply = await self._http.post(url, **options)
        try:
            said = reply.json()
        except ValueError:
            said = None
        if reply.status != 200 or not isinstance(said, dict) or "error" in said:
            told = said.get("error") if isinstance(said, dict) else ""
            raise SignInFailed(f"{provider.name} gave no tokens: {reply.status} {told!r:.80}")
        return said

    async def _with_profile(self, claims: Mapping[str, Any], token: str) -> Mapping[str, Any]:
        """The claims, with those that the provider only tells who asks for them."""
        endpoint = None if self.issuer is None else (await self.issuer.metadata()).get("userinfo_endpoint")
        if "email" in claims or not endpoint:
            return claims
        reply = await self._http.get(str(endpoint), headers={"authorization": f"Bearer {token}"})
        said = reply.json() if reply.status == 200 and reply.media_type == "application/json" else {}
        if not isinstance(said, dict) or said.get("sub") != claims.get("sub"):
            return claims  # of somebody else (OpenID Connect Core, section 5.3.2)
        return {**said, **claims}
