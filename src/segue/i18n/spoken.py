"""What one app speaks: its languages, its catalogues, who chooses, and the texts that nobody has translated yet."""

import datetime
from collections.abc import Sequence

from segue.core.appkey import AppKey
from segue.core.texts.texts import framework
from segue.http.request import Request
from segue.i18n.catalogues import Catalogues
from segue.i18n.choosing import Chooser
from segue.i18n.languages import Language, Languages
from segue.i18n.missing import Missing
from segue.i18n.speaker import is_awaited
from segue.i18n.zones import UnknownZone, zone_of

__all__ = ["SPOKEN", "Spoken"]


class Spoken:
    """All that the requests of one app share. ``written``: the language of the texts themselves."""

    def __init__(
        self,
        languages: Languages,
        catalogues: Catalogues,
        *,
        written: str,
        by: Sequence[Chooser],
        zones_by: Sequence[Chooser],
        default_zone: datetime.tzinfo | None,
        missing: Missing | None,
    ) -> None:
        self.languages = languages
        self.catalogues = catalogues
        self.by = by
        self.zones_by = zones_by
        self.default_zone = default_zone
        self.missing = missing
        self.awaited = [one for one in dict.fromkeys((*by, *zones_by)) if is_awaited(one)]
        self._written = written.partition("-")[0].lower()

    def text(
        self,
        language: Language,
        domains: Sequence[str],
        context: str | None,
        text: str,
        request: Request | None = None,
    ) -> str:
        """A text in a language."""
        if not text:  # that of the head of a catalogue
            return text
        found = self.catalogues.text(language.tag, domains, context, text)
        if found is None:
            self._note(language, domains, context, (text, None), request)
            return text
        return found

    def plural(
        self,
        language: Language,
        domains: Sequence[str],
        context: str | None,
        forms: tuple[str, str],
        count: float,
        request: Request | None = None,
    ) -> str:
        """The form of a text for a number."""
        found = self.catalogues.plural(language.tag, domains, context, forms, count)
        if found is None:
            self._note(language, domains, context, forms, request)
            return forms[0] if count == 1 else forms[1]
        return found

    def zone(self, name: str | None) -> datetime.tzinfo | None:
        """The zone of a name from outside; None for one that is none."""
        if not name:
            return None
        try:
            return zone_of(name)
        except UnknownZone:
            return None

    def warm(self) -> None:
        """Reads the catalogues, so that no request has to wait for that."""
        for language in self.languages.tags:
            for domain in (*self.catalogues.domains, *framework.domains):
                self.catalogues.of(language, domain)

    def _note(
        self,
        language: Language,
        domains: Sequence[str],
        context: str | None,
        forms: tuple[str, str | None],
        request: Request | None,
    ) -> None:
        if self.missing is not None and language.locale.language != self._written:
            self.missing.note(language.tag, domains, context, forms, request)


#: What an app that lists ``I18n`` speaks.
SPOKEN: AppKey[Spoken] = AppKey("segue.i18n.spoken")
