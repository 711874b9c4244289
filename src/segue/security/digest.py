"""Passwords that are proven without being sent (HTTP Digest, RFC 7616)."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote

from segue.core.documentation import SecurityScheme
from segue.core.settings.secret import Secret
from segue.http.errors import Unauthorized
from segue.http.request import Request
from segue.security.basic import quoted
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, SignatureExpired, Signer

__all__ = ["DigestAuth"]

_HASHES: dict[str, Callable[[bytes], Any]] = {
    "sha-256": hashlib.sha256,
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
_NONCE_AGE = 300
_MOST = 8_000
_NEEDED = ("nonce", "uri", "response", "nc", "cnonce", "realm")

Passwords = Callable[[str], str | Awaitable[str | None] | None]
"""Takes a name; returns its password, or None. Digest needs the password itself, or a store of such: prefer anything else."""


class DigestAuth:
    """Asks for a name and a proof of its password, for clients that know nothing better than Digest.

        digest = DigestAuth(passwords, realm="films", keys=keys)
        app.include(old_api, at="/api", requires=[digest.required])

    A nonce is good for five minutes: then the client is told that it is stale, and proves itself with a new one. SHA-256
    is offered first, MD5 for old clients after it if ``md5``.
    """

    def __init__(
        self,
        passwords: Passwords,
        *,
        realm: str,
        keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys",
        md5: bool = False,
    ) -> None:
        self._passwords = passwords
        self._realm = realm
        self._signer = Signer(keys, "digest")
        self._algorithms = ("sha-256", "md5") if md5 else ("sha-256",)
        self.schemes = (SecurityScheme("digest", {"type": "http", "scheme": "digest"}),)
        quoted(realm)

    def challenges(self, *, stale: bool = False) -> list[str]:
        """The values of ``WWW-Authenticate``, one for each algorithm."""
        nonce = self._signer.sign("")
        more = ", stale=true" if stale else ""
        return [
            f'Digest realm="{quoted(self._realm)}", qop="auth", algorithm={one.upper()}, nonce="{nonce}", charset=UTF-8{more}'
            for one in self._algorithms
        ]

    async def name_of(self, request: Request) -> str | None:
        """The name that a request has proven. Raises Unauthorized for a stale nonce; None for anything that is no proof."""
        given = _read(request.headers.get("authorization", ""))
        algorithm = given.get("algorithm", "md5").lower()
        name = _name(given)
        if name is None or algorithm not in self._algorithms or any(one not in given for one in _NEEDED):
            return None
        if given["realm"] != self._realm or given["uri"] != request.prefix + request.target:
            return None
        found = self._passwords(name)
        password = await found if isinstance(found, Awaitable) else found
        # A name that is not known takes as long as one that is.
        expected = self._response(given, algorithm, request.method, name, password or "")
        fits = hmac.compare_digest(expected, given["response"].lower()) and password is not None
        try:
            self._signer.unsign(given["nonce"], max_age=_NONCE_AGE)
        except SignatureExpired:
            if fits:
                raise self._refusal(stale=True) from None
            return None
        except InvalidSignature:
            return None
        return name if fits else None

    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``. Raises Unauthorized (401) with the challenges."""
        if await self.name_of(request) is None:
            raise self._refusal()

    def _refusal(self, *, stale: bool = False) -> Unauthorized:
        return Unauthorized(challenge=", ".join(self.challenges(stale=stale)))

    def _response(self, given: dict[str, str], algorithm: str, method: str, name: str, password: str) -> str:
        def digest(*parts: str) -> str:
            told: str = _HASHES[algorithm](":".join(parts).encode()).hexdigest()
            return told

        whole = digest(name, self._realm, password)
        return digest(
            whole, given["nonce"], given["nc"], given["cnonce"], "auth", digest(method, given["uri"])
        )


def _read(field: str) -> dict[str, str]:
    """The parameters of the field; none where it is no Digest."""
    scheme, _, rest = field.partition(" ")
    if scheme.lower() != "digest" or len(field) > _MOST:
        return {}
    given: dict[str, str] = {}
    for name, value in _pairs(rest):
        if name in given:  # said twice: which one would another reader take?
            return {}
        given[name] = value
    return given if given.get("qop", "auth") == "auth" else {}


def _pairs(text: str) -> list[tuple[str, str]]:
    """``name=value, name="quoted value"``; in one pass, and nothing at all for what is not this."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        name, equals, _ = text[at:].partition("=")
        if not equals:
            return []
        at += len(name) + 1
        value: list[str] = []
        if text[at : at + 1] == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += text[at] == "\\"
                value.append(text[at : at + 1])
                at += 1
            at += 1
            end = text.find(",", at)
        else:
            end = text.find(",", at)
            value.append(text[at : end if end >= 0 else len(text)].strip())
        pairs.append((name.strip(" ,\t").lower(), "".join(value)))
        at = len(text) if end < 0 else end + 1
    return pairs


def _name(given: dict[str, str]) -> str | None:
    """The name, which may be in the form for other than ASCII (RFC 8187)."""
    if "username" in given and "username*" not in given:
        try:
            return given["username"].encode("latin-1").decode()
        except UnicodeError:
            return given["username"]
    charset, _, rest = given.get("username*", "").partition("'")
    if charset.lower() != "utf-8" or "username" in given:
        return None
    try:
        return unquote(rest.partition("'")[2], errors="strict")
    except UnicodeDecodeError:
        return None
