"""What stands around an endpoint because its options or its app say so; nothing where they do not."""

from collections.abc import Mapping, Sequence

from segue.core.records import MiddlewareLike, Next, URLValues
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["InvalidOption", "caching", "taking_values"]


class InvalidOption(ValueError):
    """An option of a route with a value that it cannot have."""


def caching(cache: int | str | None) -> tuple[MiddlewareLike, ...]:
    """The option ``cache``: a ``Cache-Control`` (RFC 9111) for what has none and is no error.

    Raises InvalidOption for a negative number of seconds.
    """
    if cache is None:
        return ()
    if isinstance(cache, int) and cache < 0:
        raise InvalidOption(f"cache= is a number of seconds or a text for Cache-Control, not {cache}")
    field = cache if isinstance(cache, str) else f"max-age={cache}" if cache else "no-store"

    async def cached(request: Request, next: Next) -> Response:
        response = await next(request)
        if request.method in ("GET", "HEAD") and response.status < 400:
            response.headers.setdefault("cache-control", field)
        return response

    return (cached,)


def taking_values(functions: Sequence[URLValues], renames: Mapping[str, str]) -> tuple[MiddlewareLike, ...]:
    """``app.url_values``: lets ``functions`` look at the values of the path, by the names that its own template has."""
    if not functions:
        return ()

    async def taken(request: Request, next: Next) -> Response:
        params = request.params
        values = {new: params[old] for new, old in renames.items()} if renames else dict(params)
        for function in functions:
            function(request, values)
        request.params = values
        return await next(request)

    return (taken,)
