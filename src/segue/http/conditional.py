"""Conditional requests: entity tags, preconditions and `If-Range` (RFC 9110, sections 8.8.3 and 13)."""

import enum
import re
from typing import Literal

import msgspec

from segue.http.dates import parse_http_date
from segue.http.headers import Headers

__all__ = ["ETag", "Precondition", "evaluate", "may_send_range", "parse_etags"]

_opaque = re.compile(r"[\x21\x23-\x7e\x80-\xff]*").fullmatch
_tag = re.compile(r'[ \t,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|\Z)').match


class ETag(msgspec.Struct, frozen=True):
    """An entity tag. `str(etag)` is its form in a header field: `"abc"` or `W/"abc"`.

    `weak`: equal for representations that mean the same, though their bytes may differ.

    Raises `ValueError` for a value with quotes, spaces, control characters or text outside latin-1.
    """

    value: str
    weak: bool = False

    def __post_init__(self) -> None:
        if not _opaque(self.value):
            raise ValueError(f"not an entity tag: {self.value[:80]!r} (RFC 9110, section 8.8.3)")

    def __str__(self) -> str:
        return f'W/"{self.value}"' if self.weak else f'"{self.value}"'

    def strongly_equals(self, other: "ETag") -> bool:
        """Byte for byte the same: both are strong and equal."""
        return not self.weak and not other.weak and self.value == other.value

    def weakly_equals(self, other: "ETag") -> bool:
        """The same for one who reads: the values are equal."""
        return self.value == other.value


class Precondition(enum.Enum):
    """What the preconditions of a request ask the server to do."""

    PROCEED = "proceed"
    NOT_MODIFIED = 304
    FAILED = 412


def parse_etags(field: str) -> list[ETag] | Literal["*"]:
    """The tags of an `If-Match` or `If-None-Match` field; `"*"` stands for any.

    Ends at the first that is malformed: a tag that cannot be read matches nothing.
    """
    if field.strip(" \t") == "*":
        return "*"
    tags: list[ETag] = []
    at = 0
    while (found := _tag(field, at)) is not None:
        tags.append(ETag(found[2], weak=found[1] is not None))
        at = found.end()
    return tags


def evaluate(
    method: str,
    headers: Headers,
    *,
    etag: ETag | None = None,
    last_modified: float | None = None,
    exists: bool = True,
) -> Precondition:
    """Evaluates the preconditions of a request in the order of RFC 9110, section 13.2.2.

    To be asked when the request would otherwise succeed, before anything is changed or sent::

        if evaluate("PUT", request.headers, etag=film.etag) is Precondition.FAILED:
            raise PreconditionFailed("somebody else has changed the film")

    `etag` and `last_modified` (seconds since 1970) are those of the current representation, `exists` is False
    when there is none. `Range` and `If-Range` are another question: `may_send_range`.
    """
    if method in ("CONNECT", "OPTIONS", "TRACE"):
        return Precondition.PROCEED
    reads = method in ("GET", "HEAD")
    if (field := headers.joined("if-match")) is not None:
        if not _matches(field, etag, exists=exists, strong=True):
            return Precondition.FAILED
    elif _modified_since(headers.get("if-unmodified-since"), last_modified) is True:
        return Precondition.FAILED
    if (field := headers.joined("if-none-match")) is not None:
        if _matches(field, etag, exists=exists, strong=False):
            return Precondition.NOT_MODIFIED if reads else Precondition.FAILED
    elif reads and _modified_since(headers.get("if-modified-since"), last_modified) is False:
        return Precondition.NOT_MODIFIED
    return Precondition.PROCEED


def may_send_range(if_range: str | None, *, etag: ETag | None, last_modified: float | None) -> bool:
    """Whether a `Range` is to be heeded, by the `If-Range` field of the request (RFC 9110, section 13.1.5).

    A client that holds part of another version must get all of this one. A tag is compared strongly, a date
    must be exactly the date of `last_modified` (seconds since 1970).
    """
    if if_range is None:
        return True
    if if_range.startswith(('"', "W/")):
        tags = parse_etags(if_range)
        return etag is not None and len(tags) == 1 and tags != "*" and tags[0].strongly_equals(etag)
    date = parse_http_date(if_range)
    return date is not None and last_modified is not None and date == last_modified // 1


def _matches(field: str, etag: ETag | None, *, exists: bool, strong: bool) -> bool:
    tags = parse_etags(field)
    if tags == "*":
        return exists
    if etag is None or not exists:
        return False
    if strong:
        return any(tag.strongly_equals(etag) for tag in tags)
    return any(tag.weakly_equals(etag) for tag in tags)


def _modified_since(field: str | None, last_modified: float | None) -> bool | None:
    """None when there is nothing to compare: a field that is no date, or a resource without one."""
    date = None if field is None else parse_http_date(field)
    if date is None or last_modified is None:
        return None
    return last_modified // 1 > date
