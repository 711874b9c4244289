"""Requests that an app makes of itself while it answers one: parts of pages, and answers from elsewhere."""

from collections.abc import AsyncIterable, Mapping
from typing import Any

from segue.http.body import BodySource, FileBody
from segue.http.errors import HTTPError, InternalRedirect
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["body_of", "follow", "part", "subrequest"]

_MOST = 10
#: What is about the body, the connection or the cache of the outer request, and not about who asks.
_OWN = (b"content-", b"if-", b"sec-websocket-", b"transfer-encoding", b"expect", b"range", b"te", b"trailer")
_NOT_INNER = frozenset({b"connection", b"upgrade", b"keep-alive", b"accept-encoding", b"http2-settings"})


async def subrequest(
    request: Request,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> Response:
    """What the app answers to another request, without a connection of its own.

        response = await subrequest(request, "/films/7")
        response = await subrequest(request, "/films", method="POST", content=b"{}", headers={...})

    ``target`` is a path of the app with its query. The request comes from the same client, with its cookies, and what
    else says who asks; ``headers`` are put over these. It passes the middleware of the app. Errors are responses.
    Raises RuntimeError when subrequests go in a circle, or before the request was led to a handler.
    """
    given = {
        name.lower().encode("latin-1"): value.encode("latin-1") for name, value in (headers or {}).items()
    }
    kept: RawHeaders = [
        pair
        for pair in request.raw_headers
        if pair[0] not in given and pair[0] not in _NOT_INNER and not pair[0].startswith(_OWN)
    ]
    if content:
        given[b"content-length"] = b"%d" % len(content)
    return await _ask(
        request,
        type(request)(method, target, [*kept, *given.items()], BodySource(content), request.connection),
    )


async def part(request: Request, target: str) -> str:
    """The text of another page of the app, to be put into this one.

        sidebar = await part(request, "/sidebar")

    Raises HTTPError with the status of an answer that is an error, and RuntimeError for a redirect.
    """
    response = await subrequest(request, target)
    if response.status >= 400:
        raise HTTPError(response.status, f"A part of the page, {target}, could not be made.")
    if response.status >= 300:
        raise RuntimeError(
            f"{target} is no part of a page: it redirects to {response.headers.get('location')}"
        )
    return (await body_of(response)).decode()


async def body_of(response: Response) -> bytes:
    """The whole body of a response, also where it is a stream or a file."""
    body = response.body
    if isinstance(body, bytes):
        return body
    if isinstance(body, AsyncIterable):
        return b"".join([piece async for piece in body])
    if isinstance(body, FileBody):
        try:
            body.file.seek(body.offset)
            return body.file.read(body.count)
        finally:
            body.close()
    raise TypeError(f"{response!r} opens a WebSocket, which has no body")


async def follow(request: Request, redirect: InternalRedirect, app: Any = None) -> Response:
    """The answer of the path that an InternalRedirect names, to the same request.

    ``app``: the one that is served, where nobody has looked for a handler yet.
    """
    inner = type(request)(
        request.method, redirect.target, request.raw_headers, request.source, request.connection
    )
    made = request.made or {}
    # What was read of the body cannot be read again.
    inner.made = {key: made[key] for key in ("body", "form") if key in made}
    return await _ask(request, inner, app)


async def _ask(request: Request, inner: Request, app: Any = None) -> Response:
    app = request.app or app
    if app is None:
        raise RuntimeError(f"{request!r} was not led to a handler yet: a subrequest needs its app")
    made = request.made or {}
    depth = made.get("depth", 0) + 1
    if depth > _MOST:
        raise RuntimeError(
            f"subrequests go in a circle, {depth} deep: {request.target!r:.80} asks for {inner.target!r:.80}"
        )
    inner.made = {**(inner.made or {}), "depth": depth}
    if "unhandled" in made:
        inner.made["unhandled"] = None
    if request.prefix:
        inner.prefix = request.prefix
    request.after(inner.finish)
    response: Response = await app.handle(inner)
    if inner.made.get("unhandled") is not None and request.made is not None:
        request.made["unhandled"] = inner.made["unhandled"]
    if inner.made.get("private") or inner.made.get("identity") is not None or _says_private(response):
        # What is made of it is of this visitor too: no cache keeps it for others.
        if request.made is None:
            request.made = {}
        request.made["private"] = True
    return response


def _says_private(response: Response) -> bool:
    headers = response.headers
    said = (headers.joined("cache-control") or "").lower()
    return "set-cookie" in headers or "private" in said or "no-store" in said
