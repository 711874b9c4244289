"""What a mounted application of another framework gets to know: the session and the user."""

from collections.abc import Awaitable, Callable
from typing import Any

from segue.core.identity import identity_of
from segue.core.records import Next
from segue.http.request import Request
from segue.http.response import Response
from segue.security.sessions.session import Session

__all__ = ["sharing"]


def sharing(
    load: Callable[[Request], Awaitable[Session]], *, identifies: bool
) -> Callable[[Request, Next], Awaitable[Response]]:
    """Middleware of a mounted application.

    WSGI applications find ``segue.session`` and ``segue.user`` in the environ, and ``REMOTE_USER``; ASGI applications
    ``session`` and ``user`` in the scope, where ``request.session`` of Starlette and FastAPI looks.
    """

    async def share(request: Request, next: Next) -> Response:
        shared: dict[str, Any] = {"session": await load(request)}
        if identifies:
            shared["user"] = await identity_of(request)
        if request.made is None:
            request.made = {}
        request.made["mounted"] = shared
        return await next(request)

    return share
