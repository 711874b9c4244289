"""Changing the language: for one request, for a block of code, or for all requests of a browser."""

import contextlib
import re
from collections.abc import Generator
from typing import Any

from segue.core.app import App
from segue.core.binding.markers import Form
from segue.core.texts.speaking import current_speaker, speaking
from segue.http.cookies import Cookie
from segue.http.errors import BadRequest
from segue.http.request import Request
from segue.http.response import Response
from segue.i18n.choosing import ByCookie
from segue.i18n.speaker import FixedSpeaker, RequestSpeaker
from segue.i18n.spoken import SPOKEN, Spoken
from segue.i18n.zones import zone_of

__all__ = ["in_language", "switch_language", "use_language"]

_YEAR = 365 * 24 * 3600
#: A path of this site: no other host, which ``//`` and ``/\\`` begin, and nothing that a browser would leave out.
_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*\Z")


@contextlib.contextmanager
def in_language(app: App, language: str | None, zone: str | None = None) -> Generator[None, None, None]:
    """Lets all texts, dates and numbers be in a language while the block runs: for mails, tasks, commands and tests.

        with in_language(app, user.language, user.timezone):
            text = renderer.text("mail/thanks.txt", order=order)

    ``app``: the one that lists ``I18n``. None, and a language that it does not speak, is its default one. Raises
    LookupError for an app without ``I18n``, UnknownZone for the name of no zone.
    """
    spoken = _spoken(app)
    chosen = spoken.languages.found(language) or spoken.languages.default
    with speaking(FixedSpeaker(spoken, chosen, spoken.default_zone if zone is None else zone_of(zone))):
        yield


def use_language(language: str | None = None, zone: str | None = None) -> None:
    """Sets the language, or the time zone, of the request that is answered, whatever else would be chosen.

        @app.middleware
        async def of_session(request: Request, next: Next, session: Session) -> Response:
            use_language(session.get("language"))
            return await next(request)

    None leaves it as it is; so does a language that the app does not speak. Raises LookupError where no request of an app
    with ``I18n`` is answered.
    """
    speaker = current_speaker()
    if not isinstance(speaker, RequestSpeaker):
        raise LookupError(  # noqa: TRY004 -- nothing has the wrong type: nothing is there
            "use_language() was called where no request of an app with languages is answered: App(plugins=[I18n(...)]); "
            "elsewhere write `with in_language(app, ...):`"
        )
    speaker.choose(
        speaker.spoken.languages.found(language), None if zone is None else speaker.spoken.zone(zone)
    )


async def switch_language(request: Request, language: Form[str], next: Form[str] = "/") -> Response:
    """A handler: keeps the language that a form chooses in a cookie, and goes back to where the form was.

        app.post("/language")(switch_language)

        <form method="post" action="/language">
          <input type="hidden" name="next" value="{{ request.path }}">
          {% for one in languages %}<button name="language" value="{{ one.tag }}">{{ one.title }}</button>{% endfor %}
        </form>

    ``next`` is a path of this site; anything else leads to ``/``. A language that the app does not speak is a 400.
    """
    spoken = _spoken(request.app)
    found = spoken.languages.found(language)
    if found is None:
        raise BadRequest(f"This site speaks {', '.join(spoken.languages.tags)}.")
    response = Response(b"", 303, {"location": next if _OWN_PATH.match(next) else "/"})
    response.set_cookie(
        Cookie(_cookie_of(spoken), found.tag, max_age=_YEAR, path="/", secure=request.scheme == "https")
    )
    return response


def _cookie_of(spoken: Spoken) -> str:
    chooser = next((one for one in spoken.by if isinstance(one, ByCookie)), None)
    if chooser is None:
        raise LookupError(
            "switch_language keeps the language in a cookie, and nothing looks at one: by=[ByCookie(), ...]"
        )
    return chooser.name


def _spoken(app: Any) -> Spoken:
    if SPOKEN not in app:
        app.plan  # noqa: B018 -- plugins are set up when it is made
    if SPOKEN not in app:
        raise LookupError(
            f"the app {app.name!r} speaks no languages: App(plugins=[I18n('en', 'de')]), from segue.i18n"
        )
    spoken: Spoken = app[SPOKEN]
    return spoken
