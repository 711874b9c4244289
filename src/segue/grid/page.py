"""Pages of a grid: the content within a template, or alone for who asks for a part of the page."""

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from segue.core.texts.lazy import Words
from segue.html.gaps import filled
from segue.html.htmx import wants_fragment
from segue.html.library import SHELF, Library
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["page"]

TEMPLATE = "segue/grid.html"


async def page(
    grid: "Grid[Any]", request: Request, title: Words, content: str, status: int = 200
) -> Response:
    """The response with a page; to htmx, and to the script of the grid, its content alone."""
    content = grid.dressed(content)
    if wants_fragment(request):
        response = Response(content.encode(), status, None, "text/html; charset=utf-8")
    else:
        library = _library(request)
        prepared = library.prepared(grid.said.get("template", TEMPLATE))
        values = {"title": title, "grid": Markup(content)}  # noqa: S704 -- made of escaped parts
        if library.direct:
            text = await filled(request, prepared.text(values, request))
        else:
            text = await prepared.told(values, request)
        response = Response(text.encode(), status, None, prepared.content_type)
    response.headers.vary("hx-request")
    # What is seen, and which links are in it, is for one visitor.
    response.headers.setdefault("cache-control", "no-store" if grid.writes else "private, no-cache")
    return response


def _library(request: Request) -> Library:
    """The templates of the app around, if it makes pages of templates; or else the grid's own."""
    apps: tuple[Any, ...] = request.endpoint.apps  # type: ignore[union-attr] # an Endpoint
    shelves = [one[SHELF] for one in apps if SHELF in one]
    # That of the grid itself comes last; it is asked where nobody around has one.
    library: Library = shelves[-2 if len(shelves) > 1 else -1].library(apps)
    return library
