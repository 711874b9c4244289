"""Methods that forms cannot send: a POST that says that it stands for PUT, PATCH or DELETE."""

from collections.abc import Awaitable, Callable, Sequence

from segue.http.errors import BadRequest
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["MethodOverride"]


class MethodOverride:
    """Middleware: a POST is taken for what ``X-HTTP-Method-Override``, or ``_method`` of its query or form, says.

        app.middleware(MethodOverride())

        <form method="post" action="/films/7"><input type="hidden" name="_method" value="DELETE">

    Only POST is looked at, and only ``methods`` are taken: a link cannot delete anything. Of forms, those that are
    urlencoded are read; one with files says ``action="/films/7?_method=PUT"``. It belongs to the app that is served, as
    the method has to be known before the route. ``header`` and ``field`` are their names; None is for none.
    Another method is a 400.
    """

    __slots__ = ("_field", "_header", "_methods")

    def __init__(
        self,
        *,
        header: str | None = "x-http-method-override",
        field: str | None = "_method",
        methods: Sequence[str] = ("PUT", "PATCH", "DELETE"),
    ) -> None:
        self._header = header
        self._field = field
        self._methods = frozenset(method.upper() for method in methods)

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.method == "POST":
            method = await self._said(request)
            if method is not None:
                if method.upper() not in self._methods:
                    raise BadRequest(f"A POST stands for one of {', '.join(sorted(self._methods))}.")
                request.method = method.upper()
        return await next(request)

    async def _said(self, request: Request) -> str | None:
        if self._header is not None and (said := request.headers.get(self._header)) is not None:
            return said
        if self._field is None:
            return None
        if request.query_string and (said := request.query.get(self._field)) is not None:
            return said
        if request.content_type != "application/x-www-form-urlencoded":
            return None
        await request.body()  # kept, for a handler that takes the bytes
        value = (await request.form()).get(self._field)
        return value if isinstance(value, str) else None
