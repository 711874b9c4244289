"""The texts of templates that are to be translated: what ``segue i18n`` asks for."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from segue.html.library import library_of

__all__ = ["TemplateTexts"]


class TemplateTexts:
    """Finds those in templates of Jinja, as ``segue.core.ports.Extracts``."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def suffixes(self) -> Collection[str]:
        """Of files that Jinja makes pages of."""
        from segue.html.jinja.engine import Jinja

        return Jinja.suffixes

    def texts(
        self, file: Path, source: str, functions: Collection[str]
    ) -> Iterable[tuple[int, str, Sequence[str | None], Sequence[str]]]:
        """Its texts, each with its line. Raises BrokenTemplate."""
        from segue.html.jinja.translating import texts_in

        return texts_in(library_of((self._app,)).jinja.environment, file, source, functions)
