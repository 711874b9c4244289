"""The two pages for reading: the list, and one object."""

from typing import TYPE_CHECKING, Any

from markupsafe import escape

from segue.grid.asked import Asked
from segue.grid.cells import text_cell
from segue.grid.naming import object_text
from segue.grid.page import page
from segue.grid.searchbuilder import adds_condition, with_condition
from segue.grid.shownlist import shown_list
from segue.grid.texts import BACK, DELETE, EDIT
from segue.grid.trail import breadcrumbs
from segue.grid.visit import visit
from segue.html.attribute import quoted
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import encode_query

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["list_page", "view_page"]


async def list_page(grid: "Grid[Any]", request: Request) -> Response:
    """The list."""
    one = await visit(grid, request, 0)
    await grid.rights.demand(request, "list")
    path = request.prefix + request.target.partition("?")[0]
    asked = Asked(grid.known, request.query, grid.prefix, grid.size)
    if adds_condition(request.query, grid.prefix):
        where = with_condition(grid.known, request.query, grid.prefix)
        query = encode_query([*asked.pairs(without=("where",)), (f"{grid.prefix}where", where)])
        raise SeeOther(f"{path}?{query}")
    shown = await shown_list(one, asked, path)
    return await page(grid, request, grid.title, str(shown), 400 if asked.problem else 200)


async def view_page(grid: "Grid[Any]", request: Request) -> Response:
    """One object: its fields, what may be done with it, and what belongs to it."""
    one = await visit(grid, request, 2)
    target = await one.target("view")
    links = await one.links(one.passed_on)
    name = object_text(target)
    facts = "".join(
        [
            f"<dt>{escape(column.label)}</dt><dd>{_whole(column, target)}</dd>"
            for column in grid.details
            if column.expression is None
        ]
    )
    buttons: list[str] = []
    if grid.writes and not grid.rights.never("edit") and await grid.rights.allows(request, "edit", target):
        buttons.append(f'<a class="button" href="{quoted(links.edit(target))}">{escape(EDIT)}</a>')
    if (
        grid.writes
        and not grid.rights.never("delete")
        and await grid.rights.allows(request, "delete", target)
    ):
        buttons.append(
            f'<a class="button quiet danger" href="{quoted(links.delete(target))}">{escape(DELETE)}</a>'
        )
    buttons.append(f'<a class="button quiet" href="{quoted(one.back)}">{escape(BACK)}</a>')
    children = "".join(
        [
            f'<li><a href="{quoted(links.child(target, child.name))}">{escape(child.title)}</a></li>'
            for child in grid.children
            if await child.rights.allows(request, "list")
        ]
    )
    below = f'<nav class="tabs" aria-label="{escape(name)}"><ul>{children}</ul></nav>' if children else ""
    content = (
        f'<section class="grid" id="{quoted(grid.element)}" data-grid>{breadcrumbs(one, name)}<h1>{escape(name)}</h1>{below}'
        f'<dl class="facts">{facts}</dl><div class="buttons">{"".join(buttons)}</div></section>'
    )
    return await page(grid, request, f"{name} · {grid.title}", content)


def _whole(column: Any, target: Any) -> str:
    """The whole of a value: on the page of its object a text is not cut off."""
    value = column.value(target)
    if type(value) is str and column.show is None and column.cell is text_cell:
        return f'<span class="grid-text">{escape(value)}</span>'
    text: str = column.cell(value)
    return text
