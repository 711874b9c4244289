"""Links in mails: signed, for one purpose, for a while, and good for one use."""

import hashlib
from typing import Any, NamedTuple

from segue.auth.accounts import Accounts
from segue.auth.identity import id_of
from segue.http.request import Request
from segue.security import InvalidSignature, Signer
from segue.security.signing import encode_base64

__all__ = ["CONFIRM", "RESET", "Links"]


class Purpose(NamedTuple):
    """What a link is for, the route that it leads to, and for how many seconds it is good."""

    name: str
    route: str
    lasts: float


CONFIRM = Purpose("confirm", "auth.confirm", 3 * 86_400.0)
RESET = Purpose("reset", "auth.reset", 3_600.0)


class Links:
    """Makes such links, and reads them.

    What is signed has a print of what the link is to change: once that has changed, the link is worth nothing any more.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def link(self, request: Request, purpose: Purpose, user: Any, *, email: str = "") -> str:
        """A whole URL for somebody's mail. ``email``: the address that is confirmed by it."""
        token = self._signer(purpose).pack([id_of(user), _print_of(user), email])
        return f"{self.origin(request)}{request.url_for(purpose.route, token=token)}"

    async def read(self, purpose: Purpose, token: str) -> tuple[Any, str] | None:
        """The account of a link, and the address that it confirms; None for a link that is not good (any more)."""
        try:
            id, seen, email = self._signer(purpose).unpack(token, tuple[str, str, str], max_age=purpose.lasts)  # noqa: A001 -- as everywhere
        except InvalidSignature:
            return None
        user = await self._accounts.by_id(id)
        return None if user is None or _print_of(user) != seen else (user, email)

    def origin(self, request: Request) -> str:
        """What links begin with: never what a request says, but in development.

        Raises RuntimeError where nobody has said it.
        """
        if self._accounts.options.origin:
            return self._accounts.options.origin
        if request.app.development:
            return f"{request.scheme}://{request.host}"
        raise RuntimeError(
            "links in mails begin with the address of the site, which nobody has said: put AUTH_ORIGIN=https://example.com into the "
            "environment or into .env, or give it as Auth(origin=...). A request does not say it: anybody can send any Host"
        )

    def _signer(self, purpose: Purpose) -> Signer:
        return Signer(self._accounts.keys, f"auth {purpose.name}")


def _print_of(user: Any) -> str:
    told = "\n".join(map(str, (user.stamp, user.email, user.confirmed, user.state)))
    return encode_base64(hashlib.sha256(told.encode()).digest()[:18])
