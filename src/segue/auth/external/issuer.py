"""What an issuer says of itself (OpenID Connect Discovery 1.0), and the keys that it signs with, which it may change."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from segue.auth.external.person import SignInFailed
from segue.auth.external.provider import checked_url
from segue.client import CallFailed, Http, Limits, Retries, Timeouts

__all__ = ["Issuer", "careful_client"]

_GOOD_FOR = 3_600.0  # seconds that a document is believed
_BREATH = 10.0  # seconds between two looks for a key that is not there


def careful_client() -> Http:
    """A client for providers: they are not waited for long, they are not believed much, and they send us nowhere."""
    return Http(
        timeouts=Timeouts(total=10.0),
        limits=Limits(body=1_000_000, redirects=0),
        retries=Retries(times=1),
        headers={"accept": "application/json"},
    )


class Issuer:
    """An issuer at its URL: its metadata and its keys, each fetched when it is needed and kept for an hour.

    A key that is not known is looked for anew, at most each ten seconds: a token with a key that nobody has costs the issuer nothing.
    """

    def __init__(self, url: str, http: Http) -> None:
        self.url = url
        self._http = http
        self._metadata: Mapping[str, Any] = {}
        self._keys: dict[str, dict[str, Any]] = {}
        self._read_at = self._keys_at = float("-inf")
        self._lock: asyncio.Lock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def metadata(self) -> Mapping[str, Any]:
        """What it says of itself. Raises SignInFailed where that is not what a provider says, or is of another one."""
        if time.monotonic() - self._read_at > _GOOD_FOR:
            async with self._one_at_a_time():
                if time.monotonic() - self._read_at > _GOOD_FOR:
                    self._metadata = await self._discovered()
                    self._read_at = time.monotonic()
        return self._metadata

    async def key(self, kid: str | None) -> dict[str, Any]:
        """One of its public keys, as a JWK. Raises SignInFailed if it has no such key."""
        found = self._known(kid)
        if found is None or time.monotonic() - self._keys_at > _GOOD_FOR:
            async with self._one_at_a_time():
                found = self._known(kid)
                age = time.monotonic() - self._keys_at
                if age > _GOOD_FOR or (found is None and age > _BREATH):
                    await self._fetch_keys()
                    found = self._known(kid)
        if found is None:
            raise SignInFailed(f"{self.url} has no key {kid!r:.80}")
        return found

    def _known(self, kid: str | None) -> dict[str, Any] | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def _discovered(self) -> Mapping[str, Any]:
        said = await self._json(self.url.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(said, dict) or said.get("issuer") != self.url:
            told = said.get("issuer") if isinstance(said, dict) else said
            raise SignInFailed(f"the issuer at {self.url} says that it is {told!r:.120}")
        try:
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                checked_url(said.get(name), f"{name} of {self.url}")
        except ValueError as error:
            raise SignInFailed(str(error)) from None
        return said

    async def _fetch_keys(self) -> None:
        metadata = self._metadata or await self._discovered()
        said = await self._json(str(metadata["jwks_uri"]))
        listed = said.get("keys") if isinstance(said, dict) else None
        if not isinstance(listed, list):
            raise SignInFailed(f"{self.url} has no list of keys")
        usable = [one for one in listed if isinstance(one, dict) and one.get("use", "sig") == "sig"]
        # A secret key in a public list is nobody's secret: it would verify whatever anybody signs.
        public = [one for one in usable if one.get("kty") in ("RSA", "EC", "OKP")]
        self._keys = {str(one.get("kid", number)): one for number, one in enumerate(public)}
        self._keys_at = time.monotonic()

    async def _json(self, url: str) -> Any:
        try:
            reply = await self._http.get(url)
            if reply.status != 200:
                raise SignInFailed(f"{url} answered with {reply.status}")
            return reply.json()
        except (CallFailed, ValueError) as error:
            raise SignInFailed(f"{url}: {error}") from error

    def _one_at_a_time(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._lock is None or self._loop is not loop:
            self._lock, self._loop = asyncio.Lock(), loop
        return self._lock
