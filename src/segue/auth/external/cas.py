"""A server of CAS, the Central Authentication Service, knows who somebody is (CAS Protocol 3.0; 2.0 too)."""

import re
import secrets
import time
from typing import Any, Literal
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.provider import checked_url
from segue.auth.external.source import Flow, WayThere
from segue.auth.external.started import Started, remember_start, take_start
from segue.client import CallFailed, Http
from segue.http.request import Request
from segue.http.xml import XMLError, parse_xml
from segue.security import Session
from segue.security.keys import Keys

__all__ = ["CAS"]

_NS = "{http://www.yale.edu/tp/cas}"
_ticket = re.compile(r"ST-[A-Za-z0-9._-]{1,250}\Z").match


class CAS(WayThere, frozen=True, kw_only=True):
    """A server of CAS, such as that of a university, or the one that Segue has (``CASServer``).

        SignInWith(CAS(name="campus", title="Campus", url="https://cas.example.edu/cas"))

    ``url``: what the addresses of the server begin with. ``version``: 3 tells attributes such as the address, 2 mostly the name only.
    ``renew``: people have to give their password there, even if they are signed in. ``email``, ``full_name``, ``member_of``: names of the attributes for these.
    The address is believed: the server is one that you have chosen.
    """

    url: str
    version: Literal[2, 3] = 3
    renew: bool = False
    email: str = "mail"
    full_name: str = "displayName"
    member_of: str = "memberOf"

    def __post_init__(self) -> None:
        WayThere.__post_init__(self)
        checked_url(self.url, f"the CAS server {self.name!r}")

    def flow(self, http: Http, keys: Keys) -> Flow:
        """There with a service, back with a ticket."""
        return _TicketFlow(self, http)


class _TicketFlow:
    """The address to come back to has a state in it, so a ticket that somebody else has got is taken from nobody."""

    def __init__(self, source: CAS, http: Http) -> None:
        self._source = source
        self._http = http
        self._url = source.url.rstrip("/")

    @property
    def source(self) -> CAS:
        return self._source

    async def begin(self, session: Session[Any], *, back: str, target: str, link: bool = False) -> str:
        """The login page of the server."""
        state = secrets.token_urlsafe(32)
        service = f"{back}?state={state}"
        remember_start(session, state, Started(self._source.name, "", "", service, target, time.time(), link))
        asked = {"service": service, **({"renew": "true"} if self._source.renew else {})}
        return f"{self._url}/login?{urlencode(asked, quote_via=quote)}"

    async def finish(self, request: Request, session: Session[Any]) -> tuple[Person, Started]:
        """Whom the server names for the ticket."""
        said = {name: request.query.get_all(name) for name in ("state", "ticket")}
        if any(len(values) != 1 for values in said.values()):
            raise SignInFailed(f"{self._source.name} gave no ticket", cancelled=not said["ticket"])
        started = take_start(session, said["state"][0], self._source.name)
        ticket = said["ticket"][0]
        if not _ticket(ticket):
            raise SignInFailed(f"{self._source.name} gave a ticket that is none: {ticket!r:.80}")
        return self._person(await self._validated(ticket, started)), started

    async def _validated(self, ticket: str, started: Started) -> Element:
        """What the server says about a ticket. It is asked directly: what a browser brings is no proof."""
        path = "p3/serviceValidate" if self._source.version == 3 else "serviceValidate"
        asked = {"service": started.back, "ticket": ticket}
        if self._source.renew:
            asked["renew"] = "true"
        url = f"{self._url}/{path}?{urlencode(asked, quote_via=quote)}"
        try:
            reply = await self._http.get(url, headers={"accept": "application/xml"}, retries=0)
            root = parse_xml(reply.content)
        except (CallFailed, XMLError) as error:
            raise SignInFailed(f"{self._source.name} could not be asked: {error}") from error
        found = root.findall(f"{_NS}authenticationSuccess")
        if reply.status != 200 or root.tag != f"{_NS}serviceResponse" or len(found) != 1:
            failure = root.find(f"{_NS}authenticationFailure")
            told = reply.status if failure is None else failure.get("code")
            raise SignInFailed(f"{self._source.name} did not take the ticket: {told!r:.80}")
        return found[0]

    def _person(self, success: Element) -> Person:
        source = self._source
        name = (success.findtext(f"{_NS}user") or "").strip()
        claims: dict[str, list[str]] = {}
        for one in success.findall(f"{_NS}attributes/*"):
            claims.setdefault(one.tag.removeprefix(_NS), []).append((one.text or "").strip())
        first = {key: values[0] for key, values in claims.items()}
        email = first.get(source.email, first.get("email", ""))
        said = {
            "sub": name,
            "email": email,
            "email_verified": bool(email),
            "name": first.get(source.full_name, ""),
            "preferred_username": name,
            "groups": claims.get(source.member_of, []),
        }
        return Person.of(source.name, {**claims, **said})
