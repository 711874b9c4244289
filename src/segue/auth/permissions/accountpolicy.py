"""The security policy of ``Auth``: accounts, what was granted to them, rules of rows, and access lists."""

from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.guards import sent_away
from segue.auth.permissions.acl import Decision
from segue.auth.permissions.acting import who_is
from segue.auth.permissions.grants import has_grant, split_permission
from segue.auth.permissions.policy import by_lists
from segue.auth.permissions.rows import may
from segue.core.identity import identity_of
from segue.core.ports import Identity
from segue.core.styles.lineage import lineage
from segue.core.styles.traversal import is_traversed, traversed
from segue.db import Keyed
from segue.http.request import Request

__all__ = ["AccountPolicy"]


class AccountPolicy:
    """Says who has a ``permission``: of a resource with access lists these, of a row its rules, else what was granted.

    ``"post.change"`` is about the model with the table ``post``; other words, such as ``"publish"``, are granted as they are.
    Admins have all of them.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def identity(self, request: Request) -> Identity | None:
        identity: Identity | None = await self._accounts.sign_ins.identify(request)
        return identity

    async def permits(self, request: Request, permission: str, context: Any) -> Decision | bool:
        who = who_is(await identity_of(request))
        if who.is_admin:
            return True
        if context is not None and _has_lists(request, context):
            return await by_lists(request, permission, context)
        if isinstance(context, Keyed):
            return await may(who, permission.rpartition(".")[2], context)
        action, model = split_permission(permission)
        return await (has_grant(who, permission) if model is None else may(who, action, model))

    async def guard(self, request: Request, permission: str, context: Any) -> bool:
        """For ``app.permits``: who is not known, and may not, is asked to sign in."""
        if await self.permits(request, permission, context):
            return True
        if await identity_of(request) is None:
            raise sent_away(request)
        return False

    async def remember(self, request: Request, id: str) -> None:
        """Signs the account with this key in. Raises ValueError where it may not be used."""
        user = await self._accounts.by_id(id)
        if user is None:
            raise ValueError(f"there is no account with the key {id!r:.60}")
        await self._accounts.sign_ins.sign_in(request, user, method="other means")

    async def forget(self, request: Request) -> None:
        await self._accounts.sign_ins.sign_out(request)


def _has_lists(request: Request, context: Any) -> bool:
    ways = [lineage(context)]
    if is_traversed(request) and traversed(request).context is context:
        ways.append(iter(traversed(request).lineage))
    return any(hasattr(type(one), "__acl__") or hasattr(one, "__acl__") for way in ways for one in way)
