"""Passwords and names that were forgotten."""

from segue.auth.accounts import Accounts
from segue.auth.links import RESET, Links
from segue.auth.pages.forms import EmailForm, NewPasswordForm
from segue.auth.pages.mails import beside, mail
from segue.auth.pages.passwords import set_password
from segue.core.app import App
from segue.core.ports import Mailer
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.security import Flash, Session

__all__ = ["declare"]

_ = framework.gettext

_TOKEN = "auth reset"


def declare(app: App, accounts: Accounts) -> None:
    """Declares these pages."""
    links = Links(accounts)

    @app.route("/password/forgot", methods=["GET", "POST"], name="forgot")
    async def forgot(request: Request, form: EmailForm, mailer: Mailer) -> Page:
        if not form.valid:
            return form.render("auth/forgot.html", options=accounts.options)
        address = form.value.email
        await accounts.limited("forgot", address, request)

        async def answer() -> None:
            user = await accounts.find(address)
            await accounts.note("reset asked for", request, user)
            # The mail goes to the address that is kept, whatever was written.
            if user is not None and user.state != "blocked":
                await mail(mailer, user.email, "reset", user=user, link=links.link(request, RESET, user))

        # All of it beside the request: an address that nobody has takes no other time.
        beside(request, answer)
        return render("auth/sent.html")

    @app.get("/password/reset/{token}", name="reset")
    async def reset(request: Request, token: str, session: Session) -> Page:
        if await links.read(RESET, token) is None:
            return render("auth/expired.html").with_status(410)
        # The address of the page that follows has no token in it, and so nothing that it links to learns of it.
        session[_TOKEN] = token
        raise SeeOther(request.url_for("auth.new_password"))

    @app.route("/password/new", methods=["GET", "POST"], name="new_password")
    async def new_password(request: Request, form: NewPasswordForm, session: Session, flash: Flash) -> Page:
        found = await links.read(RESET, session.get(_TOKEN, ""))
        if found is None:
            return render("auth/expired.html").with_status(410)
        user, _email = found
        if form.valid and await set_password(accounts, form, user):
            del session[_TOKEN]
            if user.confirmed is None:  # who has the mail has the address
                await accounts.confirm(user, user.email, request=request)
            flash(_("The password was changed. Sign in with the new one."), "success")
            raise SeeOther(request.url_for("auth.login"))
        return form.render("auth/new_password.html", user=user)

    if accounts.options.names:
        _declare_names(app, accounts)


def _declare_names(app: App, accounts: Accounts) -> None:
    @app.route("/name/forgot", methods=["GET", "POST"], name="forgot_name")
    async def forgot_name(request: Request, form: EmailForm, mailer: Mailer) -> Page:
        if not form.valid:
            return form.render("auth/forgot_name.html")
        await accounts.limited("forgot", form.value.email, request)
        address = form.value.email

        async def answer() -> None:
            user = await accounts.find(address)
            if user is not None and user.name is not None:
                await mail(mailer, user.email, "name", user=user)

        beside(request, answer)
        return render("auth/sent.html")
