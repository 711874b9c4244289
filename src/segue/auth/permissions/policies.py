"""Security policies without accounts: a signed ticket in a cookie, the session, HTTP Basic, and what a web server says."""

import ipaddress
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import msgspec

from segue.auth.permissions.acl import Decision
from segue.auth.permissions.policy import by_lists
from segue.core.plugins.order import Plugin
from segue.core.ports import Identity
from segue.core.settings.secret import Secret
from segue.http.cookies import Cookie
from segue.http.request import Request
from segue.security import CSRF, BasicAuth, InvalidSignature, Signer, session_of
from segue.security.basic import Check
from segue.security.keys import Keys

__all__ = ["BasicPolicy", "Known", "ListPolicy", "RemoteUserPolicy", "SessionPolicy", "TicketPolicy"]

Groups = Callable[[str], "Collection[str] | Awaitable[Collection[str] | None] | None"]
"""Gives the principals of an id, such as its groups; None for one that is not known (any more)."""

_HOUR = 3_600.0
_REMOTE_USER = "remote user"


class Known(msgspec.Struct, frozen=True):
    """An identity of which the id and the principals are known."""

    id: str
    principals: frozenset[str]


class ListPolicy:
    """What these policies have in common: access lists decide who may do what, and ``groups`` says to what an id belongs.

    ``brings``: plugins that it needs besides.
    """

    brings: "tuple[Plugin, ...]" = ()

    def __init__(self, groups: Groups | None = None) -> None:
        self._groups = groups

    async def permits(self, request: Request, permission: str, context: Any) -> Decision | bool:
        return await by_lists(request, permission, context)

    async def known(self, id: str | None) -> Identity | None:
        """The identity of an id."""
        if not id:
            return None
        found = None if self._groups is None else self._groups(id)
        groups = await found if isinstance(found, Awaitable) else found
        if groups is None and self._groups is not None:
            return None
        return Known(id, frozenset((f"user:{id}", *(groups or ()))))


class TicketPolicy(ListPolicy):
    """Keeps who it is in a signed cookie, with the time: nothing is kept on the server.

        Policy(TicketPolicy(keys, groups=groups_of))

    ``timeout``: seconds that a ticket is good for; one that is a tenth of that old is replaced by a new one as it is used.
    """

    def __init__(
        self,
        keys: "str | Secret[str] | Sequence[str | Secret[str]] | Keys",
        groups: Groups | None = None,
        *,
        timeout: float = 12 * _HOUR,
        secure: bool = True,
    ) -> None:
        super().__init__(groups)
        # A cookie that says who it is needs what keeps pages of other sites from using it.
        self.brings = (CSRF(key=Keys.of(keys)),)
        self._signer = Signer(keys, "ticket")
        self._timeout = timeout
        self._secure = secure
        self._name = "__Host-ticket" if secure else "ticket"

    async def identity(self, request: Request) -> Identity | None:
        values = request.cookies.get_all(self._name)
        if len(values) != 1:  # somebody has planted another one
            return None
        try:
            said = self._signer.unsign(values[0], name=self._name, max_age=self._timeout)
        except InvalidSignature:
            return None
        identity = await self.known(said)
        if identity is not None and self._is_old(values[0]):
            self._set(request, self._signer.sign(said, name=self._name))
        return identity

    async def remember(self, request: Request, id: str) -> None:
        self._set(request, self._signer.sign(id, name=self._name))

    async def forget(self, request: Request) -> None:
        self._set(request, "")

    def _is_old(self, ticket: str) -> bool:
        try:
            self._signer.unsign(ticket, name=self._name, max_age=self._timeout / 10)
        except InvalidSignature:
            return True
        return False

    def _set(self, request: Request, value: str) -> None:
        cookie = Cookie(
            self._name,
            value,
            max_age=int(self._timeout) if value else 0,
            expires=None if value else 0,
            secure=self._secure,
            same_site="lax",
        )
        request.after_this(lambda response: response.set_cookie(cookie))


class SessionPolicy(ListPolicy):
    """Keeps who it is in the session: needs the plugin ``Sessions``."""

    _NAME = "policy id"

    async def identity(self, request: Request) -> Identity | None:
        return await self.known((await session_of(request)).get(self._NAME))

    async def remember(self, request: Request, id: str) -> None:
        session = await session_of(request)
        session[self._NAME] = id
        session.owner = id

    async def forget(self, request: Request) -> None:
        (await session_of(request)).clear()


class BasicPolicy(ListPolicy):
    """Asks for a name and a password in each request (HTTP Basic): see ``segue.security.BasicAuth``."""

    def __init__(self, check: Check, *, realm: str) -> None:
        super().__init__()
        self.basic = BasicAuth(check, realm=realm)

    async def identity(self, request: Request) -> Identity | None:
        return await self.basic(request)

    async def remember(self, request: Request, id: str) -> None:
        """There is nothing to do: the browser sends it with each request."""

    async def forget(self, request: Request) -> None:
        """There is nothing to do: a browser forgets it when somebody writes another password."""


class RemoteUserPolicy(ListPolicy):
    """Believes what the web server in front says: ``REMOTE_USER`` of WSGI, or a header field of a proxy.

        Policy(RemoteUserPolicy(header="x-remote-user", proxies=["10.0.0.0/8"]))

    The header counts only if the machine that is connected to this one is among ``proxies``: anybody else could send it too.
    """

    def __init__(
        self, groups: Groups | None = None, *, header: str | None = None, proxies: Sequence[str] = ()
    ) -> None:
        super().__init__(groups)
        if header is not None and not proxies:
            raise ValueError(
                f"whoever sends the field {header} would be believed: say which machines may, proxies=['10.0.0.1']"
            )
        self._header = None if header is None else header.lower()
        self._proxies = [ipaddress.ip_network(one) for one in proxies]

    async def identity(self, request: Request) -> Identity | None:
        said: str | None = (request.made or {}).get(_REMOTE_USER)
        if said is None and self._header is not None and self._is_proxy(request):
            values = request.headers.get_all(self._header)
            said = values[0] if len(values) == 1 else None
        return await self.known(said)

    async def remember(self, request: Request, id: str) -> None:
        """There is nothing to do: the web server says it with each request."""

    async def forget(self, request: Request) -> None:
        """There is nothing to do, as for :meth:`remember`."""

    def _is_proxy(self, request: Request) -> bool:
        remote = request.connection.remote
        try:
            address = ipaddress.ip_address("" if remote is None else remote[0])
        except ValueError:
            return False
        return any(address in one for one in self._proxies)
