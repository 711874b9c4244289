"""Text in the charset that a client asks for, for clients that know no UTF-8 (RFC 9110, section 12.5.2)."""

import codecs
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from segue.http.body import FileBody
from segue.http.errors import BadRequest, HTTPError, NotAcceptable
from segue.http.negotiate import accept_charset
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade

__all__ = ["Charsets"]


class Charsets:
    """Middleware: text is sent in a charset that the client accepts, in UTF-8 if it does not say.

        app.middleware(Charsets("utf-8", "utf-16", "iso-8859-1"))

    The charsets in the order of preference. A reply that none of the accepted ones can carry is a 406 that names them;
    in a stream, what its charset does not have becomes ``?``. JSON is always UTF-8 (RFC 8259), and files are what they
    are. ``bad_query``: the status for a query string that is no UTF-8, 400 or 404; without it, it is a 400 where a
    handler reads the query, and nobody minds where none does. Raises LookupError for an unknown charset.
    """

    __slots__ = ("_bad_query", "_charsets")

    def __init__(self, *charsets: str, bad_query: int | None = None) -> None:
        for charset in charsets:
            if not codecs.lookup(charset)._is_text_encoding:
                raise LookupError(f"{charset!r} is no charset of text")
        self._charsets = tuple(charset.lower() for charset in charsets) or ("utf-8",)
        self._bad_query = bad_query

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        if self._bad_query is not None:
            try:
                request.query  # noqa: B018 -- it is decoded when it is asked for
            except BadRequest as error:
                raise HTTPError(self._bad_query, error.detail) from None
        response = await next(request)
        body = response.body
        kind = response.content_type or ""
        if not kind.startswith("text/") or "charset=utf-8" not in kind.lower():
            return response
        if isinstance(body, FileBody | Upgrade) or "content-encoding" in response.headers:
            return response
        field = request.headers.joined("accept-charset")
        response.headers.vary("accept-charset")
        if field:
            self._encode(response, field)
        return response

    def _encode(self, response: Response, field: str) -> None:
        body: Any = response.body
        left = list(self._charsets)
        while (charset := accept_charset(field, left)) is not None:
            left.remove(charset)
            try:
                if isinstance(body, bytes):
                    response.body = body if charset == "utf-8" else body.decode().encode(charset)
                elif charset != "utf-8":
                    response.body = _Encoded(body, charset)
            except UnicodeEncodeError:
                continue
            media_type = (response.content_type or "").partition(";")[0]
            response.headers["content-type"] = f"{media_type}; charset={charset}"
            return
        raise NotAcceptable(f"This is available in the charsets {', '.join(self._charsets)}.")


class _Encoded:
    """A stream of UTF-8 in another charset, piece by piece."""

    def __init__(self, source: Any, charset: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._encoder = codecs.getincrementalencoder(charset)("replace")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._source:
            if encoded := self._encoder.encode(self._decoder.decode(piece)):
                yield encoded
        if encoded := self._encoder.encode(self._decoder.decode(b"", True), True):
            yield encoded

    async def aclose(self) -> None:
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
