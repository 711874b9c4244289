"""The request: what the client asks, the same under every server."""

from binascii import a2b_base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

import msgspec

from segue.http.body import NO_BODY, BodySource
from segue.http.cookies import parse_cookies
from segue.http.errors import BadRequest, UnprocessableContent, UnsupportedMediaType
from segue.http.forms import FormData, FormLimits, read_form
from segue.http.headers import Headers, RawHeaders
from segue.http.multidict import MultiDict
from segue.http.parameters import parse_header
from segue.http.peer import Peer
from segue.http.url import URL, decode_path, parse_query

if TYPE_CHECKING:
    from segue.http.forwarded import Hop
    from segue.http.multipart import StreamedPart

__all__ = [
    "AfterResponse",
    "Connection",
    "NewRequest",
    "Request",
    "RequestEndpoint",
    "State",
    "maker_of",
    "new_request",
]

T = TypeVar("T")
U = TypeVar("U")
_NO_PARAMS: Mapping[str, Any] = {}
AfterResponse = Callable[[], Awaitable[None] | None]


class Connection:
    """The two ends of the connection that requests came on.

    ``client`` and ``server``: (address, port), or None where the transport has none (a Unix socket's client).
    ``peer``: the process (pid, uid, gid) of a client on a Unix socket where the system tells.
    """

    __slots__ = ("client", "closed", "peer", "scheme", "server")

    def __init__(
        self,
        scheme: str = "http",
        client: tuple[str, int] | None = None,
        server: tuple[str, int] | None = None,
        peer: Peer | None = None,
    ) -> None:
        self.scheme = scheme
        self.client = client
        self.server = server
        self.peer = peer
        #: Set when the client is known to be gone.
        self.closed = False

    @property
    def remote(self) -> tuple[str, int] | None:
        """Who this machine is connected to: the client, or the proxy that is next to us. No header changes it."""
        return self.client

    @property
    def route(self) -> tuple[str, ...]:
        """The addresses that the request came over, the client's first and that of ``remote`` last."""
        return () if self.client is None else (self.client[0],)


class RequestEndpoint(Protocol):
    """What a server knows about the handler that answers: how to name it in a log, and what it wants.

    ``on_disconnect``: ``"cancel"`` to be cancelled when the client goes away, ``"finish"`` to run on. ``timeout``:
    seconds until it must have answered; None is for ever, UNSET is what the server allows.
    """

    @property
    def on_disconnect(self) -> str: ...
    @property
    def timeout(self) -> float | msgspec.UnsetType | None: ...
    @property
    def app(self) -> Any: ...
    async def media(self, request: "Request", kind: Any, default: Any) -> Any: ...
    def decode_json(self, data: bytes, kind: Any) -> Any: ...


class State:
    """Attributes that middleware and handlers leave for each other on one request: ``request.state.user = user``."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"request.state has no {name!r}; it has: {', '.join(sorted(vars(self))) or 'nothing'}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


class Request:
    """One HTTP request.

    An app may have a class of its own, ``App(request=FilmRequest)``, with what its handlers want to ask; its constructor
    takes what that of Request takes.

    ``target`` is the request target as it came, ``path`` its path with percent-escapes decoded, ``query_string`` what
    follows the ``?``; ``params`` holds the converted values of the path template.
    """

    # PERF: what most requests never ask for (query, cookies, form, state) lives in ``made``, built on demand.
    __slots__ = (
        "connection",
        "endpoint",
        "made",
        "method",
        "params",
        "path",
        "query_string",
        "raw_headers",
        "source",
        "target",
    )

    def __init__(
        self,
        method: str,
        target: str,
        headers: RawHeaders,
        source: BodySource = NO_BODY,
        connection: Connection = Connection(),  # noqa: B008 -- immutable in practice, shared on purpose
    ) -> None:
        self.method = method
        self.target = target
        path, _, self.query_string = target.partition("?")
        #: Decoded; a decoded ``/`` never comes from ``%2F`` (see segue.http.url.decode_path).
        self.path = decode_path(path) if "%" in path else path
        #: Pairs of lower-case name and value, in the order of the wire.
        self.raw_headers = headers
        self.source = source
        self.connection = connection
        #: The endpoint of the plan that answers, once the request was routed.
        self.endpoint: RequestEndpoint | None = None
        #: The converted values of the path template.
        self.params: Mapping[str, Any] = _NO_PARAMS
        #: Values computed for this request, by name: the cache of Segue and of plugins.
        self.made: dict[str, Any] | None = None

    def _make(self, name: str, build: Callable[[], T]) -> T:
        made = self.made
        if made is None:
            made = self.made = {}
        elif name in made:
            value: T = made[name]
            return value
        value = made[name] = build()
        return value

    @property
    def headers(self) -> Headers:
        """The header fields, by name without regard to case."""
        return self._make("headers", lambda: Headers(self.raw_headers))

    @property
    def prefix(self) -> str:
        """The part of the path that a mount or a proxy took off."""
        return "" if self.made is None else self.made.get("prefix", "")

    @prefix.setter
    def prefix(self, prefix: str) -> None:
        if self.made is None:
            self.made = {}
        self.made["prefix"] = prefix

    @property
    def app(self) -> Any:
        """The application whose endpoint answers; None before the request was routed."""
        return None if self.endpoint is None else self.endpoint.app

    @property
    def query(self) -> MultiDict[str]:
        """The query parameters, percent-decoded; several values of a name in order.

        Raises BadRequest (400) for a query string that cannot be decoded.
        """
        return self._make("query", lambda: parse_query(self.query_string))

    @property
    def cookies(self) -> MultiDict[str]:
        """The cookies by name (RFC 6265)."""
        return self._make("cookies", lambda: parse_cookies("; ".join(self.headers.get_all("cookie"))))

    @property
    def state(self) -> State:
        """A place for values of this request that middleware and handlers share."""
        return self._make("state", State)

    @property
    def scheme(self) -> str:
        return self.connection.scheme

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the client; behind trusted proxies, those that the proxies report."""
        return self.connection.client

    @property
    def remote(self) -> tuple[str, int] | None:
        """Address and port at the other end of the connection: behind a proxy, those of the proxy.

        No header field changes it, whoever is trusted; None on a Unix socket.
        """
        return self.connection.remote

    @property
    def access_route(self) -> tuple[str, ...]:
        """The addresses that the request came over: that of the client first, that of ``remote`` last.

            request.access_route    # ("192.0.2.7", "10.0.0.2", "127.0.0.1")

        Between them are the proxies that ``Proxies`` believes; without it there is ``remote`` only. What the header
        fields claim, believed or not, is in ``forwarded``.
        """
        return self.connection.route

    @property
    def forwarded(self) -> "tuple[Hop, ...]":
        """What the proxies on the way say, in ``Forwarded`` (RFC 7239) or else ``X-Forwarded-*``; the first one first.

        Anyone can write these fields, the client too: good for a log, never for a decision. For those there are
        ``client``, ``scheme``, ``host``, ``url`` and ``access_route``, which go by whom ``Proxies`` trusts. Empty where
        nothing is said, and where it cannot be read.
        """
        from segue.http.forwarded import claimed

        return self._make("forwarded", lambda: claimed(self.headers))

    @property
    def host(self) -> str:
        """The ``Host`` field, as it came. Empty when there is none (HTTP/1.0)."""
        return self.headers.get("host", "")

    @property
    def url(self) -> URL:
        """The URL that the client asked for; behind trusted proxies, before they changed its scheme, host and path."""
        return self._make(
            "url",
            lambda: URL.of_request(
                self.scheme, self.host, self.prefix + self.target.partition("?")[0], self.query_string
            ),
        )

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case without parameters; empty when none is given."""
        return self._media_type[0]

    @property
    def charset(self) -> str:
        """The charset parameter of the content type; utf-8 when none is given."""
        return self._media_type[1].get("charset", "utf-8")

    @property
    def _media_type(self) -> tuple[str, dict[str, str]]:
        def parse() -> tuple[str, dict[str, str]]:
            field = self.headers.get("content-type", "")
            if ";" not in field:
                return field.strip().lower(), {}
            media_type, parameters = parse_header(field)
            return media_type.lower(), parameters

        return self._make("media_type", parse)

    @property
    def content_length(self) -> int | None:
        """The size of the body in bytes, when it is known before it is read."""
        return self.source.length

    @property
    def basic_auth(self) -> tuple[str, str] | None:
        """User name and password of an ``Authorization: Basic`` field (RFC 7617); None when there is no valid one."""
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = a2b_base64(encoded.strip(), strict_mode=True).decode().partition(":")
        except ValueError:
            return None
        return (user, password) if colon else None

    @property
    def is_xhr(self) -> bool:
        """Whether a script sent it with ``X-Requested-With: XMLHttpRequest``. Anyone can say so: a hint, no guard."""
        return self.headers.get("x-requested-with", "").lower() == "xmlhttprequest"

    async def stream(self) -> AsyncIterator[bytes]:
        """The body, piece by piece, as it arrives. The sender is held up while the handler is busy.

        Raises ContentTooLarge past the limit and ClientDisconnected when the sender is gone.
        """
        made = self.made
        if made is not None and "body" in made:
            if made["body"]:
                yield made["body"]
            return
        read = self.source.read
        while piece := await read():
            yield piece

    async def body(self) -> bytes:
        """The whole body. It may be asked for again."""
        made = self.made
        if made is None:
            made = self.made = {}
        elif "body" in made:
            body: bytes = made["body"]
            return body
        whole = self.source.take()
        if whole is None:
            read = self.source.read
            pieces = []
            while piece := await read():
                pieces.append(piece)
            whole = b"".join(pieces)
        made["body"] = whole
        return whole

    async def text(self) -> str:
        """The body as text, in the charset of the content type. Raises BadRequest (400) when it does not decode."""
        try:
            return (await self.body()).decode(self.charset)
        except (UnicodeDecodeError, LookupError):
            raise BadRequest(f"The body is not text in the charset {self.charset!r:.40}.") from None

    @overload
    async def json(self) -> Any: ...
    @overload
    async def json(self, type: type[T]) -> T: ...
    async def json(self, type: Any = Any) -> Any:
        """The body as JSON, validated as ``type``. Of a repeated key, the last counts.

        Raises UnsupportedMediaType (415) when the content type is not JSON, BadRequest (400) for broken JSON and
        UnprocessableContent (422) when the value is not of the type; it names the first field that is not.
        """
        media_type = self.content_type
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise UnsupportedMediaType(
                f"JSON is expected, with Content-Type: application/json, not {media_type!r:.80}."
            )
        try:
            if self.endpoint is None:
                return msgspec.json.decode(await self.body(), type=type)
            return self.endpoint.decode_json(await self.body(), type)
        except msgspec.ValidationError as error:
            # A 500 if it went on: it may as well come from data of our own.
            raise UnprocessableContent(errors=[{"loc": ["body"], "msg": str(error)}]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON: {error!s:.200}") from None

    @overload
    async def media(self) -> Any: ...
    @overload
    async def media(self, type: type[T]) -> T: ...
    @overload
    async def media(self, type: type[T], *, default: U) -> T | U: ...
    async def media(self, type: Any = Any, *, default: Any = msgspec.UNSET) -> Any:
        """The body in whichever format its content type says that it has, of those that the route accepts.

        ``default``: what an empty body is. Raises UnsupportedMediaType (415), BadRequest (400) for a body that is not what
        it says, and UnprocessableContent (422) with every field that is not of ``type``.
        """
        if self.endpoint is None:
            raise RuntimeError("no endpoint was found for this request yet, whose formats these would be")
        made = self._make("media", dict[Any, Any])
        if type not in made:
            made[type] = await self.endpoint.media(self, type, default)
        return made[type]

    async def form(self, limits: FormLimits | None = None) -> FormData:
        """The body as a form, urlencoded or multipart. Files are spooled to disk; close them with the form.

        Raises UnsupportedMediaType (415), BadRequest (400) and ContentTooLarge (413).
        """
        made = self.made
        if made is not None and "form" in made:
            form: FormData = made["form"]
            return form
        form = await read_form(
            self.stream(), self.headers.get("content-type", ""), limits or FormLimits(), self.source.offload
        )
        if self.made is None:
            self.made = {}
        self.made["form"] = form
        return form

    def parts(self, limits: FormLimits | None = None) -> "AsyncIterator[StreamedPart]":
        """The parts of a multipart body as they arrive, none of them kept.

            async for part in request.parts(FormLimits(file_size=10_000_000)):
                async for piece in part: ...

        What is not read of a part is skipped. Raises UnsupportedMediaType (415), BadRequest (400), and
        ContentTooLarge (413) for a part larger than ``file_size``, when it has passed that.
        """
        from segue.http.multipart import iter_parts

        return iter_parts(self.stream(), self.headers.get("content-type", ""), limits)

    def after(self, function: Callable[..., Any], *args: Any, **named: Any) -> None:
        """Calls ``function``, sync or async, when the response was sent. The client does not wait for it."""
        self._make("after", list[AfterResponse]).append(lambda: function(*args, **named))

    def after_this(self, function: Callable[[Any], Any]) -> None:
        """Calls ``function(response)``, sync or async, when the response of this request is about to be sent.

            request.after_this(lambda response: response.set_cookie(Cookie("seen", "1")))

        It may change the response, or return another. It runs after all middleware and hooks, on errors too.
        """
        self._make("after_this", list[Callable[[Any], Any]]).append(function)

    async def finish(self) -> None:
        """Closes what the request opened and runs what :meth:`after` was given. For servers, after the response.

        An exception of one does not stop the rest; they are raised together at the end.
        """
        made = self.made or {}
        if "form" in made:
            made["form"].close()
        failures: list[Exception] = []
        while functions := made.pop("after", ()):
            for function in functions:
                try:
                    result = function()
                    if isinstance(result, Awaitable):
                        await result
                except Exception as error:  # noqa: BLE001 -- raised below, with the others
                    failures.append(error)
        made.pop("failure", None)  # its frames hold this request
        if failures:
            raise ExceptionGroup(f"after the response to {self!r}", failures)

    def url_for(self, name: str, /, **values: Any) -> str:
        """The path of a route of the app that answers, below the prefix that it is served under.

            request.url_for("films.show", id=3)                     # "/films/3"
            request.url_for("films.show", id=3, _external=True)     # "https://example.com/films/3"

        A name is looked for in the app of the handler first, then in those that include it. Values that are not of the
        path become the query; ``_anchor`` is put behind ``#``. ``_external`` makes it a whole URL, with the host that
        the client asked for or ``_server``, and its scheme or ``_scheme``.
        """
        app = self.app
        if app is None:
            raise RuntimeError("no endpoint was found for this request yet: use app.url_for before that")
        values["_within"] = getattr(self.endpoint, "name", "")
        server = values.pop("_server", "")
        external = values.pop("_external", False) or "_scheme" in values
        if external or server:
            values.setdefault("_scheme", self.scheme)
        url: str = app.url_for(name, _prefix=self.prefix, _host=server or self.host, _request=self, **values)
        write = None if self.made is None else self.made.get("written_url")
        return url if write is None else write(self.prefix, url)

    @property
    def disconnected(self) -> bool:
        """Whether the client is known to be gone."""
        return self.connection.closed

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target!r:.200}>"


_new = object.__new__


def new_request(
    method: str, target: str, headers: RawHeaders, source: BodySource, connection: Connection
) -> Request:
    """``Request(method, target, headers, source, connection)``, for servers.

    PERF: calling a class goes through its metaclass, ``__new__`` and ``__init__``; this is 0.15 us of 0.35 cheaper.
    """
    request = _new(Request)
    request.method = method
    request.target = target
    if "?" in target or "%" in target:
        path, _, request.query_string = target.partition("?")
        request.path = decode_path(path)
    else:
        request.path = target
        request.query_string = ""
    request.raw_headers = headers
    request.source = source
    request.connection = connection
    request.endpoint = None
    request.params = _NO_PARAMS
    request.made = None
    return request


NewRequest = Callable[[str, str, RawHeaders, BodySource, Connection], Request]


def maker_of(kind: type[Request]) -> NewRequest:
    """What makes the requests of a class, for servers."""
    return new_request if kind is Request else kind
