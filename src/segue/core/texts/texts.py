"""The texts of one package: functions that say them in the language of who reads."""

from typing import Any

from segue.core.texts.lazy import LazyText, said, said_plural
from segue.core.texts.speaking import current_speaker

__all__ = ["Texts", "framework"]


class Texts:
    """Says the texts of a domain: those of an app, or of a package that apps include.

        texts = Texts("shop")
        _ = texts.gettext

        _("Your basket is empty.")
        _("Good morning, %(name)s!", name=user.name)
        texts.ngettext("%(num)d film", "%(num)d films", len(films))

    A domain is the name of a catalogue: what is the same text in two packages may be translated in two ways. Of several,
    the first that has a text says it. A text that nobody has translated is said as it is written, in English. Values are
    put in for ``%(name)s``; a text without values is taken as it is.

    ``gettext`` and its kin say a text now, ``lazy_gettext`` and its kin when it is read. Their names are those of GNU
    gettext, by which ``segue i18n extract`` finds them.
    """

    __slots__ = ("domains",)

    def __init__(self, *domains: str) -> None:
        self.domains = domains or ("messages",)

    def gettext(self, text: str, /, **values: Any) -> str:
        """A text, translated."""
        return said(self.domains, None, text, values)

    def ngettext(self, one: str, many: str, count: float, /, **values: Any) -> str:
        """The text for ``count``, by the rules of the language; ``%(num)d`` is the count."""
        return said_plural(self.domains, None, (one, many), count, values)

    def pgettext(self, context: str, text: str, /, **values: Any) -> str:
        """A text of which ``context`` tells apart several meanings: ``pgettext("month", "May")``."""
        return said(self.domains, context, text, values)

    def npgettext(self, context: str, one: str, many: str, count: float, /, **values: Any) -> str:
        """:meth:`ngettext` with a context."""
        return said_plural(self.domains, context, (one, many), count, values)

    def one_of(self, context: str | None, one: str, many: str, count: float) -> str:
        """The form for ``count``, as it stands in the catalogue: for who puts values in himself."""
        speaker = current_speaker()
        if speaker is None:
            return one if count == 1 else many
        return speaker.plural(self.domains, context, one, many, count)

    def lazy_gettext(self, text: str, /, **values: Any) -> LazyText:
        """A text for a module or a class: it is translated when it is read."""
        return LazyText(self.domains, None, (text, None), values)

    def lazy_ngettext(self, one: str, many: str, /, **values: Any) -> LazyText:
        """A text whose number comes later: ``text.of(3)``."""
        return LazyText(self.domains, None, (one, many), values)

    def lazy_pgettext(self, context: str, text: str, /, **values: Any) -> LazyText:
        """:meth:`lazy_gettext` with a context."""
        return LazyText(self.domains, context, (text, None), values)


#: The texts of Segue's own pages. Translations: ``translations/`` of each package of Segue.
framework = Texts("segue")
