"""The pages on which an object is created and changed."""

from typing import TYPE_CHECKING, Any

from markupsafe import escape

from segue.grid.inlines import PageForm
from segue.grid.links import demand_signature
from segue.grid.modelforms import editing
from segue.grid.naming import object_text, title_of
from segue.grid.page import page
from segue.grid.telling import tell
from segue.grid.texts import CHANGED, CREATED, EDIT, NEW, NEW_ONE
from segue.grid.trail import breadcrumbs
from segue.grid.visit import Visit, visit
from segue.html.attribute import quoted
from segue.html.forms.form import FormOf
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["create", "edit"]


async def create(grid: "Grid[Any]", request: Request) -> Response:
    """Creates an object; in the list of what belongs to another one, one that belongs to that."""
    await demand_signature(request)
    one = await visit(grid, request, 1)
    await grid.rights.demand(request, "create")
    form = await grid.form(request)
    saved = await _kept(form, None, one)
    if saved is not None:
        await tell(request, CREATED.with_values(name=object_text(saved)))
        raise SeeOther(one.back)
    return await _page(one, form, str(NEW_ONE.with_values(name=title_of(grid.model))), str(NEW))


async def edit(grid: "Grid[Any]", request: Request) -> Response:
    """Changes an object, unless somebody else has changed it meanwhile."""
    await demand_signature(request)
    one = await visit(grid, request, 2)
    target = await one.target("edit")
    name = object_text(target)
    editing(request, target)
    form = await grid.form(request)
    if isinstance(form, PageForm):
        await form.show(target)
    else:
        form.edit(target)
    if await _kept(form, target, one) is not None:
        await tell(request, CHANGED.with_values(name=object_text(target)))
        raise SeeOther(one.back)
    return await _page(one, form, name, name, str(EDIT))


async def _kept(form: FormOf[Any], target: Any | None, one: Visit) -> Any | None:
    """Saves what was sent, if it is right."""
    if isinstance(form, PageForm):
        return await form.keep(target, **_preset(one))
    return await form.save(**_preset(one))


def _preset(one: Visit) -> dict[str, Any]:
    """The fields that follow from where in the grids we are: what a new object belongs to."""
    if not one.steps:
        return {}
    return {one.grid.relation._last.name: one.steps[-1].target}


async def _page(one: Visit, form: FormOf[Any], title: str, *trail: str) -> Response:
    form.raise_for_json()
    grid = one.grid
    content = f'<section class="grid" id="{quoted(grid.element)}">{breadcrumbs(one, *trail)}<h1>{escape(title)}</h1>{form.__html__()}</section>'
    return await page(grid, one.request, f"{title} · {grid.title}", content, form.status)
