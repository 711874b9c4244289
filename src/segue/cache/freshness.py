"""What may be kept of requests and responses, and for how long (RFC 9111)."""

import re
from collections.abc import Mapping

from segue.http.headers import Headers
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Directives", "directives", "lifetime", "why_not"]

Directives = Mapping[str, str]

_PART = re.compile(
    r'[ \t]*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)(?:[ \t]*=[ \t]*(?:"([^"]{0,200})"|([^", \t]{0,200})))?[ \t]*(?:,|\Z)'
)
_seconds = re.compile(r"[0-9]{1,9}\Z").match


def directives(field: str | None) -> Directives:
    """The directives of a ``Cache-Control`` field, in lower case, with their values. What cannot be read says nothing."""
    found: dict[str, str] = {}
    at = 0
    while field and at < len(field) and (part := _PART.match(field, at)) is not None:
        found.setdefault(part[1].lower(), part[2] if part[2] is not None else part[3] or "")
        at = part.end()
    return found


def seconds_of(said: Directives, name: str) -> int | None:
    """The seconds of a directive; None if it is not there. What is no number counts as 0: stale (RFC 9111, section 4.2.1)."""
    value = said.get(name)
    if value is None:
        return None
    return int(value) if _seconds(value) else 0


def lifetime(response: Response, most: float | None) -> float | None:
    """Seconds for which a response may be kept here: ``most``, or less if it says so itself; None is without end."""
    said = directives(response.headers.joined("cache-control"))
    own = seconds_of(said, "s-maxage")
    if own is None:
        own = seconds_of(said, "max-age")
    if own is None:
        return most
    return own if most is None else min(own, most)


def why_not(request: Request, response: Response, statuses: frozenset[int]) -> str:
    """Why a response must not be kept for others than who asked; empty if it may.

    It is for one visitor where anything says so: a cookie that it sets, ``private`` and its likes, a session, an identity or
    a token of the form that it was made with, credentials in the request, a nonce, a guard in front of it.
    """
    headers = response.headers
    if response.status not in statuses:
        return f"its status is {response.status}"
    if not isinstance(response.body, bytes):
        return "it is a stream or a file"
    if "set-cookie" in headers:
        return "it sets a cookie"
    said = directives(headers.joined("cache-control"))
    for name in ("no-store", "private", "no-cache"):
        if name in said:
            return f"it is {name}"
    vary = varied(headers)
    for name in ("*", "cookie", "authorization"):
        if name in vary:
            return f"it depends on {name}"
    if "authorization" in request.headers:
        return "the request has credentials"
    if "'nonce-" in headers.get("content-security-policy", ""):
        return "it has a nonce"
    made = request.made or {}
    if made.get("private"):
        return "it was made for a session"
    if made.get("identity") is not None:
        return "it was made for somebody who is known"
    options = getattr(request.endpoint, "options", None)
    if getattr(options, "permission", None) is not None or getattr(options, "requires", None):
        return "a guard stands before it"
    return ""


def varied(headers: Headers) -> list[str]:
    """The names in ``Vary``, in lower case and in order, each once."""
    parts = [part.strip().lower() for part in (headers.joined("vary") or "").split(",")]
    return sorted({part for part in parts if part})
