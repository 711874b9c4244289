"""Signing in and out, and giving the password again."""

from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.guards import signed_in_as
from segue.auth.pages.forms import AgainForm, SignInForm, SignInNamedForm
from segue.auth.problems import AccountProblem
from segue.core.app import App
from segue.core.identity import identity_of
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.html.forms.provider import form_provider
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.security import own_path

__all__ = ["declare"]

_ = framework.gettext


def declare(app: App, accounts: Accounts) -> None:
    """Declares these pages."""
    form_class: Any = SignInNamedForm if accounts.options.names else SignInForm
    if not accounts.options.remember:
        form_class = type(form_class.__name__, (form_class,), {"exclude": ("remember",)})

    @app.route(
        "/login",
        methods=["GET", "POST"],
        name="login",
        provides={SignInForm: form_provider(form_class)},
    )
    async def login(request: Request, form: SignInForm) -> Page:
        target = own_path(request.query.get("next"))
        if not form.sent and await identity_of(request) is not None:
            raise SeeOther(target)
        if form.valid:
            given = form.fields
            user = await accounts.check(given["login"], given["password"], request=request)
            if user is not None:
                remember = given.get("remember", False)
                page = await accounts.sign_ins.begin(request, user, remember=remember, target=target)
                raise SeeOther(target if page is None else page)
            form.refuse(
                "",
                _(
                    "That did not work. Look at the spelling of both. If you have just registered, follow the link in our mail first."
                ),
            )
        return form.render(
            "auth/login.html", options=accounts.options, next=target, ways=accounts.sign_ins.ways
        )

    @app.route("/login/again", methods=["GET", "POST"], name="again")
    async def again(request: Request, form: AgainForm) -> Page:
        identity = await signed_in_as(request)
        if form.valid and identity.by is None:
            if await accounts.proves(identity.user, form.value.password, request=request):
                await accounts.sign_ins.prove(request)
                raise SeeOther(own_path(request.query.get("next")))
            await accounts.note("refused", request, identity.user, detail="again")
            form.refuse("password", str(AccountProblem("password", "wrong")))
        return form.render("auth/again.html", user=identity.user)

    @app.get("/logout", name="leave")
    async def leave() -> Page:
        return render("auth/logout.html")

    @app.post("/logout", name="logout")
    async def logout(request: Request) -> None:
        await accounts.sign_ins.sign_out(request)
        raise SeeOther(own_path(request.query.get("next")))
