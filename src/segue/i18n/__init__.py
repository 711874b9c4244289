"""Pages in the language of who reads them: translations, dates, numbers, time zones.

    from segue.i18n import I18n, gettext as _

    app = App(plugins=[I18n("en", "de", "fr")])

    @app.get("/")
    def home() -> str:
        return _("Good morning!")

| to                                       | look at                                                         |
|------------------------------------------|-----------------------------------------------------------------|
| let an app speak                         | `I18n`; `ByPath`, `ByUser`, `ByCookie`, `ByHeader`              |
| say texts                                | `gettext`, `ngettext`, `pgettext`; `lazy_gettext`; `Texts`      |
| write dates, numbers, amounts            | `format_date`, `format_number`, `format_currency`, ...          |
| tell times as people do                  | `relative_time`                                                 |
| change the language                      | `use_language`, `in_language`, `switch_language`                |
| translate in the browser                 | `javascript_texts`                                              |
| find, update and check translations      | `segue i18n`                                                    |
"""

from typing import TYPE_CHECKING

from segue.core.texts.lazy import LazyText
from segue.core.texts.speaking import current_direction, current_language, current_zone
from segue.core.texts.texts import Texts
from segue.frontdoor import opened_late
from segue.i18n.choosing import ByCookie, ByHeader, ByPath, ByUser, Chooser
from segue.i18n.javascript import javascript_texts
from segue.i18n.languages import Language, UnknownLanguage
from segue.i18n.plugin import I18n
from segue.i18n.switching import in_language, switch_language, use_language
from segue.i18n.zones import UnknownZone

if TYPE_CHECKING:
    from segue.i18n.formats import (
        format_currency,
        format_date,
        format_datetime,
        format_duration,
        format_list,
        format_number,
        format_percent,
        format_time,
        friendly_number,
        local_time,
    )
    from segue.i18n.relative import relative_time

__all__ = [
    "ByCookie",
    "ByHeader",
    "ByPath",
    "ByUser",
    "Chooser",
    "I18n",
    "Language",
    "LazyText",
    "Texts",
    "UnknownLanguage",
    "UnknownZone",
    "current_direction",
    "current_language",
    "current_zone",
    "format_currency",
    "format_date",
    "format_datetime",
    "format_duration",
    "format_list",
    "format_number",
    "format_percent",
    "format_time",
    "friendly_number",
    "gettext",
    "in_language",
    "javascript_texts",
    "lazy_gettext",
    "lazy_ngettext",
    "lazy_pgettext",
    "local_time",
    "ngettext",
    "npgettext",
    "pgettext",
    "relative_time",
    "switch_language",
    "use_language",
]

_texts = Texts("messages")
#: The text in the language of who reads it, now: ``gettext("Hello %(name)s", name=name)``.
gettext = _texts.gettext
#: One text for one, another for many, as the language counts: ``ngettext("%(num)d film", "%(num)d films", count)``.
ngettext = _texts.ngettext
#: ``gettext`` with a context that tells equal texts apart: ``pgettext("month", "May")``.
pgettext = _texts.pgettext
#: ``ngettext`` with a context.
npgettext = _texts.npgettext
#: As ``gettext``, when it is shown: for texts that are written down before anybody asks, such as labels.
lazy_gettext = _texts.lazy_gettext
#: As ``ngettext``, when it is shown.
lazy_ngettext = _texts.lazy_ngettext
#: As ``pgettext``, when it is shown.
lazy_pgettext = _texts.lazy_pgettext


# Babel is loaded with the first date or number that is written.
__getattr__ = opened_late(
    __name__,
    {
        "relative_time": "relative",
        **dict.fromkeys(
            (
                "format_currency",
                "format_date",
                "format_datetime",
                "format_duration",
                "format_list",
                "format_number",
                "format_percent",
                "format_time",
                "friendly_number",
                "local_time",
            ),
            "formats",
        ),
    },
)
