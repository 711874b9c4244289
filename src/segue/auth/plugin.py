"""The plugin: an app has accounts."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Unpack

import msgspec

from segue.auth.accounts import ACCOUNTS, Accounts
from segue.auth.commands import add_commands
from segue.auth.guards import signed_in_as
from segue.auth.identity import SignedIn
from segue.auth.models.account import Account
from segue.auth.models.device import Device
from segue.auth.models.event import AuthEvent
from segue.auth.models.grant import Grant
from segue.auth.models.group import Group
from segue.auth.options import AuthOptions, AuthSettings, Decided
from segue.auth.pages.site import pages_of
from segue.auth.passwords.hashing import Passwords
from segue.auth.permissions.accountpolicy import AccountPolicy
from segue.auth.permissions.grants import forget_with
from segue.auth.permissions.middleware import Acting
from segue.auth.permissions.policy import POLICY
from segue.auth.permissions.rows import are_rules
from segue.core.binding.kinds import without_none
from segue.core.identity import identity_of
from segue.core.plugins.setup import Setup
from segue.html import Templates
from segue.http.request import Request
from segue.mail import Mail
from segue.security import Limiter, Sessions
from segue.security.identifiers import IDENTIFIERS
from segue.security.plugin import keys_of
from segue.security.sessions.manager import SESSIONS
from segue.security.upkeep import kept_open

__all__ = ["Auth"]

_CURRENT = "segue.auth.permissions.current"


class Auth:
    """Plugin: people have accounts, sign in and out, and handlers know who they are.

        app = App(plugins=[Database(), Auth()])

        @app.get("/me")
        async def me(user: User) -> str:                    # who is not signed in is sent to /login
            return user.email

    ``user: User | None`` lets everybody in. ``user``: the user model, by default :class:`segue.auth.User`; another one derives from :class:`Account`. ``at``: below which path
    the pages stand. ``passwords``: how passwords are hashed, and which are too weak. ``pages``: whether there are pages at all.
    ``options``: see AuthOptions.

    It brings the plugins ``sessions``, ``limiter``, ``templates`` and ``mail``, unless the app lists those itself. Its tables are made with
    all others; a Database that lists its ``models`` lists ``*auth.models`` too.
    """

    name = "auth"
    wants = ("database", "sessions", "limiter", "templates", "i18n", "mail")

    def __init__(
        self,
        user: type[Account] | None = None,
        *,
        at: str = "/",
        passwords: Passwords | None = None,
        pages: bool = True,
        **options: Unpack[AuthOptions],
    ) -> None:
        if user is None:
            from segue.auth.models.user import User

            user = User
        if not (isinstance(user, type) and issubclass(user, Account)):
            raise TypeError(
                f"the user model derives from segue.auth.Account, which has the fields that signing in needs: "
                f"class User(Account), not {user!r:.80}"
            )
        self.user = user
        forget_with(user)
        self._at = at
        self._passwords = Passwords() if passwords is None else passwords
        self._pages = pages
        self._options = msgspec.convert(dict(options), Decided)

    @property
    def models(self) -> Sequence[Any]:
        """The models that it needs."""
        return (self.user, Group, Grant, Device, AuthEvent)

    def setup(self, to: Setup) -> None:
        """Declares who sends a request, and the pages."""
        to.bring(Sessions())
        to.bring(Templates(None))
        if self._pages:
            to.bring(Mail())
            to.templates("segue.auth:templates")
        limiter = _limiter(to)
        options = self._options
        if not options.origin:
            origin = to.settings(AuthSettings, "auth").origin
            options = msgspec.structs.replace(options, origin=origin.rstrip("/"))
        accounts = Accounts(
            self.user,
            options,
            passwords=self._passwords,
            limiter=limiter,
            keys=keys_of(to),
            manager=to.app[SESSIONS],
        )
        to.app[ACCOUNTS] = accounts
        to.provide(Accounts, accounts)
        to.provide(SignedIn, _identity_for)
        to.provide(self.user, _user_for(self.user))
        policy = AccountPolicy(accounts)
        to.app[POLICY] = policy
        to.identifies(accounts.sign_ins.identify)
        to.app[IDENTIFIERS] = accounts.sign_ins.identifiers
        if not to.app.declared.permits:  # an app may decide itself
            to.permits(policy.guard)
        if are_rules() or _CURRENT in sys.modules:
            acting = Acting(accounts)
            to.around_routes(lambda _: acting)

        async def keep() -> AsyncIterator[None]:
            async with kept_open(accounts.devices):
                yield
            accounts.passwords.close()

        to.lifespan(keep)
        add_commands(to, accounts)
        if self._pages:
            to.check(lambda _: _findings(options), deploy=True)
        if self._pages:
            to.include(pages_of(accounts), at=self._at)


async def _identity_for(request: Request) -> Any:
    """Who is signed in; None for nobody, if the handler takes that too."""
    identity = await identity_of(request)
    if identity is None and _takes_nobody(request, SignedIn):
        return None
    return await signed_in_as(request)


def _user_for(model: type[Account]) -> Callable[..., Any]:
    async def user(request: Request) -> Any:
        identity = await identity_of(request)
        if not isinstance(identity, SignedIn) and _takes_nobody(request, model):
            return None
        return (await signed_in_as(request)).user

    return user


def _takes_nobody(request: Request, kind: type) -> bool:
    """Whether the handler says ``user: User | None``."""
    parameters = getattr(request.endpoint, "parameters", ())
    return any(one.kind is not kind and without_none(one.kind) is kind for one in parameters)


def _findings(options: Decided) -> Iterator[tuple[str, str]]:
    """What ``segue check --deploy`` says."""
    if not options.origin.startswith("https://"):
        yield (
            "no-origin",
            "mails of accounts have links, and nothing says what they begin with: AUTH_ORIGIN=https://example.com",
        )
    if not options.confirm and options.registration != "closed":
        yield "unconfirmed", "anybody can register with anybody's address: take Auth(confirm=False) away"


def _limiter(to: Setup) -> Limiter:
    """The limiter that the app lists, or one of our own."""
    listed = [one.plugin for one in to.app.declared.plugins if isinstance(one.plugin, Limiter)]
    if listed:
        return listed[0]
    limiter = Limiter()
    to.bring(limiter)
    return limiter
