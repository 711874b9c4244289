"""What an app has recorded: declarations with the lines of the user's code that made them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from segue.core.binding.calling import PLAIN, Calling
from segue.core.life.records import LifeRecords
from segue.core.options import RouteDefaults, RouteOptions, WebSocketRouteOptions
from segue.core.pages.records import PageRecords
from segue.core.plugins.directives import Directed, Directive
from segue.core.plugins.order import Listed
from segue.core.ports import Format, Identifies, Measures, Permits
from segue.core.routing.predicates import PredicateFactory
from segue.core.source import Source
from segue.core.styles.hooks import Attached
from segue.core.styles.viewrecords import Traverse, View
from segue.core.texts.records import TextRecords
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.threads import Threads

__all__ = [
    "Command",
    "Compiles",
    "Declarations",
    "Around",
    "ByPlugin",
    "Expands",
    "ForRoutes",
    "ITSELF",
    "Included",
    "Into",
    "MiddlewareLike",
    "Mounted",
    "Next",
    "Provided",
    "Own",
    "Record",
    "Recorded",
    "Route",
    "SocketRoute",
    "included",
    "command_name",
    "URLDefaults",
    "URLValues",
]

Next = Callable[[Request], Awaitable[Response]]
"""What middleware calls to go on: the rest of the pipeline, from a request to its response."""
MiddlewareLike = Callable[[Request, Next], Awaitable[Response]]


URLValues = Callable[[Request, dict[str, Any]], None]
"""Looks at the values of the path before the handler is called, and may change them."""

URLDefaults = Callable[[Request | None], Mapping[str, Any]]
"""Gives values that ``url_for`` needs and was not given; the request is None where none is answered."""


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
    """What takes the endpoint of a route: it is said what may be said to :meth:`segue.core.routing.sites.Sites.place`."""

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
    stands_in: bool = False
    """For a while, and in tests: it need only do what is asked of it."""
    cleanup: Literal["before", "after"] = "before"
    each: Literal["brackets", "subclasses"] | None = None
    """``provider`` is given ``kind[...]``, whatever is in the brackets, and makes the provider of that; or classes made of it."""


class Included(NamedTuple):
    """``app.include(other, at=..., **options)``."""

    app: "Recorded"
    at: str
    name: str | None
    middleware: "tuple[Around, ...]"
    options: RouteDefaults
    place: Source


class Mounted(NamedTuple):
    """``app.mount(at, foreign)``."""

    at: str
    foreign: Any
    host: str | None
    place: Source
    skip: tuple[Any, ...] = ()


class Around(NamedTuple):
    """``@app.middleware(before=..., after=...)``; ``plugin`` is the name of the one that declares it."""

    middleware: MiddlewareLike
    place: Source
    plugin: str | None = None
    before: tuple[Any, ...] = ()
    after: tuple[Any, ...] = ()
    is_internal: bool = False
    """It stands for hooks and signals, which are shown as what they are."""
    supplied: MiddlewareLike | None = None
    """What is called, where it is called with what is provided as well."""
    opens: bool = False
    """It opens a scope for that."""

    @property
    def called(self) -> MiddlewareLike:
        """The middleware as it is called, with the request and what comes next."""
        return self.supplied or self.middleware

    def is_known_as(self, neighbour: Any) -> bool:
        """Whether ``neighbour`` is the name of its plugin, its class, or itself."""
        if isinstance(neighbour, str) or self.is_internal:
            return neighbour == self.plugin and not self.is_internal
        return neighbour is self.middleware or neighbour is type(self.middleware)

    def __str__(self) -> str:
        middleware: Any = self.middleware
        name = getattr(middleware, "__name__", type(middleware).__name__)
        return name if self.plugin is None else f"{self.plugin}: {name}"


class ForRoutes(NamedTuple):
    """``app.around_routes(decide)``; ``plugin`` is the name of the one that declares it."""

    decide: "Callable[[Any], MiddlewareLike | None]"
    place: Source
    plugin: str | None = None


class Own(NamedTuple):
    """A function that is declared for others to call: ``@app.check``. ``deploy``: only before an app goes out."""

    name: str
    function: Any
    place: Source
    deploy: bool = False


class ByPlugin(NamedTuple):
    """The routes that a plugin has declared: those of the app itself override them."""

    plugin: str
    place: Source
    routes: "list[Record]"


class Command(NamedTuple):
    """``@app.command``. ``words`` are what is typed to run it: its name, behind that of its group.

    ``run`` is a function, or a command of click as it is. ``lifespan``: whether the app is started for it.
    """

    words: tuple[str, ...]
    run: Any
    lifespan: bool
    place: Source
    names: Mapping[str, Any]


def command_name(run: Any) -> str:
    """How a function or command is called on the command line: ``send_mail`` is ``send-mail``."""
    name = getattr(run, "name", None) or getattr(run, "__name__", None) or type(run).__name__
    return str(name).replace("_", "-").lower()


class Expands(Protocol):
    """A declaration that stands for others: a resource for a route of each of its methods, for example.

    It is asked once, when the app is frozen. Raises HandlerError or InvalidTemplate for what cannot be.
    """

    @property
    def place(self) -> Source: ...

    def records(self) -> "Iterable[Record]":
        """What it stands for, in order."""
        ...


class Compiles:
    """A declaration that asks what is known where it stands; its handlers may lead to routes of their own."""

    #: Given by the freeze: what finds among routes, which stand where the declaration does if the second is True.
    compile: Callable[[Iterable[Route], bool], Callable[[Request, str], Any]]
    #: Given by the freeze: whether a value of an annotation is provided there.
    offers: Callable[[Any], bool]


Record = Route | SocketRoute | Included | Mounted | ByPlugin | View | Traverse | Expands


def included(records: "Sequence[Record]") -> Iterator[Included]:
    """The include statements among ``records``, those of plugins too."""
    for record in records:
        if isinstance(record, Included):
            yield record
        elif isinstance(record, ByPlugin):
            yield from included(record.routes)


class Recorded(Protocol):
    """What an app is when it is frozen: its name, its declarations, and the defaults of its routes."""

    name: str
    is_named: bool
    debug: bool
    development: bool
    declared: "Declarations"
    defaults: RouteDefaults

    @property
    def request_class(self) -> type[Request]: ...

    @property
    def threads(self) -> "Threads": ...


class Declarations:
    """All that one app has recorded."""

    __slots__ = (
        "around_routes",
        "brought",
        "checks",
        "commands",
        "converters",
        "directed",
        "directed_by_plugins",
        "directives",
        "errors",
        "formats",
        "frozen",
        "hooks",
        "identifies",
        "instances",
        "life",
        "measures",
        "middleware",
        "pages",
        "permits",
        "places",
        "plugin_errors",
        "plugins",
        "predicates",
        "pristine",
        "providers",
        "problems",
        "routes",
        "set_up",
        "spans",
        "templates",
        "texts",
        "url_defaults",
        "url_values",
    )

    def __init__(self) -> None:
        #: In the order in which they were declared.
        self.routes: list[Record] = []
        self.commands: list[Command] = []
        self.middleware: list[Around] = []
        self.errors: list[tuple[type[Exception] | int, Callable[..., Any], Source]] = []
        #: Those of plugins: the app's own override them.
        self.plugin_errors: list[tuple[type[Exception] | int, Callable[..., Any], Source]] = []
        self.checks: list[Own] = []
        #: What watches requests for those who ask what they take, by what it watches.
        self.measures: list[tuple[str, Measures]] = []
        #: Folders of templates.
        self.templates: list[tuple[Path, Source]] = []
        #: What was wrong already when it was declared; the app tells it with all the rest.
        self.problems: list[str] = []
        self.spans: list[tuple[Callable[..., Any], Source]] = []
        self.converters: dict[str, Any] = {}
        #: Where what has a name was declared, by kind and name.
        self.places: dict[tuple[str, str], Source] = {}
        self.directives: dict[str, Directive] = {}
        #: Uses of directives, the app's own first.
        self.directed: list[Directed] = []
        self.directed_by_plugins = 0
        self.predicates: dict[str, PredicateFactory] = {}
        self.hooks: list[Attached] = []
        #: The objects of classes that are declared as resources: one of each class.
        self.instances: dict[type, Any] = {}
        self.providers: list[Provided] = []
        #: By name.
        self.formats: dict[str, Format] = {}
        self.url_values: list[tuple[URLValues, Source]] = []
        self.url_defaults: list[tuple[URLDefaults, Source]] = []
        self.permits: list[tuple[Permits, Source]] = []
        self.identifies: list[tuple[Identifies, Source]] = []
        #: What decides, route by route, whether it has something around it.
        self.around_routes: list[ForRoutes] = []
        self.plugins: list[Listed] = []
        #: The names of plugins that other plugins have brought.
        self.brought: list[str] = []
        self.life = LifeRecords()
        self.pages = PageRecords()
        self.texts = TextRecords()
        #: A copy of these before the plugins declared, for copies of the app.
        self.pristine: Declarations | None = None
        #: Set when the plugins have declared, which they do once.
        self.set_up = False
        #: Set when an app was frozen that these are part of: they are read, more of them would be lost.
        self.frozen = False
