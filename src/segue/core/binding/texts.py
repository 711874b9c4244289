"""Types of text that many apps take: addresses, slugs, numbers of telephones.

    class Visitor(Struct):
        email: Email
        homepage: HTTPURL | None = None

To a type checker each is ``str``. They say what the text looks like, not that somebody is there. Every pattern takes
time in proportion to the text, and none looks at a text that is longer than it may be.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta

__all__ = ["HTTPURL", "Email", "Hostname", "IPAddress", "IPv4", "IPv6", "Phone", "Slug"]

# In the dialect that JSON Schema shares with Python; there `$` also matches before a last line end, so none may follow.
_END = r"$(?!\n)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"{_LABEL}(?:\.{_LABEL}){{0,126}}"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"(?:{_BYTE}\.){{3}}{_BYTE}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
# RFC 3986, section 3.2.2.
_IPV6 = (
    "(?:"
    + "|".join(
        [
            rf"(?:{_H16}:){{6}}{_LS32}",
            rf"::(?:{_H16}:){{5}}{_LS32}",
            *[
                rf"(?:{_H16}(?::{_H16}){{0,{n}}})?::" + (rf"(?:{_H16}:){{{4 - n}}}{_LS32}" if n < 5 else "")
                for n in range(5)
            ],
            rf"(?:{_H16}(?::{_H16}){{0,5}})?::{_H16}",
            rf"(?:{_H16}(?::{_H16}){{0,6}})?::",
        ]
    )
    + ")"
)

Email: TypeAlias = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_HOSTNAME}{_END}",
        max_length=254,
        extra_json_schema={"format": "email"},
    ),
]
"""An address as browsers take it in ``<input type=email>`` (WHATWG HTML)."""

HTTPURL: TypeAlias = Annotated[
    str,
    Meta(
        pattern=rf"^[Hh][Tt][Tt][Pp][Ss]?://(?:\[{_IPV6}\]|{_HOSTNAME})(?::[0-9]{{1,5}})?"
        rf"(?:[/?#][!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]]*)?{_END}",
        max_length=2048,
        extra_json_schema={"format": "uri"},
    ),
]
"""A whole URL of the web, percent-encoded (RFC 3986): http or https, without user name and password."""

Slug: TypeAlias = Annotated[str, Meta(pattern=rf"^[a-z0-9]+(?:-[a-z0-9]+)*{_END}", max_length=200)]
"""A name for URLs: ``minor-swing-1937``."""

Phone: TypeAlias = Annotated[str, Meta(pattern=rf"^\+[1-9][0-9]{{6,14}}{_END}", max_length=16)]
"""A telephone number in international form without blanks (E.164): ``+33123456789``."""

Hostname: TypeAlias = Annotated[
    str, Meta(pattern=rf"^{_HOSTNAME}{_END}", max_length=253, extra_json_schema={"format": "hostname"})
]
"""The name of a host (RFC 1123)."""

IPv4: TypeAlias = Annotated[
    str, Meta(pattern=rf"^{_IPV4}{_END}", max_length=15, extra_json_schema={"format": "ipv4"})
]
"""An address like ``192.0.2.1``, without leading zeros."""

IPv6: TypeAlias = Annotated[
    str, Meta(pattern=rf"^{_IPV6}{_END}", max_length=45, extra_json_schema={"format": "ipv6"})
]
"""An address like ``2001:db8::1``, without a zone (RFC 4291)."""

IPAddress: TypeAlias = Annotated[str, Meta(pattern=rf"^(?:{_IPV4}|{_IPV6}){_END}", max_length=45)]
"""One of both."""
