"""Who says texts to the reader of one request: it finds the language out when the first text is asked for."""

import datetime
import inspect
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from segue.core.texts.speaking import current_speaker
from segue.http.body import FileBody
from segue.http.request import Request
from segue.http.response import Response
from segue.i18n.choosing import ByHeader, Chooser
from segue.i18n.languages import Language

if TYPE_CHECKING:
    from segue.i18n.spoken import Spoken

__all__ = ["FixedSpeaker", "RequestSpeaker", "is_awaited", "speaker_language", "speaker_locale"]


class FixedSpeaker:
    """Says texts in one language, whoever reads them."""

    __slots__ = ("_language", "_spoken", "_zone")

    def __init__(self, spoken: "Spoken", language: Language, zone: datetime.tzinfo | None) -> None:
        spoken.catalogues.look_again()
        self._spoken = spoken
        self._language = language
        self._zone = zone

    @property
    def chosen(self) -> Language:
        """The language."""
        return self._language

    @property
    def language(self) -> str:
        return self._language.tag

    @property
    def direction(self) -> str:
        return self._language.direction

    @property
    def zone(self) -> datetime.tzinfo | None:
        return self._zone

    def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
        return self._spoken.text(self._language, domains, context, text)

    def plural(self, domains: Sequence[str], context: str | None, one: str, many: str, count: float) -> str:
        return self._spoken.plural(self._language, domains, context, (one, many), count)

    def finish(self, response: Response) -> None:
        """Nothing: whoever set the language knows it."""


class RequestSpeaker:
    """Says texts to who sent a request. Until one is asked for, it has looked at nothing."""

    __slots__ = ("_answers", "_language", "_request", "_spoken", "_vary", "_zone")

    def __init__(self, spoken: "Spoken", request: Request) -> None:
        self._spoken = spoken
        self._request = request
        self._language: Language | None = None
        self._zone: datetime.tzinfo | None = None
        #: What choosers that are awaited have said.
        self._answers: dict[Chooser, str | None] | None = None
        self._vary: list[str] = []

    @property
    def spoken(self) -> "Spoken":
        """What the app speaks."""
        return self._spoken

    @property
    def chosen(self) -> Language:
        """The language, which is found out now."""
        return self._language or self._choose()

    @property
    def language(self) -> str:
        return self.chosen.tag

    @property
    def direction(self) -> str:
        return self.chosen.direction

    @property
    def zone(self) -> datetime.tzinfo | None:
        if self._zone is None:
            self._zone = self._spoken.default_zone
            for chooser in self._spoken.zones_by:
                found = self._spoken.zone(self._asked(chooser))
                if found is not None:
                    self._zone = found
                    break
        return self._zone

    def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
        return self._spoken.text(self._language or self._choose(), domains, context, text, self._request)

    def plural(self, domains: Sequence[str], context: str | None, one: str, many: str, count: float) -> str:
        language = self._language or self._choose()
        return self._spoken.plural(language, domains, context, (one, many), count, self._request)

    def choose(self, language: Language | None, zone: datetime.tzinfo | None) -> None:
        """Sets the language or the zone, in place of what would be found."""
        self._spoken.catalogues.look_again()
        self._language = language or self._language
        self._zone = zone or self._zone

    def _choose(self) -> Language:
        spoken = self._spoken
        found: Language | None = None
        for chooser in spoken.by:
            found = spoken.languages.found(self._asked(chooser))
            if found is not None:
                break
        self._language = found or spoken.languages.default
        spoken.catalogues.look_again()
        return self._language

    def _asked(self, chooser: Chooser) -> str | None:
        self._vary += getattr(chooser, "vary", ())
        if isinstance(chooser, ByHeader):
            return chooser.among(self._request, self._spoken.languages.tags)
        if self._answers is not None and chooser in self._answers:
            return self._answers[chooser]
        if chooser in self._spoken.awaited:
            return None  # it was not asked: no handler answers this request
        answer = chooser(self._request)
        return answer if isinstance(answer, str) else None

    async def prepare(self) -> None:
        """Asks those choosers that are awaited."""
        self._answers = {}
        for chooser in self._spoken.awaited:
            answer: Any = chooser(self._request)
            found: str | None = await answer if isinstance(answer, Awaitable) else answer
            self._answers[chooser] = found

    def finish(self, response: Response) -> None:
        if self._language is None and self._zone is None:
            if isinstance(response.body, bytes | FileBody) or "html" not in (response.content_type or ""):
                return
            self._choose()  # a page that is still to be made may ask when its head is gone
        if self._language is not None:
            response.headers.setdefault("content-language", self._language.tag)
        if self._vary:
            response.headers.vary(*self._vary)


def speaker_language() -> Language:
    """The language that is spoken here, with what is known of it; English where no app speaks."""
    speaker = current_speaker()
    if isinstance(speaker, FixedSpeaker | RequestSpeaker):
        return speaker.chosen
    return Language.of("en" if speaker is None else speaker.language)


def speaker_locale() -> Any:
    """Its locale, as Babel has it."""
    return speaker_language().locale


def is_awaited(chooser: Chooser) -> bool:
    """Whether what a chooser says has to be awaited."""
    call: Any = (
        chooser if inspect.isfunction(chooser) or inspect.ismethod(chooser) else type(chooser).__call__
    )
    return inspect.iscoroutinefunction(call)
