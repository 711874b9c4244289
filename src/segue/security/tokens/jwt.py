"""Tokens that say themselves whose they are (JWT, RFC 7519; profile of access tokens: RFC 9068)."""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

from segue.core.settings.secret import Secret
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, decode_base64
from segue.security.tokens.claims import InvalidToken, TokenClaims

__all__ = ["AccessTokens"]

_LONGEST = 8_192
_LEEWAY = 30  # seconds by which clocks of two machines may differ
#: Everything else in a header, such as a key to verify with (jwk, jku, x5c) or extensions (crit), is a way to be fooled.
_HEADER = {"alg", "kid", "typ"}
_KINDS = ("at+jwt", "application/at+jwt")
_OWN = {"iss", "aud", "sub", "exp", "iat", "nbf", "jti", "scope", "sid"}
_compact = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z").match
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_SHORTEST_RSA = 2048


class AccessTokens:
    """Makes tokens, and reads those that it has made.

        tokens = AccessTokens(keys, issuer="https://films.example")
        token = tokens.issue("7", scopes=["films:read"], lifetime=900)
        tokens.read(token).id                                 # "7"; InvalidToken for any other text

    ``keys``: secret keys as everywhere (HS256), or private keys in PEM (RSA, EC, Ed25519), which let others verify tokens by
    :meth:`public_keys`; of several, the first signs and all verify. ``issuer``, ``audience``: who makes them and for whom; both are checked.

    The algorithm is that of the key, whatever a token says. Raises ImportError where the package joserfc is missing.
    """

    def __init__(
        self,
        keys: "str | bytes | Secret[str] | Sequence[str | bytes | Secret[str]] | Keys",
        *,
        issuer: str,
        audience: str = "",
        lifetime: float = 900.0,
    ) -> None:
        try:
            from joserfc import jwt
        except ImportError:
            raise ImportError(
                "tokens of this kind need the package joserfc: pip install 'segue[jwt]'"
            ) from None
        self._jwt = jwt
        self.issuer = issuer
        self.audience = audience or issuer
        self.lifetime = lifetime
        made = _keys(keys)
        self._newest = next(iter(made))
        self._known = made

    def issue(
        self,
        subject: str,
        *,
        scopes: Iterable[str] = (),
        lifetime: float | None = None,
        session: str = "",
        **more: Any,
    ) -> str:
        """A token for ``subject``. ``session``: the sign-in that it comes from; ``more``: other claims, which everybody can read."""
        taken = _OWN.intersection(more)
        if taken:
            raise ValueError(f"{', '.join(sorted(taken))}: a token says this itself")
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "exp": now + int(self.lifetime if lifetime is None else lifetime),
            "jti": secrets.token_urlsafe(12),
            "scope": " ".join(scopes),
            **({"sid": session} if session else {}),
            **more,
        }
        kid, (algorithm, key) = self._newest, self._known[self._newest]
        header = {"alg": algorithm, "kid": kid, "typ": "at+jwt"}
        return self._jwt.encode(header, claims, key, [algorithm])

    def read(self, token: str) -> TokenClaims:
        """What a token says. Raises InvalidToken unless it was made here, for here, and is not over."""
        from joserfc.errors import JoseError

        algorithm, key = self._key_of(token)
        try:
            claims = self._jwt.decode(token, key, [algorithm]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidToken("the signature does not fit") from error
        return self._checked(claims)

    def public_keys(self) -> dict[str, Any]:
        """The keys that verify, for who has to (a JWK set, RFC 7517). Secret keys are not among them."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "alg": algorithm, "use": "sig"}
                for kid, (algorithm, key) in self._known.items()
                if algorithm != "HS256"
            ]
        }

    def _key_of(self, token: str) -> tuple[str, Any]:
        """The algorithm and the key of a token, by what its header says that we have ourselves."""
        found = _compact(token) if len(token) <= _LONGEST else None
        if found is None:
            raise InvalidToken("this is no token")
        try:
            header = json.loads(decode_base64(found[1]))
        except (InvalidSignature, ValueError, RecursionError):
            raise InvalidToken("this is no token") from None
        if not isinstance(header, dict) or not header.keys() <= _HEADER:
            raise InvalidToken("the token has a header that no token of ours has")
        known = self._known.get(str(header.get("kid")))
        if known is None or header.get("alg") != known[0] or str(header.get("typ")).lower() not in _KINDS:
            raise InvalidToken(
                "the token was made with another key, another algorithm, or for something else"
            )
        return known

    def _checked(self, claims: dict[str, Any]) -> TokenClaims:
        now = time.time()
        audience = claims.get("aud")
        expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
        subject, scope, session = claims.get("sub"), claims.get("scope", ""), claims.get("sid", "")
        if not isinstance(expires, int | float) or not isinstance(begins, int | float):
            raise InvalidToken("the token does not say until when it is good")
        if claims.get("iss") != self.issuer or self.audience not in (
            [audience] if isinstance(audience, str) else audience or ()
        ):
            raise InvalidToken("the token is for somebody else")
        if now >= expires + _LEEWAY or begins > now + _LEEWAY:
            raise InvalidToken("the token is over, or has not begun")
        if not (isinstance(subject, str) and subject and isinstance(scope, str) and isinstance(session, str)):
            raise InvalidToken("the token does not say whose it is")
        more = {name: value for name, value in claims.items() if name not in _OWN}
        return TokenClaims(subject, frozenset(scope.split()), session, float(expires), more)


def _keys(given: Any) -> dict[str, tuple[str, Any]]:
    """Algorithm and key, by the id of the key."""
    from joserfc.jwk import OctKey

    several = [given] if isinstance(given, str | bytes | Secret | Keys) else list(given)
    made: dict[str, tuple[str, Any]] = {}
    plain: list[Any] = []
    for one in several:
        text = one.reveal() if isinstance(one, Secret) else one
        pem = text.decode("ascii") if isinstance(text, bytes) else text
        if isinstance(pem, str) and pem.lstrip().startswith("-----BEGIN"):
            made.update([_private(pem)])
        else:
            plain.append(one)
    if plain and made:
        raise ValueError("tokens are signed with secret keys or with private ones (PEM), not with both")
    if plain:
        keys = plain[0] if isinstance(plain[0], Keys) else Keys.of(plain)
        for key in keys.derived("jwt"):
            made[hashlib.sha256(b"kid" + key).hexdigest()[:16]] = ("HS256", OctKey.import_key(key))
    return made


def _private(pem: str) -> tuple[str, tuple[str, Any]]:
    """A private key with its algorithm, by the fingerprint of what is public of it."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    try:
        loaded = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ValueError("this is no private key in PEM, or one behind a password") from None
    key: RSAKey | ECKey | OKPKey
    if isinstance(loaded, RSAPrivateKey) and loaded.key_size >= _SHORTEST_RSA:
        key, algorithm = RSAKey.import_key(pem), "RS256"
    elif isinstance(loaded, EllipticCurvePrivateKey) and loaded.curve.name in _CURVES:
        key, algorithm = ECKey.import_key(pem), _CURVES[loaded.curve.name]
    elif isinstance(loaded, Ed25519PrivateKey):
        key, algorithm = OKPKey.import_key(pem), "Ed25519"
    else:
        raise ValueError(
            f"tokens are signed by keys of RSA with {_SHORTEST_RSA} bits or more, of EC on P-256, P-384 or P-521, or of Ed25519"
        )
    return key.thumbprint(), (algorithm, key)
