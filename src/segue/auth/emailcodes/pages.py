"""The pages of codes by mail: giving one, and turning them on and off."""

from segue.auth.accounts import Accounts
from segue.auth.emailcodes.codes import EmailCodeSteps
from segue.auth.guards import freshly, themselves
from segue.auth.pages.forms import CodeForm
from segue.core.app import App
from segue.core.ports import Mailer
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import NotFound, SeeOther
from segue.http.request import Request
from segue.security import Flash

__all__ = ["declare"]

_ = framework.gettext


def declare(app: App, accounts: Accounts, steps: EmailCodeSteps) -> None:
    """Declares these pages."""
    fresh = [freshly()]

    @app.route("/login/mailed-code", methods=["GET", "POST"], name="code")
    async def code(request: Request, form: CodeForm, mailer: Mailer) -> Page:
        waiting = await accounts.sign_ins.waiting(request)
        if waiting is None:
            raise SeeOther(request.url_for("auth.login"))
        if form.valid:
            if await steps.check(waiting.user, form.value.code, request=request):
                await accounts.sign_ins.sign_in(
                    request, waiting.user, remember=waiting.remember, method="mailed code"
                )
                raise SeeOther(waiting.target or "/")
            form.refuse("code", _("This code is not right, or it is too old. Each one is good once."))
        elif not form.sent:
            await steps.send(request, mailer, waiting.user)
        return form.render("auth/mailed_code.html")

    @app.get("/account/mailed-codes", name="home", requires=fresh)
    async def home(request: Request) -> Page:
        identity = await themselves(request)
        return render("auth/mailed_codes.html", on=await steps.is_on(identity.user), required=steps.required)

    @app.post("/account/mailed-codes/{to}", name="turn", requires=fresh)
    async def turn(request: Request, to: str, flash: Flash) -> None:
        if to not in ("on", "off"):
            raise NotFound
        identity = await themselves(request)
        await steps.turn(identity.user, on=to == "on", request=request)
        flash(_("Your choice was saved."), "success")
        raise SeeOther(request.url_for("email_codes.home"))
