"""The plugins of this kit: sessions, CSRF, messages, and what a site insists on."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from segue.core.handlers import Endpoint
from segue.core.plugins.setup import Setup
from segue.core.ports import FormKeys, SessionStore
from segue.core.records import MiddlewareLike, Next
from segue.core.settings.secret import Secret
from segue.http.request import Request
from segue.http.response import Response
from segue.security.checks import session_findings, site_findings
from segue.security.csrf import GUARD, SAFE, CSRFGuard, csrf_field
from segue.security.flash import Flash, FlashCookie, Message
from segue.security.formkeys import form_keys
from segue.security.keys import KEYS, Keys, new_key
from segue.security.policy import CSP, POLICY
from segue.security.sessions.cookies import EncryptedCookie, SignedCookie
from segue.security.sessions.keeping import CookieKeeper, Lifetimes, StoreKeeper
from segue.security.sessions.manager import (
    SESSIONS,
    Locking,
    SessionCookie,
    SessionManager,
    TypedSessions,
    has_session,
)
from segue.security.sessions.mounting import sharing
from segue.security.sessions.session import Session
from segue.security.settings import SecuritySettings
from segue.security.site import HostGuard, SiteGuard
from segue.security.upkeep import kept_open
from segue.stores.choice import is_place
from segue.stores.plugin import named_store

__all__ = ["CSRF", "Flashes", "Hosts", "Security", "Sessions", "keys_of"]

logger = logging.getLogger("segue.security")

_DAY = 86_400.0
_YEAR = 31_536_000

_COOKIES: dict[str, type[SignedCookie | EncryptedCookie]] = {
    "cookie:signed": SignedCookie,
    "cookie:encrypted": EncryptedCookie,
}

_GivenKey = str | Secret[str] | Sequence[str | Secret[str]] | Keys | None


class _Keyed:
    """A plugin with a key, which the others of its app use too."""

    key: _GivenKey = None


class Sessions(_Keyed):
    """Plugin: handlers get a session by asking for one, ``session: Session``.

        app = App(plugins=[Sessions("sessions.db")])

    ``store``: a path of an SQLite file, which the workers of a machine share; ``"redis://..."``, ``"memcached://..."``, ``"files:///folder"``,
    ``"database:"``, ``"memory:"``, ``"store:name"`` for one of the plugin Stores; ``"cookie:signed"``, ``"cookie:encrypted"``; or any object with the
    methods of ``SessionStore``. By default what ``SECURITY_SESSIONS`` says, or else ``sessions.db``. ``key``: the secret key, or
    several with the newest first; by default ``SECURITY_KEY`` and ``SECURITY_OLD_KEYS``. ``idle`` and ``absolute``: seconds that a session
    lasts without a request, and at most. ``lock``: which requests of one session wait for each other: those that write
    (``"unsafe"``: POST and its likes), ``"always"`` or ``"never"``. ``cookie``: how it looks.

    It brings the plugins ``csrf``, ``flashes`` and ``hosts``, unless the app lists those itself.
    """

    name = "sessions"
    wants = ("stores", "database")

    def __init__(
        self,
        store: "str | os.PathLike[str] | SessionStore | SignedCookie | EncryptedCookie | None" = None,
        *,
        key: _GivenKey = None,
        idle: float = _DAY,
        absolute: float = 14 * _DAY,
        lock: Locking = "unsafe",
        cookie: SessionCookie = SessionCookie(),  # noqa: B008 -- frozen
    ) -> None:
        if lock not in get_args(Locking):
            raise ValueError(f'lock is "unsafe", "always" or "never", not {lock!r}')
        self._store = store
        self.key = key
        self._lifetimes = Lifetimes(idle, absolute)
        self._lock: Locking = lock
        self.cookie = cookie

    def setup(self, to: Setup) -> None:
        """Declares the session, and what reads and writes it."""
        keys = keys_of(to, self.key)
        manager = SessionManager(self._keeper(keys, to), self.cookie, self._lock)
        to.app[SESSIONS] = manager
        to.provide(Session, manager.load)
        to.provide_each(Session, lambda kind: _typed(manager, kind))
        to.provide(FormKeys, form_keys)
        to.around_routes(lambda route: _around(manager, route))
        to.check(lambda app: session_findings(app, manager), deploy=True)
        if isinstance(manager.keeper, StoreKeeper):
            store = manager.keeper.store

            async def keep_open() -> AsyncIterator[None]:
                async with kept_open(store):
                    yield

            to.lifespan(keep_open)
        to.bring(CSRF())
        to.bring(Flashes())
        to.bring(Hosts())

    def _keeper(self, keys: Keys, to: Setup) -> StoreKeeper | CookieKeeper:
        store = self._store
        if store is None:
            store = to.settings(SecuritySettings, "security").sessions or "sessions.db"
        if isinstance(store, str) and store in _COOKIES:
            store = _COOKIES[store]()
        if isinstance(store, SignedCookie | EncryptedCookie):
            return CookieKeeper(store.codec(keys), self._lifetimes, len(self.cookie.full_name) + 1)
        if isinstance(store, str) and is_place(store):
            from segue.security.sessions.stored import StoredSessions

            store = StoredSessions(named_store(to, store))
        if isinstance(store, str | os.PathLike):
            from segue.security.sessions.sqlite import SQLiteSessions

            path = Path(store)
            store = SQLiteSessions(path if path.is_absolute() else to.app.instance.parent / path)
        return StoreKeeper(store, self._lifetimes)


class CSRF(_Keyed):
    """Plugin: refuses unsafe requests that a page of another site has made a browser send. ``Sessions`` brings it.

        app = App(plugins=[Sessions(), CSRF(trusted=["https://app.example"])])

        @app.post("/webhook", skip=["csrf"])            # exempt by name: it has another proof
        async def webhook(body: Body[Event]) -> None: ...

    ``trusted``: origins whose pages may send requests besides our own, exactly as browsers name them. See CSRFGuard for what
    it decides by. Templates have ``{{ csrf_field() }}`` and ``{{ csrf_token() }}`` for browsers that say nothing.
    """

    name = "csrf"

    def __init__(self, *, trusted: Sequence[str] = (), key: _GivenKey = None) -> None:
        if isinstance(trusted, str):
            raise TypeError(f"the trusted origins are a list: [{trusted!r}]")
        self._trusted = tuple(trusted)
        self.key = key

    def setup(self, to: Setup) -> None:
        """Puts the guard around all routes with unsafe methods."""
        guard = CSRFGuard(keys_of(to, self.key), self._trusted, secure=_secure(to))
        to.app[GUARD] = guard
        to.around_routes(lambda route: _guarding(guard, route))
        to.template_global(guard.token, name="csrf_token")
        to.template_global(csrf_field, name="csrf_field")


class Flashes(_Keyed):
    """Plugin: messages for the next page, ``flash: Flash``. ``Sessions`` brings it.

    Templates go through them with ``{% for message in flashes() %}``.
    """

    name = "flashes"

    def __init__(self, *, key: _GivenKey = None) -> None:
        self.key = key

    def setup(self, to: Setup) -> None:
        """Declares the messages."""
        cookie = FlashCookie(keys_of(to, self.key), secure=_secure(to))

        def flash_of(request: Request) -> Flash:
            return cookie.of(request)

        def flashes(request: Request) -> list[Message]:
            return list(cookie.of(request))

        to.provide(Flash, flash_of, inline=True)
        to.template_global(flashes, name="flashes")


class Hosts:
    """Plugin: what works with sessions, and all that writes, answers for the app's own hosts only. ``Sessions`` brings it.

        app = App(plugins=[Sessions(), Hosts(["example.com", "www.example.com"])])

    ``hosts``: as ``AllowedHosts`` takes them; by default ``SECURITY_HOSTS``, or else the names of this machine. Routes that
    have nothing to lose, such as a public page, are not asked about: ``Security`` does that for all of them.
    """

    name = "hosts"

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        self._hosts = tuple(hosts)

    def setup(self, to: Setup) -> None:
        """Puts the check around them."""
        if "security" in to.plugins:  # which checks everything
            return
        guard = HostGuard(self._hosts or to.settings(SecuritySettings, "security").hosts)

        def decide(route: Endpoint) -> MiddlewareLike | None:
            writes = not route.methods or any(method not in SAFE for method in route.methods)
            return guard if writes or has_session(route) or route.kind == "websocket" else None

        to.around_routes(decide)


class Security:
    """Plugin: what a site on the open internet insists on, around everything that it answers.

        app = App(plugins=[Security(hosts=["example.com"]), Sessions()])

    - ``hosts``: that the site answers for (``SECURITY_HOSTS``); names of this machine where none are given.
    - ``csp``: the Content Security Policy; None for none. ``permissions``: the Permissions-Policy.
    - ``https``: HTTP is sent on to HTTPS, and browsers remember it for ``hsts`` seconds (a year; 0: they do not), for
      subdomains too with ``subdomains``. By default it is on but under ``segue run``; this machine itself may always use HTTP.
    - ``exempt``: paths that are answered over HTTP and for any host, such as that of a health check.
    """

    name = "security"

    def __init__(
        self,
        *,
        hosts: Sequence[str] = (),
        csp: CSP | None = CSP(),  # noqa: B008 -- nobody changes it
        permissions: str = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        https: bool | None = None,
        hsts: int = _YEAR,
        subdomains: bool = False,
        exempt: Sequence[str] = (),
    ) -> None:
        self._hosts = tuple(hosts)
        self.csp = csp
        self._permissions = permissions
        self.https = https
        self.hsts = hsts
        self._subdomains = subdomains
        self._exempt = tuple(exempt)

    def setup(self, to: Setup) -> None:
        """Sets the header fields of all responses, and puts the guard around everything."""
        app = to.app
        hosts = self._hosts or to.settings(SecuritySettings, "security").hosts
        https = not app.development if self.https is None else self.https
        field = f"max-age={self.hsts}" + ("; includeSubDomains" if self._subdomains else "")
        to.middleware(
            SiteGuard(HostGuard(hosts), https=https, hsts=field if self.hsts else "", exempt=self._exempt)
        )
        added = [("permissions-policy", self._permissions)] if self._permissions else []
        csp = self.csp
        if csp is not None:
            app[POLICY] = csp
            added.append((csp.header, csp.plain))

            def nonce(request: Request) -> str:
                return csp.nonce(request)

            to.template_value(nonce, name="csp_nonce")
        for name, value in added:
            encoded = name.encode()
            app.default_headers = [one for one in app.default_headers if one[0] != encoded]
            app.default_headers.append((encoded, value.encode("latin-1")))
        to.check(lambda _: site_findings(self, hosts, https), deploy=True)


# --- what they have in common ------------------------------------------------------------------------------------


def keys_of(to: Setup, given: _GivenKey = None) -> Keys:
    """The keys that a plugin was given, or else those of the app. Raises ValueError where there are none."""
    app = to.app
    if given is not None:
        return Keys.of(given)
    if KEYS not in app:
        others = [
            getattr(one.plugin, "key", None) for one in app.declared.plugins if isinstance(one.plugin, _Keyed)
        ]
        known = next((key for key in others if key is not None), None)
        settings = to.settings(SecuritySettings, "security")
        if known is not None:
            app[KEYS] = Keys.of(known)
        elif settings.key is not None:
            app[KEYS] = Keys(settings.key, *settings.old_keys)
        elif app.development:
            logger.warning(
                "there is no secret key, so a new one is made for this run: cookies that are signed with it are worth nothing "
                "after it. `segue key` prints one for SECURITY_KEY in .env"
            )
            app[KEYS] = Keys(new_key())
        else:
            raise ValueError(
                "a secret key is needed: put SECURITY_KEY=... into the environment or into .env, or give it as key=...; "
                "`segue key` prints a good one"
            )
    return app[KEYS]


def _secure(to: Setup) -> bool:
    """Whether cookies are for HTTPS only: as that of the sessions is."""
    sessions = [one.plugin for one in to.app.declared.plugins if isinstance(one.plugin, Sessions)]
    return all(one.cookie.secure for one in sessions)


def _around(manager: SessionManager, route: Endpoint) -> MiddlewareLike | None:
    """What reads and writes the session around a route, if the route has one."""
    if route.kind == "mount":
        share = sharing(manager.load, identifies=route.identifies is not None)

        async def around_mount(request: Request, next: Next) -> Response:
            return await manager.around(request, lambda inner: share(inner, next))

        return around_mount
    return manager.around if has_session(route, manager) else None


def _guarding(guard: CSRFGuard, route: Endpoint) -> MiddlewareLike | None:
    if route.kind == "websocket":  # it has its own rule: segue.core.results.websockets
        return None
    if not route.methods or route.kind == "mount":
        return guard.around_any
    unsafe = [method for method in route.methods if method not in SAFE]
    if not unsafe:
        return None
    return guard.around_unsafe if len(unsafe) == len(route.methods) else guard.around_any


def _typed(manager: SessionManager, kind: Any) -> Callable[..., Any]:
    """What provides a ``Session[Cart]``. Raises TypeError for what cannot be kept in one."""
    (struct,) = get_args(kind)
    if not isinstance(struct, type) or not issubclass(struct, msgspec.Struct):
        raise TypeError(f"{struct!r:.80} is no Struct: class Cart(Struct) is what a Session[Cart] holds")
    needed = [field.name for field in msgspec.structs.fields(struct) if field.required]
    if needed:
        raise TypeError(
            f"a new session has an empty {struct.__name__}, but {', '.join(needed)} has no default"
        )
    return TypedSessions(manager, struct).load
