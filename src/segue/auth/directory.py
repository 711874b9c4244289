"""The accounts that there are: how one is found, whether it may be used, and what is noted of it."""

from typing import Any

import msgspec

from segue.auth.identity import id_of
from segue.auth.models.account import Account
from segue.auth.models.event import AuthEvent
from segue.auth.names import looks_like_email, normal_login
from segue.auth.options import Decided
from segue.auth.permissions.acting import unrestricted
from segue.db import Query
from segue.http.request import Request
from segue.security import client_network

__all__ = ["Directory", "agent_of"]

_LONGEST = 250


class Directory:
    """The accounts of an app, for what works with them. ``model``: the user model; ``options``: what the app decides."""

    def __init__(self, model: type[Account], options: Decided) -> None:
        self.model = model
        self.options = options

    async def find(self, login: str) -> Any:
        """The account with an address or a name; None where there is none, and for what nobody can have."""
        normal = normal_login(login)
        if normal is None:
            return None
        by_email = looks_like_email(normal)
        column = self.model.email if by_email else self.model.name
        found = await self.model.where(column == normal).unscoped().first()
        # Some databases take texts for the same that are not.
        return found if found is not None and normal == (found.email if by_email else found.name) else None

    async def by_id(self, id: str) -> Any:
        """The account with this key, as text, its groups loaded; None where there is none."""
        column = self.model.__mapping__.key[0]
        try:
            key = msgspec.convert(id, column.hint, strict=False)
        except msgspec.ValidationError:
            return None
        return await self._row(key).load(self.model.groups).first()

    def row_of(self, user: Any) -> Query[Any]:
        """The query of one account."""
        return self._row(getattr(user, self.model.__mapping__.key[0].name))

    def _row(self, key: Any) -> Query[Any]:
        mapping = self.model.__mapping__
        return self.model.where(mapping.expression(mapping.key[0].name) == key).unscoped()

    def is_open(self, user: Any) -> bool:
        """Whether an account may be used: it is approved, not blocked, and its address was confirmed where that is asked for."""
        if user is None or user.state != "active":
            return False
        return user.confirmed is not None or not self.options.confirm

    async def write(self, user: Any, **values: Any) -> None:
        """Changes an account, whatever rules the app has for its rows."""
        for name, value in values.items():
            setattr(user, name, value)
        with unrestricted():
            await user.save()

    async def note(
        self, kind: str, request: Request | None = None, user: Any = None, *, by: str = "", detail: str = ""
    ) -> None:
        """Writes into the audit log (``segue.auth.AuthEvent``). ``by``: the id of who did it, if that is somebody else."""
        await AuthEvent.create(
            kind=kind,
            owner="" if user is None else id_of(user),
            by=by,
            address="" if request is None else client_network(request),
            agent=agent_of(request),
            detail=detail[:_LONGEST],
        )


def agent_of(request: Request | None) -> str:
    """What a browser says that it is, printable and short."""
    told = "" if request is None else request.headers.get("user-agent", "")[:_LONGEST]
    return "".join([one if one.isprintable() else "?" for one in told])
