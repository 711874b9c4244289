"""Entity tags for replies that are in memory: a client that has them gets 304 instead of the bytes."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.results.rules import rule_for
from segue.http.conditional import ETag, Precondition, evaluate, parse_etags
from segue.http.dates import parse_http_date
from segue.http.errors import PreconditionFailed
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["ETags", "ensure_current"]

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
            etag = _tag(body)
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


def ensure_current(request: Request, value: Any) -> None:
    """Refuses a change that was meant for another state than ``value``, the present one, as a GET answers it.

        @app.put("/films/{id}")
        async def update(request: Request, id: int, film: Film) -> Film:
            ensure_current(request, FILMS[id])
            FILMS[id] = film
            return film

    A client that read the film got a tag from :class:`ETags` and sends it back as ``If-Match``. Raises
    PreconditionFailed (412) when that is not the tag of ``value``, and for ``If-None-Match`` when it is; ``value`` None is
    "there is none yet". Without these fields nothing is asked (RFC 9110, section 13.1).
    """
    codec: JSONCodec = getattr(request.app, "json", DEFAULT_JSON)
    rule = rule_for(type(value), 200, None, codec)
    body = b"" if rule is None or value is None else rule(value).body
    if not isinstance(body, bytes) or rule is None:
        raise TypeError(f"only what is sent whole has a tag, not a {type(value).__qualname__}")
    found = evaluate(request.method, request.headers, etag=_tag(body), exists=value is not None)
    if found is not Precondition.PROCEED:
        raise PreconditionFailed("It has changed since it was read.")


def _tag(body: bytes) -> ETag:
    return ETag(hashlib.blake2b(body, digest_size=16).hexdigest())
