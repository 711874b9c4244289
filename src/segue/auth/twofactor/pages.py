"""The pages of second steps: giving a code, and turning it on and off."""

from markupsafe import Markup

from segue.auth.accounts import Accounts
from segue.auth.guards import freshly, themselves
from segue.auth.identity import id_of
from segue.auth.pages.forms import CodeForm
from segue.auth.twofactor.steps import TwoFactorSteps
from segue.core.app import App
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.security import Flash

__all__ = ["declare"]

_ = framework.gettext


def declare(app: App, accounts: Accounts, steps: TwoFactorSteps) -> None:
    """Declares these pages."""
    fresh = [freshly()]

    @app.route("/login/code", methods=["GET", "POST"], name="code")
    async def code(request: Request, form: CodeForm) -> Page:
        waiting = await accounts.sign_ins.waiting(request)
        if waiting is None:
            raise SeeOther(request.url_for("auth.login"))
        if form.valid:
            if await steps.check(waiting.user, form.value.code, request=request):
                await accounts.sign_ins.sign_in(
                    request, waiting.user, remember=waiting.remember, method="code"
                )
                raise SeeOther(waiting.target or "/")
            form.refuse("code", _("This code is not right, or it was used before. Each one is good once."))
        return form.render("auth/code.html")

    @app.get("/account/two-factor", name="home", requires=fresh)
    async def home(request: Request) -> Page:
        user = (await themselves(request)).user
        return render("auth/two_factor.html", on=await steps.is_on(user), left=await steps.left(user))

    @app.route("/account/two-factor/begin", methods=["GET", "POST"], name="begin", requires=fresh)
    async def begin(request: Request, form: CodeForm) -> Page:
        user = (await themselves(request)).user
        if await steps.is_on(user):
            raise SeeOther(request.url_for("two_factor.home"))
        if form.valid:
            await accounts.limited("second step", id_of(user), request)
            codes = await steps.confirm(user, form.value.code, request=request)
            if codes is not None:
                return render("auth/recovery_codes.html", codes=codes)
            form.refuse("code", _("This code is not right. Is the clock of the telephone right?"))
        address = await steps.begin(user)
        picture, secret = _picture(address), _secret(address)
        return form.render("auth/two_factor_begin.html", address=address, picture=picture, secret=secret)

    @app.post("/account/two-factor/codes", name="renew", requires=fresh)
    async def renew(request: Request) -> Page:
        user = (await themselves(request)).user
        if not await steps.is_on(user):
            raise SeeOther(request.url_for("two_factor.home"))
        return render("auth/recovery_codes.html", codes=await steps.renew(user, request=request))

    @app.post("/account/two-factor/off", name="turn_off", requires=fresh)
    async def turn_off(request: Request, flash: Flash) -> None:
        await steps.turn_off((await themselves(request)).user, request=request)
        flash(_("No code is asked for any more."), "success")
        raise SeeOther(request.url_for("two_factor.home"))


def _picture(address: str) -> Markup | None:
    """A picture for the camera of the telephone; None where the package segno is missing."""
    try:
        import segno
    except ImportError:
        return None
    drawn: str = segno.make(address, micro=False).svg_inline(scale=5, dark="#000", light="#fff", border=4)
    return Markup(drawn)  # noqa: S704 -- numbers of a drawing, nothing that anybody wrote


def _secret(address: str) -> str:
    """The secret of an address, in groups that can be typed."""
    secret = address.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
