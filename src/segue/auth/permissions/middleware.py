"""Middleware of routes: who sends a request is known to all code that is called for it."""

from segue.auth.accounts import Accounts
from segue.auth.permissions.acting import sender, who_is
from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.records import Next
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Acting"]


class Acting:
    """Middleware of routes: finds out who sends a request, and lets code that it calls know."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def __call__(self, request: Request, next: Next) -> Response:
        made = request.made
        if made is None:
            made = request.made = {}
        if "identity" not in made:
            made["identity"] = await self._accounts.sign_ins.identify(request)
        here = Carried(sender.set, sender.reset, who_is(made["identity"]))
        return carried_on(here, await stepwise(here, next(request)))
