"""The account of who is signed in: its address, and its end."""

from segue.auth.accounts import Accounts
from segue.auth.guards import freshly, themselves
from segue.auth.identity import SignedIn
from segue.auth.links import CONFIRM, Links
from segue.auth.names import normal_email
from segue.auth.pages.forms import EmailForm
from segue.auth.pages.mails import send_later
from segue.auth.problems import AccountProblem
from segue.core.app import App
from segue.core.ports import Mailer
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
    fresh = freshly()

    @app.get("/account", name="home")
    async def home(identity: SignedIn) -> Page:
        return render(
            "auth/account.html",
            identity=identity,
            user=identity.user,
            options=accounts.options,
            settings=accounts.sign_ins.settings,
        )

    @app.route("/account/email", methods=["GET", "POST"], name="email", requires=[fresh])
    async def email(request: Request, form: EmailForm, flash: Flash, mailer: Mailer) -> Page:
        identity = await themselves(request)
        if form.valid:
            try:
                address = normal_email(form.value.email)
            except ValueError:
                form.refuse("email", str(AccountProblem("email", "no_email")))
                return form.render("auth/email.html", user=identity.user)
            await accounts.limited("register", address, request)
            # Who has it already is not told, and cannot be asked: the link is worth nothing then.
            link = links.link(request, CONFIRM, identity.user, email=address)
            send_later(request, mailer, address, "confirm", user=identity.user, link=link)
            if identity.user.email is not None:
                send_later(
                    request, mailer, identity.user.email, "moving", user=identity.user, address=address
                )
            flash(_("We have sent a mail to the new address. Follow the link in it."), "success")
            raise SeeOther(request.url_for("auth.home"))
        return form.render("auth/email.html", user=identity.user)

    @app.get("/account/delete", name="leave_for_good", requires=[fresh])
    async def leave_for_good(request: Request) -> Page:
        await themselves(request)
        return render("auth/delete.html")

    @app.post("/account/delete", name="delete", requires=[fresh])
    async def delete(request: Request, flash: Flash) -> None:
        identity = await themselves(request)
        await accounts.delete(identity.user)
        await accounts.sign_ins.sign_out(request)
        flash(_("The account was deleted."), "success")
        raise SeeOther(request.url_for("auth.login"))
