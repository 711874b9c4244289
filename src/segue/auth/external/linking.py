"""Accounts here, and those elsewhere that they are linked to."""

from datetime import UTC, datetime
from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.external.model import ExternalAccount
from segue.auth.external.person import Person
from segue.auth.external.source import Source
from segue.auth.identity import id_of
from segue.auth.names import normal_login
from segue.auth.problems import AccountProblem
from segue.db import UniqueViolation
from segue.http.request import Request

__all__ = ["Linking", "NotLinked"]


class NotLinked(Exception):
    """Nobody here is whom a provider has named. ``reason``: ``taken`` (the address is somebody's who has to sign in first), ``closed`` (nobody may
    register), ``other`` (they are linked to another account), ``blocked`` (the account may not be used).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Linking:
    """Finds the account of somebody whom a provider has named, makes one, or links one."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def account_of(self, person: Person, source: Source, request: Request | None) -> Any:
        """Whose account that is here; its groups follow those that they have there. Raises NotLinked.

        An address that is known here proves nothing by itself: whoever makes an account elsewhere with it would have the one here.
        """
        user = await self._known(person)
        if user is None:
            user = await self._accounts.find(person.email) if person.email else None
            if user is None:
                user = await self._made(person, source)
            elif not (source.trusts_email and person.email_verified and user.confirmed is not None):
                raise NotLinked("taken")
            if not self._accounts.is_open(user):
                raise NotLinked("blocked")
            await self.link(person, user, request)
        await self._follow(person, source, user)
        return user

    async def _known(self, person: Person) -> Any:
        """The account that is linked already; None for nobody's."""
        known = await ExternalAccount.where(ExternalAccount.key == _key(person)).first()
        if known is None:
            return None
        user = await self._accounts.by_id(known.owner)
        if user is None:
            await known.delete()
            return None
        if not self._accounts.is_open(user):
            raise NotLinked("blocked")
        await ExternalAccount.where(ExternalAccount.id == known.id).update(used=datetime.now(UTC))
        return user

    async def link(self, person: Person, user: Any, request: Request | None) -> None:
        """Links an account here with one elsewhere. Raises NotLinked if that is linked to another one."""
        owner = id_of(user)
        try:
            await ExternalAccount.create(
                key=_key(person), provider=person.provider, owner=owner, email=person.email
            )
        except UniqueViolation:
            known = await ExternalAccount.where(ExternalAccount.key == _key(person)).first()
            if known is None or known.owner != owner:
                raise NotLinked("other") from None
            return
        await self._accounts.note("linked", request, user, detail=person.provider)

    async def unlink(self, user: Any, id: int, request: Request) -> bool:
        """Takes a link away; False if it is the only way in that the account has, or is not theirs."""
        mine = await self.of(user)
        if not any(one.id == id for one in mine) or (user.password is None and len(mine) == 1):
            return False
        await ExternalAccount.where(ExternalAccount.id == id, ExternalAccount.owner == id_of(user)).delete()
        await self._accounts.note("unlinked", request, user)
        return True

    async def of(self, user: Any) -> list[ExternalAccount]:
        """The accounts elsewhere that one is linked to."""
        return await ExternalAccount.where(ExternalAccount.owner == id_of(user)).order_by(ExternalAccount.id)

    async def _made(self, person: Person, source: Source) -> Any:
        """A new account, with the address that was verified there; with the name too, where the source says who gets an account."""
        registration = "open" if source.registers else self._accounts.options.registration
        email = person.email if person.email_verified and person.email else None
        name = normal_login(person.login) if source.registers and "@" not in person.login else None
        if registration == "closed" or (email is None and name is None):
            raise NotLinked("closed")
        state: Any = "active" if registration == "open" else "waiting"
        if name is not None and email is not None and await self._accounts.find(name) is not None:
            name = None  # somebody else's here; the address is enough
        try:
            return await self._accounts.create(email=email, name=name, state=state, confirmed=True)
        except AccountProblem:
            raise NotLinked("taken") from None

    async def _follow(self, person: Person, source: Source, user: Any) -> None:
        """Brings the groups here that follow from those there up to date, and no others."""
        if not source.groups:
            return
        wanted = {here for there, here in source.groups.items() if there in person.groups}
        has = set(await self._accounts.groups.of(user)) & set(source.groups.values())
        if wanted - has:
            await self._accounts.groups.add(user, *sorted(wanted - has))
        if has - wanted:
            await self._accounts.groups.remove(user, *sorted(has - wanted))


def _key(person: Person) -> str:
    return f"{person.provider}:{person.subject}"
