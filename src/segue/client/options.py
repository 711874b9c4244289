"""What may be said of a client and of a single call."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, TypedDict

import msgspec

from segue.client.backoff import Backoff
from segue.http.headers import HeaderSource
from segue.http.url import QueryValues

if TYPE_CHECKING:
    import httpx2

    from segue.client.answers import Answering
    from segue.client.call import Call
    from segue.client.reply import StreamedReply

__all__ = [
    "CallOptions",
    "Content",
    "FileSource",
    "HttpOptions",
    "Limits",
    "Middleware",
    "Retries",
    "Timeouts",
]

Content: TypeAlias = bytes | str | Iterable[bytes] | AsyncIterable[bytes]
"""A body: in memory, or pieces that are sent one by one (chunked)."""
FileSource: TypeAlias = bytes | BinaryIO | tuple[str, bytes | BinaryIO] | tuple[str, bytes | BinaryIO, str]
"""A file of a form: its content, or (file name, content), or (file name, content, content type)."""

if TYPE_CHECKING:
    Middleware: TypeAlias = Callable[
        [Call, Callable[[Call], Awaitable[StreamedReply]]], Awaitable[StreamedReply]
    ]
    """Around each call: ``(call, next) -> reply``, as middleware of an app is around each request."""
else:
    Middleware = Callable[..., Any]


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that a call may take.

    ``total``: all of it, repetitions and redirects included, until the reply is read; for a stream, until its head is there.
    ``connect``: finding the address, connecting, and TLS. ``read``, ``write``: between two pieces. ``pool``: until a
    connection is free. None is for ever.
    """

    total: float | None = 30.0
    connect: float | None = 5.0
    read: float | None = 30.0
    write: float | None = 30.0
    pool: float | None = 10.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a client takes and keeps.

    ``body``: bytes of a reply that is read whole, unpacked; None is without end. ``redirects``: that are followed one after
    the other; 0 gives the redirect itself. ``connections``: open at a time. ``per_host``: calls at a time to one host and
    port. ``idle``: connections that are kept for the next call, each for ``keep`` seconds.
    """

    body: int | None = 10 * 1024 * 1024
    redirects: int = 5
    connections: int = 100
    per_host: int | None = None
    idle: int = 20
    keep: float = 15.0


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """When a call is repeated, and how often.

    ``times``: repetitions at most; 0 for none. ``methods``: those whose calls may arrive twice without harm (RFC 9110,
    section 9.2.2); any other is repeated only if no connection came about. ``statuses``: of replies that are worth another
    attempt; their ``Retry-After`` is heeded. ``wait``: the time between.
    A body that is made while it is sent cannot be sent again: such a call is never repeated.
    """

    times: int = 2
    methods: frozenset[str] = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"})
    statuses: frozenset[int] = frozenset({429, 502, 503, 504})
    wait: Backoff = Backoff(first=0.25, most=5.0)


class HttpOptions(TypedDict, total=False):
    """What ``Http`` and ``Outgoing`` take.

    - `base_url`: in front of all URLs that are paths. `headers`: sent with each call to the host of `base_url`, or where
      there is none, with each. `auth`: user and password, or an ``httpx2.Auth``; for the same host.
    - `timeouts`, `limits`, `retries`: how long, how much, how often.
    - `public_only`: connects to public addresses only (for URLs that somebody else has chosen); `allowed`: networks that
      it may reach nonetheless.
    - `proxy`: the URL of a proxy, or ``"environment"`` for what ``HTTPS_PROXY`` and the others say; otherwise none.
    - `tls`: a context to trust other certificates, or to show one. `pin`: SHA-256 fingerprints of the certificates that
      are taken, in hexadecimal.
    - `cookies`: keeps those that are set, and sends them. `http2`: speaks HTTP/2 where the server does.
    - `hosts`: names with their addresses, before the system is asked. `request_ids`: passes on the id of the request that
      is being answered, in ``X-Request-Id``.
    - `middleware`: around each call. `answers`: answers instead of the network, for tests.
    """

    base_url: str
    headers: HeaderSource
    auth: tuple[str, str] | httpx2.Auth
    timeouts: Timeouts
    limits: Limits
    retries: Retries
    public_only: bool
    allowed: Sequence[str]
    proxy: str
    tls: ssl.SSLContext
    pin: Sequence[str]
    cookies: bool
    http2: bool
    hosts: Mapping[str, str]
    request_ids: bool
    middleware: Sequence[Middleware]
    answers: Answering


class CallOptions(TypedDict, total=False):
    """What every call takes beside its URL.

    - `params`: added to the query. `headers`, `cookies`: beside those of the client. `auth`: instead of the client's.
    - `json`: any value that msgspec encodes. `data`: fields of a form. `files`: files of a form, by field, which makes
      it multipart. `content`: the body itself. At most one of `json`, `content` and the form.
    - `timeout`: seconds for all of it, instead of ``Timeouts.total``. `limit`: bytes of the reply, instead of
      ``Limits.body``. `redirects`: how many are followed. `retries`: how often it is repeated.
    """

    params: QueryValues
    headers: HeaderSource
    cookies: Mapping[str, str]
    auth: tuple[str, str] | httpx2.Auth | Literal[False]
    json: Any
    data: Mapping[str, object] | Iterable[tuple[str, object]]
    files: Mapping[str, FileSource] | Iterable[tuple[str, FileSource]]
    content: Content
    timeout: float | None
    limit: int | None
    redirects: int
    retries: int
