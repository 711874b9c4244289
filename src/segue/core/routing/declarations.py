"""What an application may say about its routes, and about the apps that are part of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar, Unpack, cast

from segue.core.options import RouteDefaults, RouteOptions, WebSocketRouteOptions
from segue.core.recording import Recording, Req_co
from segue.core.records import (
    Around,
    Included,
    MiddlewareLike,
    Mounted,
    Next,
    Recorded,
    Route,
    SocketRoute,
    URLDefaults,
    URLValues,
)
from segue.core.routing.converters import Converter
from segue.core.routing.predicates import PredicateFactory
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.routing.ownrouting import Router

__all__ = ["Routing"]

H = TypeVar("H", bound=Callable[..., Any])
M = TypeVar("M", bound=Mapping[str, Any])


class Routing(Recording[Req_co]):
    """The part of Declaring that is about routes: functions for paths, and other apps below paths."""

    def get(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes GET requests for ``path`` to the decorated handler, and HEAD requests too."""
        return self._route(("GET",), path, options)

    def post(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes POST requests for ``path`` to the decorated handler."""
        return self._route(("POST",), path, options)

    def put(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes PUT requests for ``path`` to the decorated handler."""
        return self._route(("PUT",), path, options)

    def patch(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes PATCH requests for ``path`` to the decorated handler."""
        return self._route(("PATCH",), path, options)

    def delete(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes DELETE requests for ``path`` to the decorated handler."""
        return self._route(("DELETE",), path, options)

    def head(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes HEAD requests for ``path`` to the decorated handler, instead of the one for GET."""
        return self._route(("HEAD",), path, options)

    def options(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes OPTIONS requests for ``path`` to the decorated handler, instead of the automatic answer."""
        return self._route(("OPTIONS",), path, options)

    def query(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes QUERY requests for ``path`` to the decorated handler: a GET with a body."""
        return self._route(("QUERY",), path, options)

    def any(self, path: str, /, **options: Unpack[RouteOptions]) -> Callable[[H], H]:
        """Routes requests for ``path`` with every method that has no handler of its own there."""
        return self._route((), path, options)

    def route(
        self, path: str, /, methods: Sequence[str] = ("GET",), **options: Unpack[RouteOptions]
    ) -> Callable[[H], H]:
        """Routes requests for ``path`` with one of ``methods`` to the decorated handler."""
        if isinstance(methods, str) or not methods:
            raise TypeError(f"methods is a list of methods, like ['GET', 'POST'], not {methods!r}")
        return self._route(tuple(dict.fromkeys(method.upper() for method in methods)), path, options)

    def websocket(self, path: str, /, **options: Unpack[WebSocketRouteOptions]) -> Callable[[H], H]:
        """Routes WebSockets for ``path`` to the decorated handler; its parameter of type WebSocket is the socket."""
        place, names = self._declaring("a WebSocket")

        def register(handler: H) -> H:
            self.declared.routes.append(SocketRoute(path, handler, options, place, names))
            return handler

        return register

    def redirect(self, path: str, to: str, /, *, status: int = 308, name: str | None = None) -> None:
        """Sends requests for ``path``, whatever their method, to where it has gone.

            app.redirect("/movies/{id:int}", "/films/{id}")
            app.redirect("/help", "https://help.example.com", status=307)

        ``to``: a path of the served app, or a whole URL; parameters of the path are put into it, and the query behind it.
        """
        from segue.core.routing.redirecting import RedirectTo

        handler = RedirectTo(to, status)
        self.any(path, name=name or f"redirect of {path}")(handler)

    def router(self, at: str, router: "Router", /) -> None:
        """Lets an object of your own find the handlers below the path ``at``: see :class:`segue.core.routing.ownrouting.Router`."""
        from segue.core.routing.ownrouting import OwnRouting

        place, names = self._declaring("a router")
        self.declared.routes.append(OwnRouting(at, router, place, names))

    def _route(self, methods: tuple[str, ...], path: str, options: RouteOptions) -> Callable[[H], H]:
        place, names = self._declaring("a route")

        def register(handler: H) -> H:
            self.declared.routes.append(Route(methods, path, handler, options, place, names))
            return handler

        return register

    def converter(self, name: str, converter: Converter) -> None:
        """Lets templates say ``{parameter:name}``, for this app and those that it includes."""
        self._name("converter", name, self.declared.converters, converter)

    def url_values(
        self, function: Callable[[Req_co, dict[str, Any]], None]
    ) -> Callable[[Req_co, dict[str, Any]], None]:
        """Lets ``(request, values)`` look at the values of the path before the handler of a route is called.

            @app.url_values
            def language(request: Request, values: dict[str, Any]) -> None:
                request.state.lang = values.pop("lang", "en")

        What it takes out, handlers need not take. It is for the routes of this app and those that it includes.
        """
        place, _ = self._declaring("what looks at values of the path")
        self.declared.url_values.append((cast(URLValues, function), place))
        return function

    def url_defaults(self, function: Callable[[Req_co | None], M]) -> Callable[[Req_co | None], M]:
        """Lets ``(request)`` give values for paths that ``url_for`` is not given; only those that a path needs are taken.

            @app.url_defaults
            def language(request: Request | None) -> dict[str, Any]:
                return {"lang": request.state.lang if request else "en"}

        The request is None outside of one (``app.url_for``). It is for the routes of this app and those that it includes.
        """
        place, _ = self._declaring("what completes URLs")
        self.declared.url_defaults.append((cast(URLDefaults, function), place))
        return function

    def predicate(self, name: str, factory: PredicateFactory) -> None:
        """Lets routes say ``where={name: value}``, for this app and those that it includes.

            app.predicate("beta", lambda wanted: lambda request: ("beta" in request.cookies) is wanted)

            @app.get("/", where={"beta": True})
            async def beta() -> str: ...

        ``factory`` is called with the value of each route when the app is frozen.
        """
        self._name("predicate", name, self.declared.predicates, factory)

    def include(
        self,
        app: Recorded,
        at: str = "/",
        *,
        name: str | None = None,
        middleware: Sequence[Callable[Concatenate[Req_co, Next, ...], Awaitable[Response]]] = (),
        **options: Unpack[RouteDefaults],
    ) -> None:
        """Makes the routes of another app part of this one, below the path ``at``.

            app.include(blog, at="/blog")
            app.include(blog, at="/{lang}/blog", name="translated")
            app.include(shop, host="{tenant}.example.com", timeout=5, middleware=[by_tenant])

        Its middleware, error handlers, plugins and options stay its own, its lifespan runs with ours. ``name`` stands
        before the names of its routes, instead of its own: one app may be included many times. ``middleware`` is put
        around its own, and ``options`` (RouteDefaults) are what its routes have unless they or it say otherwise.
        Where both declare the same path and method, the app that includes has its way.
        """
        place, _ = self._declaring("an included app")
        around = tuple([Around(cast(MiddlewareLike, one), place) for one in middleware])
        self.declared.routes.append(Included(app, at, name, around, options, place))

    def mount(
        self, at: str, app: object, *, host: str | None = None, skip: Sequence[str | Callable[..., Any]] = ()
    ) -> None:
        """Hands all requests below the path ``at`` to any ASGI or WSGI application, its lifespan included.

        ``skip``: middleware that it goes without, as for a route.
        """
        place, _ = self._declaring("a mounted app")
        self.declared.routes.append(Mounted(at, app, host, place, tuple(skip)))
