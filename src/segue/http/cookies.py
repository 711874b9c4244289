"""Cookies: the request's `Cookie` header, and one `Set-Cookie` for a response (RFC 6265, RFC 6265bis)."""

from __future__ import annotations

import datetime
import re
from typing import Literal, TypeAlias

import msgspec

from segue.http.dates import http_date
from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict
from segue.http.parameters import is_token

__all__ = ["MAX_COOKIES", "Cookie", "SameSite", "parse_cookies"]

MAX_COOKIES = 1_000
MAX_PAIR = 4_096
MAX_ATTRIBUTE = 1_024

SameSite: TypeAlias = Literal["lax", "strict", "none"]
"""Whether a cookie comes along when a page of another site asks."""

_EMPTY: MultiDict[str] = MultiDict()
# RFC 6265 4.1.1 cookie-octet: no control, space, quote, comma, semicolon or backslash.
_value = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*").fullmatch
_path = re.compile(r"/[\x20-\x3a\x3c-\x7e]*").fullmatch
_domain = re.compile(r"\.?[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?").fullmatch
_SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
_YEAR_1601 = -11_644_473_600


def parse_cookies(header: str, *, max_cookies: int = MAX_COOKIES) -> MultiDict[str]:
    """The cookies of a request, in order; one name may have several values.

    ::

        parse_cookies("a=1; b=2; a=3").get_all("a")    # ["1", "3"]

    A browser sends the cookie with the longest path first, so `cookies["a"]` is the most specific one.
    Only `;` separates. Pieces without a name or without `=` are left out, for they could stand for any
    name (`=__Host-id=x`). A value in double quotes loses them; nothing inside is decoded.

    Raises `Malformed` for more than `max_cookies` pieces.
    """
    if not header:
        return _EMPTY
    if header.count(";") >= max_cookies:
        raise Malformed(f"there are more than {max_cookies} cookies")
    pairs: list[tuple[str, str]] = []
    for piece in header.split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip(" \t")
        if not equals or not name:
            continue
        value = value.strip(" \t")
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        pairs.append((name, value))
    return MultiDict(pairs)


class Cookie(msgspec.Struct, frozen=True):
    """A cookie to set. It is checked when it is made, so a bad one fails where it was written.

    ::

        Cookie("__Host-id", token, secure=True, max_age=3600).header()
        # "__Host-id=...; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"

    - `value`: RFC 6265 cookie octets; encode other text yourself (JSON, base64 and percent-encoding all do).
    - `max_age`: seconds; 0 or less removes the cookie. `expires`: seconds since 1970, or an aware `datetime`.
      Neither: a cookie for the browser's session.
    - `domain`: also sent to its subdomains; `None` is the stricter choice, this host only.
    - `secure`: only over HTTPS. `http_only`: not readable by scripts. `partitioned`: CHIPS.
    - `same_site`: `"lax"`, `"strict"`, `"none"`, or `None` to leave it to the browser.

    Raises `ValueError` for what a browser would drop or misread: characters that split the header, more than
    4,096 bytes, `SameSite=None` or `Partitioned` without `Secure`, and names that start with `__Secure-` or
    `__Host-` without what they promise (RFC 6265bis 4.1.3).
    """

    name: str
    value: str
    max_age: int | None = None
    expires: float | datetime.datetime | None = None
    domain: str | None = None
    path: str = "/"
    secure: bool = False
    http_only: bool = True
    same_site: SameSite | None = "lax"
    partitioned: bool = False

    def __post_init__(self) -> None:
        if not is_token(self.name):
            raise ValueError(f"not a cookie name: {self.name[:80]!r} (letters, digits and !#$%&'*+-.^_`|~)")
        if not _value(self.value):
            raise ValueError(
                f"the value of cookie {self.name!r} contains a space, quote, comma, semicolon, backslash, control "
                "or non-ASCII character; encode it first, for example with urllib.parse.quote"
            )
        if len(self.name) + len(self.value) > MAX_PAIR:
            raise ValueError(f"cookie {self.name!r} is larger than {MAX_PAIR} bytes: browsers drop it")
        self._check_scope()
        self._check_lifetime()
        self._check_security()

    def _check_scope(self) -> None:
        if not _path(self.path) or len(self.path) > MAX_ATTRIBUTE:
            raise ValueError(
                f"the path of cookie {self.name!r} must start with '/' and hold printable ASCII without ';', "
                f"at most {MAX_ATTRIBUTE} bytes: {self.path[:80]!r}"
            )
        if self.domain is not None and (not _domain(self.domain) or len(self.domain) > 254):
            raise ValueError(
                f"the domain of cookie {self.name!r} is not a host name: {self.domain[:80]!r} "
                "(names in other scripts: in their xn-- form)"
            )

    def _check_lifetime(self) -> None:
        if self.max_age is not None and (isinstance(self.max_age, bool) or not isinstance(self.max_age, int)):
            raise ValueError(f"max_age of cookie {self.name!r} is whole seconds, not {self.max_age!r}")
        if isinstance(self.expires, datetime.datetime) and self.expires.tzinfo is None:
            raise ValueError(
                f"expires of cookie {self.name!r} needs a time zone, for example datetime.now(UTC)"
            )
        if self.expires is not None:
            self._expires()

    def _check_security(self) -> None:
        if self.same_site is not None and self.same_site not in _SAME_SITE:
            raise ValueError(f"same_site of cookie {self.name!r} is 'lax', 'strict', 'none' or None")
        if not self.secure and (self.same_site == "none" or self.partitioned):
            what = "same_site='none'" if self.same_site == "none" else "partitioned=True"
            raise ValueError(f"cookie {self.name!r} has {what}, which browsers accept only with secure=True")
        # Browsers compare the prefixes without case, so a twin in other letters must keep the promise too.
        prefix = self.name[:12].lower()
        if prefix.startswith(("__secure-", "__host-", "__http-")) and not self.secure:
            raise ValueError(f"cookie {self.name!r} has a prefix that promises secure=True")
        if prefix.startswith("__host-") and (self.domain is not None or self.path != "/"):
            raise ValueError(f"cookie {self.name!r} promises by '__Host-' to have path='/' and no domain")
        if prefix.startswith(("__http-", "__host-http-")) and not self.http_only:
            raise ValueError(f"cookie {self.name!r} has a prefix that promises http_only=True")

    def _expires(self) -> str:
        expires = self.expires
        try:
            stamp = expires.timestamp() if isinstance(expires, datetime.datetime) else expires or 0
            # A cookie's year is 1601 or later (RFC 6265, section 5.1.1).
            if stamp >= _YEAR_1601:
                return http_date(stamp)
        except ValueError:
            pass
        raise ValueError(f"expires of cookie {self.name!r} is not a date of the years 1601 to 9999")

    @classmethod
    def unset(cls, name: str, *, path: str = "/", domain: str | None = None) -> Cookie:
        """The cookie that makes a browser forget `name`; `path` and `domain` as they were when it was set."""
        prefixed = name[:9].lower().startswith(("__secure-", "__host-", "__http-"))
        return cls(name, "", max_age=0, expires=0, path=path, domain=domain, secure=prefixed)

    def header(self) -> str:
        """The value of the `Set-Cookie` header."""
        parts = [f"{self.name}={self.value}"]
        if self.expires is not None:
            parts.append(f"Expires={self._expires()}")
        if self.max_age is not None:
            parts.append(f"Max-Age={self.max_age}")
        if self.domain is not None:
            parts.append(f"Domain={self.domain}")
        parts.append(f"Path={self.path}")
        if self.secure:
            parts.append("Secure")
        if self.http_only:
            parts.append("HttpOnly")
        if self.same_site is not None:
            parts.append(f"SameSite={_SAME_SITE[self.same_site]}")
        if self.partitioned:
            parts.append("Partitioned")
        return "; ".join(parts)
