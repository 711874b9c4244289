"""Content negotiation: `Accept`, `Accept-Language`, `Accept-Encoding`, `Accept-Charset` (RFC 9110, section 12.5).

Each function takes a field and what the server can offer, best first, and says which to send. An absent field
(`None`) and an empty one accept anything. Elements that are malformed are left out.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from segue.http.malformed import Malformed
from segue.http.parameters import parse_header, split_list

__all__ = [
    "Accept",
    "MediaRange",
    "accept_charset",
    "accept_encoding",
    "accept_language",
    "accepts",
]

MAX_ELEMENTS = 64
"""Elements of a field that are looked at; the rest are left out."""

MAX_CACHED = 256
"""Fields longer than this are parsed each time: what a client sends cannot fill the memory with keys."""

MAX_LANGUAGE_TAG = 64

# More digits than the three of the standard are common, and harmless.
_weight = re.compile(r"(?:0(?:\.[0-9]{0,9})?|1(?:\.0{0,9})?|\.[0-9]{1,9})").fullmatch
_media_range = re.compile(r"([!#$%&'*+\-.^_`|~0-9a-z]+)/([!#$%&'*+\-.^_`|~0-9a-z]+)").fullmatch


class MediaRange(msgspec.Struct, frozen=True):
    """One element of `Accept`: `text/*;q=0.5`. `quality` is its weight from 0, not wanted, to 1."""

    type: str
    subtype: str
    params: tuple[tuple[str, str], ...] = ()
    quality: float = 1.0

    @property
    def specificity(self) -> int:
        """The more, the closer: `*/*` 0, `text/*` 1, `text/html` 2, one more for each parameter."""
        return (self.type != "*") + (self.subtype != "*") + len(self.params)

    def matches(self, media_type: str) -> bool:
        """Whether `media_type` lies in the range: with its parameters, though it may have more."""
        main, params = parse_header(media_type)
        kind, _, subtype = main.partition("/")
        return (
            self.type in ("*", kind)
            and self.subtype in ("*", subtype)
            and all(params.get(name, "").lower() == value.lower() for name, value in self.params)
        )


class Accept(msgspec.Struct, frozen=True):
    """The media ranges of an `Accept` field.

    ::

        accept = Accept.parse("text/html, application/json;q=0.8, */*;q=0.1")
        accept.quality("application/json")                  # 0.8
        accept.best(["application/json", "text/html"])      # "text/html"
    """

    ranges: tuple[MediaRange, ...] = ()

    @classmethod
    def parse(cls, field: str | None) -> "Accept":
        """Reads a field; without any readable range it accepts anything."""
        return cls(_media_ranges(field or ""))

    def quality(self, media_type: str) -> float:
        """The weight of the most specific range that matches; 0 when none does."""
        if not self.ranges:
            return 1.0
        specificity, quality = -1, 0.0
        for media_range in self.ranges:
            if media_range.specificity > specificity and media_range.matches(media_type):
                specificity, quality = media_range.specificity, media_range.quality
        return quality

    def best(self, offers: Sequence[str]) -> str | None:
        """The offer with the greatest weight, the first of equals; `None` when none is wanted (406)."""
        return _best([(offer, self.quality(offer)) for offer in offers])


def accepts(field: str | None, offers: Sequence[str]) -> str | None:
    """The media type of `offers` to send for an `Accept` field; `None` when none is wanted (406)."""
    # PERF(accepts): what nearly every program sends needs no parser.
    if not field or field == "*/*":
        return offers[0] if offers else None
    return Accept.parse(field).best(offers)


def accept_language(field: str | None, offers: Sequence[str]) -> str | None:
    """The language of `offers` to send for an `Accept-Language` field, by lookup (RFC 4647, section 3.4).

    A range loses its last part until an offer is it: `fr-CH` finds `fr`. If none is, an offer that begins with
    the range will do: `de` finds `de-AT`. `None` when nothing fits: send the default.
    """
    if not field:
        return offers[0] if offers else None
    by_tag = {offer.lower(): offer for offer in reversed(offers)}
    weighted = _weighted(field)
    weights = dict(weighted)
    wanted = sorted((pair for pair in weighted if pair[1] > 0), key=lambda pair: -pair[1])
    open_to = [tag for tag in map(str.lower, offers) if not _refused(tag, weights)]
    for language, _ in wanted:
        if language == "*":
            found = open_to[0] if open_to else None
        else:
            found = _look_up(language, open_to)
        if found is not None:
            return by_tag[found]
    return None


def _refused(tag: str, weights: dict[str, float]) -> bool:
    """Whether the closest range to `tag` has the weight 0: `en;q=0` refuses `en-GB`, unless that is named too."""
    return next((weights[prefix] == 0 for prefix in _prefixes(tag) if prefix in weights), False)


def _look_up(language: str, offers: Sequence[str]) -> str | None:
    for prefix in _prefixes(language):
        if prefix in offers:
            return prefix
    return next((offer for offer in offers if offer.startswith(language + "-")), None)


def _prefixes(tag: str) -> list[str]:
    """The tag and what is left of it as subtags are taken away; one that is single goes with its neighbour."""
    found: list[str] = []
    parts = tag[:MAX_LANGUAGE_TAG].split("-")
    while parts:
        found.append("-".join(parts))
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return found


def accept_encoding(field: str | None, offers: Sequence[str]) -> str | None:
    """The content coding of `offers` to send for an `Accept-Encoding` field, or `"identity"` for none.

    `None` when the client refuses all, identity included (`identity;q=0`, `*;q=0`): a 415 or 406, or send it
    plain all the same. An absent field may be answered with anything, so it is answered plainly.
    """
    if not field:
        return "identity"
    weights = {_ALIASES.get(coding, coding): quality for coding, quality in reversed(_weighted(field))}
    rest = weights.get("*", 0.0)
    # Not named, identity is still welcome, though less than any coding that is.
    plain = weights.get("identity", rest if "*" in weights and rest == 0 else 1e-9)
    return _best([*((offer, weights.get(offer.lower(), rest)) for offer in offers), ("identity", plain)])


_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}


def accept_charset(field: str | None, offers: Sequence[str]) -> str | None:
    """The charset of `offers` to send for an `Accept-Charset` field; `None` when none is wanted."""
    if not field:
        return offers[0] if offers else None
    weights = dict(reversed(_weighted(field)))
    return _best([(offer, weights.get(offer.lower(), weights.get("*", 0.0))) for offer in offers])


def _best(weighted: Sequence[tuple[str, float]]) -> str | None:
    offer, quality = max(weighted, key=lambda pair: pair[1], default=("", 0.0))
    return offer if quality > 0 else None


def _media_ranges(field: str) -> tuple[MediaRange, ...]:
    return _cached_media_ranges(field) if len(field) <= MAX_CACHED else _parse_media_ranges(field)


def _parse_media_ranges(field: str) -> tuple[MediaRange, ...]:
    found: list[MediaRange] = []
    for element in split_list(field)[:MAX_ELEMENTS]:
        try:
            main, params = parse_header(element)
        except Malformed:
            continue
        match = _media_range(main)
        weight = _weight(params.pop("q", "1"))
        if match is not None and weight is not None and not (match[1] == "*" != match[2]):
            found.append(MediaRange(match[1], match[2], tuple(params.items()), float(weight[0])))
    return tuple(found)


_cached_media_ranges = lru_cache(maxsize=256)(_parse_media_ranges)


def _weighted(field: str) -> list[tuple[str, float]]:
    """The elements of a field whose values are single tokens, in lower case, with their weights."""
    found: list[tuple[str, float]] = []
    for element in field.split(",", MAX_ELEMENTS)[:MAX_ELEMENTS]:
        value, _, parameter = element.partition(";")
        name, _, text = parameter.partition("=")
        weight = _weight(text.strip(" \t") if name.strip(" \t").lower() == "q" else "1")
        value = value.strip(" \t").lower()
        if value and weight is not None and len(value) <= MAX_LANGUAGE_TAG:
            found.append((value, float(weight[0])))
    return found
