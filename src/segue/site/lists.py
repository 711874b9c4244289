"""Pages of many objects, and of one."""

from collections.abc import Callable
from typing import Any

from segue.html import Page, render
from segue.html.naming import plural, title_of
from segue.http.request import Request
from segue.site.finding import (
    Given,
    Goes,
    Source,
    address_of,
    key_type,
    more_values,
    object_of,
    query_of,
)
from segue.site.pagination import page_links, page_of
from segue.site.signatures import signed

__all__ = ["about", "detail_page", "list_page", "named"]

LIST = "segue.site:templates/site/list.html"
DETAIL = "segue.site:templates/site/detail.html"


def list_page(
    source: Source[Any],
    template: str = LIST,
    *,
    size: int = 20,
    to: Goes | None = None,
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that lists objects, ``size`` on a page.

        app.get("/films", name="films")(list_page(Film.where(Film.year > 1990).order_by(Film.title), "films.html"))
        app.get("/mine")(list_page(lambda request: Film.where(Film.owner == current_user(request).id)))

    ``source``: a model, a query, or a function of the request that gives one. The template has ``items``, ``result``, a
    :class:`Paginated`, and ``links`` to the other pages; ``values`` are further ones, or a function of the request that
    gives them. ``to``: the name of the route of one object, which the built-in page links. ``?page=`` says which page; one
    that is not there is a 404. Give the query an order: without one, pages may overlap.
    """

    async def listed(*, request: Request, page: int) -> Page:
        query = await query_of(source, request)
        results = await page_of(query, page, size)
        given = {
            "result": results,
            "items": results.items,
            "links": page_links(request, results),
            "title": plural(query._model),
        }
        if template == LIST:
            given["entries"] = [
                (named(one), None if to is None else await address_of(to, request, one)) for one in results
            ]
        return render(template, {**given, **await more_values(values, request)})

    handler: Callable[..., Any] = signed(listed, {"request": Request, "page": int}, {"page": 1})
    return handler


def detail_page(
    source: Source[Any],
    template: str = DETAIL,
    *,
    by: str = "id",
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that shows one object: that whose field ``by`` is what the path has for it.

        app.get("/films/{id:int}", name="film")(detail_page(Film.all().load(Film.director), "film.html"))
        app.get("/people/{slug}")(detail_page(Person, by="slug"))

    The template has it as ``object``, and by the name of its model: ``film``. ``values`` are further ones, or a function of
    the object that gives them. What the query does not find is a 404.
    """

    async def shown(*, request: Request, **named: Any) -> Page:
        found = await object_of(source, request, by, named[by])
        given = about(found)
        if template == DETAIL:
            given["facts"] = facts(found)
        return render(template, {**given, **await more_values(values, found)})

    handler: Callable[..., Any] = signed(shown, {"request": Request, by: key_type(source, by)})
    return handler


def about(found: Any) -> dict[str, Any]:
    """An object for a template."""
    return {"object": found, type(found).__name__.lower(): found, "title": named(found)}


def facts(found: Any) -> list[tuple[str, Any]]:
    """What the built-in page shows of an object: its fields, but those that nobody may see."""
    return [
        (one.name.replace("_", " "), getattr(found, one.name))
        for one in type(found).__mapping__.columns.values()
        if not (one.options.private or one.options.write_only)
    ]


def named(found: Any) -> str:
    """What an object is called, on pages that know nothing of it."""
    for name in ("title", "name", "slug"):
        said = getattr(found, name, None)
        if isinstance(said, str) and said:
            return said
    return f"{title_of(type(found))} {getattr(found, 'id', '')}".strip()
