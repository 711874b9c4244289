"""Registering."""

from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.links import CONFIRM, Links
from segue.auth.pages.forms import RegisterForm, RegisterNamedForm
from segue.auth.pages.mails import send_later
from segue.auth.problems import AccountProblem
from segue.core.app import App
from segue.core.identity import identity_of
from segue.core.ports import Mailer
from segue.html import Page, render
from segue.html.forms.provider import form_provider
from segue.http.errors import SeeOther
from segue.http.request import Request

__all__ = ["declare"]


def declare(app: App, accounts: Accounts) -> None:
    """Declares this page."""
    options = accounts.options
    if options.registration == "closed":
        return
    links = Links(accounts)
    form_class: Any = RegisterNamedForm if options.names else RegisterForm

    @app.route(
        "/register",
        methods=["GET", "POST"],
        name="register",
        provides={RegisterForm: form_provider(form_class)},
    )
    async def register(request: Request, form: RegisterForm, mailer: Mailer) -> Page:
        if not form.sent and await identity_of(request) is not None:
            raise SeeOther("/")
        if not form.valid:
            return form.render("auth/register.html")
        given = form.value
        await accounts.limited("register", given.email, request)
        try:
            user = await _registered(accounts, given)
        except AccountProblem as problem:
            if problem.code != "taken" or problem.field != "email" or not options.confirm:
                form.refuse(problem.field, str(problem))
                return form.render("auth/register.html")
            # Who asks is not told that there is such an account; its owner is.
            owner = await accounts.find(given.email)
            if owner is not None:
                reset = links.origin(request) + request.url_for("auth.forgot")
                send_later(request, mailer, owner.email, "known", user=owner, reset=reset)
        else:
            if not options.confirm and accounts.is_open(user):
                await accounts.sign_ins.sign_in(request, user)
                raise SeeOther("/")
            if options.confirm:
                link = links.link(request, CONFIRM, user, email=user.email)
                send_later(request, mailer, user.email, "confirm", user=user, link=link)
        return render("auth/registered.html", options=options)


async def _registered(accounts: Accounts, given: Any) -> Any:
    options = accounts.options
    return await accounts.create(
        email=given.email,
        name=given.name if options.names else None,
        password=given.password,
        state="waiting" if options.registration == "approval" else "active",
        confirmed=not options.confirm,
    )
