"""A plugin that closes a whole app: who has not signed in sees the pages for that, and nothing else."""

from segue.auth.guards import sent_away
from segue.core.handlers import Endpoint
from segue.core.identity import identity_of
from segue.core.plugins.setup import Setup
from segue.core.records import MiddlewareLike, Next
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["LoginRequired"]


class LoginRequired:
    """Plugin: nobody gets anywhere without signing in, unless a route says so by name.

        app = App(plugins=[Database(), Auth(), LoginRequired()])

        @app.get("/about", skip=["login-required"])
        async def about() -> str: ...

    Routes, included apps, mounted apps and WebSockets are closed, new ones too. The pages of ``Auth`` are open, and so is what is ``public``, such as their style sheet.
    """

    name = "login-required"
    wants = ("auth", "policy")

    def setup(self, to: Setup) -> None:
        """Puts the guard around all routes."""
        to.around_routes(_decide)


def _decide(route: Endpoint) -> MiddlewareLike | None:
    return None if route.options.public else _guard


async def _guard(request: Request, next: Next) -> Response:
    if await identity_of(request) is None:
        raise sent_away(request)
    return await next(request)
