"""Pages that know nothing of a database: a template as it is, and the way to another address."""

from collections.abc import Callable
from typing import Any

from segue.html import Page, render
from segue.http.errors import Found, MovedPermanently
from segue.http.request import Request
from segue.site.finding import Given, more_values
from segue.site.signatures import signed

__all__ = ["redirect_page", "template_page"]


def template_page(template: str, values: Given = None) -> Callable[..., Any]:
    """A handler that shows a template: ``app.get("/about")(template_page("about.html"))``.

    ``values``: for it, or a function of the request that gives them.
    """

    async def shown(*, request: Request) -> Page:
        return render(template, await more_values(values, request))

    handler: Callable[..., Any] = signed(shown, {"request": Request})
    return handler


def redirect_page(
    to: str, *, permanent: bool = False, keep_query: bool = True, parameters: dict[str, Any] | None = None
) -> Callable[..., Any]:
    """A handler that sends elsewhere:

        app.get("/movies")(redirect_page("films"))
        app.get("/movies/{id:int}")(redirect_page("film", permanent=True, parameters={"id": int}))

    ``to``: the name of a route, which gets the ``parameters`` of the path, or a path or URL. ``permanent``: 301, which browsers
    remember; else 302. ``keep_query``: what stands behind ``?`` comes along.
    """
    kinds = parameters or {}

    async def sent(*, request: Request, **named: Any) -> None:
        target = to if to.startswith(("/", "http://", "https://")) else request.url_for(to, **named)
        if keep_query and request.query_string:
            target += ("&" if "?" in target else "?") + request.query_string
        raise (MovedPermanently if permanent else Found)(target)

    handler: Callable[..., Any] = signed(sent, {"request": Request, **kinds})
    return handler
