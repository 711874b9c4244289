"""Names and passwords in the header field ``Authorization`` (RFC 7617)."""

from collections.abc import Awaitable, Callable

from segue.core.documentation import SecurityScheme, answers
from segue.core.ports import Identity
from segue.http.errors import Unauthorized
from segue.http.request import Request

__all__ = ["BasicAuth", "Check"]

Check = Callable[[str, str], Identity | Awaitable[Identity | None] | None]
"""Takes a name and a password; returns who that is, or None."""


class BasicAuth:
    """Asks browsers and programs for a name and a password.

        async def check(name: str, password: str) -> User | None: ...

        basic = BasicAuth(check, realm="films")
        app.identifies(basic)                            # who it is, if somebody says so
        admin = App("admin", requires=[basic.required])    # and here somebody has to

    ``realm``: what browsers show. Both are UTF-8. They are sent with every request: serve it over HTTPS, and let ``check`` compare in
    constant time (``hmac.compare_digest``), or by a password hash.
    """

    def __init__(self, check: Check, *, realm: str) -> None:
        self._check = check
        self.schemes = (SecurityScheme("basic", {"type": "http", "scheme": "basic"}),)
        self.challenge = f'Basic realm="{quoted(realm)}", charset="UTF-8"'

    async def __call__(self, request: Request) -> Identity | None:
        """Who the request says that it is, if that is so."""
        given = request.basic_auth
        if given is None:
            return None
        found = self._check(*given)
        identity: Identity | None = await found if isinstance(found, Awaitable) else found
        return identity

    @answers(401)
    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``. Raises Unauthorized (401) with the challenge."""
        if await self(request) is None:
            raise Unauthorized(challenge=self.challenge)


def quoted(text: str) -> str:
    """What may stand between quotes in a header field. Raises ValueError for what may not."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(f"a realm is printable ASCII, not {text!r:.80}")
    return text.replace("\\", "\\\\").replace('"', '\\"')
