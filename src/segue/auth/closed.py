"""A plugin that closes a whole app: who has not signed in sees the pages for that, and nothing else."""

from pathlib import Path

from segue.auth.guards import sent_away
from segue.core.appkey import AppKey
from segue.core.files.static import StaticFiles
from segue.core.handlers import Endpoint
from segue.core.identity import identity_of
from segue.core.pages import look
from segue.core.plugins.setup import Setup
from segue.core.records import MiddlewareLike, Next
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["OPEN", "LoginRequired"]

#: Apps whose routes stay open: those of the pages for signing in.
OPEN: AppKey[bool] = AppKey("segue.auth.open")


class LoginRequired:
    """Plugin: nobody gets anywhere without signing in, unless a route says so by name.

        app = App(plugins=[Database(), Auth(), LoginRequired()])

        @app.get("/about", skip=["login-required"])
        async def about() -> str: ...

    Routes, included apps, mounted apps and WebSockets are closed, new ones too. The pages of ``Auth`` are open, and their style sheet.
    """

    name = "login-required"
    wants = ("auth", "policy")

    def setup(self, to: Setup) -> None:
        """Puts the guard around all routes."""
        to.around_routes(_decide)


def _decide(route: Endpoint) -> MiddlewareLike | None:
    if any(OPEN in app for app in route.apps):
        return None
    return None if _is_look(route) else _guard


async def _guard(request: Request, next: Next) -> Response:
    if await identity_of(request) is None:
        raise sent_away(request)
    return await next(request)


def _is_look(route: Endpoint) -> bool:
    """Whether it serves the style sheet that the pages for signing in have."""
    files = getattr(route.handler, "__self__", None)
    return isinstance(files, StaticFiles) and Path(files.root) == Path(look.FOLDER)
