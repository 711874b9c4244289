"""What an application may say about itself: apps record it, and so do the plugins that set them up."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from segue.core.files.declarations import Publishing
from segue.core.life.declarations import Lifecycle
from segue.core.middleware.ordering import Neighbour
from segue.core.pages.declarations import Paged
from segue.core.plugins.directives import Directed
from segue.core.recording import Frozen, Req_co
from segue.core.records import Around, Command, ForRoutes, MiddlewareLike, Next, Own, command_name
from segue.core.settings.declarations import Configured
from segue.core.styles.declarations import Styled
from segue.core.texts.declarations import Spoken
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.ports import Format

__all__ = ["Declaring", "Frozen"]

H = TypeVar("H", bound=Callable[..., Any])
R = TypeVar("R")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[[Any], MiddlewareLike | None])
P = ParamSpec("P")
Req = TypeVar("Req", bound=Request)


class PutsAround(Protocol[Req]):
    """Decorates a middleware for requests of a class."""

    def __call__(
        self, middleware: Callable[Concatenate[Req, Next, P], Awaitable[Response]], /
    ) -> Callable[Concatenate[Req, Next, P], Awaitable[Response]]: ...


class Declaring(
    Publishing[Req_co], Styled[Req_co], Paged[Req_co], Spoken[Req_co], Lifecycle[Req_co], Configured[Req_co]
):
    """Records declarations, each with the line of the user's code that makes it; nothing else happens yet.

    Its parts are in the packages that they are about, each in a file ``declarations.py``; here is what has none.
    """

    def around_routes(self, decide: F) -> F:
        """Lets the function give each route its own middleware, or none: asked when the app is frozen.

            @app.around_routes
            def audited(route: Endpoint) -> Middleware | None:
                return audit if "DELETE" in route.methods else None

        What it gives stands inside of all other middleware of the route. Routes for which it gives None pay nothing.
        Included apps and mounted ones (``route.kind == "mount"``) are asked about too.
        """
        place, _ = self._declaring("middleware of routes")
        self.declared.around_routes.append(ForRoutes(decide, place, self.plugin))
        return decide

    @overload
    def middleware(
        self,
        middleware: Callable[Concatenate[Req_co, Next, P], Awaitable[Response]],
        /,
        *,
        before: Neighbour = ...,
        after: Neighbour = ...,
    ) -> Callable[Concatenate[Req_co, Next, P], Awaitable[Response]]: ...
    @overload
    def middleware(self, /, *, before: Neighbour = ..., after: Neighbour = ...) -> "PutsAround[Req_co]": ...
    def middleware(self, middleware: Any = None, /, *, before: Neighbour = (), after: Neighbour = ()) -> Any:
        """Puts ``async (request, next) -> response`` around all that this app answers; the first one is outermost.

        @app.middleware
        async def timing(request: Request, next: Next) -> Response:
            response = await next(request)
            response.headers["server-timing"] = ...
            return response

        @app.middleware(after=Sessions, before="cors")
        async def by_user(request: Request, next: Next) -> Response: ...

        ``before`` and ``after`` name one neighbour or a list of them, as a request meets them on its way in: the name
        of a plugin, a function, or the class of an object. Who is not there is an error when the app is frozen.
        """
        place, _ = self._declaring("a middleware")

        def register(one: MiddlewareLike) -> MiddlewareLike:
            self.declared.middleware.append(
                Around(one, place, self.plugin, _several(before), _several(after))
            )
            return one

        return register if middleware is None else register(middleware)

    def error_handler(self, what: type[Exception] | int) -> Callable[[H], H]:
        """Lets the decorated ``(request, error)`` function answer a class of exceptions, or errors with a status."""
        place, _ = self._declaring("an error handler")

        def register(handler: H) -> H:
            self.declared.errors.append((what, handler, place))
            return handler

        return register

    def lifespan(self, function: H) -> H:
        """Runs the decorated async generator up to its ``yield`` before the first request, and on after the last."""
        place, _ = self._declaring("a lifespan")
        self.declared.spans.append((function, place))
        return function

    @overload
    def check(self, function: H, /, *, deploy: bool = ...) -> H: ...
    @overload
    def check(self, /, *, deploy: bool = ...) -> Callable[[H], H]: ...
    def check(self, function: Any = None, /, *, deploy: bool = False) -> Any:
        """Lets ``segue check`` ask the decorated function, too, what is wrong with the app.

        ``deploy``: only with ``--deploy``, before the app goes where others can reach it.
        """
        place, _ = self._declaring("a check")

        def register(one: H) -> H:
            self.declared.checks.append(Own(getattr(one, "__name__", "check"), one, place, deploy))
            return one

        return register if function is None else register(function)

    @overload
    def command(
        self, run: R, /, *, name: str | None = ..., group: str | None = ..., lifespan: bool = ...
    ) -> R: ...
    @overload
    def command(
        self, /, *, name: str | None = ..., group: str | None = ..., lifespan: bool = ...
    ) -> Callable[[R], R]: ...
    def command(
        self,
        run: Any = None,
        /,
        *,
        name: str | None = None,
        group: str | None = None,
        lifespan: bool = True,
    ) -> Any:
        """Makes the decorated function a command: ``segue exec hello Django --times 2``.

            @app.command
            async def hello(name: str, times: int = 1) -> str: ...

        A parameter without a default is an argument, one with a default or behind ``*`` an option. The app and what it
        provides are given by type. What is returned is printed. A command of click is taken as it is. ``name``: by
        default that of the function; ``group``: a word before it. ``lifespan``: whether the app is started first.
        """
        place, names = self._declaring("a command")

        def register(one: Any) -> Any:
            words = (*([group] if group else []), name or command_name(one))
            self.declared.commands.append(Command(words, one, lifespan, place, names))
            return one

        return register if run is None else register(run)

    def format(self, format: "Format | type[Format]") -> None:
        """Lets routes name a format of results and bodies, ``formats=["lines"]``, here and in the apps included."""
        self._declaring("a format")
        made = format() if isinstance(format, type) else format
        self.declared.formats[made.name] = made

    def json_type(
        self,
        kind: type[T],
        *,
        write: Callable[[T], Any],
        read: Callable[[Any], T] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        """Lets JSON have a type of one's own, in this app and those that it includes.

            app.json_type(Money, write=str, read=Money.parse, schema={"type": "string", "format": "money"})

        ``write`` makes one of them a value that JSON has, ``read`` the other way round; ``schema`` is for the description of
        the API. What ``App(json=...)`` says of a type stands.
        """
        self._declaring("a type of JSON")
        app: Any = getattr(self, "app", self)  # a plugin says it for the app that lists it
        app.defaults["json"] = app.json.extended(
            write={kind: write},
            read={} if read is None else {kind: read},
            schemas={} if schema is None else {kind: schema},
        )

    def declare(self, name: str, /, *arguments: Any, **named: Any) -> None:
        """Says something in the words of a plugin: ``app.declare("menu", "Films", url="/films")``.

        It is carried out when the app is frozen; see ``Setup.directive``.
        """
        place, _ = self._declaring("a directive")
        self.declared.directed.append(Directed(name, arguments, named, place))


def _several(neighbours: Neighbour) -> tuple[Neighbour, ...]:
    return tuple(neighbours) if isinstance(neighbours, (tuple, list, set, frozenset)) else (neighbours,)
