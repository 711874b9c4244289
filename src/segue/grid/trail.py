"""The way to a list that belongs to an object: from the outermost grid down, one object after the other."""

from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import escape

from segue.core.texts.lazy import Words
from segue.grid.keys import has_key
from segue.grid.links import segment
from segue.grid.naming import object_text
from segue.grid.texts import BREADCRUMBS
from segue.html.attribute import quoted
from segue.http.errors import NotFound
from segue.http.request import Request

if TYPE_CHECKING:
    from segue.grid.grid import Grid
    from segue.grid.visit import Visit

__all__ = ["Step", "breadcrumbs", "followed"]


class Step(NamedTuple):
    """An object on the way: of which grid, and the path of the list that it is in."""

    grid: "Grid[Any]"
    target: Any
    base: str


async def followed(grid: "Grid[Any]", request: Request, base: str) -> tuple[list[Step], Any]:
    """The objects on the way to a grid, and the query of what it shows there.

    Raises NotFound (404) for an object that the grid it is looked for in does not have, and what its ``can`` raises.
    """
    above = grid.parent
    if above is None:
        return [], grid.known.query
    # The path ends in of/<key>/<name>/
    outer = "/".join(base.split("/")[:-4]) + "/"
    steps, query = await followed(above, request, outer)
    key = str(request.params[above.parameter])
    target = await query.where(*has_key(above.known.model, key)).one_or_none()
    if target is None:
        raise NotFound
    await above.rights.demand(request, "view", target)
    steps.append(Step(above, target, outer))
    relation = grid.relation
    return steps, grid.known.query.where(relation == target)


def breadcrumbs(visit: "Visit", *more: Words) -> str:
    """The way here, as links; ``more``: what stands behind it, as text."""
    parts: list[str] = []
    for step in visit.steps:
        parts.append(f'<li><a href="{quoted(step.base)}">{escape(step.grid.title)}</a></li>')
        view = f"{step.base}view/{segment(step.target)}"
        parts.append(f'<li><a href="{quoted(view)}">{escape(object_text(step.target))}</a></li>')
    if more and visit.base is not None:
        parts.append(f'<li><a href="{quoted(visit.back)}">{escape(visit.grid.title)}</a></li>')
        parts += [f"<li>{escape(one)}</li>" for one in more[:-1]]
        parts.append(f'<li aria-current="page">{escape(more[-1])}</li>')
    elif parts:
        parts.append(f'<li aria-current="page">{escape(visit.grid.title)}</li>')
    if not parts:
        return ""
    return f'<nav class="breadcrumbs" aria-label="{escape(BREADCRUMBS)}"><ol>{"".join(parts)}</ol></nav>'
