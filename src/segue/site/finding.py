"""What generic pages find: queries, objects in them, and the addresses of these."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from segue.core.texts.texts import framework
from segue.db import Model, Query
from segue.http.errors import NotFound
from segue.http.request import Request

__all__ = ["Given", "Goes", "Source", "address_of", "awaited", "key_type", "object_of", "query_of"]

M = TypeVar("M", bound=Model)

Source: TypeAlias = type[M] | Query[M] | Callable[[Request], "Query[M] | Awaitable[Query[M]]"]
"""What a page is about: all objects of a model, a query, or a function of the request that gives one."""

Given: TypeAlias = Mapping[str, Any] | Callable[..., Any] | None
"""More values for a template: a mapping, or a function that gives one; it may be async."""

Goes: TypeAlias = str | Callable[..., Any]
"""Where a page leads to: a path, the name of a route, or a function that gives a path or a response; it may be async."""

_parameter = re.compile(r"\{([A-Za-z_]\w*)")


async def query_of(source: Any, request: Request) -> Any:
    """The query of a page."""
    if isinstance(source, type):
        return source.all()  # type: ignore[attr-defined] # a model
    if callable(source) and not hasattr(source, "where"):
        return await awaited(source(request))
    return source


def model_of(source: Any) -> Any:
    """The model of a source, where it is known before there is a request."""
    return source if isinstance(source, type) else getattr(source, "_model", None)


def key_type(source: Any, by: str) -> Any:
    """The type of the field by which an object is found, for the path: str where it is not known."""
    model = model_of(source)
    if model is None:
        return int if by == "id" else str
    column = getattr(model, by, None)
    kind = getattr(column, "kind", None)
    if kind is None:
        raise TypeError(f"{model.__name__} has no field {by!r} to find an object by")
    return kind.python


async def object_of(source: Any, request: Request, by: str, value: Any) -> Any:
    """The object of the query whose field ``by`` is ``value``. Raises NotFound."""
    query = await query_of(source, request)
    found = await query.where(getattr(query._model, by) == value).first()
    if found is None:
        raise NotFound(framework.gettext("There is no such page."))
    return found


async def address_of(goes: Goes, request: Request, found: Any) -> Any:
    """Where a page leads to: a path, or a response. A route gets its parameters from the fields of the object."""
    if callable(goes):
        return await awaited(goes(found))
    if goes.startswith(("/", "http://", "https://")):
        return goes
    endpoint: Any = request.endpoint
    plan = endpoint.app.plan
    name = plan.nearest(goes, endpoint.name)
    path = plan.named(name)[-1].endpoint.path
    values = {one: getattr(found, one) for one in _parameter.findall(path) if hasattr(found, one)}
    return request.url_for(goes, **values)


async def awaited(value: Any) -> Any:
    """The value, once it is there."""
    return await value if inspect.isawaitable(value) else value


async def more_values(given: Given, *arguments: Any) -> dict[str, Any]:
    """What is given to a template besides."""
    if given is None:
        return {}
    return dict(await awaited(given(*arguments)) if callable(given) else given)
