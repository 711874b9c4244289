"""Acting in the name of another account, for those who support its owner."""

from segue.auth.accounts import Accounts
from segue.auth.guards import freshly
from segue.auth.permissions.predicates import has_permission
from segue.core.app import App
from segue.http.errors import Conflict, NotFound, SeeOther
from segue.http.request import Request

__all__ = ["declare"]


def declare(app: App, accounts: Accounts) -> None:
    """Declares these pages."""

    @app.post("/impersonate/{id}", name="impersonate", requires=[has_permission("impersonate"), freshly()])
    async def impersonate(request: Request, id: str) -> None:
        user = await accounts.by_id(id)
        if user is None:
            raise NotFound
        try:
            await accounts.sign_ins.impersonate(request, user)
        except ValueError as error:
            raise Conflict(str(error)) from None
        raise SeeOther("/")

    @app.post("/account/return", name="return_to_self")
    async def return_to_self(request: Request) -> None:
        try:
            await accounts.sign_ins.return_to_self(request)
        except ValueError as error:
            raise Conflict(str(error)) from None
        raise SeeOther("/")
