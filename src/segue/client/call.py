"""One call as it is about to be sent: method, URL, header fields and body, all checked."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, cast

import msgspec

from segue.client.multipart import FormBody
from segue.client.options import CallOptions, Content
from segue.http.headers import HeaderSource, InvalidHeader, MutableHeaders
from segue.http.malformed import Malformed
from segue.http.url import URL, encode_query

__all__ = ["Call", "target"]

_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,40}\Z")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_LONGEST_URL = 32 * 1024
_FRAMING = ("transfer-encoding", "content-length", "connection", "upgrade", "te", "trailer", "keep-alive")


class Call:
    """What is sent. Middleware of a client may change ``headers`` before it lets the call go on.

    ``url`` is a segue.URL. ``content``: bytes, or what gives them piece by piece.
    """

    __slots__ = ("content", "headers", "method", "timeout", "url")

    def __init__(
        self, method: str, url: URL, headers: MutableHeaders, content: Content, timeout: float | None = None
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.content = content
        #: Seconds that all of it may take.
        self.timeout = timeout

    @classmethod
    def made(
        cls,
        method: str,
        url: URL,
        headers: MutableHeaders,
        options: CallOptions,
        encode: Callable[[Any], bytes] = msgspec.json.encode,
    ) -> Call:
        """The call that these options describe.

        Raises ValueError for what would break the request apart, a line end in a method, name or value, and TypeError for
        options that do not go together.
        """
        if not isinstance(method, str) or not _METHOD.match(method):
            raise ValueError(f"{method!r:.80} is no method: it has only letters, digits and hyphens")
        params = options.get("params")
        if params is not None:
            url = url.replace(query="&".join(filter(None, (url.query, encode_query(params)))))
        content, content_type = _body(options, encode)
        if content_type:
            headers["content-type"] = content_type
        _override(headers, options.get("headers", ()))
        cookies = options.get("cookies")
        if cookies:
            headers["cookie"] = "; ".join(_cookie(name, value) for name, value in cookies.items())
        return cls(method.upper(), url, headers, content)

    @property
    def repeatable(self) -> bool:
        """Whether the body can be sent a second time."""
        return isinstance(self.content, bytes)


def target(base: URL | None, reference: str) -> URL:
    """The URL of a call. Raises ValueError for one that no HTTP call can go to."""
    if len(reference) > _LONGEST_URL:
        raise ValueError(f"a URL of {len(reference)} characters is too long: {reference[:80]!r}...")
    if _CONTROL.search(reference):
        raise ValueError(
            f"a URL has no spaces and no control characters: {reference!r:.200}; percent-encode them"
        )
    reference = "".join(char if char.isascii() else _escaped(char) for char in _ascii_host(reference))
    if "://" not in reference.partition("?")[0].partition("#")[0]:
        if base is None:
            raise ValueError(
                f"{reference!r:.200} is no whole URL, and this client has no base_url: Http(base_url='https://...')"
            )
        path, _, query = reference.partition("#")[0].partition("?")
        return base.replace(path=base.path.rstrip("/") + "/" + path.lstrip("/"), query=query)
    try:
        found = URL.parse(reference)
    except Malformed as error:
        raise ValueError(
            f"{reference!r:.200} is no URL: {error}. A user and password are said with auth="
        ) from None
    if found.scheme not in ("http", "https") or not found.host:
        raise ValueError(f"a call goes to http:// or https:// and a host, not to {reference!r:.200}")
    return found.replace(host=_number(found.host), path=found.path or "/", fragment="")


def _number(host: str) -> str:
    """A host that ends in a number is an IPv4 address, however it is written: ``0177.1`` is ``127.0.0.1`` (WHATWG URL, 3.5)."""
    last = host.rstrip(".").rpartition(".")[2]
    if not (last.isdigit() or last.startswith("0x")):
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        raise ValueError(f"{host!r:.80} is no IPv4 address") from None


def _ascii_host(reference: str) -> str:
    """The URL with its host in ASCII (RFC 5891), as name servers and certificates have it."""
    scheme, mark, rest = reference.partition("://")
    if not mark or reference.isascii():
        return reference
    end = min((at for at in (rest.find(one) for one in "/?#") if at >= 0), default=len(rest))
    authority, rest = rest[:end], rest[end:]
    if authority.isascii():
        return reference
    user, at, host = authority.rpartition("@")
    name, colon, port = host.partition(":")
    if len(name) > 253:
        # Before anything is done to it: the work that IDNA asks for grows faster than the name.
        raise ValueError(f"{name[:80]!r}... is no name of a host: it has more than 253 characters")
    import idna

    try:
        name = idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{name!r:.80} is no name of a host: {error}") from None
    return f"{scheme}://{user}{at}{name}{colon}{port}{rest}"


def _escaped(char: str) -> str:
    return "".join(f"%{octet:02X}" for octet in char.encode("utf-8", "surrogatepass"))


def _override(headers: MutableHeaders, own: HeaderSource) -> None:
    """A name that a call gives replaces what the client has by default; it may be given several times."""
    given = MutableHeaders(own)
    for name in given:
        if name in _FRAMING:
            raise InvalidHeader(
                f"header {name!r} says how the message is framed, which the client does itself: leave it out"
            )
        del headers[name]
    headers.raw += given.raw


_COOKIE = re.compile(
    r"[!#-+\--:<-\[\]-~]*\Z"
)  # RFC 6265, section 4.1.1, without comma, semicolon, quote, backslash


def _cookie(name: str, value: str) -> str:
    if not _METHOD.match(name) or not _COOKIE.match(value):
        raise InvalidHeader(
            f"the cookie {name!r:.80} cannot have the value {value!r:.80} (RFC 6265, section 4.1.1)"
        )
    return f"{name}={value}"


def _body(options: CallOptions, encode: Callable[[Any], bytes]) -> tuple[Content, str]:
    is_form = "data" in options or "files" in options
    if ("json" in options) + ("content" in options) + is_form > 1:
        raise TypeError("a call has one body: give json=, content=, or data= and files=")
    if "json" in options:
        return encode(options["json"]), "application/json"
    if "content" in options:
        content = options["content"]
        if isinstance(content, str):
            return content.encode(), "text/plain; charset=utf-8"
        if isinstance(content, bytearray | memoryview):
            return bytes(content), ""
        if not isinstance(content, bytes | AsyncIterable | Iterable):
            raise TypeError(f"content= takes bytes, text, or what gives bytes, not {type(content).__name__}")
        return content, ""
    if not is_form:
        return b"", ""
    data = options.get("data", ())
    if isinstance(data, str | bytes):
        raise TypeError("data= takes the fields of a form; for a body that is ready, use content=")
    if "files" not in options:
        return encode_query(cast("Mapping[str, Any]", data)).encode(
            "ascii"
        ), "application/x-www-form-urlencoded"
    form = FormBody(data, options["files"])
    return form.content(), form.content_type
