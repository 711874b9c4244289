"""Signed links: who has one may go there, until it expires, and nowhere else."""

import hmac
import re
import time
from collections.abc import Sequence

from segue.core.settings.secret import Secret
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.security.keys import Keys
from segue.security.signing import encode_base64, framed

__all__ = ["SignedLinks"]

PARAMETER = "_signature"
_signature = re.compile(r"(.*?)[?&]_signature=([0-9]{1,12})-([A-Za-z0-9_-]{43})\Z", re.DOTALL).match
_NEVER = 0


class SignedLinks:
    """Signs paths with their query, and checks those that come.

        links = SignedLinks(keys)

        @app.get("/invoices/{id:int}.pdf", requires=[links.verified])
        async def invoice(id: int) -> Path: ...

        links.sign(request.url_for("invoice", id=7), expires=3600)      # "/invoices/7.pdf?_signature=..."

    A path or query that was changed, an expiry that has passed and a link without a signature are a 403. ``purpose``: links
    for one are worth nothing for another.
    """

    __slots__ = ("_keys", "_purpose")

    def __init__(
        self, keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys", purpose: str = ""
    ) -> None:
        self._keys = Keys.of(keys).derived("links")
        self._purpose = purpose.encode()

    def sign(self, url: str, *, expires: float | None = None, now: float | None = None) -> str:
        """``url``, a path or a whole URL, with a signature. ``expires``: seconds for which it is good; None is for ever."""
        url, mark, fragment = url.partition("#")
        if f"{PARAMETER}=" in url:
            raise ValueError(f"this URL has a signature already: {url!r:.200}")
        until = _NEVER if expires is None else int((time.time() if now is None else now) + expires)
        mac = self._mac(self._keys[0], _signed_part(url), until)
        return f"{url}{'&' if '?' in url else '?'}{PARAMETER}={until}-{encode_base64(mac)}{mark}{fragment}"

    def verified(self, request: Request) -> None:
        """A guard for ``requires=[...]``. Raises Forbidden (403)."""
        if not self.is_genuine(request.prefix + request.target):
            raise Forbidden("This link is not valid, or not any more.")

    def is_genuine(self, url: str, *, now: float | None = None) -> bool:
        """Whether a path or URL was signed and is not expired; the signature has to be at its end."""
        found = _signature(_signed_part(url))
        if found is None or found[1].count(f"{PARAMETER}="):
            return False
        path, until, sent = found[1], int(found[2]), found[3]
        genuine = any(
            hmac.compare_digest(encode_base64(self._mac(key, path, until)), sent) for key in self._keys
        )
        return genuine and (until == _NEVER or until >= (time.time() if now is None else now))

    def _mac(self, key: bytes, url: str, until: int) -> bytes:
        return hmac.digest(key, framed(self._purpose, b"%d" % until, url.encode()), "sha256")


def _signed_part(url: str) -> str:
    """The path and the query: an app may be reached by several hosts."""
    scheme, mark, rest = url.partition("://")
    if not mark or "/" in scheme or "?" in scheme:
        return url
    _, slash, path = rest.partition("/")
    return slash + path
