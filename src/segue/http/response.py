"""The response: a status, header fields and a body, the same for every server."""

import re
from itertools import chain
from typing import Any

import msgspec

from segue.http.body import FileBody, ResponseBody
from segue.http.cookies import Cookie
from segue.http.headers import HeaderSource, InvalidHeader, MutableHeaders, RawHeaders
from segue.http.websocket import Upgrade

__all__ = ["InvalidResponse", "Response", "Variation", "json_response"]

_SPLITTING = re.compile(rb"[\r\n\x00]").search
_encode_json = msgspec.json.Encoder().encode


class InvalidResponse(ValueError):
    """A response that HTTP does not allow, such as a 204 with a body."""


class Variation:
    """A ``Vary`` field that is known before any request comes (RFC 9110, section 12.5.5): see :meth:`Response.varies`."""

    __slots__ = ("field", "names")

    def __init__(self, *names: str) -> None:
        self.names = names
        headers = MutableHeaders()
        headers.vary(*names)
        self.field = headers.raw[0]


class Response:
    """A reply to a request.

        Response("hello")                                  # text/plain
        Response(b"...", content_type="image/png")
        Response(status=303, headers={"location": "/films"})

    ``body``: text (sent as UTF-8), bytes, a :class:`FileBody` or an async iterable of bytes. ``status``: 100 to 599.
    Raises InvalidResponse for another status and InvalidHeader for a header that would split the response.
    """

    # PERF: ``media_type`` stays apart until somebody asks for ``headers``: while ``fields`` is None it is the only
    # header, and a server sends a head that it encoded before (server/heads.py); so it does while it is a Variation.
    __slots__ = ("body", "fields", "media_type", "status")

    def __init__(
        self,
        body: ResponseBody | str = b"",
        status: int = 200,
        headers: HeaderSource | None = None,
        content_type: str | None = None,
    ) -> None:
        if not 100 <= status <= 599:
            raise InvalidResponse(f"a response has a status from 100 to 599, not {status!r}")
        if isinstance(body, str):
            body = body.encode()
            if content_type is None:
                content_type = "text/plain; charset=utf-8"
        self.body: ResponseBody = body
        self.status = status
        self.media_type = content_type
        self.fields: MutableHeaders | Variation | None = None
        if headers is not None:
            self.headers.update(headers)

    @property
    def headers(self) -> MutableHeaders:
        """The header fields; change them in place."""
        fields = self.fields
        if type(fields) is MutableHeaders:
            return fields
        own = self.fields = MutableHeaders()
        if self.media_type is not None:
            own.add("content-type", self.media_type)
        if type(fields) is Variation:
            own.raw.append(fields.field)
        return own

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` field, or None."""
        fields = self.fields
        return fields.get("content-type") if type(fields) is MutableHeaders else self.media_type

    def varies(self, variation: Variation) -> None:
        """As ``headers.vary(*variation.names)``, for names that are known beforehand."""
        # PERF: one field that all responses of a route share leaves their head as it was encoded before: 0.2 us instead of
        # 2.2 us (a route with predicates).
        if self.fields is None:
            self.fields = variation
        else:
            self.headers.vary(*variation.names)

    def set_cookie(self, cookie: Cookie) -> None:
        """Adds a ``Set-Cookie`` field. ``Cookie(name, value)`` has safe defaults."""
        self.headers.add("set-cookie", cookie.header())

    def delete_cookie(self, name: str, path: str = "/", domain: str | None = None) -> None:
        """Makes the client forget a cookie; path and domain must be those it was set with."""
        self.set_cookie(Cookie.unset(name, path=path, domain=domain))

    def head(self, defaults: RawHeaders) -> RawHeaders:
        """All header fields to send: its own, ``Content-Length`` where it is known, and those of ``defaults``
        that the response does not set itself.

        Raises InvalidResponse when status and body do not go together (RFC 9110, section 6.4.1).
        """
        status, body = self.status, self.body
        if not isinstance(status, int) or not 100 <= status <= 599:
            raise InvalidResponse(f"a response has a status from 100 to 599, not {status!r}")
        fields = list(self.headers.raw)
        names = {name for name, _ in fields}
        self._check_fields(fields, names)
        if status < 200:
            if status != 101 or not isinstance(body, Upgrade):
                raise InvalidResponse(f"{status} is no status of a final response")
        elif status in (204, 304):
            if body != b"":
                raise InvalidResponse(f"a response with the status {status} has no body")
        elif isinstance(body, bytes):
            if b"content-length" not in names:
                fields.append((b"content-length", b"%d" % len(body)))
            else:
                self._check_length(len(body))
        elif isinstance(body, FileBody) and b"content-length" not in names:
            fields.append((b"content-length", b"%d" % body.count))
        if (status < 200 or status == 204) and b"content-length" in names:
            fields = [field for field in fields if field[0] != b"content-length"]
        fields += [field for field in defaults if field[0] not in names]
        return fields

    def _check_fields(self, fields: RawHeaders, names: set[bytes]) -> None:
        """What :attr:`headers` checks is checked again, for those who wrote to ``headers.raw``; and who frames it."""
        if _SPLITTING(b"".join(chain.from_iterable(fields))):
            bad = next(name for name, value in fields if _SPLITTING(name) or _SPLITTING(value))
            raise InvalidHeader(f"header {bad!r:.80} has a CR, LF or NUL in its name or value")
        if b"transfer-encoding" in names:
            raise InvalidResponse("the server decides about Transfer-Encoding: a response does not set it")
        if b"content-length" in names:
            lengths = [value for name, value in fields if name == b"content-length"]
            if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > 18:
                raise InvalidResponse(f"Content-Length is not one number: {lengths!r:.80}")

    def _check_length(self, length: int) -> None:
        declared = self.headers["content-length"]
        if declared != str(length):
            raise InvalidResponse(f"the body has {length} bytes, but Content-Length says {declared}")

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.content_type or 'no content type'}>"


def json_response(value: Any, status: int = 200, headers: HeaderSource | None = None) -> Response:
    """A response with ``value`` encoded as JSON (RFC 8259).

    >>> json_response({"title": "Nuages"}).body
    b'{"title":"Nuages"}'
    """
    return Response(_encode_json(value), status, headers, "application/json")
