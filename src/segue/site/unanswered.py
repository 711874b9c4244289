"""What is asked only where no route answers."""

from collections.abc import Awaitable, Callable

from segue.core.records import Next
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Unanswered"]


class Unanswered:
    """Middleware: asks ``look`` for a GET that no route has taken, and whose answer is a 404; None leaves that as it is."""

    def __init__(self, look: Callable[[Request], Awaitable[Response | None]]) -> None:
        self._look = look

    async def __call__(self, request: Request, next: Next) -> Response:
        response = await next(request)
        if response.status != 404 or request.endpoint is not None or request.method not in ("GET", "HEAD"):
            return response
        return await self._look(request) or response
