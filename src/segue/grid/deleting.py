"""The page that asks before an object is deleted, and says what goes with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from segue.db.databases.database import database_of
from segue.db.engine.errors import IntegrityError
from segue.grid.links import demand_signature
from segue.grid.naming import object_text, plural
from segue.grid.page import page
from segue.grid.telling import tell
from segue.grid.texts import CANCEL, CASCADES, DELETE_ONE, DELETED, DELETES, IN_USE, REALLY_DELETE
from segue.grid.trail import breadcrumbs
from segue.grid.visit import Visit, visit
from segue.html.attribute import quoted
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["cascading", "delete", "delete_all"]


async def delete(grid: "Grid[Any]", request: Request) -> Response:
    """Asks, and deletes when the answer is sent."""
    await demand_signature(request)
    one = await visit(grid, request, 2)
    target = await one.target("delete")
    name = object_text(target)
    if request.method == "POST":
        problem = await delete_all([target])
        if not problem:
            await tell(request, DELETED.with_values(name=name))
            raise SeeOther(one.back)
        return await question(one, [target], problem=problem, status=409)
    return await question(one, [target])


async def delete_all(targets: Sequence[Any]) -> str:
    """Deletes all of them or none; gives what people are told if that cannot be."""
    database = database_of(type(targets[0]))
    try:
        async with database.transaction():
            for target in targets:
                await target.delete()
    except IntegrityError:
        return str(IN_USE)
    return ""


async def question(
    one: Visit, targets: Sequence[Any], hidden: str = "", *, problem: str = "", status: int = 200
) -> Response:
    """The page that asks. ``hidden``: fields that the answer brings along."""
    grid = one.grid
    names = [object_text(target) for target in targets]
    what = names[0] if len(names) == 1 else f"{len(names):,} {grid.title}"
    title = str(DELETE_ONE.with_values(name=what))
    listed = "".join([f"<li>{escape(name)}</li>" for name in names]) if len(names) > 1 else ""
    gone = await cascading(targets)
    with_it = "".join([f"<li>{escape(label)}: {number:,}</li>" for label, number in gone])
    error = f'<p class="message error" role="alert">{escape(problem)}</p>' if problem else ""
    content = (
        f'<section class="grid" id="{quoted(grid.element)}">{breadcrumbs(one, title)}<h1>{escape(title)}</h1>{error}'
        f"<p>{escape(REALLY_DELETE)}</p>{f'<ul>{listed}</ul>' if listed else ''}"
        f"{f'<p>{escape(CASCADES)}</p><ul>{with_it}</ul>' if with_it else ''}"
        f'<form method="post" class="form">{one.csrf()}{hidden}<div class="buttons"><button class="danger">{escape(DELETES)}</button>'
        f'<a class="button quiet" href="{quoted(one.back)}">{escape(CANCEL)}</a></div></form></section>'
    )
    return await page(grid, one.request, title, content, status)


async def cascading(targets: Sequence[Any]) -> list[tuple[str, int]]:
    """What the database deletes along with these: what it is called, and how many."""
    model = type(targets[0])
    if "mark deleted" in model.__mapping__.kept:  # its row stays, and what refers to it
        return []
    known = database_of(model).mappings()
    found: list[tuple[str, int]] = []
    for mapping in known:
        for relation in mapping.relations.values():
            if relation.many or relation.target is not model or relation.on_delete != "cascade":
                continue
            path = mapping.expression(relation.name)
            number = await mapping.model.where(path.is_in(targets)).count()
            if number:
                found.append((plural(mapping.model), number))
    return found
