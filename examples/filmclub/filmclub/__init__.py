"""The film club: films to find, and what its members think of them. `segue run` starts it, at http://127.0.0.1:8000."""

import os
from pathlib import Path

from filmclub.channels import channels
from filmclub.chat import chat
from filmclub.exports import exports
from filmclub.films import films
from filmclub.lists import lists
from filmclub.live import live
from filmclub.members import members
from filmclub.models import Member
from filmclub.moderators import is_moderator
from filmclub.posters import posters
from filmclub.reviews import reviews
from filmclub.topten import topten
from segue import App, Request, identity_of
from segue.auth import Auth, Passkeys, SignedIn
from segue.db import Database
from segue.db.sessions import DatabaseSessions
from segue.html import Templates
from segue.i18n import ByCookie, ByHeader, ByPath, ByUser, I18n
from segue.mail import Mail
from segue.observe import Health
from segue.openapi import OpenAPI
from segue.security import Security, Sessions
from segue.site import Site
from segue.storage import Media

HERE = Path(__file__).parent

#: What the site is made of. Each is an app with its own models, pages and tests: a line here adds one.
PARTS = (films, reviews, members, posters, lists, chat, live, topten, exports)


def make_app() -> App:
    """The site. Where the data is, who sends mail, which key signs: `segue config` shows it, and from where."""
    health = Health()
    app = App(
        "filmclub",
        plugins=[
            Security(exempt=["/health", "/ready"]),
            Sessions(DatabaseSessions()),
            Database(migrations=str(HERE.parent / "migrations")),
            Templates("templates"),
            I18n("en", "de", "fr", by=[ByPath(always=True), ByUser(), ByCookie(), ByHeader()]),
            Mail(),
            Auth(Member, names=True),
            Passkeys(title="The film club"),
            OpenAPI(title="The film club", version="1.0"),
            Site(),
            Media(os.environ.get("MEDIA_URL") or HERE.parent / "media"),
            channels,
            health,
        ],
    )
    app.static("/static", HERE / "static")
    for part in PARTS:
        app.include(part)

    @app.template_context
    async def visitor(request: Request) -> dict[str, Member | bool | None]:
        """Who reads the page: all of them show it."""
        identity = await identity_of(request)
        if not isinstance(identity, SignedIn):
            return {"member": None, "moderates": False}
        return {"member": identity.user, "moderates": is_moderator(identity)}

    @health.check
    async def database(db: Database) -> None:
        """Whether the database answers."""
        await db.execute("SELECT 1")

    return app


app = make_app()
