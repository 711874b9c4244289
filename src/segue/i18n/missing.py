"""Texts that somebody wanted to read in a language that has none for them: noted while an app is developed."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from segue.core.texts.records import Translations
from segue.http.request import Request

__all__ = ["Missing", "MissingText"]

logger = logging.getLogger("segue.i18n")

_MOST = 10_000


class MissingText(NamedTuple):
    """A text without a translation: where it would be looked for, and its forms."""

    language: str
    domain: str
    context: str | None
    forms: tuple[str, str | None]


class Missing:
    """Keeps each once, says it in the log and in the toolbar.

    With ``collects`` it is written into the catalogue of its language, for somebody to fill in: see ``segue i18n``.
    """

    def __init__(self, translations: Sequence[Translations], *, collects: bool) -> None:
        self._translations: Mapping[str, Translations] = {one.domain: one for one in reversed(translations)}
        self._collects = collects
        self._noted: dict[MissingText, None] = {}

    @property
    def texts(self) -> Sequence[MissingText]:
        """Those that were noted, in their order."""
        return list(self._noted)

    def note(
        self,
        language: str,
        domains: Sequence[str],
        context: str | None,
        forms: tuple[str, str | None],
        request: Request | None,
    ) -> None:
        """Keeps one."""
        domain = next((one for one in domains if one in self._translations), domains[0])
        text = MissingText(language, domain, context, forms)
        if request is not None:
            made: dict[str, Any] = request.made if request.made is not None else {}
            request.made = made
            made.setdefault("panels", {}).setdefault("Texts", []).append((f"{domain} ({language})", forms[0]))
        if text in self._noted or len(self._noted) >= _MOST:
            return
        self._noted[text] = None
        logger.info("no translation into %s in %s: %r", language, domain, forms[0])
        if self._collects and domain in self._translations:
            # Loaded with the first that is written.
            from segue.i18n.upkeep import add_message

            add_message(self._translations[domain], text)
