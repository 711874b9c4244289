"""What may be said about a route besides its path and its handler: declared once, for every decorator."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

import msgspec

from segue.core.binding.json_codec import JSONCodec
from segue.core.binding.roles import Shape
from segue.core.documentation import Documentation, DocumentationDefaults, DocumentationOptions
from segue.core.ports import Format
from segue.core.routing.predicates import PredicateOptions
from segue.http.cookies import Cookie
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import WebSocketOptions

__all__ = [
    "Disconnect",
    "ErrorForm",
    "Options",
    "RouteDefaults",
    "RouteOptions",
    "Slashes",
    "WebSocketRouteOptions",
    "layered",
]

Disconnect = Literal["finish", "cancel"]
Slashes = Literal["redirect", "strict", "ignore"]
ErrorForm = Literal["auto", "html", "json", "xml", "text"]


class RouteDefaults(DocumentationDefaults, total=False):
    """What ``App`` takes too, for all of its routes."""

    host: str
    """``"api.example.com"`` or ``"{tenant}.example.com"``: only requests for such a host. The port does not matter."""
    status: int
    """Of results that are not responses; 200 by default."""
    content_type: str
    """Of results that are text, bytes or a stream, instead of the one that their type has."""
    inline: bool
    """A ``def`` handler runs on the loop, not in a thread: for code that never blocks."""
    on_disconnect: Disconnect
    """``"cancel"``: the handler is cancelled when the client goes away. ``"finish"`` (default): it runs on."""
    timeout: float | None
    """Seconds until the handler must have answered (60); None is for ever."""
    max_body: int | None
    """Bytes of a body at most: 1 MB for JSON, 2.5 MB otherwise, if nothing is said."""
    require_length: bool
    """A body has to say how long it is: one that comes in chunks is a 411."""
    slashes: Slashes
    """``"redirect"`` (default): ``/a`` goes to ``/a/`` and ``/a//b`` to ``/a/b`` if only that is there. ``"strict"``: it does not.
    ``"ignore"``: both are the same."""
    auto_head: bool
    """A GET route answers HEAD too (default)."""
    auto_options: bool
    """The path answers OPTIONS with the methods that it has (default)."""
    cache: int | str | None
    """Seconds for which a reply may be kept, 0 for not at all; or a text for ``Cache-Control``. GET, and no errors."""
    permission: str | None
    """Asked for before the handler runs: ``app.permits`` says who has it. None: anyone may."""
    headers: Mapping[str, str]
    """Header fields of the response, where it does not set them itself. Those of a route are added to those of its
    app, and go before them where both set one."""
    version: int | str
    """``1``: the path is ``/v1/...``. Of route, app, include statement and the app around, the nearest one counts."""
    version_prefix: str
    """What stands before the version, ``"/v"`` by default: with ``"/api/v"`` it is ``/api/v1/...``."""
    requires: list[Callable[..., Any]]
    """Functions that are called before anything else is done, with what is provided for them: who may not go on is sent
    away by what they raise. Those of an app, of those around it and of a route are all called, the outer ones first."""
    public: bool
    """Neither ``requires`` nor ``permission`` of the apps around it holds here, only its own: for what pages for signing in need, too."""
    accept_order: list[str]
    """Media types in the order in which they are preferred where the client has no preference."""
    formats: Sequence[Format | type[Format] | str]
    """Formats of results, chosen by ``Accept``; the first is the default. Objects of ``segue.formats``, or names."""
    template: str
    """The page of the result: ``"films.html"``, a part of one (``"films.html#list"``), or ``"package:films.html"``. It is the
    first of the formats. What makes pages is a plugin, such as ``Templates`` of segue.html."""
    suffixes: bool
    """The formats have paths of their own too: ``/films.csv`` beside ``/films``."""
    accepts: Sequence[Format | type[Format] | str]
    """Formats that bodies may have, by their ``Content-Type``; by default it has to be JSON."""
    json: JSONCodec
    """How JSON is read and written."""
    cookies: Sequence[Cookie]
    """Set by every response that does not set one of the name itself. Those of a route are added to those of its app, and
    go before them where both have one of a name."""
    shapes: Mapping[Any, Shape | None]
    """How models look in bodies and results: ``{Film: Shape(exclude=("budget",))}``; what an annotation says itself goes
    before. None takes away what an outer layer says."""
    errors: ErrorForm
    """What errors look like that no handler of the app's answers: ``"auto"`` (default) is by ``Accept``, the others are a
    form that all clients get. Where no route is found, that of the app counts."""


class RouteOptions(RouteDefaults, PredicateOptions, DocumentationOptions, total=False):
    """The named arguments of ``app.get`` and its likes."""

    name: str
    """For ``url_for``; by default the name of the handler. With a dot it is not put under the name of the app."""
    build_only: bool
    """Only for ``url_for``: another server answers this path."""
    url_from: "Callable[[dict[str, Any], Request | None], Mapping[str, Any]]"
    """Gives the values that the URL is written of, from those that ``url_for`` was given: ``film=film`` becomes ``id=film.id``.
    ``_anchor`` and its likes may be among them. The request is None where none is answered."""
    middleware: Sequence[Callable[..., Awaitable[Response]]]
    """Around this route only, inside that of the app; the first one is outermost. That of a class is around that of its
    methods."""
    skip: Sequence[str | Callable[..., Any]]
    """Middleware that this route goes without: the name of a plugin, a function, or the class of an object."""
    provides: Mapping[Any, Any]
    """What is provided here, before what the app provides: types with objects, or with what makes them for a request."""
    error_handlers: Mapping[type[Exception] | int, Callable[..., Any]]
    """Who answers errors here, before those of the app: classes of exceptions, or statuses, with ``(request, error)``."""


class WebSocketRouteOptions(TypedDict, total=False):
    """The named arguments of ``app.websocket``."""

    name: str
    host: str
    version: int | str
    version_prefix: str
    middleware: Sequence[Callable[..., Awaitable[Response]]]
    skip: Sequence[str | Callable[..., Any]]
    requires: list[Callable[..., Any]]
    """As of other routes."""
    provides: Mapping[Any, Any]
    """As of other routes."""
    error_handlers: Mapping[type[Exception] | int, Callable[..., Any]]
    """As of other routes, until the socket is open."""
    origins: list[str]
    """Origins that may connect besides the own one; ``["*"]`` is any."""
    subprotocols: list[str]
    """In the order of preference."""
    limits: WebSocketOptions
    """Sizes, pings and compression."""
    permission: str | None
    """As of a route."""
    documented: bool
    """As of a route."""


class Options(Documentation, msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of one route with all defaults filled in."""

    name: str | None = None
    build_only: bool = False
    url_from: Any = None
    host: str | None = None
    status: int = 200
    content_type: str | None = None
    inline: bool = False
    on_disconnect: Disconnect = "finish"
    timeout: float | msgspec.UnsetType | None = msgspec.UNSET
    max_body: int | msgspec.UnsetType | None = msgspec.UNSET
    require_length: bool = False
    slashes: Slashes = "redirect"
    auto_head: bool = True
    auto_options: bool = True
    cache: int | str | None = None
    permission: str | None = None
    headers: dict[str, str] = {}
    version: int | str | None = None
    version_prefix: str = "/v"
    middleware: tuple[Any, ...] = ()
    skip: tuple[Any, ...] = ()
    requires: list[Any] = []
    public: bool = False
    accept_order: list[str] = []
    # What chooses among several of one path: read once, by segue.core.routing.conditions.
    accept: str | list[str] | None = None
    consumes: str | list[str] | None = None
    header: Any = None
    param: Any = None
    field: Any = None
    match: Any = None
    xhr: bool | None = None
    authenticated: bool | None = None
    principals: Any = None
    when: Any = None
    where: Any = None
    formats: tuple[Any, ...] = ()
    template: str | None = None
    suffixes: bool = False
    accepts: tuple[Any, ...] = ()
    json: Any = None
    cookies: tuple[Any, ...] = ()
    shapes: Any = {}
    provides: Any = {}
    error_handlers: Any = {}
    errors: ErrorForm = "auto"
    suffix: str | None = None
    """The suffix that the path ends in, where it says the format."""

    @property
    def version_path(self) -> str:
        """What the version puts before the path."""
        return "" if self.version is None else f"{self.version_prefix}{self.version}"


def layered(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """The options of ``inner`` over those of ``outer``; what there may be several of is added up."""
    if inner.get("public"):
        outer = {name: value for name, value in outer.items() if name not in _GUARDS}
    merged = {**outer, **inner}
    for name in outer.keys() & inner.keys() & _ADDED_UP:
        merged[name] = [*outer[name], *inner[name]]
    for name in outer.keys() & inner.keys() & _BY_NAME:
        merged[name] = {**outer[name], **inner[name]}
    if "headers" in outer and "headers" in inner:
        fields = {name.lower(): value for name, value in outer["headers"].items()}
        merged["headers"] = {**fields, **{name.lower(): value for name, value in inner["headers"].items()}}
    if "cookies" in outer and "cookies" in inner:
        own = {cookie.name for cookie in inner["cookies"]}
        merged["cookies"] = [*[one for one in outer["cookies"] if one.name not in own], *inner["cookies"]]
    return merged


_GUARDS = frozenset({"requires", "permission"})
_ADDED_UP = frozenset({"middleware", "requires", "skip"})
_BY_NAME = frozenset({"error_handlers", "provides", "shapes"})
