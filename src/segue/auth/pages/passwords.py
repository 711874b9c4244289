"""Passwords that are changed."""

from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.guards import signed_in_as
from segue.auth.pages.forms import ChangeForm
from segue.auth.pages.mails import send_later
from segue.auth.problems import AccountProblem
from segue.core.app import App
from segue.core.ports import Mailer
from segue.core.texts.texts import framework
from segue.html import FormOf, Page
from segue.http.errors import Forbidden, SeeOther
from segue.http.request import Request
from segue.security import Flash

__all__ = ["declare", "set_password"]

_ = framework.gettext


def declare(app: App, accounts: Accounts) -> None:
    """Declares this page."""

    @app.route("/account/password", methods=["GET", "POST"], name="password")
    async def password(request: Request, form: ChangeForm, flash: Flash, mailer: Mailer) -> Page:
        identity = await signed_in_as(request)
        if identity.by is not None:
            raise Forbidden
        user = identity.user
        if form.valid:
            await accounts.limited("sign in", identity.id, request)
            if not (await accounts.passwords.verify(form.value.current, user.password)).fits:
                form.refuse("current", str(AccountProblem("current", "wrong")))
            elif await set_password(accounts, form, user, request):
                if user.email is not None:
                    send_later(request, mailer, user.email, "changed", user=user)
                flash(_("The password was changed. You are signed out everywhere else."), "success")
                raise SeeOther(request.url_for("auth.home"))
        return form.render("auth/password.html", user=user)


async def set_password(
    accounts: Accounts, form: FormOf[Any], user: Any, request: Request | None = None
) -> bool:
    """Sets the password of a form; False where it is too weak, which the form then says."""
    try:
        await accounts.set_password(user, form.fields["password"], request=request)
    except AccountProblem as problem:
        form.refuse(problem.field, str(problem))
        return False
    return True
