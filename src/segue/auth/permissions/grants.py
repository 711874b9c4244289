"""Permissions that are given and taken: to people and groups, for a model, for one of its rows, or for an act of your own."""

import weakref
from typing import Any

from segue.auth.identity import id_of
from segue.auth.models.account import Account
from segue.auth.models.grant import Grant
from segue.auth.models.group import Group, tag_name
from segue.auth.permissions.acting import Who
from segue.db import Change, Condition, Deleted, DeletingMany, UniqueViolation, any_of, exists
from segue.db.databases.database import database_of
from segue.db.models.attributes import key_of
from segue.db.models.registry import registered
from segue.db.writing.writesignals import ManyChange, listen

__all__ = ["forget_with", "grant", "granted", "has_grant", "principal_of", "revoke", "split_permission"]

_AT_ONCE = 200


async def grant(to: Account | Group | str, permission: str, target: Any = None) -> None:
    """Gives a permission.

        await grant("group:editors", "change", Post)        # all rows of a model
        await grant(django, "change", post)                 # one row
        await grant(editors, "publish")                     # a word of your own

    ``to``: an account, a group, or a principal such as ``everyone`` or ``group:staff``. It may be given twice.
    """
    principal, (model, row) = principal_of(to), _place_of(target)
    given = {"to": principal, "permission": permission, "model": model, "row": row}
    if await Grant.where(*_same(given)).exists():
        return
    try:
        # In a block of its own: what fails in a transaction would spoil the whole of it.
        async with database_of(Grant).transaction():
            await Grant.create(**given)
    except UniqueViolation:
        return  # somebody else was faster


async def revoke(to: Account | Group | str, permission: str, target: Any = None) -> bool:
    """Takes a permission away that was given with the same words; False where it was not."""
    model, row = _place_of(target)
    given = {"to": principal_of(to), "permission": permission, "model": model, "row": row}
    return bool(await Grant.where(*_same(given)).delete())


async def has_grant(who: Who, permission: str, target: Any = None) -> bool:
    """Whether somebody was given a permission: for a row also by one for all of its model."""
    if who.is_admin:
        return True
    model, row = _place_of(target)
    return await Grant.where(
        Grant.to.is_in(sorted(who.principals)),
        Grant.permission == permission,
        Grant.model == model,
        Grant.row.is_in(["", row]),
    ).exists()


def granted(who: Who, permission: str, model: Any) -> Condition:
    """The condition that somebody was given a permission for a row, or for all rows: for rules of :func:`protect`."""
    mapping = model.__mapping__
    rows = Grant.row == ""
    if len(mapping.key) == 1:
        rows = any_of(rows, Grant.row == mapping.expression(mapping.key[0].name).cast(str))
    return exists(
        Grant.where(
            Grant.to.is_in(sorted(who.principals)),
            Grant.permission == permission,
            Grant.model == mapping.table,
            rows,
        )
    )


def forget_with(model: Any) -> None:
    """Takes what was granted to an account away when that is deleted: its key may be somebody else's one day."""
    if model not in _watched:
        _watched.add(model)
        listen(model, Deleted, _forget, "now")
        listen(model, DeletingMany, _forget_many, "now")


_watched: "weakref.WeakSet[Any]" = weakref.WeakSet()


async def _forget(change: Change[Any]) -> None:
    await Grant.where(Grant.to == principal_of(change.target)).delete()


async def _forget_many(change: ManyChange[Any]) -> None:
    query: Any = change.query
    gone = [principal_of(one) for one in await query]
    for start in range(0, len(gone), _AT_ONCE):
        await Grant.where(Grant.to.is_in(gone[start : start + _AT_ONCE])).delete()


def principal_of(one: Account | Group | str) -> str:
    """What an account or a group is called as a principal: ``user:7``, ``group:staff``."""
    if isinstance(one, str):
        return f"group:{tag_name(one[6:])}" if one.startswith("group:") else one
    return f"group:{one.name}" if isinstance(one, Group) else f"user:{id_of(one)}"


def split_permission(permission: str) -> tuple[str, Any]:
    """A permission as a route asks for it: ``post.change`` is ``change`` and the model with that table, others are words of their own."""
    table, dot, action = permission.rpartition(".")
    if dot:
        found = [one.model for one in registered() if one.table == table]
        if found:
            return action, found[-1]
    return permission, None


def _same(given: dict[str, str]) -> list[Condition]:
    return [Grant.__mapping__.expression(name) == value for name, value in given.items()]


def _place_of(target: Any) -> tuple[str, str]:
    """The table and the row that a permission is about."""
    if target is None:
        return "", ""
    if isinstance(target, type):
        return target.__mapping__.table, ""  # type: ignore[attr-defined] # a model
    key = key_of(target)
    if isinstance(key, tuple) or (not isinstance(key, int | str) and not hasattr(key, "hex")):
        raise ValueError(
            f"a permission is given for a row with one key that is saved, which {target!r:.80} is not"
        )
    return type(target).__mapping__.table, str(key)
