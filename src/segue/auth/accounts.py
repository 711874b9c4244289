"""The accounts of an app: finding, making and changing them. Handlers get it by its type."""

from datetime import UTC, datetime
from typing import Any

from segue.auth.devices import Devices
from segue.auth.directory import Directory
from segue.auth.identity import id_of
from segue.auth.membership import Membership
from segue.auth.models.account import Account, State, new_stamp
from segue.auth.names import normal_email, normal_login, normal_name
from segue.auth.options import Decided
from segue.auth.passwords.hashing import LONGEST, Passwords
from segue.auth.permissions.acting import unrestricted
from segue.auth.places import Places
from segue.auth.problems import AccountProblem
from segue.auth.signins import SignIns
from segue.core.appkey import AppKey
from segue.db import UniqueViolation
from segue.db.databases.database import database_of
from segue.http.request import Request
from segue.security import Limiter, client_network
from segue.security.keys import Keys
from segue.security.nearest import nearest
from segue.security.sessions.manager import SessionManager

__all__ = ["ACCOUNTS", "Accounts", "accounts_of"]

_LONGEST_LOGIN = 254


class Accounts(Directory):
    """The accounts of an app.

        @app.post("/members")
        async def add(accounts: Accounts, member: Body[NewMember]) -> None:
            user = await accounts.create(email=member.email, password=member.password)
            await accounts.groups.add(user, "members")

    ``groups``: who is in which. ``sign_ins``: who is signed in, ``places`` where. ``passwords``: how they are hashed. ``limiter`` counts tries, ``keys`` sign links.
    """

    def __init__(
        self,
        model: type[Account],
        options: Decided,
        *,
        passwords: Passwords,
        limiter: Limiter,
        keys: Keys,
        manager: SessionManager,
    ) -> None:
        super().__init__(model, options)
        self.passwords = passwords
        self.limiter = limiter
        self.keys = keys
        self.devices = Devices(options.remember, secure=manager.cookie.secure)
        self.sign_ins = SignIns(self, manager, self.devices)
        self.places = Places(manager)
        self.groups = Membership(self)

    # --- making and changing -----------------------------------------------------------------------------------------

    async def create(
        self,
        *,
        email: str | None = None,
        name: str | None = None,
        password: str | None = None,
        state: State = "active",
        confirmed: bool = True,
        **more: Any,
    ) -> Any:
        """A new account; ``more``: the fields of your own model.

        Raises AccountProblem for a name or address that is none or is taken, and for a password that is too weak.
        """
        values: dict[str, Any] = {}
        if email is not None:
            values["email"] = _normal("email", email)
        if name is not None:
            values["name"] = _normal("name", name)
        if not values:
            raise AccountProblem("login", "login_missing")
        if password is not None:
            self.check_strength(password, email, name)
            values["password"] = await self.passwords.hash(password)
        values |= {**more, "state": state, "confirmed": datetime.now(UTC) if confirmed else None}
        try:
            # In a block of its own: what fails in a transaction would spoil the whole of it.
            with unrestricted():
                async with database_of(self.model).transaction():
                    user = await self.model.create(**values)
        except UniqueViolation:
            known = name is not None and await self.find(name) is not None
            raise AccountProblem("name" if known else "email", "taken") from None
        await self.note("created", user=user)
        return user

    def check_strength(self, password: str, *known: str | None) -> None:
        """Raises AccountProblem for a password that is too weak, or too long."""
        problem = "long" if len(password) > LONGEST else self.passwords.strength.problem(password, known)
        if problem is not None:
            raise AccountProblem("password", problem, self.passwords.strength.shortest)

    async def set_password(self, user: Any, password: str | None, *, request: Request | None = None) -> None:
        """Gives an account another password, or none. Everybody who is signed in to it elsewhere is signed out.

        ``request``: whose session stays. Raises AccountProblem for a password that is too weak.
        """
        if password is not None:
            self.check_strength(password, user.email, user.name)
            password = await self.passwords.hash(password)
        await self.write(user, password=password, stamp=new_stamp())
        await self.note("password changed", request, user)
        await self.places.end_all(user, but=request)

    async def set_state(self, user: Any, state: State, *, request: Request | None = None) -> None:
        """Approves an account (``active``) or blocks it (``blocked``); who is blocked is signed out everywhere."""
        values: dict[str, Any] = {"state": state}
        if state != "active":
            values["stamp"] = new_stamp()
        await self.write(user, **values)
        await self.note(f"made {state}", request, user)
        if state != "active":
            await self.places.end_all(user)

    async def confirm(self, user: Any, email: str, *, request: Request | None = None) -> None:
        """Notes that the owner of an address has answered; it is the account's from now on. Raises AccountProblem (taken)."""
        try:
            async with database_of(self.model).transaction():
                await self.write(user, email=_normal("email", email), confirmed=datetime.now(UTC))
        except UniqueViolation:
            raise AccountProblem("email", "taken") from None
        await self.note("address confirmed", request, user)

    async def delete(self, user: Any) -> None:
        """Deletes an account, with what is kept of it besides: its sessions and the browsers that are remembered."""
        await self.places.end_all(user)
        with unrestricted():
            await user.delete()
        await self.note("deleted", user=user)

    # --- signing in --------------------------------------------------------------------------------------------------

    async def check(self, login: str, password: str, *, request: Request | None = None) -> Any:
        """The account that a login and a password belong to, if it may sign in; None for all others, after as much work.

        Raises TooManyRequests after too many tries, for an account or from one address.
        """
        await self.limited("sign in", normal_login(login) or login[:_LONGEST_LOGIN], request)
        user = await self.find(login)
        found = await self.passwords.verify(password, None if user is None else user.password)
        if not found.fits:
            other = await self._known_elsewhere(login, password, request)
            if other is not None:
                return other
        if not found.fits or not self.is_open(user):
            await self.note("refused", request, user)
            return None
        if found.outdated:
            await self.write(user, password=await self.passwords.hash(password))
        return user

    async def proves(self, user: Any, password: str, *, request: Request | None = None) -> bool:
        """Whether a password is that of an account, here or where it is checked. Raises TooManyRequests after too many tries."""
        await self.limited("sign in", id_of(user), request)
        if (await self.passwords.verify(password, user.password)).fits:
            return True
        for login in (user.name, user.email):
            other = None if login is None else await self._known_elsewhere(login, password, request)
            if other is not None and id_of(other) == id_of(user):
                return True
        return False

    async def _known_elsewhere(self, login: str, password: str, request: Request | None) -> Any:
        """The account of whom one of the checkers knows by a login and a password."""
        if len(password) > LONGEST or len(login) > _LONGEST_LOGIN:
            return None
        for checker in self.sign_ins.checkers:
            user = await checker(login, password, request)
            if user is not None and self.is_open(user):
                return user
        return None

    async def limited(self, what: str, who: str, request: Request | None = None) -> None:
        """Counts a try. Raises TooManyRequests where there were too many for this account, or from this address."""
        if request is not None:
            await self.limiter.take(f"auth {what} from", client_network(request), self.options.limit)
        await self.limiter.take(f"auth {what}", who, self.options.limit)


def _normal(field: str, value: str) -> str:
    try:
        return normal_email(value) if field == "email" else normal_name(value)
    except ValueError:
        raise AccountProblem(field, f"no_{field}") from None


#: Those of an app.
ACCOUNTS: AppKey[Accounts] = AppKey("segue.auth.accounts")


def accounts_of(request: Request) -> Accounts:
    """The accounts of the app that answers a request. Raises LookupError where it has none."""
    found = nearest(request, ACCOUNTS)
    if found is None:
        raise LookupError(f"{request!r} is answered by an app without accounts: list the plugin Auth")
    return found
