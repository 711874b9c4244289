"""JSON replies that are always objects, for APIs that want to grow."""

from collections.abc import Awaitable, Callable

from segue.http.body import FileBody
from segue.http.parameters import parse_header
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["JSONObjects"]


class JSONObjects:
    """Middleware: a handler whose JSON is no object has a mistake, a TypeError that names it.

        app.middleware(JSONObjects())

        @app.get("/films")
        async def films() -> dict[str, list[Film]]:
            return {"films": [...]}                  # return [...] is a 500, and raised in tests

    An object can be given more fields, such as the number of the next page, and those who read it go on working; an array
    cannot. So guides for public APIs ask for objects. Errors, files, and replies in other formats pass.
    """

    __slots__ = ()

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await next(request)
        body = response.body
        is_json = parse_header(response.content_type or "")[0] == "application/json"
        if not is_json or response.status == 304 or isinstance(body, FileBody):
            return response
        if "accept-ranges" in response.headers:  # a file, which is whatever it is
            return response
        # A stream of JSON is an array, whose items come one by one.
        if body != b"" and not (isinstance(body, bytes) and body.lstrip()[:1] == b"{"):
            close = getattr(body, "aclose", None)
            if close is not None:
                await close()
            raise TypeError(
                f"{request.endpoint or 'the app'} answered JSON that is no object. Give it a name: return "
                f'{{"items": [...]}}. JSONObjects asks for that; without this middleware arrays are replies like others'
            )
        return response
