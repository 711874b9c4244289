"""Keeps whole responses: for a handler, for all of an app, or for the apps that it includes."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from segue.cache.cache import Cache
from segue.cache.entries import Entry
from segue.cache.freshness import directives, lifetime, seconds_of, varied, why_not
from segue.cache.recent import Recent
from segue.core.records import Next
from segue.core.texts.speaking import spoken_key
from segue.http.conditional import Precondition, evaluate, parse_etags
from segue.http.dates import parse_http_date
from segue.http.errors import GatewayTimeout
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import URL

__all__ = ["Pages"]

_KEPT = frozenset({200, 203, 300, 301, 308, 404, 410})
_LET_PASS = 10.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Of one response, not of what it brings.
_NOT_KEPT = frozenset(
    {
        b"age",
        b"connection",
        b"date",
        b"keep-alive",
        b"ratelimit",
        b"ratelimit-policy",
        b"transfer-encoding",
        b"x-ratelimit-limit",
        b"x-ratelimit-remaining",
        b"x-ratelimit-reset",
        b"x-request-id",
    }
)
# What a 304 leaves out: it describes the content, which does not follow (RFC 9110, section 15.4.5).
_OF_CONTENT = ("content-encoding", "content-language", "content-length", "content-range", "content-type")


class Page(msgspec.Struct, array_like=True, frozen=True):
    """A response as it is kept. ``vary``: the header fields of requests that it depends on, with their values."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    vary: dict[str, str]


class Variants(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """Stands where several pages of one URL are kept apart: by these header fields."""

    names: list[str]


_encode = msgspec.msgpack.Encoder().encode
_decode_page = msgspec.msgpack.Decoder(Page).decode
_decode_variants = msgspec.msgpack.Decoder(Variants).decode

Tags = Sequence[str] | Callable[[Request], Iterable[str]]


class Pages:
    """Middleware: a GET is answered by what the last one was answered with.

        app.get("/top", middleware=[Pages(60)])(top)                  # one handler
        app.middleware(Pages(60))                                     # all of the app
        app.include(blog, at="/blog", middleware=[Pages(300)])        # a part of it

    Kept are responses that are the same for everyone: none that sets a cookie, depends on one, was made for a session or
    somebody known, or stands behind a guard; no streams. ``Vary`` is heeded, ``Cache-Control`` of handlers and of
    clients too; an app that speaks languages has one for each language and time zone. A kept response says its ``Age`` and has an ``ETag``, and who brings that back gets a 304. A POST, PUT, PATCH or DELETE that goes
    through it and succeeds takes back what is kept of its path, and of the one that its ``Location`` names.

    ``seconds``: how long, at most. ``vary``: header fields of requests that count besides. ``key``: a function of the
    request for what else makes a difference. ``tags``: ``["films"]``, or a function of the request: ``cache.invalidate("films")`` takes
    them all back. ``browser``: seconds for which clients may keep it without asking, 0 by default, so that what was taken
    back is seen at once; ``public``: caches between may too. ``obey``: whether clients may ask for a new one
    (``Cache-Control: no-cache``).
    """

    def __init__(
        self,
        seconds: float | None = 300.0,
        *,
        vary: Sequence[str] = (),
        key: Callable[[Request], Any] | None = None,
        tags: Tags = (),
        browser: int = 0,
        public: bool = False,
        obey: bool = True,
    ) -> None:
        self._seconds = seconds
        self._vary = sorted({name.lower() for name in vary})
        self._key = key
        self._tags = tags
        self._browser = browser
        self._public = public
        self._obey = obey
        #: By what the pages of a URL differ, as it was seen last.
        self.variants: Recent[list[str]] = Recent()
        self._passed: Recent[float] = Recent()

    async def __call__(self, request: Request, next: Next, cache: Cache) -> Response:
        if request.method not in ("GET", "HEAD"):
            response = await next(request)
            if request.method not in _SAFE and response.status < 400:
                await cache.invalidate(*_places(request, response))
            return response
        said: Mapping[str, str] = {}
        if self._obey:
            said = directives(request.headers.joined("cache-control"))
            if not said and "no-cache" in request.headers.get("pragma", "").lower():
                said = {"no-cache": ""}
        if "no-store" in said or "authorization" in request.headers:
            return await next(request)
        return await _Lookup(self, request, next, cache, said).answer()

    def names(self, request: Request) -> list[str]:
        """The tags of a page: its path, and those that are said."""
        own = self._tags(request) if callable(self._tags) else self._tags
        return [_place(request, request.path), *own]

    def primary(self, request: Request) -> list[Any]:
        """What tells a URL from others: the one place where it is decided."""
        own = None if self._key is None else self._key(request)
        return [
            request.scheme,
            request.headers.get("host", ""),
            request.prefix,
            request.path,
            request.query_string,
            spoken_key(),
            own,
        ]

    def dressed(self, response: Response) -> None:
        """Says in a response what is kept of it, by whom."""
        headers = response.headers
        if self._vary:
            headers.vary(*self._vary)
        if "cache-control" not in headers:
            reach = "public" if self._public else "private"
            headers["cache-control"] = f"{reach}, max-age={self._browser}" if self._browser else "no-cache"
        if "etag" not in headers and isinstance(response.body, bytes):
            headers["etag"] = f'"{hashlib.blake2b(response.body, digest_size=16).hexdigest()}"'

    def passes(self, name: str) -> bool:
        """Whether the last response could not be kept: then nobody waits for the next one, for some seconds."""
        return (self._passed.get(name) or 0.0) > time.monotonic()

    def let_pass(self, name: str) -> None:
        self._passed.put(name, time.monotonic() + _LET_PASS)

    @property
    def seconds(self) -> float | None:
        return self._seconds


class _Lookup:
    """One request, and the page for it."""

    def __init__(
        self, pages: Pages, request: Request, next: Next, cache: Cache, said: Mapping[str, str]
    ) -> None:
        self._pages = pages
        self._request = request
        self._next = next
        self._cache = cache
        self._said = said
        self._primary = cache.name("page", *pages.primary(request))
        self._tags = pages.names(request)
        self._own: Response | None = None
        # Visitors with cookies may have pages that are not kept, where all others have one.
        self._passing = f"{self._primary}{'cookie' in request.headers}"

    async def answer(self, *, last: bool = False) -> Response:
        cache = self._cache
        refreshed = "no-cache" in self._said or self._said.get("max-age") == "0"
        # PERF: by what the pages of a URL differ is known from the last one, so that a hit is one question to the store.
        known = self._pages.variants.get(self._primary)
        if known is not None and not refreshed:
            entry = await self._read(known)
            if entry is not None:
                return self._from(entry)
        names = await self._variants()
        if "only-if-cached" in self._said or self._request.method == "HEAD":
            entry = await self._read(names)
            if entry is not None:
                return self._from(entry)
            if "only-if-cached" in self._said:
                raise GatewayTimeout("It is not in the cache.")
            return await self._next(self._request)  # a HEAD has no body that could be kept for a GET
        if self._pages.passes(self._passing):
            return await self._next(self._request)
        entry = await cache.flights.through(
            self._name(names), self._tags, self._make, self._fits_now(refreshed)
        )
        if self._own is not None:
            return _conditional(self._request, self._own)
        if entry is None:
            return await self._next(self._request)
        if self._is_other(entry):
            # The first of its URL has shown by what they differ, and it was another one: now that is known.
            again = _Lookup(self._pages, self._request, self._next, self._cache, self._said)
            return await (self._next(self._request) if last else again.answer(last=True))
        return self._from(entry)

    def _is_other(self, entry: Entry) -> bool:
        """Whether it is the page for a request with other header fields."""
        return any(self._value(name) != value for name, value in _decode_page(entry.value).vary.items())

    def _value(self, name: str) -> str:
        return self._request.headers.joined(name) or ""

    async def _read(self, names: Sequence[str]) -> Entry | None:
        """The page that is kept for this request."""
        entry, _ = await self._cache.read(self._name(names), self._tags)
        return entry if entry is not None and self._fits(entry) and not self._is_other(entry) else None

    async def _variants(self) -> list[str]:
        """The header fields by which the pages of this URL differ, as far as that is known."""
        entry, _ = await self._cache.read(self._primary + ".variants")
        names = _decode_variants(entry.value).names if entry is not None else []
        self._pages.variants.put(self._primary, names)
        return names

    def _name(self, names: Sequence[str]) -> str:
        if not names:
            return self._primary
        return self._cache.name(self._primary, [(name, self._value(name)) for name in names])

    def _fits(self, entry: Entry) -> bool:
        most = seconds_of(self._said, "max-age")
        return most is None or entry.age <= most

    def _fits_now(self, refreshed: bool) -> Callable[[Entry], bool]:
        if not refreshed:
            return self._fits
        asked = time.time()
        return lambda entry: entry.stored >= asked

    async def _make(self) -> tuple[bytes, float | None, bool] | None:
        request = self._request
        marks = await self._cache.marks(self._tags)
        response = self._own = await self._next(request)
        seconds = lifetime(response, self._pages.seconds)
        if why_not(request, response, _KEPT) or (seconds is not None and seconds <= 0):
            self._pages.let_pass(self._passing)
            return None
        self._pages.dressed(response)
        names = varied(response.headers)
        known = await self._variants()
        if names != known and (names or known):
            names = sorted({*names, *known})
            await self._cache.write(self._primary + ".variants", _encode(Variants(names)), None, {})
            self._pages.variants.put(self._primary, names)
        vary = {name: self._value(name) for name in names}
        fields = [pair for pair in response.headers.raw if pair[0] not in _NOT_KEPT]
        body = response.body if isinstance(response.body, bytes) else b""
        page = _encode(Page(response.status, fields, body, vary))
        name = self._name(names)
        if name != self._name(known):
            # It was looked for where those are that differ by less: there it is for those who wait, and not kept.
            await self._cache.write(name, page, seconds, marks)
            return page, 0.0, False
        return page, seconds, False

    def _from(self, entry: Entry) -> Response:
        page = _decode_page(entry.value)
        response = Response(page.body, page.status)
        response.headers.raw += page.headers
        response.headers["age"] = str(int(entry.age))
        return _conditional(self._request, response)


def _conditional(request: Request, response: Response) -> Response:
    """``response``, or a 304 for who has it."""
    # PERF: most requests have no condition: 10 us of 70.
    if not any(name.startswith(b"if-") for name, _ in request.raw_headers):
        return response
    headers = response.headers
    tags = parse_etags(headers.get("etag", ""))
    if response.status != 200 or not tags or tags == "*":
        return response
    since = headers.get("last-modified")
    modified = None if since is None else parse_http_date(since)
    condition = evaluate(request.method, request.headers, etag=tags[0], last_modified=modified)
    if condition is Precondition.NOT_MODIFIED:
        response.status = 304
        response.body = b""
        for name in _OF_CONTENT:
            del headers[name]
    elif condition is Precondition.FAILED:
        return Response(b"", 412, {"etag": str(tags[0])})
    return response


def _place(request: Request, path: str) -> str:
    return f"url {request.headers.get('host', '')} {request.prefix}{path}"


def _places(request: Request, response: Response) -> list[str]:
    """The paths that a change is about (RFC 9111, section 4.4): its own, and those of its reply if they are here."""
    places = {_place(request, request.path)}
    for name in ("location", "content-location"):
        try:
            url = URL.parse(response.headers.get(name, ""))
        except ValueError:
            continue
        if url.path.startswith("/") and url.authority in ("", request.headers.get("host", "")):
            places.add(_place(request, url.path.removeprefix(request.prefix)))
    return list(places)
