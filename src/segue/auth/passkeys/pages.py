"""The pages of passkeys, and what their script asks."""

import logging
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from segue.auth.guards import freshly, themselves
from segue.auth.passkeys.ceremonies import PasskeyCeremonies, PasskeyRefused
from segue.core.app import App
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import BadRequest, Forbidden, SeeOther
from segue.http.request import Request
from segue.http.response import Response
from segue.security import Flash, own_path

__all__ = ["declare"]

logger = logging.getLogger("segue.auth")

_ = framework.gettext
_SCRIPT = Path(__file__).with_name("passkeys.js")


class NewPasskey(Struct):
    """What an authenticator has made."""

    answer: dict[str, Any]
    name: Annotated[str, Meta(max_length=200)] = ""


class Proof(Struct):
    """What an authenticator has signed."""

    answer: dict[str, Any]
    next: Annotated[str, Meta(max_length=2000)] = ""


def declare(app: App, ceremonies: PasskeyCeremonies) -> None:
    """Declares these pages."""
    fresh = [freshly()]
    script = _SCRIPT.read_bytes()

    @app.get("/passkeys.js", name="script", cache=3600)
    async def js() -> Response:
        return Response(script, content_type="text/javascript; charset=utf-8")

    @app.get("/login/passkey", name="sign_in")
    async def sign_in(request: Request) -> Page:
        return render("auth/passkey.html", next=own_path(request.query.get("next")))

    @app.post("/login/passkey/options", name="sign_in_options")
    async def sign_in_options(request: Request) -> dict[str, Any]:
        return await ceremonies.begin_sign_in(request)

    @app.post("/login/passkey", name="prove")
    async def prove(request: Request, proof: Proof) -> dict[str, str]:
        try:
            await ceremonies.sign_in(request, proof.answer)
        except PasskeyRefused as refused:
            logger.info("nobody was signed in with a passkey: %s", refused)
            raise BadRequest(_("This passkey does not open anything here.")) from None
        return {"next": own_path(proof.next)}

    @app.get("/account/passkeys", name="home", requires=fresh)
    async def home(request: Request) -> Page:
        return render("auth/passkeys.html", passkeys=await ceremonies.of((await themselves(request)).user))

    @app.post("/account/passkeys/options", name="add_options", requires=fresh)
    async def add_options(request: Request) -> dict[str, Any]:
        try:
            return await ceremonies.begin_adding(request, (await themselves(request)).user)
        except PasskeyRefused as refused:
            raise Forbidden(_("You have as many passkeys as you may. Remove one first.")) from refused

    @app.post("/account/passkeys", name="add", requires=fresh)
    async def add(request: Request, new: NewPasskey) -> dict[str, str]:
        try:
            await ceremonies.add(request, (await themselves(request)).user, new.answer, new.name)
        except PasskeyRefused as refused:
            logger.info("no passkey was added: %s", refused)
            raise BadRequest(_("This passkey could not be added.")) from None
        return {"next": request.url_for("passkeys.home")}

    @app.post("/account/passkeys/{id:int}/remove", name="remove", requires=fresh)
    async def remove(request: Request, id: int, flash: Flash) -> None:
        if await ceremonies.remove(request, (await themselves(request)).user, id):
            flash(_("The passkey was removed. Take it out of your device too."), "success")
        else:
            flash(_("This is the only way in to your account. Choose a password first."), "error")
        raise SeeOther(request.url_for("passkeys.home"))
