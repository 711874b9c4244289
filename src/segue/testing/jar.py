"""The cookies that a client holds and sends back (RFC 6265, section 5)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import msgspec

from segue.http.dates import parse_http_date
from segue.http.url import URL

__all__ = ["CookieJar", "StoredCookie"]


class StoredCookie(msgspec.Struct):
    """One cookie as a client keeps it. ``expires``: seconds since 1970; None for the length of the session."""

    name: str
    value: str
    domain: str
    path: str
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None
    expires: float | None = None

    def matches(self, url: URL) -> bool:
        """Whether it is sent with a request to ``url``."""
        host, domain = url.host, self.domain
        if host != domain and (self.host_only or not host.endswith("." + domain)):
            return False
        if self.secure and not _trustworthy(url):
            return False
        path = url.path or "/"
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else self.path + "/")


class CookieJar(Mapping[str, str]):
    """The cookies of a client, by name.

        client.cookies["theme"]                       # what the app has set, or the test
        client.cookies.set("theme", "dark")           # for every host and path of this client
        client.cookies.stored("session").same_site    # with its attributes

    As browsers do, it sends ``Secure`` cookies over HTTP to this machine (``localhost``) too.
    """

    __slots__ = ("_cookies", "_host")

    def __init__(self, host: str) -> None:
        self._host = host
        self._cookies: dict[tuple[str, str, str], StoredCookie] = {}

    def set(self, name: str, value: str, *, domain: str | None = None, path: str = "/") -> None:
        """Puts a cookie in, as it would have come from the app. ``domain``: with its subdomains."""
        self._store(StoredCookie(name, value, domain or self._host, path, host_only=domain is None))

    def delete(self, name: str) -> None:
        """Forgets the cookies with this name, if there are any."""
        for key in [key for key in self._cookies if key[0] == name]:
            del self._cookies[key]

    def clear(self) -> None:
        self._cookies.clear()

    def stored(self, name: str) -> StoredCookie:
        """The cookie with all its attributes. Raises KeyError."""
        for cookie in self._alive():
            if cookie.name == name:
                return cookie
        raise KeyError(f"the client has no cookie {name!r}; it has: {', '.join(self) or 'none'}")

    def header(self, url: URL) -> str:
        """The ``Cookie`` field for a request to ``url``; empty when there is nothing to send."""
        found = sorted((one for one in self._alive() if one.matches(url)), key=lambda one: -len(one.path))
        return "; ".join([f"{one.name}={one.value}" for one in found])

    def take(self, url: URL, fields: list[str]) -> None:
        """Stores what the ``Set-Cookie`` fields of a response from ``url`` say, where a browser would."""
        for field in fields:
            cookie = _read(url, field)
            if cookie is not None:
                self._store(cookie)

    def _store(self, cookie: StoredCookie) -> None:
        key = (cookie.name, cookie.domain, cookie.path)
        if cookie.expires is not None and cookie.expires <= time.time():
            self._cookies.pop(key, None)
        else:
            self._cookies[key] = cookie

    def _alive(self) -> list[StoredCookie]:
        now = time.time()
        return [one for one in self._cookies.values() if one.expires is None or one.expires > now]

    def __getitem__(self, name: str) -> str:
        return self.stored(name).value

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self._alive()))

    def __len__(self) -> int:
        return len({cookie.name for cookie in self._alive()})

    def __repr__(self) -> str:
        return f"<CookieJar {dict(self)!r}>"


def _read(url: URL, field: str) -> StoredCookie | None:
    pair, *attributes = field.split(";")
    name, equals, value = (text.strip(" \t") for text in pair.partition("="))
    if not equals or not name:
        return None
    cookie = StoredCookie(name, value, url.host, (url.path or "/").rpartition("/")[0] or "/")
    max_age: float | None = None
    for attribute in attributes:
        key, _, text = (text.strip(" \t") for text in attribute.partition("="))
        match key.lower():
            case "max-age" if text.removeprefix("-").isascii() and text.removeprefix("-").isdigit():
                max_age = float(text[:20])
            case "expires":
                cookie.expires = parse_http_date(text)
            case "domain" if text:
                cookie.domain, cookie.host_only = text.lower().removeprefix("."), False
            case "path" if text.startswith("/"):
                cookie.path = text
            case "secure":
                cookie.secure = True
            case "httponly":
                cookie.http_only = True
            case "samesite":
                cookie.same_site = text.lower()
            case _:
                pass
    if max_age is not None:
        cookie.expires = time.time() + max_age if max_age > 0 else 0.0
    return cookie if _acceptable(cookie, url) else None


def _acceptable(cookie: StoredCookie, url: URL) -> bool:
    if url.host != cookie.domain and not url.host.endswith("." + cookie.domain):
        return False
    if cookie.secure and not _trustworthy(url):
        return False
    if cookie.name.startswith("__Host-"):
        return cookie.secure and cookie.host_only and cookie.path == "/"
    return cookie.secure or not cookie.name.startswith("__Secure-")


def _trustworthy(url: URL) -> bool:
    host = url.host
    return (
        url.scheme in ("https", "wss")
        or host in ("localhost", "127.0.0.1", "[::1]")
        or host.endswith(".localhost")
    )
