"""Where a redirect leads, and what of a call goes along (RFC 9110, section 15.4)."""

from __future__ import annotations

import urllib.parse

from segue.client.call import Call, target
from segue.http.headers import Headers, MutableHeaders
from segue.http.url import URL

__all__ = ["at_home", "redirected"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OF_A_BODY = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "digest",
    "content-digest",
)

# What any host may know. All else, X-Api-Key as well as Authorization, is for the host that it was written for.
_HARMLESS = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "if-modified-since", "if-none-match", "range",
     "user-agent"}
)  # fmt: skip


def redirected(call: Call, status: int, headers: Headers) -> Call | None:
    """The call that a reply sends the client on to; None for a reply that is no redirect.

    To the same scheme, host and port everything goes along; the body where the method stays. To any other nothing does
    that could be a secret: no body, and of the header only what says how the reply should look. That stays so when a
    further redirect leads back. Raises ValueError for a place where no call can go.
    """
    location = headers.get("location")
    if status not in _REDIRECTS or location is None:
        return None
    # Header fields are latin-1 on the wire; browsers read them as UTF-8 (WHATWG Fetch, "location URL").
    text = location.encode("latin-1").decode("utf-8", "replace")
    url = target(None, urllib.parse.urljoin(str(call.url), text))
    method, content = call.method, call.content
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method = "GET" if method != "HEAD" else "HEAD"
    stays = url.origin == call.url.origin
    sent = MutableHeaders(call.headers.multi_items()) if stays else at_home(call.headers)
    if method != call.method or not stays:
        content = b""
        for name in _OF_A_BODY:
            del sent[name]
    return Call(method, url, sent, content, call.timeout)


def at_home(headers: Headers, home: URL | None = None, url: URL | None = None) -> MutableHeaders:
    """``headers`` as they are where ``url`` is of the origin ``home``; otherwise only the harmless ones."""
    if home is not None and url is not None and home.origin == url.origin:
        return MutableHeaders(headers.multi_items())
    return MutableHeaders([(name, value) for name, value in headers.multi_items() if name in _HARMLESS])
