"""Where somebody is signed in."""

from datetime import UTC, datetime

from segue.auth.accounts import Accounts
from segue.auth.identity import SignedIn
from segue.auth.pages.browsers import browser_name
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

    @app.get("/account/places", name="places")
    async def places(request: Request, identity: SignedIn) -> Page:
        found = await accounts.places.of(request)
        times = {one.handle: datetime.fromtimestamp(one.used, UTC) for one in found}
        names = {one.handle: browser_name(one.agent) for one in found}
        return render("auth/places.html", identity=identity, places=found, times=times, names=names)

    @app.post("/account/places", name="end_others")
    async def end_others(request: Request, identity: SignedIn, flash: Flash) -> None:
        await accounts.places.end_others(request)
        await accounts.note("signed out elsewhere", request, identity.user)
        flash(_("You are signed out everywhere else."), "success")
        raise SeeOther(request.url_for("auth.places"))

    @app.post("/account/places/{handle}", name="end_place")
    async def end_place(request: Request, handle: str, identity: SignedIn, flash: Flash) -> None:
        if await accounts.places.end(request, handle):
            await accounts.note("signed out elsewhere", request, identity.user)
            flash(_("You are signed out there."), "success")
        raise SeeOther(request.url_for("auth.places"))
