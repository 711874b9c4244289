"""Requests that a page of another site makes a browser send (cross-site request forgery): refused."""

import hmac
import logging
import secrets
from collections.abc import Collection

from segue.core.appkey import AppKey
from segue.core.records import Next
from segue.http.cookies import Cookie
from segue.http.errors import Forbidden
from segue.http.malformed import Malformed
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import URL, split_authority
from segue.security.keys import Keys
from segue.security.nearest import nearest
from segue.security.privacy import keep_private, mark_private
from segue.security.signing import InvalidSignature, Signer, decode_base64, encode_base64

__all__ = ["GUARD", "SAFE", "CSRFGuard", "csrf_field", "csrf_token"]

logger = logging.getLogger("segue.csrf")

FIELD = "_csrf"
HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_HAVING = "csrf"
_SECRET = 32
_PORTS = {"http": 80, "https": 443}


class CSRFGuard:
    """Decides about unsafe requests, in this order:

    1. ``Sec-Fetch-Site`` says ``same-origin`` or ``none``: it comes from a page of ours, or from the user alone.
    2. ``Origin`` is exactly ours, or one of ``trusted``.
    3. Neither field is there, and no cookie: nothing acts in a user's name.
    4. Neither is there: the token has to be, in the field ``_csrf`` of the form or in ``X-CSRF-Token``.

    All else is a 403. What a browser says of the request is believed before any token: a sibling subdomain, which could
    plant cookies, is refused.
    """

    def __init__(self, keys: Keys, trusted: Collection[str], *, secure: bool) -> None:
        self._signer = Signer(keys, "csrf")
        self._trusted = frozenset(map(_checked_origin, trusted))
        self._secure = secure
        self._cookie = "__Host-csrf" if secure else "csrf"

    async def around_unsafe(self, request: Request, next: Next) -> Response:
        """Middleware of routes whose methods are all unsafe."""
        reason = self._refusal(request)
        if reason:
            await self._check_token(request, reason)
        return await next(request)

    async def around_any(self, request: Request, next: Next) -> Response:
        """Middleware of what answers several methods."""
        if request.method not in SAFE:
            return await self.around_unsafe(request, next)
        return await next(request)

    # --- the browser's word --------------------------------------------------------------------------------------

    def _refusal(self, request: Request) -> str:
        """Why a request is not let through by its header; empty if it is."""
        site = origin = None
        many = cookies = False
        for name, value in request.raw_headers:
            if name == b"sec-fetch-site":
                many, site = many or site is not None, value
            elif name == b"origin":
                many, origin = many or origin is not None, value
            elif name == b"cookie":
                cookies = True
        if many:
            return "it says twice where it comes from"
        if site is not None:
            if site in (b"same-origin", b"none"):
                return ""
            if origin is not None and origin.decode("latin-1") in self._trusted:
                return ""
            return f"Sec-Fetch-Site is {site.decode('latin-1')!r:.40}"
        if origin is not None:
            named = origin.decode("latin-1")
            if named in self._trusted or _same_origin(named, request):
                return ""
            return f"Origin is {named!r:.80}, which is not {request.scheme}://{request.host}"
        return "" if not cookies else _UNSAID

    # --- the token -----------------------------------------------------------------------------------------------

    async def _check_token(self, request: Request, reason: str) -> None:
        """For browsers that say nothing. Raises Forbidden."""
        if reason is _UNSAID:
            sent = request.headers.get(HEADER)
            if sent is None and request.content_type in _FORMS:
                field = (await request.form()).get(FIELD)
                sent = field if isinstance(field, str) else None
            if sent is not None and self._fits(request, sent):
                return
            reason = _UNSAID if sent is None else "its token is not the one that was given out"
        logger.warning("%r was refused: %s", request, reason)
        raise Forbidden(
            "This request does not come from a page of this site. Open the page again, and send it from there."
        )

    def token(self, request: Request) -> str:
        """The token for a page that answers ``request``: another text each time, so that a compressed page tells nothing.

        The first page that asks sets the cookie that goes with it.
        """
        key = self._secret(request)
        made = request.made
        if key is None:
            key = secrets.token_bytes(_SECRET)
        if made is None:
            made = request.made = {}
        if _HAVING not in made:
            made[_HAVING] = key
            request.after_this(lambda response: self._mark(request, response, key))
        mark_private(request)  # each time: a part of a page that is kept asks what was touched for it
        mask = secrets.token_bytes(_SECRET)
        return encode_base64(mask + _xor(mask, key))

    def _mark(self, request: Request, response: Response, key: bytes) -> None:
        keep_private(response)
        if self._from_cookie(request) is None:
            value = self._signer.sign(key, name=self._cookie)
            response.set_cookie(Cookie(self._cookie, value, secure=self._secure, same_site="lax"))

    def _secret(self, request: Request) -> bytes | None:
        made = request.made
        if made is not None and _HAVING in made:
            key: bytes = made[_HAVING]
            return key
        return self._from_cookie(request)

    def _from_cookie(self, request: Request) -> bytes | None:
        values = request.cookies.get_all(self._cookie)
        if len(values) != 1:  # somebody has planted another one
            return None
        try:
            key = self._signer.unsign_bytes(values[0], name=self._cookie)
        except InvalidSignature:
            return None
        return key if len(key) == _SECRET else None

    def _fits(self, request: Request, sent: str) -> bool:
        key = self._from_cookie(request)
        try:
            raw = decode_base64(sent) if len(sent) <= 4 * _SECRET else b""
        except InvalidSignature:
            return False
        if key is None or len(raw) != 2 * _SECRET:
            return False
        return hmac.compare_digest(_xor(raw[:_SECRET], raw[_SECRET:]), key)


GUARD: AppKey[CSRFGuard] = AppKey("segue.security.csrf")


def csrf_token(request: Request) -> str:
    """The token that a page for ``request`` may send back, in the field ``_csrf`` or the header ``X-CSRF-Token``.

    Browsers of the last years need none. Raises LookupError where the app has no CSRF guard.
    """
    guard = nearest(request, GUARD)
    if guard is not None:
        return guard.token(request)
    raise LookupError("the app has no CSRF guard: list the plugin Sessions, or CSRF")


class _Field(str):
    """HTML that templates take as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def csrf_field(request: Request) -> str:
    """A hidden field that sends the token along, for the forms of a page. Templates call it without an argument.

    Raises LookupError where the app has no CSRF guard.
    """
    return _Field(f'<input type="hidden" name="{FIELD}" value="{csrf_token(request)}">')


_UNSAID = "it has cookies, and neither Sec-Fetch-Site nor Origin nor a token"


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes([a ^ b for a, b in zip(one, other, strict=True)])


def _same_origin(origin: str, request: Request) -> bool:
    """Whether ``origin`` is the one that the request was sent to: scheme, host and port."""
    scheme, mark, authority = origin.partition("://")
    if not mark or scheme != request.scheme:
        return False
    if authority == request.host:
        return True
    try:
        host, port = split_authority(authority)
        own, own_port = split_authority(request.host)
    except Malformed:
        return False
    usual = _PORTS.get(scheme)
    return bool(host) and host == own and (port or usual) == (own_port or usual)


def _checked_origin(origin: str) -> str:
    try:
        url = URL.parse(origin)
    except Malformed:
        url = URL()
    if not url.origin or url.origin != origin or "*" in origin:
        raise ValueError(
            f'{origin!r} is not an origin as browsers send it: write "https://app.example", in lower case and without a path'
        )
    return origin
