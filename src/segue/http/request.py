"""The request: what the client asks, the same under every server."""

from binascii import a2b_base64
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from segue.http.body import NO_BODY, BodySource
from segue.http.connection import Connection
from segue.http.cookies import parse_cookies
from segue.http.headers import RawHeaders
from segue.http.multidict import MultiDict
from segue.http.requestbody import RequestBody, RequestEndpoint
from segue.http.url import URL, decode_path, parse_query

if TYPE_CHECKING:
    from segue.http.forwarded import Hop

__all__ = [
    "AfterResponse",
    "NewRequest",
    "Request",
    "State",
    "maker_of",
    "new_request",
]

_NO_PARAMS: Mapping[str, Any] = {}
AfterResponse = Callable[[], Awaitable[None] | None]


class State:
    """Attributes that middleware and handlers leave for each other on one request: ``request.state.user = user``."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"request.state has no {name!r}; it has: {', '.join(sorted(vars(self))) or 'nothing'}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


class Request(RequestBody):
    """One HTTP request.

    An app may have a class of its own, ``App(request=FilmRequest)``, with what its handlers want to ask; its constructor
    takes what that of Request takes.

    ``target`` is the request target as it came, ``path`` its path with percent-escapes decoded, ``query_string`` what
    follows the ``?``; ``params`` holds the converted values of the path template.
    """

    # PERF: what most requests never ask for (query, cookies, form, state) lives in ``made``, built on demand.
    __slots__ = (
        "connection",
        "method",
        "params",
        "path",
        "query_string",
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
