"""Accounts here, and those elsewhere that they are linked to."""

from datetime import UTC, datetime
from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.external.model import ExternalAccount
from segue.auth.external.person import Person
from segue.auth.external.provider import Provider
from segue.auth.identity import id_of
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

    async def account_of(self, person: Person, provider: Provider, request: Request) -> Any:
        """Whose account that is here. Raises NotLinked.

        An address that is known here proves nothing by itself: whoever makes an account elsewhere with it would have the one here.
        """
        known = await ExternalAccount.where(ExternalAccount.key == _key(person)).first()
        if known is not None:
            user = await self._accounts.by_id(known.owner)
            if user is None:
                await known.delete()
            else:
                if not self._accounts.is_open(user):
                    raise NotLinked("blocked")
                await ExternalAccount.where(ExternalAccount.id == known.id).update(used=datetime.now(UTC))
                return user
        user = await self._accounts.find(person.email) if person.email else None
        if user is not None:
            if not (provider.trusts_email and person.email_verified and user.confirmed is not None):
                raise NotLinked("taken")
            if not self._accounts.is_open(user):
                raise NotLinked("blocked")
        else:
            user = await self._made(person)
        await self.link(person, user, request)
        return user

    async def link(self, person: Person, user: Any, request: Request) -> None:
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

    async def _made(self, person: Person) -> Any:
        registration = self._accounts.options.registration
        if registration == "closed" or not (person.email and person.email_verified):
            raise NotLinked("closed")
        state: Any = "active" if registration == "open" else "waiting"
        try:
            user = await self._accounts.create(email=person.email, state=state, confirmed=True)
        except AccountProblem:
            raise NotLinked("taken") from None
        if not self._accounts.is_open(user):
            raise NotLinked("blocked")
        return user


def _key(person: Person) -> str:
    return f"{person.provider}:{person.subject}"
