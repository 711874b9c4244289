"""What an application may say about itself: apps record it, and so do the plugins that set them up."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar, Unpack, overload

from segue.core.life.declarations import Lifecycle
from segue.core.middleware.ordering import Neighbour
from segue.core.options import RouteDefaults, RouteOptions, WebSocketRouteOptions
from segue.core.plugins.directives import Directed
from segue.core.ports import Permits
from segue.core.providing.declarations import Providing
from segue.core.records import (
    Around,
    Command,
    Declarations,
    Included,
    Mounted,
    Next,
    Own,
    Recorded,
    Route,
    SocketRoute,
    URLDefaults,
    URLValues,
    command_name,
)
from segue.core.routing.converters import Converter
from segue.core.routing.predicates import PredicateFactory
from segue.core.settings.declarations import Configured
from segue.core.source import Source, calling_frame
from segue.core.styles.hooks import Attached, Hook
from segue.core.styles.viewrecords import Traverse, TraverseOptions, View, ViewOptions
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    import os

    from segue.core.files.static import StaticOptions
    from segue.core.ports import Format
    from segue.core.routing.ownrouting import Router

__all__ = ["Declaring", "Frozen"]

H = TypeVar("H", bound=Callable[..., Any])
R = TypeVar("R")
M = TypeVar("M", bound=Callable[Concatenate[Request, Next, ...], Awaitable[Response]])
C = TypeVar("C")
P = TypeVar("P", bound=Permits)
V = TypeVar("V", bound=URLValues)
D = TypeVar("D", bound=URLDefaults)


class Frozen(RuntimeError):
    """Something was declared after the app was frozen."""


class Declaring(Lifecycle, Providing, Configured):
    """Records declarations, each with the line of the user's code that makes it; nothing else happens yet."""

    def __init__(self, name: str, declared: Declarations) -> None:
        self.name = name
        self.declared = declared
        #: The name of the plugin that declares, if one does.
        self.plugin: str | None = None

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

    def traverse(self, at: str, root: object, /, **options: Unpack[TraverseOptions]) -> None:
        """Lets paths below ``at`` walk a tree of resources, whose views answer: see :meth:`view`.

            app.traverse("/docs", Folder())
            app.traverse("/users/{id:int}/docs", documents_of)      # called with the id

        ``root`` is the root of the tree, or a function or class that makes it; that is bound as a handler is. Of each
        resource, ``await resource.resolve(name)`` gives the one below it, or else ``resource[name]``; KeyError ends
        the way. The name after it is that of the view, and ``@@name`` is always one.
        """
        place, names = self._declaring("a tree of resources")
        self.declared.routes.append(Traverse(at, root, options, place, names))

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

    def view(self, **options: Unpack[ViewOptions]) -> Callable[[H], H]:
        """Lets the decorated function answer for resources that a path was walked to: see :meth:`traverse`.

            @app.view(name="edit")
            async def edit(context: Folder, title: str) -> str: ...

        Its parameters ``context``, ``subpath`` (the rest of the path, a tuple) and ``root`` are those of the walk; all others
        are bound as those of any handler. Of several, that for the most specific class of the context answers, then
        that with the most predicates.
        """
        place, names = self._declaring("a view")

        def register(handler: H) -> H:
            self.declared.routes.append(View(handler, options, place, names))
            return handler

        return register

    def _route(self, methods: tuple[str, ...], path: str, options: RouteOptions) -> Callable[[H], H]:
        place, names = self._declaring("a route")

        def register(handler: H) -> H:
            self.declared.routes.append(Route(methods, path, handler, options, place, names))
            return handler

        return register

    # --- styles --------------------------------------------------------------------------------------------------

    def resource(
        self, path: str, /, *, suffix: str = "", per_request: bool = False, **options: Unpack[RouteOptions]
    ) -> Callable[[C], C]:
        """Lets the methods of a class answer the HTTP methods of ``path``.

            @app.resource("/films/{id:int}")
            class FilmResource:
                async def get(self, id: int) -> Film: ...
                async def delete(self, id: int) -> None: ...

        Their names: ``get post put patch delete head options query websocket``, ``any`` for what has no method of its
        own, and any in capitals. ``suffix="collection"``: ``get_collection`` and its likes. One object answers all
        requests; with ``per_request``, and if the constructor takes arguments, each has its own. They are bound as
        those of handlers are. Or give an object: ``app.resource(path)(FilmResource(store))``.
        """
        place, names = self._declaring("a resource")
        given = {
            **options,
            "suffix": suffix,
            "per_request": per_request,
            "instances": self.declared.instances,
        }

        def register(target: C) -> C:
            from segue.core.styles.resources import Resource

            self.declared.routes.append(Resource(path, target, given, place, names))
            return target

        return register

    def tree(self, at: str, root: object, /, **options: Unpack[RouteOptions]) -> None:
        """Lets a tree of objects answer below the path ``at``: attributes are parts of the path.

            class Films:
                @expose
                def index(self) -> str: ...                    # /films/

                @expose
                def show(self, id: int, lang: str = "en"): ... # /films/show/7, /films/show?id=7&lang=fr

            class Root:
                films = Films()

            app.tree("/", Root())

        What is not marked with :func:`segue.expose` does not answer. Parameters come from the rest of the path, the
        query or a form; what does not fit is a 404, in a form a 400. ``name``: before the names of the routes.
        """
        from segue.core.styles.trees import Tree

        place, names = self._declaring("a tree")
        self.declared.routes.append(Tree(at, root, options, place, names))

    def folder(
        self, directory: "str | os.PathLike[str]", /, at: str = "/", **options: Unpack[RouteOptions]
    ) -> None:
        """Lets the functions of the files in ``directory`` answer: ``f`` in ``default.py`` is ``/default/f``.

            # controllers/default.py
            def index() -> str: ...                                      # / and /default/ and /default/index
            def show(args: Args, extension: Extension, page: Query[int] = 1): ...   # /default/show.json/x/y?page=2

        A function with a plain argument, or a name that begins with an underscore, does not answer. Files in folders
        below have longer paths. The files are loaded when the app is frozen.
        """
        from segue.core.styles.folders import Folder

        place, names = self._declaring("a folder")
        self.declared.routes.append(Folder(directory, at, options, place, names))

    def hook(self, target: object, *hooks: Hook) -> None:
        """Puts hooks on a function, a method or a class without a change of it, for this app and those that it includes.

        app.hook(other_package.Films, before(signed_in))
        app.hook(other_package.Films.get, around(timing))
        """
        place, _ = self._declaring("a hook")
        self.declared.hooks.append(Attached(target, hooks, place))

    def converter(self, name: str, converter: Converter) -> None:
        """Lets templates say ``{parameter:name}``, for this app and those that it includes."""
        self._name("converter", name, self.declared.converters, converter)

    def url_values(self, function: V) -> V:
        """Lets ``(request, values)`` look at the values of the path before the handler of a route is called.

            @app.url_values
            def language(request: Request, values: dict[str, Any]) -> None:
                request.state.lang = values.pop("lang", "en")

        What it takes out, handlers need not take. It is for the routes of this app and those that it includes.
        """
        place, _ = self._declaring("what looks at values of the path")
        self.declared.url_values.append((function, place))
        return function

    def url_defaults(self, function: D) -> D:
        """Lets ``(request)`` give values for paths that ``url_for`` is not given; only those that a path needs are taken.

            @app.url_defaults
            def language(request: Request | None) -> dict[str, Any]:
                return {"lang": request.state.lang if request else "en"}

        The request is None outside of one (``app.url_for``). It is for the routes of this app and those that it includes.
        """
        place, _ = self._declaring("what completes URLs")
        self.declared.url_defaults.append((function, place))
        return function

    def predicate(self, name: str, factory: PredicateFactory) -> None:
        """Lets routes say ``where={name: value}``, for this app and those that it includes.

            app.predicate("beta", lambda wanted: lambda request: ("beta" in request.cookies) is wanted)

            @app.get("/", where={"beta": True})
            async def beta() -> str: ...

        ``factory`` is called with the value of each route when the app is frozen.
        """
        self._name("predicate", name, self.declared.predicates, factory)

    def declare(self, name: str, /, *arguments: Any, **named: Any) -> None:
        """Says something in the words of a plugin: ``app.declare("menu", "Films", url="/films")``.

        It is carried out when the app is frozen; see ``Setup.directive``.
        """
        place, _ = self._declaring("a directive")
        self.declared.directed.append(Directed(name, arguments, named, place))

    def _name(self, what: str, name: str, table: dict[str, Any], value: object) -> None:
        place, _ = self._declaring(f"a {what}")
        if table.setdefault(name, value) is value:
            self.declared.places[what, name] = place
        else:
            self.declared.problems.append(
                f"the {what} {name!r} is declared at {self.declared.places[what, name]} and at {place}: give one "
                f"another name, or take it away"
            )

    def format(self, format: "Format | type[Format]") -> None:
        """Lets routes name a format of results and bodies, ``formats=["lines"]``, here and in the apps included."""
        self._declaring("a format")
        made = format() if isinstance(format, type) else format
        self.declared.formats[made.name] = made

    def permits(self, function: P) -> P:
        """Lets the function decide who has the ``permission`` of a route or view, here and in included apps.

        @app.permits
        async def permits(request: Request, permission: str, context: object) -> bool: ...
        """
        place, _ = self._declaring("who may do what")
        self.declared.permits.append((function, place))
        return function

    # --- composition ---------------------------------------------------------------------------------------------

    def include(
        self,
        app: Recorded,
        at: str = "/",
        *,
        name: str | None = None,
        middleware: Sequence[Callable[Concatenate[Request, Next, ...], Awaitable[Response]]] = (),
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
        around = tuple([Around(one, place) for one in middleware])
        self.declared.routes.append(Included(app, at, name, around, options, place))

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
        from segue.core.files.static import StaticFiles

        files = StaticFiles(directory, **options)
        self.get(f"{at.rstrip('/')}/", name=name, documented=False)(files.root_page)
        self.get(f"{at.rstrip('/')}/{{path:path}}", name=name, documented=False)(files.below)

    def frontend(
        self, at: str, directory: "str | os.PathLike[str]", **options: "Unpack[StaticOptions]"
    ) -> None:
        """Serves a browser application from where its bundler put it: what no route answers is its to show."""
        from segue.core.files.frontend import Frontend

        frontend = Frontend(directory, **options)
        self.any(f"{at.rstrip('/')}/", name="frontend", documented=False)(frontend.root_page)
        self.any(f"{at.rstrip('/')}/{{path:path}}", name="frontend", documented=False)(frontend.below)

    @overload
    def middleware(self, middleware: M, /, *, before: Neighbour = ..., after: Neighbour = ...) -> M: ...
    @overload
    def middleware(self, /, *, before: Neighbour = ..., after: Neighbour = ...) -> Callable[[M], M]: ...
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

        def register(one: M) -> M:
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

    def check(self, function: H) -> H:
        """Lets ``segue check`` ask the decorated function, too, what is wrong with the app."""
        place, _ = self._declaring("a check")
        self.declared.checks.append(Own(getattr(function, "__name__", "check"), function, place))
        return function

    def templates(self, folder: "str | os.PathLike[str]") -> None:
        """Names a folder of templates, for what renders them: those of an app hide those of the apps it includes.

        A relative folder is looked for beside the file that says so.
        """
        place, _ = self._declaring("a folder of templates")
        self.declared.templates.append((Path(place.file).parent / folder, place))

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

    def _declaring(self, what: str) -> tuple[Source, dict[str, Any]]:
        """Where the user's code declares something, and what is defined in the function that it stands in."""
        place, names = self._calling()
        if self.declared.frozen:
            raise Frozen(
                f"{place}: {what} is declared, but the app {self.name!r} was frozen when it was started or answered its "
                f"first request. Declare everything while the module is imported, before the app runs"
            )
        return place, names

    def _calling(self) -> tuple[Source, dict[str, Any]]:
        frame = calling_frame()
        is_module = frame.f_locals is frame.f_globals
        return Source(frame.f_code.co_filename, frame.f_lineno), {} if is_module else dict(frame.f_locals)


def _several(neighbours: Neighbour) -> tuple[Neighbour, ...]:
    return tuple(neighbours) if isinstance(neighbours, (tuple, list, set, frozenset)) else (neighbours,)
