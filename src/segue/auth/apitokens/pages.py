"""Where people make tokens for their programs, and take them back."""

from typing import TYPE_CHECKING, Any

from segue.auth.guards import freshly, themselves
from segue.core.app import App
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import BadRequest, NotFound, SeeOther
from segue.http.request import Request
from segue.security import Flash

if TYPE_CHECKING:
    from segue.auth.apitokens.plugin import APITokens

__all__ = ["declare"]

_ = framework.gettext
_DAYS = {"30": 30, "90": 90, "365": 365, "": None}


def declare(app: App, tokens: "APITokens") -> None:
    """Declares these pages."""
    fresh = [freshly()]

    async def shown(user: Any, token: str = "") -> Page:
        return render("auth/tokens.html", tokens=await tokens.of(user), scopes=tokens.known, token=token)

    @app.get("/account/tokens", name="home", requires=fresh)
    async def home(request: Request) -> Page:
        return await shown((await themselves(request)).user)

    @app.post("/account/tokens", name="make", requires=fresh)
    async def make(request: Request) -> Page:
        user = (await themselves(request)).user
        form = await request.form()
        days, scopes = form.get("days", "90"), [one for one in form.get_all("scope") if isinstance(one, str)]
        if days not in _DAYS or any(one not in tokens.known for one in scopes):
            raise BadRequest
        name = form.get("name", "")
        made = await tokens.make(
            user, name if isinstance(name, str) else "", scopes, days=_DAYS[str(days)], request=request
        )
        return await shown(user, made)

    @app.post("/account/tokens/{id:int}/remove", name="remove", requires=fresh)
    async def remove(request: Request, id: int, flash: Flash) -> None:
        if not await tokens.take_back((await themselves(request)).user, id, request=request):
            raise NotFound
        flash(_("The token was taken back."), "success")
        raise SeeOther(request.url_for("api_tokens.home"))
