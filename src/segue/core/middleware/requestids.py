"""An id for each request, which the client, the log and other services know."""

import re
from collections.abc import Awaitable, Callable

from segue.core.errors.handlers import request_id
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["RequestIds"]

_fit = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}\Z").match


class RequestIds:
    """Middleware: gives each request an id, and names it in the response.

        app.middleware(RequestIds())

    The id that the client sends is taken over if it is harmless: up to 128 letters, digits and ``._:/+=@-``. Otherwise
    one is made. It is in the log of errors, in the access log (``{id}``), and ``request_id(request)`` gives it.
    ``header``: the field in requests and responses. ``believe``: whether that of the client is taken at all.
    """

    __slots__ = ("_believe", "_header")

    def __init__(self, *, header: str = "x-request-id", believe: bool = True) -> None:
        self._header = header.lower()
        self._believe = believe

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        sent = request.headers.get(self._header, "") if self._believe else ""
        if _fit(sent):
            made = request.made = {} if request.made is None else request.made
            made["request_id"] = sent
        identifier = request_id(request)
        response = await next(request)
        response.headers[self._header] = identifier
        return response
