"""What a token of an issuer says, once its signature and everything in it was looked at."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from segue.auth.external.issuer import Issuer
from segue.auth.external.person import SignInFailed
from segue.security.signing import InvalidSignature, decode_base64

__all__ = ["id_claims", "verified"]

_LONGEST = 16_384
_LEEWAY = 60
#: No secret keys: whoever has the public one could sign. And not "none".
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
#: Names and fingerprints; a key to verify with, or an extension that we have to understand (crit), is refused.
_HEADER = {"alg", "kid", "typ", "x5t", "x5t#S256"}
_compact = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z").match


async def verified(token: Any, issuer: Issuer) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a token that the issuer has signed. Raises SignInFailed."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    found = _compact(token) if isinstance(token, str) and len(token) <= _LONGEST else None
    if found is None:
        raise SignInFailed(f"{issuer.url} gave no token")
    try:
        header = json.loads(decode_base64(found[1]))
    except (InvalidSignature, ValueError, RecursionError):
        raise SignInFailed(f"{issuer.url} gave a token whose header is none") from None
    if not isinstance(header, dict) or not header.keys() <= _HEADER:
        raise SignInFailed(f"{issuer.url} gave a token with a header that is not understood")
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in _ALGORITHMS:
        raise SignInFailed(f"{issuer.url} gave a token signed by {algorithm!r:.40}, which is not accepted")
    key = await issuer.key(None if kid is None else str(kid))
    if key.get("alg", algorithm) != algorithm:
        raise SignInFailed(
            f"{issuer.url} gave a token signed by {algorithm} with a key for {key['alg']!r:.40}"
        )
    try:
        claims = jwt.decode(token, import_key(key), [algorithm]).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInFailed(f"{issuer.url} gave a token whose signature does not fit") from error
    if claims.get("iss") != issuer.url:
        raise SignInFailed(f"the token is of {claims.get('iss')!r:.120}, not of {issuer.url}")
    return header, claims


async def id_claims(
    token: Any, issuer: Issuer, *, client_id: str, nonce: str, access_token: str
) -> Mapping[str, Any]:
    """The claims of an ID token for us (OpenID Connect Core, section 3.1.3.7). Raises SignInFailed."""
    from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped] # it has no types
    from joserfc.errors import JoseError

    header, claims = await verified(token, issuer)
    wanted = {"iss": {"essential": True, "value": issuer.url}, "aud": {"essential": True, "value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": access_token}
    read: Any = CodeIDToken(claims, header, wanted, params)
    try:
        read.validate(now=int(time.time()), leeway=_LEEWAY)
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise SignInFailed(f"{issuer.url} gave an ID token that is not for here and now: {error}") from error
    audience = claims.get("aud")
    if client_id not in ([audience] if isinstance(audience, str) else audience or ()):
        raise SignInFailed(f"{issuer.url} gave an ID token for {audience!r:.80}")
    return claims
