"""URLs and their parts: percent-decoding of paths, queries, and the `URL` value (RFC 3986, WHATWG URL).

Every function is linear in its input, and bytes that are not UTF-8 are refused, never replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

import msgspec

from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict

__all__ = [
    "MAX_QUERY_FIELDS",
    "URL",
    "Query",
    "QueryValues",
    "decode_path",
    "decode_segment",
    "encode_path_segment",
    "encode_query",
    "parse_query",
    "split_authority",
]

MAX_QUERY_FIELDS = 1_000

Query: TypeAlias = MultiDict[str]
"""The parameters of a query, in their order; a name may have several values."""
QueryValues: TypeAlias = Mapping[str, object] | Iterable[tuple[str, object]]
"""What a query is written from: names to values, or to lists of values, or pairs."""

_EMPTY: Query = MultiDict()
_HEX = "0123456789abcdefABCDEF"
_OCTET = {(a + b).encode(): bytes.fromhex(a + b) for a in _HEX for b in _HEX}
# PERF: tables, so that encoding is one C-level join over one look-up for each byte.
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SEGMENT = [chr(b) if b in _UNRESERVED or b in b"!$&'()*+,;=:@" else f"%{b:02X}" for b in range(256)]
_FIELD = [chr(b) if (b in _UNRESERVED and b != 0x7E) or b == 0x2A else f"%{b:02X}" for b in range(256)]
_FIELD[0x20] = "+"

_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*").fullmatch
_printable = re.compile(r"[\x21-\x7e]*").fullmatch
_host = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])").fullmatch
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _percent_decode(octets: bytes) -> tuple[bytes, bool]:
    """The decoded bytes, and whether every `%` began an escape."""
    head, *escapes = octets.split(b"%")
    parts, clean = [head], True
    for escape in escapes:
        octet = _OCTET.get(escape[:2])
        if octet is None:
            clean = False
            parts += (b"%", escape)
        else:
            parts += (octet, escape[2:])
    return b"".join(parts), clean


def decode_path(raw: str) -> str:
    """The path of a request target, percent-decoded for routing.

    `%2F` stays `%2F` and `%25` stays `%25`; all else is decoded. So a slash in the result is a slash that
    the client sent as one, an encoded slash cannot make a route match that its raw path does not, and two
    different paths never become the same text. `decode_segment` finishes the work for a path parameter::

        decode_path("/caf%C3%A9/a%2Fb")    # "/café/a%2Fb"
        decode_segment("a%2Fb")            # "a/b"

    Dot segments are left for the one who uses the path.

    Raises `Malformed` for an incomplete escape, UTF-8 that is not valid, NUL, and bytes that are not ASCII.
    """
    if "%" not in raw:
        if not raw.isascii() or "\0" in raw:
            raise Malformed("the path contains a byte that must be percent-encoded")
        return raw
    if not raw.isascii():
        raise Malformed("the path contains a byte that must be percent-encoded")
    kept = raw.replace("%25", "%2525").replace("%2F", "%252F").replace("%2f", "%252F")
    octets, clean = _percent_decode(kept.encode("ascii"))
    if not clean:
        raise Malformed("the path contains a percent sign that does not begin an escape")
    try:
        path = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the path is not valid UTF-8 when it is percent-decoded") from None
    if "\0" in path:
        raise Malformed("the path contains a NUL")
    return path


def decode_segment(segment: str) -> str:
    """One segment of a path from `decode_path`, with the slashes and percent signs that it kept.

    For a value that is one segment. A value that spans segments (`{path:path}`) keeps its `%2F`: after
    decoding it would no longer tell which slashes were routed.
    """
    if "%" not in segment:
        return segment
    return segment.replace("%2F", "/").replace("%25", "%")


def encode_path_segment(segment: str) -> str:
    """`segment` percent-encoded so that it stays one segment of a path: `a/b ä` becomes `a%2Fb%20%C3%A4`.

    Raises `ValueError` for `.` and `..`, which no encoding can carry (RFC 3986 6.2.2.2), and for lone surrogates.
    """
    if segment in (".", ".."):
        raise ValueError(f"{segment!r} cannot be a path segment: clients resolve it, encoded or not")
    return "".join([_SEGMENT[octet] for octet in segment.encode("utf-8")])


def parse_query(raw: bytes | str, *, max_fields: int = MAX_QUERY_FIELDS) -> Query:
    """The fields of a query or of an `application/x-www-form-urlencoded` body, in order.

    ::

        parse_query("tag=a&tag=b&q=x+y")    # MultiDict([("tag", "a"), ("tag", "b"), ("q", "x y")])

    Only `&` separates: a cache in front that also splits at `;` cannot be given another reading. `+` is a
    space, a field without `=` has an empty value, and a `%` that begins no escape is itself (WHATWG URL 5.1).

    Raises `Malformed` for text that is not UTF-8 and for more than `max_fields` fields.
    """
    if not raw:
        return _EMPTY
    octets = raw if isinstance(raw, bytes) else _utf8(raw)
    # Counted before anything is built: the refusal costs one scan.
    if octets.count(b"&") >= max_fields:
        raise Malformed(f"there are more than {max_fields} fields")
    try:
        if b"%" not in octets:
            text = octets.replace(b"+", b" ").decode("utf-8")
            fields = [field.partition("=") for field in text.split("&") if field]
            return MultiDict([(name, value) for name, _, value in fields])
        pairs: list[tuple[str, str]] = []
        for field in octets.replace(b"+", b" ").split(b"&"):
            if field:
                key, _, octet_value = field.partition(b"=")
                if b"%" in key:
                    key = _percent_decode(key)[0]
                if b"%" in octet_value:
                    octet_value = _percent_decode(octet_value)[0]
                pairs.append((key.decode("utf-8"), octet_value.decode("utf-8")))
    except UnicodeDecodeError:
        raise Malformed("a field is not valid UTF-8 when it is percent-decoded") from None
    return MultiDict(pairs)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("a field contains a lone surrogate") from None


def encode_query(values: QueryValues) -> str:
    """Names and values as a query, without the `?`. A list or tuple repeats its name, `None` leaves it out.

    ::

        encode_query({"q": "x y", "tag": ["a", "b"], "page": None})    # "q=x+y&tag=a&tag=b"
    """
    if isinstance(values, MultiDict):
        values = values.multi_items()
    elif isinstance(values, Mapping):
        values = cast("Mapping[str, object]", values).items()
    fields: list[str] = []
    for name, value in values:
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                text = ("true" if one else "false") if isinstance(one, bool) else str(one)
                fields.append(f"{_encode_field(name)}={_encode_field(text)}")
    return "&".join(fields)


def _encode_field(text: str) -> str:
    return "".join([_FIELD[octet] for octet in text.encode("utf-8")])


def split_authority(authority: str) -> tuple[str, int | None]:
    """`host` or `host:port`, as in a `Host` header, in two parts: the host in lower case, IPv6 in its brackets.

    Raises `Malformed` for user information, for a host with characters that no host has, and for a port that
    is not a number up to 65535.
    """
    host, port = authority.lower(), None
    head, colon, digits = host.rpartition(":")
    if colon and not digits.endswith("]"):
        host = head
        if digits:
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 5) or int(digits) > 65535:
                raise Malformed("a port is not a number from 0 to 65535")
            port = int(digits)
    if not _host(host):
        raise Malformed("a host contains a character that no host has")
    return host, port


class URL(msgspec.Struct, frozen=True, kw_only=True):
    """An absolute or relative URL, in parts that are already percent-encoded.

    It is made from parts that are known (`URL(scheme="https", host="example.com", path="/a")`) or from
    text (`URL.parse(text)`); it never puts a request's Host and target together and reads them again.
    `str(url)` writes it, `url.replace(path="/b")` and `url.with_query(page=2)` give changed copies.

    - `scheme` and `host`: in lower case, empty when relative; an IPv6 address in its brackets.
    - `port`: `None` for the scheme's default.
    - `path`, `query`, `fragment`: encoded, without `?` and `#`.

    Raises `ValueError` for parts that cannot stand in a URL: control characters, spaces, text outside ASCII.
    """

    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""
    query: str = ""
    fragment: str = ""

    def __post_init__(self) -> None:
        if self.scheme and not _scheme(self.scheme):
            raise ValueError(f"not the scheme of a URL: {self.scheme[:80]!r}")
        if not _host(self.host):
            raise ValueError(
                f"not a host: {self.host[:80]!r} (names in other scripts: in their xn-- form; IPv6: in brackets)"
            )
        if self.port is not None and not 0 <= self.port <= 65535:
            raise ValueError("a port is a number from 0 to 65535")
        if not (_printable(self.path) and _printable(self.query) and _printable(self.fragment)):
            raise ValueError("path, query and fragment of a URL must be percent-encoded ASCII")
        if "?" in self.path or "#" in self.path or "#" in self.query:
            raise ValueError("'?' and '#' must be percent-encoded in a path, '#' in a query")
        if self.host and self.path and not self.path.startswith("/"):
            raise ValueError("the path of a URL with a host must start with '/'")
        if not self.host and self.path.startswith("//"):
            raise ValueError("a path without a host cannot start with '//': it would be read as a host")

    @classmethod
    def parse(cls, text: str) -> URL:
        """Read a URL reference (RFC 3986). Raises `Malformed` if it is not one; user information is refused."""
        rest, _, fragment = text.partition("#")
        rest, _, query = rest.partition("?")
        scheme, host, port = "", "", None
        head, colon, tail = rest.partition(":")
        if colon and _scheme(head):
            scheme, rest = head.lower(), tail
        if rest.startswith("//"):
            authority, slash, path = rest[2:].partition("/")
            host, port = split_authority(authority)
            rest = slash + path
        return cls._read(scheme, host, port, rest, query, fragment)

    @classmethod
    def of_request(cls, scheme: str, authority: str, path: str, query: str = "") -> URL:
        """The URL that a request is for: its scheme, the value of its `Host`, its raw path and its query.

        Each part is read by itself; nothing in the one can become part of another. Raises `Malformed`.
        """
        host, port = split_authority(authority)
        return cls._read(scheme, host, port, path, query, "")

    @classmethod
    def _read(cls, scheme: str, host: str, port: int | None, path: str, query: str, fragment: str) -> URL:
        if port == _DEFAULT_PORTS.get(scheme):
            port = None
        try:
            return cls(scheme=scheme, host=host, port=port, path=path, query=query, fragment=fragment)
        except ValueError as error:
            raise Malformed(str(error)) from None

    @property
    def params(self) -> Query:
        """The query's fields, by `parse_query`."""
        return parse_query(self.query)

    @property
    def authority(self) -> str:
        """`host` or `host:port`, as it stands in a `Host` header."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`, as it stands in an `Origin` header; empty for a relative URL."""
        return f"{self.scheme}://{self.authority}" if self.scheme and self.host else ""

    def replace(self, **parts: str | int | None) -> URL:
        """A copy in which the named parts are others."""
        return msgspec.structs.replace(self, **parts)

    def with_query(self, values: QueryValues = (), /, **more: object) -> URL:
        """A copy with this query instead of its own: `url.with_query(page=2, tag=["a", "b"])`."""
        query = encode_query(values)
        if more:
            query = "&".join(filter(None, (query, encode_query(more))))
        return msgspec.structs.replace(self, query=query)

    def __str__(self) -> str:
        parts = [f"{self.scheme}:"] if self.scheme else []
        if self.host:
            parts += ("//", self.authority)
        parts.append(self.path)
        if self.query:
            parts += ("?", self.query)
        if self.fragment:
            parts += ("#", self.fragment)
        return "".join(parts)
