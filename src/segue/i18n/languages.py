"""The languages that an app speaks, and what is known of each."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

from segue.http.negotiate import accept_language

__all__ = ["Language", "Languages", "UnknownLanguage"]


class UnknownLanguage(ValueError):
    """A tag that is none, or of a language of which nothing is known."""


class Language(NamedTuple):
    """A language: its tag, the locale of Babel, the direction of its script, what it calls itself."""

    tag: str
    locale: Any
    direction: str
    title: str

    @classmethod
    def of(cls, tag: str) -> "Language":
        """Raises UnknownLanguage."""
        return _language(tag)


class Languages:
    """Those that an app speaks; the first is for whoever wants none of them."""

    def __init__(self, tags: Sequence[str]) -> None:
        self.all = [Language.of(tag) for tag in tags]
        self.tags = tuple([one.tag for one in self.all])
        self.default = self.all[0]
        self._by_tag = {one.tag: one for one in self.all}
        self._by_name = {one.tag.lower(): one for one in self.all}

    def __contains__(self, tag: str) -> bool:
        return tag in self._by_tag

    def found(self, tag: str | None) -> Language | None:
        """The one that is meant by a tag from outside: ``de-AT`` is ``de`` where that is all there is."""
        if not tag:
            return None
        if len(tag) > 64:  # no tag is: RFC 5646, section 4.4.1
            return None
        wanted = tag.replace("_", "-").lower()
        exact = self._by_name.get(wanted)
        if exact is not None:
            return exact
        near = accept_language(wanted, self.tags) if wanted.replace("-", "").isalnum() else None
        return None if near is None else self._by_tag[near]


@functools.lru_cache(maxsize=256)
def _language(tag: str) -> Language:
    # Loaded with the first language.
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(tag.replace("_", "-"), sep="-")
    except (ValueError, TypeError, UnknownLocaleError) as error:
        raise UnknownLanguage(
            f"{tag!r:.80} is no language that is known: write a tag like 'de', 'pt-BR' or 'zh-Hant' ({error})"
        ) from None
    title = locale.get_display_name(locale) or tag
    return Language(tag.replace("_", "-"), locale, locale.text_direction, title[:1].upper() + title[1:])
