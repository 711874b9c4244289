"""Entity tags for replies that are in memory: a client that has them gets 304 instead of the bytes."""

import hashlib
from collections.abc import Awaitable, Callable

from segue.http.conditional import ETag, Precondition, evaluate, parse_etags
from segue.http.dates import parse_http_date
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["ETags"]

# What a 304 leaves out: it describes the content, which does not follow (RFC 9110, section 15.4.5).
_OF_CONTENT = ("content-encoding", "content-language", "content-length", "content-range", "content-type")


class ETags:
    """Middleware: a GET or HEAD answered by 200 with a body in memory gets an ``ETag``, the hash of its bytes; the
    next request that brings it back is answered by 304.

        app.middleware(ETags())

    It saves the way to the client, not the work of the handler. A tag or ``Last-Modified`` that the handler set is
    used as it is. ``cache-control: no-store`` and replies that set a cookie are left alone; streams and files too, for
    files have tags of their own.
    """

    __slots__ = ()

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await next(request)
        body = response.body
        if response.status != 200 or request.method not in ("GET", "HEAD") or not isinstance(body, bytes):
            return response
        headers = response.headers
        if "set-cookie" in headers or "no-store" in headers.get("cache-control", "").lower():
            return response
        present = headers.get("etag")
        if present is None:
            etag = ETag(hashlib.blake2b(body, digest_size=16).hexdigest())
            headers["etag"] = str(etag)
        else:
            tags = parse_etags(present)
            if not tags or tags == "*":
                return response
            etag = tags[0]
        since = headers.get("last-modified")
        modified = None if since is None else parse_http_date(since)
        condition = evaluate(request.method, request.headers, etag=etag, last_modified=modified)
        if condition is Precondition.NOT_MODIFIED:
            response.status = 304
            response.body = b""
            for name in _OF_CONTENT:
                del headers[name]
        elif condition is Precondition.FAILED:
            return Response(b"", 412, {"etag": str(etag)})
        return response
