"""Guards of accounts: signed in, and proven a short while ago."""

import time
from typing import Any

from segue.auth.identity import SignedIn
from segue.core.identity import identity_of
from segue.http.errors import Forbidden, Redirect, Unauthorized
from segue.http.request import Request
from segue.http.url import encode_query

__all__ = ["freshly", "sent_away", "signed_in_as", "themselves"]

_READING = frozenset({"GET", "HEAD"})


async def signed_in_as(request: Request) -> SignedIn:
    """Who sends a request. Who is nobody, and reads a page, is sent to the login; 401 or 403 for all others, and for WebSockets."""
    identity = await identity_of(request)
    if isinstance(identity, SignedIn):
        return identity
    if identity is not None:  # known by other means, which no account stands behind
        raise Forbidden
    raise sent_away(request)


async def themselves(request: Request) -> SignedIn:
    """Who is signed in, for what nobody else may change. Raises Forbidden for somebody who acts in another one's name."""
    identity = await signed_in_as(request)
    if identity.by is not None:
        raise Forbidden
    return identity


def sent_away(request: Request, page: str = "auth.login") -> Exception:
    """What to raise for somebody who has to sign in first: the way to a page, or an error for a program."""
    # No script can follow a redirect of a handshake, so that of a WebSocket is refused.
    if request.method not in _READING or request.headers.get("upgrade", "").lower() == "websocket":
        return Forbidden("Sign in first.")
    if not _wants_page(request):
        return Unauthorized("Sign in first.")
    query = encode_query({"next": request.prefix + request.target})
    return Redirect(f"{request.url_for(page)}?{query}", headers={"cache-control": "no-store"})


def _wants_page(request: Request) -> bool:
    """Whether a person reads it: clients that say what they want have HTML in it."""
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or ("*/*" in accept and "json" not in accept)


def freshly(seconds: float | None = None) -> Any:
    """A guard for dangerous acts: who is signed in has to have given the password within so many seconds.

        @app.post("/shop/close", requires=[freshly()])
        async def close() -> None: ...

    Others are sent to the page that asks for it, and come back. ``seconds``: by default what ``Auth(fresh=...)`` says.
    """

    async def guard(request: Request) -> None:
        from segue.auth.accounts import accounts_of

        identity = await signed_in_as(request)
        limit = accounts_of(request).options.fresh if seconds is None else seconds
        if not 0 <= time.time() - identity.proven <= limit:
            raise sent_away(request, "auth.again")

    return guard
