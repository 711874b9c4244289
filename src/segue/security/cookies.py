"""Signed cookies: small values that a client keeps and cannot change."""

from collections.abc import Sequence
from typing import TypedDict, TypeVar, Unpack, overload

from segue.core.settings.secret import Secret
from segue.http.cookies import Cookie, SameSite
from segue.http.request import Request
from segue.http.response import Response
from segue.security.keys import Keys
from segue.security.signing import InvalidSignature, Signer

__all__ = ["SignedCookies"]

D = TypeVar("D")
_MONTH = 30 * 86_400


class CookieOptions(TypedDict, total=False):
    """How a cookie is set: see ``segue.SetCookie``."""

    domain: str | None
    path: str
    secure: bool
    http_only: bool
    same_site: SameSite | None
    partitioned: bool


class SignedCookies:
    """Reads and writes signed cookies.

        cookies = SignedCookies(keys)

        @app.get("/theme/{name}")
        async def theme(name: str) -> Response:
            response = Response(status=204)
            cookies.write(response, "theme", name)
            return response

        cookies.read(request, "theme", default="light")

    One that was changed, is too old, or was signed as another cookie is as if it were not there: the default, never an
    error. The value can be read by who has it; ``Cipher`` hides one. ``keys``: the newest first; all of them are read.
    """

    __slots__ = ("_signer",)

    def __init__(self, keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys") -> None:
        self._signer = Signer(keys, "cookie")

    @overload
    def read(self, request: Request, name: str, *, max_age: float = ...) -> str | None: ...
    @overload
    def read(self, request: Request, name: str, default: D, *, max_age: float = ...) -> str | D: ...
    def read(self, request: Request, name: str, default: object = None, *, max_age: float = _MONTH) -> object:
        """The value of the cookie, or ``default``. ``max_age``: seconds since it was signed, 30 days if nothing is said."""
        for value in request.cookies.get_all(name):
            try:
                return self._signer.unsign(value, name=name, max_age=max_age)
            except InvalidSignature:
                continue
        return default

    def write(
        self,
        response: Response,
        name: str,
        value: str,
        *,
        max_age: int = _MONTH,
        **options: Unpack[CookieOptions],
    ) -> None:
        """Sets the cookie. Raises ValueError for one that browsers would drop."""
        signed = self._signer.sign(value, name=name)
        options.setdefault("secure", True)
        response.set_cookie(Cookie(name, signed, max_age=max_age, **options))
