"""Gives requests their sessions, and writes these when the response is there."""

import logging
import time
from typing import Any, Literal, get_origin

import msgspec

from segue.core.app import App
from segue.core.appkey import AppKey
from segue.core.handlers import Endpoint
from segue.core.records import Next
from segue.http.cookies import Cookie, SameSite
from segue.http.request import Request
from segue.http.response import Response
from segue.security.nearest import nearest
from segue.security.privacy import keep_private
from segue.security.sessions.keeping import CookieKeeper, StoreKeeper
from segue.security.sessions.session import Session
from segue.security.sessions.state import SessionState

__all__ = [
    "SESSIONS",
    "Locking",
    "SessionCookie",
    "SessionManager",
    "TypedSessions",
    "end_sessions",
    "has_session",
    "session_of",
]

logger = logging.getLogger("segue.sessions")

Locking = Literal["unsafe", "always", "never"]
"""Which requests of one session wait for each other."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class SessionCookie(msgspec.Struct, frozen=True):
    """How the cookie of a session looks: ``Sessions(cookie=SessionCookie(same_site="strict"))``.

    - ``name``: without the prefix ``__Host-``, which it gets where ``secure`` is true and ``domain`` is not given.
    - ``secure``: only over HTTPS; browsers take it over HTTP from this machine too.
    - ``same_site``: ``"lax"`` (links from other sites bring it), ``"strict"``, ``"none"``.
    - ``persistent``: it outlives the browser's session. ``partitioned``: apart for each site that embeds ours (CHIPS).
    - ``domain``: for subdomains too, which then can set it.
    """

    name: str = "session"
    secure: bool = True
    same_site: SameSite = "lax"
    persistent: bool = True
    partitioned: bool = False
    domain: str | None = None

    @property
    def full_name(self) -> str:
        """Its name with the prefix that says what browsers have to check (RFC 6265bis, section 4.1.3)."""
        if not self.secure:
            return self.name
        return f"__Host-{self.name}" if self.domain is None else f"__Secure-{self.name}"

    def made(self, value: str, max_age: int) -> Cookie:
        """The cookie with a value; an empty one takes it away."""
        gone = not value
        return Cookie(
            self.full_name,
            value,
            max_age=0 if gone else max_age if self.persistent else None,
            expires=0 if gone else None,
            domain=self.domain,
            secure=self.secure,
            same_site=self.same_site,
            partitioned=self.partitioned,
        )


class SessionManager:
    """The sessions of one app."""

    def __init__(self, keeper: StoreKeeper | CookieKeeper, cookie: SessionCookie, locking: Locking) -> None:
        self.keeper = keeper
        self.cookie = cookie
        self.locking: Locking = locking if keeper.is_shared else "never"
        self._name = cookie.full_name
        self._wire = f"{self._name}=".encode()
        # One request may have sessions of several apps, each by its cookie.
        self._kept = f"session {self._name}"
        self._inside = f"{self._kept} inside"
        self._later = f"{self._kept} later"
        self._warned = False
        self._checked = cookie.made("x", 1)  # what is wrong with it is told now

    async def state_of(self, request: Request) -> SessionState:
        """The session of a request, loaded once."""
        made = request.made
        if made is None:
            made = request.made = {}
        elif self._kept in made:
            made["private"] = True  # each time: a part of a page that is kept asks what was touched for it
            state: SessionState = made[self._kept]
            return state
        state = await self.keeper.load(self._value(request), time.time())
        made[self._kept] = state
        made["private"] = True
        if self._inside not in made:
            self._finish_later(request, state)
        elif self.locking == "always" or (self.locking == "unsafe" and request.method not in _SAFE):
            await state.hold()
        return state

    def _value(self, request: Request) -> str:
        """The value of our cookie, as ``request.cookies`` has it; empty if there is none.

        PERF: 0.6 us instead of 3 for a mapping of all of them, which few handlers ask for.
        """
        wanted = self._wire
        for field, value in request.raw_headers:
            if field != b"cookie":
                continue
            at = value.find(wanted)
            while at >= 0:
                if value[:at].rstrip(b" \t")[-1:] in (b"", b";"):
                    found = value[at + len(wanted) :].partition(b";")[0].strip(b" \t").decode("latin-1")
                    return found[1:-1] if len(found) > 1 and found[0] == found[-1] == '"' else found
                at = value.find(wanted, at + 1)
        return ""

    async def load(self, request: Request) -> Session:
        """The session of a request, for who asks by its type."""
        return Session(await self.state_of(request))

    async def of(self, request: Request) -> Session:
        """The session of a request, for who holds none: what changes from now on is written too."""
        state = await self.state_of(request)
        if self._inside not in (request.made or {}):
            self._finish_later(request, state)
        return Session(state)

    async def around(self, request: Request, next: Next) -> Response:
        """Middleware of the routes that have a session."""
        made = request.made
        if made is None:
            made = request.made = {}
        made[self._inside] = True
        try:
            response = await next(request)
            if self._kept in made:
                await self.finish(request, made[self._kept], response)
        finally:
            made.pop(self._inside, None)
            state: SessionState | None = made.get(self._kept)
            if state is not None:
                await state.release()
        return response

    async def finish(self, request: Request, state: SessionState, response: Response) -> None:
        """Writes what has changed, and tells the client and the caches what they have to know."""
        await state.save(only_ended=response.status >= 500)
        keep_private(response)
        if state.cookie is not None:
            lasts = int(state.created + self.keeper.lifetimes.absolute - state.now)
            response.set_cookie(self.cookie.made(state.cookie, lasts))
            if self.cookie.secure and request.scheme == "http":
                self._warn(request)
            state.presented = bool(state.cookie)
            state.cookie = None

    def _finish_later(self, request: Request, state: SessionState) -> None:
        """Where no middleware of ours is around, it is done when the response is about to be sent."""
        made: Any = request.made
        if made.get(self._later) is not state:
            made[self._later] = state
            request.after_this(lambda response: self.finish(request, state, response))

    def _warn(self, request: Request) -> None:
        host = request.host.rpartition(":")[0] or request.host
        if self._warned or host in ("localhost", "127.0.0.1", "[::1]") or host.endswith(".localhost"):
            return
        self._warned = True
        logger.warning(
            "the cookie %s goes to %s over HTTP, and browsers drop it there: serve it over HTTPS, tell Segue about your proxy "
            "(Proxies), or, in a network that you trust, use SessionCookie(secure=False)",
            self._name,
            host,
        )


SESSIONS: AppKey[SessionManager] = AppKey("segue.security.sessions")


async def session_of(request: Request) -> Session:
    """The session of a request, for code that is not provided with one: in a middleware behind ``next``, in a WebSocket.

    Raises LookupError where the app has no sessions, or it is not known yet which route answers.
    """
    manager = nearest(request, SESSIONS)
    if manager is not None:
        return await manager.of(request)
    raise LookupError(
        f"{request!r} has no session: the app lists no plugin Sessions, or its route is not found yet (let your middleware "
        f"take a parameter `session: Session`)"
    )


async def end_sessions(app: App, owner: str) -> int:
    """Ends all sessions of an owner, as when an account is closed or its password was stolen; how many there were.

    Raises LookupError where the app has no sessions.
    """
    if SESSIONS not in app:
        raise LookupError(f"{app!r} has no sessions: list the plugin Sessions")
    keeper = app[SESSIONS].keeper
    keys = list(await keeper.owned(owner))
    for key in keys:
        await keeper.forget(key)
    return len(keys)


def has_session(route: Endpoint, manager: SessionManager | None = None) -> bool:
    """Whether something that is made for the handler of a route is, or takes, a session; one of ``manager``, if given."""
    for step in route.wiring.steps:
        kind, make = step.provider.key.kind, step.provider.make
        if kind is Session or get_origin(kind) is Session:
            owner = getattr(make, "__self__", None)
            if manager is None or owner is manager or getattr(owner, "manager", None) is manager:
                return True
    return False


class TypedSessions:
    """Gives requests the session with a Struct: what provides a ``Session[Cart]``."""

    def __init__(self, manager: SessionManager, kind: Any) -> None:
        self.manager = manager
        self._kind = kind

    async def load(self, request: Request) -> Any:
        """The session of a request."""
        return Session[Any](await self.manager.state_of(request), self._kind)
