"""Signing in and out."""

from segue.auth import texts
from segue.auth.accounts import Accounts
from segue.auth.pages.forms import SignInForm
from segue.core.app import App
from segue.core.identity import identity_of
from segue.html import Page
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.security import own_path

__all__ = ["declare"]


def declare(app: App, accounts: Accounts) -> None:
    """Declares these pages."""

    @app.route("/login", methods=["GET", "POST"], name="login", cache=0)
    async def login(request: Request, form: SignInForm) -> Page:
        target = own_path(request.query.get("next"))
        if not form.sent and await identity_of(request) is not None:
            raise SeeOther(target)
        if form.valid:
            given = form.value
            user = await accounts.check(given.login, given.password, request=request)
            if user is not None:
                page = await accounts.sign_ins.begin(request, user, remember=given.remember)
                raise SeeOther(target if page is None else page)
            form.refuse("", texts.REFUSED)
        return form.render("auth/login.html")

    @app.post("/logout", name="logout", cache=0)
    async def logout(request: Request) -> None:
        await accounts.sign_ins.sign_out(request)
        raise SeeOther(own_path(request.query.get("next")))
