"""What the buttons of a list do: actions with one object, or with all that are selected."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from segue.db.databases.database import database_of
from segue.grid.actions import Action
from segue.grid.deleting import delete_all, question
from segue.grid.keys import has_any_key
from segue.grid.links import demand_signature
from segue.grid.naming import object_text
from segue.grid.page import page
from segue.grid.table import KEYS
from segue.grid.telling import tell
from segue.grid.texts import CANCEL, DELETED_MANY, NOTHING_SELECTED
from segue.grid.trail import breadcrumbs
from segue.grid.visit import Visit, visit
from segue.html.attribute import quoted
from segue.http.errors import BadRequest, Forbidden, NotFound, SeeOther
from segue.http.request import Request

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["act"]

#: So many objects are taken at once: more than a page has.
_MOST = 500
SURE = "sure"


async def act(grid: "Grid[Any]", request: Request) -> Any:
    """Does what a button says, with the objects that it is about: each is looked for anew, and asked about."""
    await demand_signature(request)
    one = await visit(grid, request, 1)
    form = await request.form()
    single = form.get("one")
    if isinstance(single, str):
        name, _, key = single.partition(":")
        keys = [key]
    else:
        name = str(form.get("many", ""))
        keys = [key for key in form.get_all(KEYS) if isinstance(key, str)]
    if name != "delete" and not any(one.name == name for one in grid.actions):
        raise BadRequest(f"There is no action {name!r:.80} here.")
    targets = await _targets(one, name, list(dict.fromkeys(keys)))
    if not targets:
        await tell(request, NOTHING_SELECTED, "warning")
        raise SeeOther(one.back)
    sure = form.get(SURE) == "yes"
    hidden = _hidden(name, keys)
    if name == "delete":
        if not sure:
            return await question(one, targets, hidden)
        problem = await delete_all(targets)
        if problem:
            return await question(one, targets, hidden, problem=problem, status=409)
        await tell(request, DELETED_MANY.of(len(targets)))
        raise SeeOther(one.back)
    action = next(one for one in grid.actions if one.name == name)
    if action.confirm and not sure:
        return await _asking(one, action, targets, hidden)
    return await _done(one, action, targets)


async def _targets(one: Visit, name: str, keys: Sequence[str]) -> list[Any]:
    """The objects with these keys that this grid shows here. Raises NotFound where one is not among them, Forbidden where ``can``
    says no about one.
    """
    if len(keys) > _MOST:
        raise BadRequest(f"At most {_MOST} can be selected at once.")
    if not keys:
        return []
    known = one.grid.known
    found = await one.query.where(has_any_key(known.model, keys))
    if len(found) != len(keys):
        raise NotFound
    for target in found:
        if not await one.grid.rights.allows(one.request, name, target):
            raise Forbidden
    return list(found)


async def _done(one: Visit, action: Action[Any], targets: Sequence[Any]) -> Any:
    async with database_of(type(targets[0])).transaction():
        result = action.run(targets)
        if inspect.isawaitable(result):
            result = await result
    if result is not None and not isinstance(result, str):
        return result
    await tell(one.request, result or action.label)
    raise SeeOther(one.back)


async def _asking(one: Visit, action: Action[Any], targets: Sequence[Any], hidden: str) -> Any:
    """The page that asks the question of an action."""
    listed = "".join([f"<li>{escape(object_text(target))}</li>" for target in targets])
    content = (
        f'<section class="grid">{breadcrumbs(one, action.label)}<h1>{escape(action.label)}</h1><p>{escape(action.confirm)}</p><ul>{listed}</ul>'
        f'<form method="post" class="form">{one.csrf()}{hidden}<div class="buttons"><button>{escape(action.label)}</button>'
        f'<a class="button quiet" href="{quoted(one.back)}">{escape(CANCEL)}</a></div></form></section>'
    )
    return await page(one.grid, one.request, action.label, content)


def _hidden(name: str, keys: Sequence[str]) -> str:
    fields = [("many", name), (SURE, "yes"), *[(KEYS, key) for key in keys]]
    return "".join([f'<input type="hidden" name="{name}" value="{quoted(text)}">' for name, text in fields])
