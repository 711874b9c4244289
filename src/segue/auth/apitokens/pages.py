"""Where people make tokens for their programs, and take them back."""

from typing import TYPE_CHECKING, Any

from segue.auth.guards import freshly, signed_in_as
from segue.core.app import App
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import BadRequest, Forbidden, NotFound, SeeOther
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
        return await shown(await _themselves(request))

    @app.post("/account/tokens", name="make", requires=fresh)
    async def make(request: Request) -> Page:
        user = await _themselves(request)
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
        if not await tokens.take_back(await _themselves(request), id, request=request):
            raise NotFound
        flash(_("The token was taken back."), "success")
        raise SeeOther(request.url_for("api_tokens.home"))


async def _themselves(request: Request) -> Any:
    """The account of who is signed in. Raises Forbidden for somebody who acts in another one's name."""
    identity = await signed_in_as(request)
    if identity.by is not None:
        raise Forbidden
    return identity.user
