"""Rules of rows: one rule that queries, pages, forms, exports and APIs obey, because all of them ask the same queries."""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from segue.auth.models.account import Account
from segue.auth.permissions.acting import Who, who_is, whoever_acts
from segue.auth.permissions.grants import granted, has_grant
from segue.core.ports import Identity
from segue.db import (
    Condition,
    Deleting,
    Expr,
    Inserted,
    Keyed,
    Linking,
    Query,
    Unlinking,
    Updated,
    Updating,
    UpdatingMany,
)
from segue.db.models.relations import other_side
from segue.db.models.rules import add_rule, add_write_rule
from segue.db.writing.writesignals import Change, LinkChange, ManyChange, listen
from segue.http.errors import Forbidden

__all__ = ["Rule", "accessible", "are_rules", "may", "protect"]

Q = TypeVar("Q", bound=Keyed)

Rule: TypeAlias = Callable[[Who], "Condition | bool"]
"""Says which rows somebody may: a condition on the model; True for all, False for none."""

#: By model and action.
_rules: dict[Any, dict[str, Rule]] = {}


def protect(
    model: Any,
    *,
    view: Rule | None = None,
    add: Rule | None = None,
    change: Rule | None = None,
    delete: Rule | None = None,
) -> None:
    """Guards the rows of a model: who acts sees and writes only what the rules say.

        def own_or_published(who: Who) -> Condition | bool:
            return who.owns(Post.author_id) | Post.published.is_not(None)

        def own(who: Who) -> Condition | bool:
            return who.owns(Post.author_id)

        protect(Post, view=own_or_published, add=own, change=own, delete=own)

    ``view`` holds for all queries of the model, and so for lists, exports, forms and replies that are queries; what it hides is a
    404. ``add`` is asked of a row that was inserted, ``change`` of one before and after it is changed, ``delete`` of one that goes: where
    they say no, it is a 403, and nothing was written. To relate a row to others over a link table, or no more, is a change of it. Changes by query leave out what they forbid. Where nothing is said, those
    may whom it was granted: see :func:`segue.auth.grant`. Admins may everything.

    Who acts is who sends the request, or who ``with acting_for(user):`` says. ``unscoped()`` asks one query without the rules,
    ``with unrestricted():`` everything.
    """
    given = {"view": view, "add": add, "change": change, "delete": delete}
    first = model not in _rules
    _rules[model] = {
        action: functools.partial(granted, permission=action, model=model) if rule is None else rule
        for action, rule in given.items()
    }
    if not first:
        return
    add_rule(model, functools.partial(_condition, model, "view"))
    for action in ("change", "delete"):
        add_write_rule(model, action, functools.partial(_condition, model, action))
    listen(model, Inserted, functools.partial(_check, "add"), "now")
    for kind in (Updating, Updated):
        listen(model, kind, functools.partial(_check, "change"), "now")
    listen(model, Deleting, functools.partial(_check, "delete"), "now")
    listen(model, UpdatingMany, _check_many, "now")
    for link in (Linking, Unlinking):
        listen(model, link, _check_link, "now")


def are_rules() -> bool:
    """Whether any model is guarded."""
    return bool(_rules)


def accessible(
    query: "Query[Q] | type[Q]", action: str = "view", who: "Who | Account | Identity | None" = None
) -> "Query[Q]":
    """Those of a query that somebody may view, change, delete, or whatever was granted.

        editable = await accessible(Post.order_by(Post.title), "change", user)

    ``who``: an account, with its groups loaded, or an identity; None: somebody unknown.
    """
    asked = query.all() if isinstance(query, type) else query
    condition = _asked(asked._model, action, who_is(who))
    return asked if condition is None else asked.where(condition)


async def may(who: "Who | Account | Identity | None", action: str, target: Any) -> bool:
    """Asks whether somebody is permitted something, for a row or for a model at all.

    if await may(user, "change", post): ...
    """
    somebody = who_is(who)
    if isinstance(target, type):
        found = _said(target, action, somebody)
        return found if isinstance(found, bool) else await has_grant(somebody, action, target)
    return await _fits(target, _asked(type(target), action, somebody))


def _said(model: Any, action: str, who: Who) -> Condition | bool:
    """What the rule says about somebody."""
    if who.is_admin:
        return True
    rule = next((_rules[base].get(action) for base in model.__mro__ if base in _rules), None)
    found = granted(who, action, model) if rule is None else rule(who)
    if not isinstance(found, bool | Expr):
        raise TypeError(
            f"the rule {getattr(rule, '__qualname__', rule)} for {model.__name__} gave {found!r:.80}: it has to give a condition "
            f"such as who.owns(Post.author_id), True for all rows, or False for none"
        )
    return found


def _asked(model: Any, action: str, who: Who) -> Condition | None:
    """The condition for somebody; None where there is none."""
    found = _said(model, action, who)
    if isinstance(found, bool):
        return None if found else _never(model)
    return found


def _never(model: Any) -> Condition:
    mapping = model.__mapping__
    none: Condition = mapping.expression(mapping.key[0].name).is_in([])
    return none


def _condition(model: Any, action: str) -> Condition | None:
    """What holds for whoever acts now."""
    who = whoever_acts()
    return None if who is None else _asked(model, action, who)


async def _check(action: str, change: Change[Any]) -> None:
    """Looks at one row that is written, in the transaction that writes it."""
    if not await _fits(change.target, _condition(type(change.target), action)):
        raise _refused(action, type(change.target))


async def _check_link(change: LinkChange[Any]) -> None:
    """Looks at a row that is related to others over a link table, or no more: that is a change of it."""
    model = type(change.target)
    # What has the key of the other is a row that is written itself; what is new was added.
    if change.new or other_side(model.__mapping__.relations[change.relation]) is not None:
        return
    if not await _fits(change.target, _condition(model, "change")):
        raise _refused("change", model)


async def _check_many(change: ManyChange[Any]) -> None:
    """Looks at the rows of a query after they were changed: none may have become what one may not make of it."""
    query: Any = change.query
    model: Any = query._model
    condition = _condition(model, "change")
    if condition is None or any(step._step == "unscoped" for step in query._steps()):
        return
    rows = await query.where(condition)

    async def afterwards() -> None:
        for row in rows:
            if not await _fits(row, condition):
                raise _refused("change", model)

    change.database.before_commit(afterwards)


async def _fits(row: Any, condition: Condition | None) -> bool:
    if condition is None:
        return True
    mapping = type(row).__mapping__
    same = [mapping.expression(one.name) == getattr(row, one.name) for one in mapping.key]
    return bool(await type(row).where(*same, condition).unscoped().exists())


def _refused(action: str, model: Any) -> Forbidden:
    return Forbidden(f"You may not {action} this {model.__name__}.")
