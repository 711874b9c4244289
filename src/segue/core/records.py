"""What an app has recorded: declarations with the lines of the user's code that made them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from segue.core.calling import PLAIN, Calling
from segue.core.hooks import Attached
from segue.core.liferecords import LifeRecords
from segue.core.options import RouteDefaults, RouteOptions, WebSocketRouteOptions
from segue.core.plugins import Listed
from segue.core.ports import Format, Permits
from segue.core.predicates import PredicateFactory
from segue.core.source import Source
from segue.core.viewrecords import Traverse, View
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.threads import Threads

__all__ = [
    "Declarations",
    "Around",
    "Expands",
    "ITSELF",
    "Included",
    "Into",
    "MiddlewareLike",
    "Mounted",
    "Next",
    "Provided",
    "Record",
    "Recorded",
    "Route",
    "SocketRoute",
]

Next = Callable[[Request], Awaitable[Response]]
MiddlewareLike = Callable[[Request, Next], Awaitable[Response]]


class Route(NamedTuple):
    """``@app.get(path, **options)``; without methods it takes all of them."""

    methods: tuple[str, ...]
    path: str
    handler: Callable[..., Any]
    options: RouteOptions
    place: Source
    names: Mapping[str, Any]
    calling: Calling = PLAIN
    #: Where its endpoint goes, if it is not a path of its own.
    into: "Into | None" = None


class Into(Protocol):
    """What takes the endpoint of a route: it is said what may be said to :meth:`segue.core.sites.Sites.place`."""

    def place(self, template: Any, host: Any, methods: Sequence[str], endpoint: Any, /) -> dict[str, str]: ...


class SocketRoute(NamedTuple):
    """``@app.websocket(path, **options)``."""

    path: str
    handler: Callable[..., Any]
    options: WebSocketRouteOptions
    place: Source
    names: Mapping[str, Any]
    calling: Calling = PLAIN


ITSELF: Any = object()
"""The provider of a class or function that is declared by itself."""


class Provided(NamedTuple):
    """``app.provide(kind, provider)``; ``plugin`` is the name of the plugin that declares it, if one does."""

    kind: Any
    provider: Any
    life: Literal["request", "app"]
    inline: bool
    place: Source
    names: Mapping[str, Any]
    plugin: str | None


class Included(NamedTuple):
    """``app.include(other, at=...)``."""

    app: "Recorded"
    at: str
    host: str | None
    name: str | None
    place: Source


class Mounted(NamedTuple):
    """``app.mount(at, foreign)``."""

    at: str
    foreign: Any
    host: str | None
    place: Source


class Around(NamedTuple):
    """``@app.middleware(before=..., after=...)``."""

    middleware: MiddlewareLike
    place: Source


class Expands(Protocol):
    """A declaration that stands for others: a resource for a route of each of its methods, for example.

    It is asked once, when the app is frozen. Raises HandlerError or InvalidTemplate for what cannot be.
    """

    @property
    def place(self) -> Source: ...

    def records(self) -> "Iterable[Record]":
        """What it stands for, in order."""


Record = Route | SocketRoute | Included | Mounted | View | Traverse | Expands


class Recorded(Protocol):
    """What an app is when it is frozen: its name, its declarations, and the defaults of its routes."""

    name: str
    debug: bool
    declared: "Declarations"
    defaults: RouteDefaults

    @property
    def threads(self) -> "Threads": ...


class Declarations:
    """All that one app has recorded."""

    __slots__ = (
        "converters",
        "errors",
        "formats",
        "frozen",
        "hooks",
        "instances",
        "life",
        "middleware",
        "permits",
        "plugins",
        "predicates",
        "providers",
        "routes",
        "set_up",
        "spans",
    )

    def __init__(self) -> None:
        #: In the order in which they were declared.
        self.routes: list[Record] = []
        self.middleware: list[Around] = []
        self.errors: list[tuple[type[Exception] | int, Callable[..., Any], Source]] = []
        self.spans: list[tuple[Callable[..., Any], Source]] = []
        self.converters: dict[str, Any] = {}
        self.predicates: dict[str, PredicateFactory] = {}
        self.hooks: list[Attached] = []
        #: The objects of classes that are declared as resources: one of each class.
        self.instances: dict[type, Any] = {}
        self.providers: list[Provided] = []
        #: By name.
        self.formats: dict[str, Format] = {}
        self.permits: list[tuple[Permits, Source]] = []
        self.plugins: list[Listed] = []
        self.life = LifeRecords()
        #: Set when the plugins have declared, which they do once.
        self.set_up = False
        #: Set when an app was frozen that these are part of: they are read, more of them would be lost.
        self.frozen = False
