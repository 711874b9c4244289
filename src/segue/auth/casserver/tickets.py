"""Giving tickets and taking them: each is for one program, good once, and for a few seconds."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from segue.auth.accounts import Accounts
from segue.auth.casserver.model import ServiceTicket
from segue.auth.identity import SignedIn

__all__ = ["Refused", "Shown", "Tickets", "known_service", "with_ticket"]

_LASTS = 30.0  # seconds from the browser to the program and back to us
_LONGEST = 2_000


class Refused(Exception):
    """A ticket was not taken: ``code`` as CAS names it, and a line for people."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(f"{code}: {told}")
        self.code = code
        self.told = told


class Shown(NamedTuple):
    """What a program has shown a ticket for: the account, when its password was given, and whether that was for this ticket."""

    user: Any
    proven: float
    fresh: bool


class Tickets:
    """The tickets of an app, for the programs at ``services``: their addresses, or what these begin with, up to a ``/``."""

    def __init__(self, accounts: Accounts, services: Sequence[str]) -> None:
        self._accounts = accounts
        self._services = services

    def is_known(self, service: str) -> bool:
        """Whether an address is that of a program that may ask who somebody is."""
        if len(service) > _LONGEST or not service.isascii() or not service.isprintable() or "\\" in service:
            return False
        try:
            path = urlsplit(service).path.split("/")
        except ValueError:  # half of an IPv6 address
            return False
        # Dots would lead out of the path again that is compared here; a fragment is nothing that a server sees.
        if "#" in service or any(
            part.replace("%2e", ".").replace("%2E", ".") in (".", "..") for part in path
        ):
            return False
        bare = service.partition("?")[0]
        return any(bare == one or (one.endswith("/") and bare.startswith(one)) for one in self._services)

    async def give(self, identity: SignedIn, service: str, *, fresh: bool) -> str:
        """A new ticket of somebody who is signed in, for a program."""
        now = time.time()
        await ServiceTicket.where(ServiceTicket.until < now).delete()
        ticket = f"ST-{secrets.token_urlsafe(32)}"
        await ServiceTicket.create(
            key=_hash(ticket),
            owner=identity.id,
            stamp=identity.user.stamp,
            service=_hash(service),
            proven=identity.proven,
            fresh=fresh,
            until=now + _LASTS,
        )
        return ticket

    async def take(self, ticket: str, service: str, *, renew: bool) -> Shown:
        """Who a ticket is of. It is used up, whatever the answer. Raises Refused."""
        if not ticket or not service:
            raise Refused("INVALID_REQUEST", "a ticket and a service are asked for")
        if not ticket.startswith("ST-"):
            raise Refused("INVALID_TICKET_SPEC", "this is no service ticket")
        known = await ServiceTicket.where(ServiceTicket.key == _hash(ticket)).first()
        # Of two who bring it at once, the one who deletes it has used it.
        if known is None or not await ServiceTicket.where(ServiceTicket.id == known.id).delete():
            raise Refused("INVALID_TICKET", "there is no such ticket (any more)")
        if known.until < time.time():
            raise Refused("INVALID_TICKET", "the ticket is too old")
        if known.service != _hash(service):
            raise Refused("INVALID_SERVICE", "the ticket is for another service")
        if renew and not known.fresh:
            raise Refused("INVALID_TICKET", "the password was not given for this ticket")
        user = await self._accounts.by_id(known.owner)
        if user is None or user.stamp != known.stamp or not self._accounts.is_open(user):
            raise Refused("INVALID_TICKET", "the account may not be used (any more)")
        return Shown(user, known.proven, known.fresh)


def with_ticket(service: str, ticket: str) -> str:
    """The address of a program with a ticket in its query."""
    return f"{service}{'&' if '?' in service else '?'}{urlencode({'ticket': ticket})}"


def known_service(url: str) -> str:
    """The address of a program, or what its addresses begin with. Raises ValueError for what would be more than that."""
    parts = urlsplit(url)
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or not parts.path
        or parts.query
        or parts.username
    ):
        raise ValueError(
            f"a service is the address of a program, or what its addresses begin with, up to a slash: "
            f"https://films.example/, not {url!r:.120}"
        )
    return url


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
