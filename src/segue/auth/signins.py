"""Who is signed in: accounts in sessions, how they get there, and how a request is known to be somebody's."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from segue.auth.devices import Devices
from segue.auth.directory import Directory, agent_of
from segue.auth.identity import SignedIn, id_of, principals_of
from segue.auth.known import (
    Known,
    Waiting,
    forget_identity,
    known_of,
    put_known,
    put_waiting,
    waiting_of,
)
from segue.core.identity import identity_of
from segue.core.texts.lazy import Words
from segue.http.request import Request
from segue.security import Session, client_network, session_of
from segue.security.sessions.manager import SessionManager

__all__ = ["Checker", "Identifier", "SecondStep", "SignIns", "Step", "Way"]

_OWN = "auth own"

Identifier = Callable[[Request], Any]
"""Finds who sends a request by other means than a session, such as a token: an identity, None for nobody, or an awaitable of these."""

Checker = Callable[[str, str, Request | None], Awaitable[Any]]
"""Takes a login and a password that fits no account here, and the request; gives the account of whom others know by these, or None."""

SecondStep = Callable[[Request, Any], "str | Awaitable[str | None] | None"]
"""Says, for an account whose password was right, on which page it has to prove itself further; None for nowhere."""


class Step(NamedTuple):
    """Somebody who has yet to take a second step. ``remember``: the browser is to be remembered; ``target``: where to go after it."""

    user: Any
    remember: bool
    target: str


class Way(NamedTuple):
    """A link that a plugin adds to a page: the name of a route, its values, and what it says."""

    route: str
    title: Words
    values: Mapping[str, Any] = {}


class SignIns:
    """Who is signed in, and how somebody gets there.

    ``checkers``: asked about passwords that are not those of the accounts here. ``second_steps``: asked when a password was right, for a further page. ``identifiers``: other ways to know who sends a request,
    asked before the session. ``ways``: further ways to sign in, which the login page links to; ``settings``: what somebody may set up, which the page of
    the account links to. Plugins with further methods add theirs.
    """

    def __init__(self, directory: Directory, manager: SessionManager, devices: Devices) -> None:
        self._directory = directory
        self._manager = manager
        self._devices = devices
        self.checkers: list[Checker] = []
        self.second_steps: list[SecondStep] = []
        self.identifiers: list[Identifier] = []
        self.ways: list[Way] = []
        self.settings: list[Way] = []

    # --- in and out --------------------------------------------------------------------------------------------------

    async def begin(
        self, request: Request, user: Any, *, remember: bool = False, target: str = ""
    ) -> str | None:
        """Signs somebody in whose password was right, unless a second step is asked for: then gives its page.

        That page asks :meth:`waiting` who it is, and calls :meth:`sign_in` when it is content. ``target``: where to go after it.
        """
        for step in self.second_steps:
            found = step(request, user)
            page = await found if isinstance(found, Awaitable) else found
            if page is not None:
                session = await session_of(request)
                session.clear()
                put_waiting(session, Waiting(id_of(user), user.stamp, remember, target, time.time()))
                forget_identity(request)
                return page
        await self.sign_in(request, user, remember=remember)
        return None

    async def waiting(self, request: Request) -> Step | None:
        """Who has yet to take a second step; None for nobody, and for who has waited for too long."""
        session = await session_of(request)
        waiting = waiting_of(session)
        if waiting is None:
            return None
        user = await self._directory.by_id(waiting.id)
        if user is None or user.stamp != waiting.stamp or not self._directory.is_open(user):
            put_waiting(session, None)
            return None
        return Step(user, waiting.remember, waiting.target)

    async def sign_in(
        self, request: Request, user: Any, *, remember: bool = False, method: str = "password"
    ) -> None:
        """Signs an account in, however it has proven itself: the session gets another id, and is the account's.

        ``remember``: the browser stays signed in when the session has ended. Raises ValueError for an account that may not be used.
        """
        if not self._directory.is_open(user):
            raise ValueError(
                f"this account may not sign in: it is {user.state}, and confirmed: {user.confirmed}. Ask is_open(user) first"
            )
        session = await session_of(request)
        owner = id_of(user)
        if session.owner is not None and session.owner != owner:
            session.clear()  # nothing of somebody else's stays
        put_waiting(session, None)
        now = time.time()
        device = await self._devices.remember(request, user) if remember else None
        put_known(session, Known(owner, user.stamp, now, now, method, device=device), request)
        session.owner = owner
        await self._directory.row_of(user).update(last_login=datetime.fromtimestamp(now, UTC))
        await self._directory.note("signed in", request, user, detail=method)

    async def prove(self, request: Request, *, method: str = "password") -> None:
        """Notes that who is signed in has just given the password again: dangerous acts are open for a while."""
        session = await session_of(request)
        known = known_of(session)
        if known is None:
            raise ValueError("nobody is signed in who could have proven that")
        known.proven, known.method = time.time(), method
        put_known(session, known, request)
        session.rotate()

    async def sign_out(self, request: Request) -> None:
        """Ends the session, and forgets the browser."""
        identity = await identity_of(request)
        await self._devices.forget(request)
        (await session_of(request)).clear()
        forget_identity(request)
        if isinstance(identity, SignedIn):
            await self._directory.note("signed out", request, identity.user)

    # --- in somebody else's name -------------------------------------------------------------------------------------

    async def impersonate(self, request: Request, user: Any) -> None:
        """Lets who is signed in act as another account, until :meth:`return_to_self`. The audit log knows of both.

        It asks for no permission: its caller does. Raises ValueError for an admin's account, for one that may not be used, and
        where somebody is impersonated already.
        """
        session = await session_of(request)
        own, known = await identity_of(request), known_of(session)
        if not isinstance(own, SignedIn) or own.by is not None or known is None:
            raise ValueError("only who is signed in, and as nobody else, can act as somebody")
        if user.is_admin or not self._directory.is_open(user):
            raise ValueError("nobody can act as an admin, or as an account that may not be used")
        session[_OWN] = session["auth"]
        acting = Known(id_of(user), user.stamp, time.time(), 0.0, "impersonation", by=own.id)
        put_known(session, acting, request)
        session.rotate()
        await self._directory.note("impersonated", request, user, by=own.id)

    async def return_to_self(self, request: Request) -> None:
        """Ends :meth:`impersonate`. Raises ValueError where nobody is impersonated."""
        session = await session_of(request)
        own = known_of(session, _OWN)
        if own is None:
            raise ValueError("nobody is impersonated")
        del session[_OWN]
        put_known(session, own, request)
        session.rotate()

    # --- who it is ---------------------------------------------------------------------------------------------------

    async def identify(self, request: Request) -> Any:
        """Who sends a request: what ``app.identifies`` asks."""
        for identifier in self.identifiers:
            found = identifier(request)
            other = await found if isinstance(found, Awaitable) else found
            if other is not None:
                return other
        if self._manager.cookie.full_name in request.cookies:
            session = await self._manager.of(request)
            known = known_of(session)
            if known is not None:
                return await self._by_session(request, session, known)
        return await self._by_device(request) if self._devices.is_told(request) else None

    async def _by_session(self, request: Request, session: Session[Any], known: Known) -> SignedIn | None:
        user, by = await self._account(known.id, known.stamp), None
        if user is not None and known.by:
            own = known_of(session, _OWN)
            by = None if own is None else await self._account(own.id, own.stamp)
            user = user if by is not None else None
        if user is None:
            session.clear()
            return None
        bound_to = self._directory.options.bound_to
        changed = (bound_to != "network" and known.agent != agent_of(request)) or (
            bound_to != "browser" and known.address != client_network(request)
        )
        if changed and self._directory.options.on_change == "end":
            session.clear()
            await self._directory.note("browser changed", request, user)
            return None
        proven = 0.0 if changed and self._directory.options.on_change == "ask" else known.proven
        return SignedIn(user, known.id, principals_of(user), known.at, proven, known.method, by)

    async def _by_device(self, request: Request) -> SignedIn | None:
        device = await self._devices.known(request)
        user = None if device is None else await self._account(device.owner, device.stamp)
        if device is None or user is None:
            await self._devices.forget(request)
            return None
        session = await self._manager.of(request)
        known = Known(device.owner, user.stamp, time.time(), 0.0, "remembered", device=device.id)
        put_known(session, known, request)
        session.owner = known.id
        await self._directory.note("signed in", request, user, detail="remembered")
        return SignedIn(user, known.id, principals_of(user), known.at, 0.0, "remembered")

    async def _account(self, id: str, stamp: str) -> Any:
        """An account, unless its password has changed since, or it may not be used any more."""
        user = await self._directory.by_id(id)
        return user if user is not None and user.stamp == stamp and self._directory.is_open(user) else None
