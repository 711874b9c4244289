"""The plugin: an app speaks languages."""

import datetime
import importlib.util
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from segue.core.app import App
from segue.core.handlers import Endpoint
from segue.core.inspection.checks.subjects import apps_of
from segue.core.plugins.setup import Setup
from segue.core.records import MiddlewareLike, Next
from segue.core.source import Source
from segue.core.texts.records import Translations
from segue.core.texts.speaking import current_speaker
from segue.core.texts.texts import framework
from segue.http.request import Request
from segue.http.response import Response
from segue.i18n.catalogues import Catalogues
from segue.i18n.choosing import ByCookie, ByHeader, ByPath, Chooser
from segue.i18n.commands import add_commands
from segue.i18n.languages import Languages
from segue.i18n.missing import Missing
from segue.i18n.paths import PathLanguages
from segue.i18n.speaker import RequestSpeaker
from segue.i18n.spoken import SPOKEN, Spoken
from segue.i18n.templates import declare_names
from segue.i18n.zones import zone_of

__all__ = ["I18n"]


class I18n:
    """Plugin: pages are in the language of who reads them, and so are dates, numbers and the pages of Segue itself.

        app = App(plugins=[I18n("en", "de", "pt-BR")])

    The first language is for whoever wants none of them; without any, those are spoken that ``folder`` has catalogues
    of. ``folder`` and ``domain``: where the catalogues of the app are, beside the file that says so, and their name. ``by``: what
    chooses the language, the first that knows it; by default a cookie, then ``Accept-Language``. ``zone``: the time
    zone in which times are shown, if ``zones``, which choose as ``by`` does, know none; by default a cookie. ``written``:
    the language of the texts in the code. ``collects``: in development, texts without a translation are written into the catalogues.

    The app that is served lists it; those that it includes say where their translations are: ``app.translations(...)``.
    """

    name = "i18n"

    def __init__(
        self,
        *languages: str,
        folder: str | os.PathLike[str] = "translations",
        domain: str = "messages",
        by: Sequence[Chooser] = (ByCookie(), ByHeader()),
        zone: str = "UTC",
        zones: Sequence[Chooser] = (ByCookie("timezone"),),
        written: str = "en",
        collects: bool = False,
    ) -> None:
        if importlib.util.find_spec("babel") is None:
            raise ImportError("languages need Babel: pip install 'segue[i18n]'")
        self._tags = languages
        Languages(languages or (written,))  # what is wrong with them is told where they are written
        self._folder = folder
        self._domain = domain
        self._by = tuple(by)
        self._zone: datetime.tzinfo = zone_of(zone)
        self._zones = tuple(zones)
        self._written = written
        self._collects = collects

    def setup(self, to: Setup) -> None:
        """Declares the languages, what chooses among them, and what templates know of them."""
        to.translations(self._folder, domain=self._domain)
        app = to.app
        own = app.declared.texts.translations
        languages = Languages(self._tags or self._there(own))
        catalogues = Catalogues(lambda: _translations_of(app), reload=app.development)
        missing = Missing(own, collects=self._collects) if app.development else None
        spoken = app[SPOKEN] = Spoken(
            languages,
            catalogues,
            written=self._written,
            by=self._by,
            zones_by=self._zones,
            default_zone=self._zone,
            missing=missing,
        )
        to.speaks(lambda request: RequestSpeaker(spoken, request))
        by_path = next((one for one in self._by if isinstance(one, ByPath)), None)
        paths = None if by_path is None else PathLanguages(spoken, always=by_path.always)
        if paths is not None:
            to.middleware(paths)
        if spoken.awaited:
            to.around_routes(_prepared)
        declare_names(to, spoken, paths)
        add_commands(to)

        async def read() -> AsyncIterator[None]:
            if not app.development:
                spoken.warm()
            yield

        to.lifespan(read)

    def _there(self, own: Sequence[Translations]) -> Sequence[str]:
        """The languages that the folder of the app has, the one that texts are written in first."""
        found = Catalogues(lambda: own[-1:], reload=False).languages()
        return [self._written, *[one for one in found if one != self._written]]


def _translations_of(app: App) -> list[Translations]:
    """The folders of an app, of those that it includes, and of Segue, in which an app looks last."""
    found = [one for inner in apps_of(app) for one in inner.declared.texts.translations]
    home = Path(__file__).resolve().parents[1]
    own = [
        Translations(folder, framework.domains[0], Source(str(folder), 0))
        for folder in sorted(home.glob("*/translations"))
    ]
    return [*found, *own]


def _prepared(route: Endpoint) -> MiddlewareLike | None:
    return None if route.kind == "mount" else _prepare


async def _prepare(request: Request, next: Next) -> Response:
    """Asks what has to be awaited, before the handler may say a text."""
    speaker = current_speaker()
    if isinstance(speaker, RequestSpeaker):
        await speaker.prepare()
    return await next(request)
