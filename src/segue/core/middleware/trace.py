"""Answers TRACE: what arrived here, after all proxies (RFC 9110, section 9.3.8)."""

from collections.abc import Awaitable, Callable

from segue.core.documentation import answers
from segue.core.errors.masking import is_secret
from segue.http.errors import BadRequest
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Trace"]


@answers(400)
class Trace:
    """Middleware: a TRACE is answered with the head of the request as it came, to see what proxies made of it.

        app.middleware(Trace())

    Without it TRACE is a 405, as any method that nobody handles. Fields that may have secrets (``Authorization``,
    ``Cookie`` and whatever is called so) are left out: a script that may not read a cookie must not read it here.
    """

    __slots__ = ()

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.method != "TRACE":
            return await next(request)
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            raise BadRequest("A TRACE has no content.")
        lines = [f"TRACE {request.target} HTTP/1.1".encode()]
        lines += [
            name + b": " + value
            for name, value in request.raw_headers
            if not is_secret(name.decode("latin-1"))
        ]
        body = b"\r\n".join([*lines, b"", b""])
        return Response(body, 200, [("cache-control", "no-store")], "message/http")
