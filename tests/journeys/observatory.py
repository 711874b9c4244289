"""The scoring of the HTTP Observatory (developer.mozilla.org/observatory/docs/tests_and_scoring), written anew for tests.

A site begins with 100. What is missing is taken off; what is better than asked for counts only where 90 are left. 100 is A+.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

__all__ = ["Seen", "grade", "scan", "score"]

GRADES = [
    (100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-"), (40, "D+"), (30, "D"),
    (25, "D-"), (0, "F"),
]  # fmt: skip
HALF_A_YEAR = 15_768_000
BROAD = {"*", "http:", "https:", "data:", "blob:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


class Seen(NamedTuple):
    """What a visit shows: where plain HTTP led first, the last response over HTTPS, and all cookies on the way."""

    first_redirect: str | None
    host: str
    headers: Mapping[str, str]
    cookies: list[str]
    body: str


def score(seen: Seen) -> dict[str, int]:
    """What each test adds or takes off."""
    csp = directives(seen.headers.get("content-security-policy", ""))
    return {
        "content-security-policy": of_csp(csp),
        "cookies": of_cookies(seen.cookies, bool(of_hsts(seen.headers) >= 0)),
        "cross-origin-resource-sharing": of_cors(seen.headers),
        "cross-origin-resource-policy": of_corp(seen.headers),
        "redirection": of_redirection(seen),
        "referrer-policy": of_referrer(seen.headers),
        "strict-transport-security": of_hsts(seen.headers),
        "subresource-integrity": of_scripts(seen),
        "x-content-type-options": 0 if seen.headers.get("x-content-type-options") == "nosniff" else -5,
        "x-frame-options": of_framing(csp, seen.headers),
    }


def grade(modifiers: Mapping[str, int]) -> str:
    left = 100 + sum(one for one in modifiers.values() if one < 0)
    if left >= 90:
        left += sum(one for one in modifiers.values() if one > 0)
    return next(name for least, name in GRADES if max(0, left) >= least)


def directives(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in text.split(";"):
        name, *sources = part.split()[:1] + part.split()[1:] or [""]
        if name:
            found.setdefault(name.lower(), set(sources))
    return found


def of_csp(csp: dict[str, set[str]]) -> int:
    if not csp:
        return -25
    default = csp.get("default-src", {"*"})
    active = [csp.get(one, default) for one in ("script-src", "object-src")]
    for sources in active:
        if any(one.startswith("http:") for one in sources):
            return -20
        strict = any(one.startswith(("'nonce-", "'sha")) for one in sources)
        if sources & BROAD or ("'unsafe-inline'" in sources and not strict):
            return -20
    if any("'unsafe-eval'" in sources for sources in active):
        return -10
    if any(one.startswith("http:") for name in ("img-src", "media-src") for one in csp.get(name, default)):
        return -10
    style = csp.get("style-src", default)
    if style & BROAD or "'unsafe-inline'" in style:
        return 0
    closed = default == {"'none'"} and csp.get("form-action", {"*"}) <= {"'self'", "'none'"}
    return 10 if closed else 5


def of_cookies(cookies: list[str], hsts: bool) -> int:
    if not cookies:
        return 0
    worst, same_site = 5, True
    for one in cookies:
        name, *rest = one.split(";")
        flags = {
            part.strip().lower().partition("=")[0]: part.strip().lower().partition("=")[2] for part in rest
        }
        session = any(word in name.lower() for word in ("session", "login", "sid"))
        if "secure" not in flags:
            worst = min(worst, (-10 if hsts else -40) if session else (-5 if hsts else -20))
        if session and "httponly" not in flags:
            worst = min(worst, -30)
        if "samesite" in flags and flags["samesite"] not in ("lax", "strict"):
            worst = min(worst, -20 if flags["samesite"] != "none" else 0)
        if "samesite" not in flags:
            same_site = False
            if "csrf" in name.lower():
                worst = min(worst, -20)
    return worst if same_site else min(worst, 0)


def of_cors(headers: Mapping[str, str]) -> int:
    """Answered to a request of another origin."""
    anybody = headers.get("access-control-allow-origin") not in (None, "*")
    return -50 if anybody and headers.get("access-control-allow-credentials") == "true" else 0


def of_corp(headers: Mapping[str, str]) -> int:
    return 10 if headers.get("cross-origin-resource-policy") in ("same-origin", "same-site") else 0


def of_redirection(seen: Seen) -> int:
    if seen.first_redirect is None:
        return -20
    to = urlsplit(seen.first_redirect)
    if to.scheme != "https":
        return -20
    return 0 if to.hostname == seen.host else -5


def of_referrer(headers: Mapping[str, str]) -> int:
    said = headers.get("referrer-policy")
    return 0 if said is None else 5 if said.split(",")[-1].strip() in PRIVATE else -5


def of_hsts(headers: Mapping[str, str]) -> int:
    for part in headers.get("strict-transport-security", "").lower().split(";"):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.isdecimal():
            return 0 if int(value) >= HALF_A_YEAR else -10
    return -20


def of_framing(csp: dict[str, set[str]], headers: Mapping[str, str]) -> int:
    if "frame-ancestors" in csp:
        return 5
    return 0 if headers.get("x-frame-options", "").lower() in ("deny", "sameorigin") else -20


class Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" in dict(attrs):
            self.found.append(dict(attrs))


def of_scripts(seen: Seen) -> int:
    scripts = Scripts()
    scripts.feed(seen.body)
    foreign = [one for one in scripts.found if urlsplit(one["src"] or "").hostname not in (None, seen.host)]
    if not foreign:
        return 0
    if all(one.get("integrity") for one in foreign):
        return 5
    return -50 if any((one["src"] or "").startswith("http:") for one in foreign) else -5


def scan(host: str, plain: int, connect: Callable[[], ssl.SSLSocket]) -> Seen:
    """Visits the front page of ``host`` as a browser would: over HTTP at the port ``plain``, then over HTTPS."""
    asked = http.client.HTTPConnection("127.0.0.1", plain, timeout=20)
    asked.request("GET", "/", headers={"host": host})
    first = asked.getresponse()
    leads = first.getheader("location") if first.status in (301, 302, 303, 307, 308) else None
    asked.close()
    path, cookies = "/", []
    for _ in range(5):
        connection = http.client.HTTPConnection(host)
        connection.sock = connect()
        sent = {"host": host, "origin": "https://observatory.example"}
        connection.request("GET", path, headers=sent)
        response = connection.getresponse()
        body = response.read().decode()
        cookies += response.headers.get_all("set-cookie") or []
        connection.close()
        if response.status not in (301, 302, 303, 307, 308):
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Seen(leads, host, headers, cookies, body)
        path = urlsplit(urljoin(f"https://{host}{path}", response.getheader("location") or "")).path
    raise AssertionError("it redirects for ever")
