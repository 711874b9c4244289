"""The option ``permission``: asks before a handler runs whether it may."""

from collections.abc import Awaitable

from segue.core.binding.parameters import HandlerError
from segue.core.ports import Permits
from segue.core.records import MiddlewareLike, Next, Recorded
from segue.core.source import Source
from segue.core.styles.traversal import is_traversed, traversed
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["guard", "permits_of"]


def guard(permission: str | None, permits: Permits | None, place: Source) -> tuple[MiddlewareLike, ...]:
    """What to put around a handler: nothing where no permission is asked for.

    Raises HandlerError where one is, and nobody decides about it: it is closed rather than open.
    """
    if permission is None:
        return ()
    if permits is None:
        raise HandlerError(
            f"{place}: the permission {permission!r} is asked for, but nothing decides who has it. Say it with "
            f"app.permits(function), which takes the request, the permission and the context"
        )

    async def guarded(request: Request, next: Next) -> Response:
        context = traversed(request).context if is_traversed(request) else None
        answer = permits(request, permission, context)
        # Only True opens: a function that forgets to return closes.
        if (await answer if isinstance(answer, Awaitable) else answer) is not True:
            raise Forbidden
        return await next(request)

    return (guarded,)


def permits_of(app: Recorded, problems: list[str]) -> Permits | None:
    """What decides about the permissions that ``app`` asks for; ``problems`` hears of a second one."""
    places = [str(place) for _, place in app.declared.permits]
    if len(places) > 1:
        problems.append(f"two functions decide who may do what: {' and '.join(places)}; take one away")
    return app.declared.permits[0][0] if places else None
