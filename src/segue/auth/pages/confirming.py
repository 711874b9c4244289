"""Answering the mail about an address."""

from segue.auth.accounts import Accounts
from segue.auth.links import CONFIRM, Links
from segue.auth.problems import AccountProblem
from segue.core.app import App
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.security import Flash

__all__ = ["declare"]

_ = framework.gettext


def declare(app: App, accounts: Accounts) -> None:
    """Declares these pages."""
    links = Links(accounts)

    @app.get("/confirm/{token}", name="confirm")
    async def confirm(token: str) -> Page:
        found = await links.read(CONFIRM, token)
        if found is None:
            return render("auth/expired.html").with_status(410)
        return render("auth/confirm.html", email=found[1])

    @app.post("/confirm/{token}", name="confirmed")
    async def confirmed(request: Request, token: str, flash: Flash) -> Page:
        found = await links.read(CONFIRM, token)
        if found is None:
            return render("auth/expired.html").with_status(410)
        user, email = found
        try:
            await accounts.confirm(user, email, request=request)
        except AccountProblem:  # somebody else was faster
            return render("auth/expired.html").with_status(410)
        if user.state == "waiting":
            flash(
                _(
                    "The address is confirmed. Somebody has to approve the account now; until then it cannot be used."
                ),
                "success",
            )
        else:
            flash(_("The address is confirmed."), "success")
        raise SeeOther(request.url_for("auth.login"))
