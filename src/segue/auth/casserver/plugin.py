"""The plugin that makes an app a server of CAS."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from segue.auth.accounts import ACCOUNTS
from segue.auth.casserver.answers import failure, plain, success
from segue.auth.casserver.model import ServiceTicket
from segue.auth.casserver.tickets import Refused, Shown, Tickets, known_service, with_ticket
from segue.auth.guards import sent_away
from segue.auth.identity import SignedIn
from segue.core.app import App
from segue.core.identity import identity_of
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.http.errors import Forbidden, SeeOther
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["CASServer"]

_ = framework.gettext

Naming = Callable[[Any], str]
Telling = Callable[[Any], Mapping[str, Iterable[str]]]

_JUST_NOW = 120.0


class CASServer:
    """Plugin: other programs let people in who have signed in here, by the protocols CAS 1.0, 2.0 and 3.0.

        app = App(plugins=[Database(), Auth(), CASServer(services=["https://wiki.example.org/", "https://films.example.org/"])])

    ``services``: the addresses of these programs, or what they begin with, up to a slash; nobody else gets a ticket. ``at``: where the server
    stands, ``/cas``. ``name``: what people are called there, by default their user name, or else their address. ``attributes``: what programs that speak
    3.0 are told besides; by default the address and the groups.

    A ticket is good once, for thirty seconds, for the program that it was given for. Proxy tickets are not given: a program that asks for one is told so.
    """

    name = "cas-server"
    needs = ("auth",)

    def __init__(
        self,
        *,
        services: Sequence[str],
        at: str = "/cas",
        name: Naming | None = None,
        attributes: Telling | None = None,
    ) -> None:
        if isinstance(services, str):
            raise TypeError(f"services is a list of addresses: services=[{services!r}]")
        self._services = [known_service(one) for one in services]
        self._at = at
        self._naming = name or _name_of
        self._telling = attributes or _attributes_of

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (ServiceTicket,)

    def setup(self, to: Setup) -> None:
        """Adds the addresses of the protocol."""
        tickets = Tickets(to.app[ACCOUNTS], self._services)
        app = App("cas", documented=False, cache=0, public=True)
        app.get("/login", name="login")(_LoginDesk(tickets))
        app.get("/logout", name="logout")(_logout)
        desk = _ProgramDesk(tickets, self._naming, self._telling)
        app.get("/validate", name="validate")(desk.validate)
        for version, path in (
            (2, "/serviceValidate"),
            (2, "/proxyValidate"),
            (3, "/p3/serviceValidate"),
            (3, "/p3/proxyValidate"),
        ):
            app.get(path, name=path.strip("/").replace("/", "_"))(desk.answering(version))
        app.get("/proxy", name="proxy")(_no_proxy)
        to.include(app, at=self._at)


class _LoginDesk:
    """Where browsers get tickets."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    async def __call__(self, request: Request) -> None:
        asked = {name: request.query.get(name, "") for name in ("service", "renew", "gateway")}
        service, renew = asked["service"], asked["renew"] not in ("", "false")
        if service and not self._tickets.is_known(service):
            raise Forbidden(_("This program may not ask who you are."))
        identity = await identity_of(request)
        if not isinstance(identity, SignedIn):
            if asked["gateway"] not in ("", "false") and not renew and service:
                raise SeeOther(service)
            raise sent_away(request)
        if not service:
            raise SeeOther(request.url_for("auth.home"))
        if identity.by is not None:  # whoever supports somebody here is nobody else elsewhere
            raise Forbidden
        fresh = 0 <= time.time() - identity.proven <= _JUST_NOW
        if renew and not fresh:
            raise sent_away(request, "auth.again")
        raise SeeOther(with_ticket(service, await self._tickets.give(identity, service, fresh=fresh)))


class _ProgramDesk:
    """Where programs ask who has given them a ticket."""

    def __init__(self, tickets: Tickets, naming: Naming, telling: Telling) -> None:
        self._tickets = tickets
        self._naming = naming
        self._telling = telling

    async def validate(self, request: Request) -> Response:
        """CAS 1.0."""
        try:
            shown = await self._shown(request)
        except Refused:
            return plain(None)
        return plain(self._naming(shown.user))

    def answering(self, version: int) -> Callable[[Request], Any]:
        """CAS 2.0 and 3.0."""

        async def answer(request: Request) -> Response:
            try:
                shown = await self._shown(request)
            except Refused as refused:
                return failure(refused)
            told = self._telling(shown.user) if version == 3 else None
            return success(shown, self._naming(shown.user), told)

        return answer

    async def _shown(self, request: Request) -> Shown:
        query = request.query
        renew = query.get("renew", "") not in ("", "false")
        return await self._tickets.take(query.get("ticket", ""), query.get("service", ""), renew=renew)


async def _logout(request: Request) -> None:
    """Asks whether somebody wants to: a link alone signs nobody out."""
    raise SeeOther(request.url_for("auth.leave"))


async def _no_proxy() -> Response:
    return failure(Refused("UNAUTHORIZED_SERVICE", "proxy tickets are not given here"), "proxyFailure")


def _name_of(user: Any) -> str:
    return str(user.name or user.email)


def _attributes_of(user: Any) -> Mapping[str, Iterable[str]]:
    told: dict[str, list[str]] = {"memberOf": sorted(one.name for one in user.groups)}
    if user.email and user.confirmed is not None:
        told["mail"] = [user.email]
    return told
