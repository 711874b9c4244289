"""The application: it records what is declared; frozen, it answers."""

import functools
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack
from urllib.parse import quote

from segue.core.converters import Converter
from segue.core.options import RouteDefaults, RouteOptions, WebSocketRouteOptions
from segue.core.records import Declarations, Included, MiddlewareLike, Mounted, Route, SocketRoute
from segue.core.security_headers import DEFAULT_HEADERS
from segue.core.source import Source, calling_frame
from segue.http.headers import RawHeaders

if TYPE_CHECKING:
    import os

    from segue.core.handlers import Call
    from segue.core.plan import Plan
    from segue.core.static import StaticOptions
    from segue.core.threads import Threads

__all__ = ["App", "Frozen"]

H = TypeVar("H", bound=Callable[..., Any])
M = TypeVar("M", bound=MiddlewareLike)


class Frozen(RuntimeError):
    """Something was declared after the app was frozen."""


class App:
    """An application: routes, middleware, error handlers, and other apps.

        app = App()

        @app.get("/hello/{name}")
        async def hello(name: str, times: int = 1) -> dict[str, str]:
            return {"hello": name * times}

    ``name``: before the names of its routes in ``url_for``; by default that of its module. ``debug``: error pages show
    the traceback. ``threads``: where ``def`` handlers run. ``**defaults``: options of every route (RouteOptions).
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        debug: bool = False,
        threads: "Threads | None" = None,
        **defaults: Unpack[RouteDefaults],
    ) -> None:
        self.name = name or _module_name()
        self.debug = debug
        self._threads = threads
        self.defaults: RouteDefaults = defaults
        self.declared = Declarations()
        #: Header fields of every response that does not set them itself.
        self.default_headers: RawHeaders = list(DEFAULT_HEADERS)
        self._plan: Plan | None = None
        self._freezing = threading.RLock()  # two threads may ask for the plan first

    # --- routes --------------------------------------------------------------------------------------------------

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

    def _route(self, methods: tuple[str, ...], path: str, options: RouteOptions) -> Callable[[H], H]:
        place, names = self._declaring("a route")

        def register(handler: H) -> H:
            self.declared.routes.append(Route(methods, path, handler, options, place, names))
            return handler

        return register

    def converter(self, name: str, converter: Converter) -> None:
        """Lets templates say ``{parameter:name}``, for this app and those that it includes."""
        self._declaring("a converter")
        self.declared.converters[name] = converter

    # --- composition ---------------------------------------------------------------------------------------------

    def include(self, app: "App", at: str = "/", *, host: str | None = None, name: str | None = None) -> None:
        """Makes the routes of another app part of this one, below the path ``at``, for ``host`` only if one is given.

        Its middleware and error handlers stay its own, its lifespan runs with ours. ``name`` stands before the names
        of its routes, instead of its own.
        """
        place, _ = self._declaring("an included app")
        self.declared.routes.append(Included(app, at, host, name, place))

    def mount(self, at: str, app: object, *, host: str | None = None) -> None:
        """Hands all requests below the path ``at`` to any ASGI or WSGI application, its lifespan included."""
        place, _ = self._declaring("a mounted app")
        self.declared.routes.append(Mounted(at, app, host, place))

    def static(
        self,
        at: str,
        directory: "str | os.PathLike[str]",
        *,
        name: str = "static",
        **options: "Unpack[StaticOptions]",
    ) -> None:
        """Serves the files of ``directory`` below the path ``at``; ``name`` is for ``url_for`` and :meth:`static_url`."""
        from segue.core.static import StaticFiles

        files = StaticFiles(directory, **options)
        self.get(f"{at.rstrip('/')}/", name=name)(files.root_page)
        self.get(f"{at.rstrip('/')}/{{path:path}}", name=name)(files.below)

    def static_url(self, path: str, *, name: str = "static") -> str:
        """The URL of a static file with the hash of its content: caches keep it until the file changes."""
        from segue.core.static import files_of

        handler = self.plan.named(name)[0].endpoint.handler
        return self.url_for(name, path=path, v=files_of(handler).version(path))

    def frontend(
        self, at: str, directory: "str | os.PathLike[str]", **options: "Unpack[StaticOptions]"
    ) -> None:
        """Serves a browser application from where its bundler put it: what no route answers is its to show."""
        from segue.core.frontend import Frontend

        frontend = Frontend(directory, **options)
        self.any(f"{at.rstrip('/')}/", name="frontend")(frontend.root_page)
        self.any(f"{at.rstrip('/')}/{{path:path}}", name="frontend")(frontend.below)

    def middleware(self, middleware: M) -> M:
        """Puts ``async (request, next) -> response`` around all that this app answers; the first one is outermost.

        @app.middleware
        async def timing(request: Request, next: Next) -> Response:
            response = await next(request)
            response.headers["server-timing"] = ...
            return response
        """
        place, _ = self._declaring("a middleware")
        self.declared.middleware.append((middleware, place))
        return middleware

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

    def _declaring(self, what: str) -> tuple[Source, dict[str, Any]]:
        """Where the user's code declares something, and what is defined in the function that it stands in."""
        frame = calling_frame()
        place = Source(frame.f_code.co_filename, frame.f_lineno)
        if self.declared.frozen:
            raise Frozen(
                f"{place}: {what} is declared, but the app {self.name!r} was frozen when it was started or answered its "
                f"first request. Declare everything while the module is imported, before the app runs"
            )
        is_module = frame.f_locals is frame.f_globals
        return place, {} if is_module else dict(frame.f_locals)

    # --- the plan ------------------------------------------------------------------------------------------------

    def freeze(self) -> "Plan":
        """The plan; made once, from what was declared until now. Raises FreezeError with all that is wrong."""
        if self._plan is None:
            from segue.core.freeze import freeze

            with self._freezing:
                if self._plan is None:
                    self._plan = freeze(self)
        return self._plan

    @property
    def plan(self) -> "Plan":
        """What the app has become by :meth:`freeze`."""
        return self._plan or self.freeze()

    def url_for(self, name: str, /, **values: Any) -> str:
        """The path of a route: ``app.url_for("films.show", id=3)``. Values that it does not take become its query.

        ``_anchor`` is put behind ``#``, ``_prefix`` before the path; ``_host`` and ``_scheme`` make it a whole URL. A
        request knows the last three: see ``request.url_for``. Raises UnknownRoute, which names the nearest.
        """
        anchor, prefix, scheme, host = [
            values.pop(part, "") for part in ("_anchor", "_prefix", "_scheme", "_host")
        ]
        own_host, path = self.plan.url_for(name, values)
        # A route for one host keeps the port that the app is reached at.
        port = f":{host.rpartition(':')[2]}" if own_host and ":" in host.rpartition("]")[2] else ""
        origin = f"//{own_host}{port}" if own_host else f"//{host}" if host and scheme else ""
        whole = f"{scheme}:{origin}" if scheme and origin else origin
        return f"{whole}{prefix}{path}" + (f"#{quote(str(anchor), safe='')}" if anchor else "")

    # --- serving -------------------------------------------------------------------------------------------------

    @property
    def handle(self) -> "Call":
        """Answers one request: the way that all servers and adapters take."""
        return self.plan.handle

    async def startup(self) -> None:
        """Freezes the app and starts its lifespan. Servers call it once in each process."""
        await self.plan.lifespan.start()

    async def shutdown(self) -> None:
        """Ends the lifespan. Servers call it after the last response."""
        try:
            await self.plan.lifespan.stop()
        finally:
            if self._threads is not None:
                self._threads.close()

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """The app as an ASGI application."""
        from segue.server.asgi import serve

        await serve(self, scope, receive, send)

    @functools.cached_property
    def wsgi(self) -> Callable[..., Any]:
        """The app as a WSGI application."""
        from segue.server.wsgi import WSGIAdapter

        return WSGIAdapter(self)

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 8000,
        *,
        workers: int = 1,
        reload: bool = False,
        **config: Any,
    ) -> None:
        """Serves the app from this script, until it is told to stop.

            if __name__ == "__main__":
                app.run(port=8080, workers=4)

        ``reload``: start anew when a file changes. ``config``: further fields of ``segue.server.ServerConfig``, which
        stand above these. Raises SystemExit when it cannot serve; the log says why.
        """
        from segue.server import Reloading, ServerConfig, run

        config.setdefault("binds", (f"[{host}]:{port}" if ":" in host else f"{host}:{port}",))
        config.setdefault("reloading", Reloading() if reload else None)
        run(self, ServerConfig(workers=workers, **config))

    @property
    def threads(self) -> "Threads":
        """Where ``def`` handlers run."""
        if self._threads is None:
            # asyncio is half of what `import segue` would take.
            from segue.core.threads import Threads

            self._threads = Threads()
        return self._threads

    def __repr__(self) -> str:
        return f"<App {self.name!r}>"


def _module_name() -> str:
    frame = calling_frame()
    name = str(frame.f_globals.get("__name__", "app"))
    return Path(frame.f_code.co_filename).stem if name == "__main__" else name.rpartition(".")[2]
