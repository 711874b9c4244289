"""The scope of a request, where more than its handler is provided with objects."""

import logging
from typing import TYPE_CHECKING

from segue.core.providing.exits import keep, leave
from segue.core.records import MiddlewareLike, Next
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.providing.scope import Scope
    from segue.core.providing.wiring import Injection

__all__ = ["answer_in", "scoped"]

logger = logging.getLogger("segue.providers")


def scoped(injection: "Injection") -> MiddlewareLike:
    """A middleware that opens a scope around what is inside, if none is open yet."""
    from segue.core.providing.scope import Scope

    async def open_scope(request: Request, next: Next) -> Response:
        made = request.made
        if made is None:
            made = request.made = {}
        if "scope" in made:
            return await next(request)
        scope = made["scope"] = Scope(injection, injection.views[0], request)
        return await answer_in(scope, request, next)

    return open_scope


async def answer_in(scope: "Scope", request: Request, next: Next) -> Response:
    """The response of ``next``, and the end of ``scope`` after it."""
    try:
        response = await next(request)
    except BaseException as error:
        await leave(scope.exits, error)
        raise
    if scope.error is None:
        return await keep(response, scope.exits)
    # The error is a response already; what was provided has to hear of it all the same.
    try:
        await leave(scope.exits, scope.error)
    except Exception as error:
        if error is not scope.error:
            logger.error("cleaning up after %r failed", request, exc_info=error)
    return response
