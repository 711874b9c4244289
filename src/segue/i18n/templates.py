"""What templates know of languages: formats as filters and functions, the languages there are, links to other languages."""

from typing import Any

from segue.core.plugins.setup import Setup
from segue.core.texts.speaking import current_zone
from segue.http.request import Request
from segue.i18n.languages import Language
from segue.i18n.paths import PathLanguages
from segue.i18n.spoken import Spoken

__all__ = ["declare_names"]

_FORMATS = (
    "format_currency",
    "format_date",
    "format_datetime",
    "format_duration",
    "format_list",
    "format_number",
    "format_percent",
    "format_time",
    "friendly_number",
)


def declare_names(to: Setup, spoken: Spoken, paths: PathLanguages | None) -> None:
    """Declares them: ``{{ film.released|format_date }}``, ``{{ format_currency(9.9, "EUR") }}``, ``{{ languages }}``."""
    # Loaded with the first app that speaks: Babel is not.
    from segue.i18n import formats
    from segue.i18n.relative import relative_time

    functions: dict[str, Any] = {name: getattr(formats, name) for name in _FORMATS}
    functions["relative_time"] = relative_time
    for name, function in functions.items():
        to.template_filter(function, name=name)
        to.template_global(function, name=name)

    def language_url(request: Request | None, language: str) -> str:
        """Where this page is in another language, for apps whose paths have one."""
        if paths is None:
            raise LookupError("language_url() needs languages in the path: I18n(..., by=[ByPath(), ...])")
        return language if request is None else paths.url(request, language)

    def languages() -> list[Language]:
        """The languages that the app speaks."""
        return spoken.languages.all

    def time_zone() -> str:
        """The name of the zone in which times are shown."""
        return str(current_zone())

    to.template_global(language_url)
    to.template_value(languages)
    to.template_value(time_zone)
