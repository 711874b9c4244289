"""The application: it records what is declared; frozen, it answers."""

import functools
import gc
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast
from urllib.parse import quote

from segue.core.appkey import AppKey
from segue.core.apps import register
from segue.core.binding.json_codec import DEFAULT_JSON, JSONCodec
from segue.core.copying import copied
from segue.core.declaring import Declaring, Frozen
from segue.core.files.linking import ASSETS, Linked
from segue.core.life.running import Running
from segue.core.middleware.security_headers import DEFAULT_HEADERS
from segue.core.options import RouteDefaults, layered
from segue.core.plugins.order import Listed, Plugin
from segue.core.recording import Req_co
from segue.core.records import Declarations
from segue.core.source import calling_frame
from segue.http.headers import RawHeaders
from segue.http.request import Request

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from segue.core.handlers import Call
    from segue.core.plan import Plan
    from segue.core.providing.declarations import Provides
    from segue.core.providing.scope import Scope
    from segue.core.threads import Threads

__all__ = ["App", "Frozen"]

T = TypeVar("T")


class App(Declaring[Req_co], Running):
    """An application: routes, middleware, error handlers, and other apps.

        app = App()

        @app.get("/hello/{name}")
        async def hello(name: str, times: int = 1) -> dict[str, str]:
            return {"hello": name * times}

    ``name``: before the names of its routes in ``url_for``; by default that of its module. ``debug``: error pages show
    the traceback. ``threads``: where ``def`` handlers run. ``plugins``: see Plugin; in any order. ``request``: a class of
    your own for its requests, which handlers, middleware and hooks are then typed with: it is an ``App[FilmRequest]``.
    ``**defaults``: options of every route (RouteOptions).
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        debug: bool = False,
        threads: "Threads | None" = None,
        plugins: Iterable[Plugin] = (),
        request: type[Req_co] | None = None,
        **defaults: Unpack[RouteDefaults],
    ) -> None:
        super().__init__(name or _module_name(), Declarations())
        #: The class of its requests.
        self.request_class: type[Req_co] = request or cast("type[Req_co]", Request)
        #: The line that made it.
        self.place = self._calling()[0]
        register(self)
        self.is_named = name is not None
        self.debug = debug
        #: Set by ``segue run``: only its developer sees what it answers.
        self.development = False
        self.declared.plugins = [Listed(plugin, self.place) for plugin in plugins]
        self._values: dict[AppKey[Any], Any] = {}
        self._threads = self._given_threads = threads
        self.defaults: RouteDefaults = defaults
        #: Header fields of every response that does not set them itself.
        self.default_headers: RawHeaders = list(DEFAULT_HEADERS)
        self._plan: Plan | None = None
        self._freezing = threading.RLock()  # two threads may ask for the plan first

    # --- plugins and copies --------------------------------------------------------------------------------------

    def install(self, plugin: Plugin) -> None:
        """Adds a plugin to those of ``App(plugins=...)``."""
        place, _ = self._declaring("a plugin")
        self.declared.plugins.append(Listed(plugin, place))

    def uninstall(self, name: str) -> None:
        """Takes a plugin away, and with it all that it would have declared. Raises LookupError if there is none.

        bare = app.copy()
        bare.uninstall("stopwatch")
        """
        self._declaring("a plugin that is taken away")
        left = [one for one in self.declared.plugins if getattr(one.plugin, "name", None) != name]
        if len(left) == len(self.declared.plugins):
            names = ", ".join(str(getattr(one.plugin, "name", one.plugin)) for one in left) or "none"
            raise LookupError(f"the app {self.name!r} has no plugin {name!r}; it has: {names}")
        self.declared.plugins[:] = left

    def copy(self, name: str | None = None, **defaults: Unpack[RouteDefaults]) -> "App[Req_co]":
        """Another app that begins with all that was declared on this one, and goes its own way from there.

            app.include(api, version=1)
            app.include(api.copy("api_2", version=2))

        ``defaults`` go before those of this app. The copy may be declared on though this one is frozen; its plugins are
        set up for itself, and its values (``app[key]``) are its own. Apps that it includes are not copied.
        """
        other = type(self)(
            name or self.name,
            debug=self.debug,
            threads=self._given_threads,
            request=self.request_class,
            **layered(self.defaults, defaults),
        )
        other.is_named = self.is_named or name is not None
        other.declared = copied(self.declared.pristine or self.declared)
        other.declared.frozen, other.declared.life.root = False, None
        other.default_headers = list(self.default_headers)
        other._values = dict(self._values)
        return other

    # --- values of its own ---------------------------------------------------------------------------------------

    def __setitem__(self, key: AppKey[T], value: T) -> None:
        self._values[key] = value

    def __getitem__(self, key: AppKey[T]) -> T:
        try:
            value: T = self._values[key]
        except KeyError:
            raise KeyError(
                f"the app {self.name!r} has no value for {key}; `app[key] = value` gives it one"
            ) from None
        return value

    def __contains__(self, key: AppKey[Any]) -> bool:
        return key in self._values

    # --- the plan ------------------------------------------------------------------------------------------------

    def freeze(self) -> "Plan":
        """The plan; made once, from what was declared until now. Raises FreezeError with all that is wrong."""
        if self._plan is None:
            from segue.core.freeze import freeze

            with self._freezing:
                if self._plan is None:
                    with _collector_at_rest():
                        self._plan = freeze(self)
        return self._plan

    @property
    def plan(self) -> "Plan":
        """What the app has become by :meth:`freeze`."""
        return self._plan or self.freeze()

    @property
    def json(self) -> JSONCodec:
        """How the app reads and writes JSON: what ``App(json=...)`` was given."""
        return self.defaults.get("json", DEFAULT_JSON)

    def url_for(self, name: str, /, **values: Any) -> str:
        """The path of a route: ``app.url_for("films.show", id=3)``. Values that it does not take become its query.

        ``_anchor`` is put behind ``#``, ``_prefix`` before the path; ``_host`` and ``_scheme`` make it a whole URL. A
        request knows the last three: see ``request.url_for``. ``_method``: of several routes of the name, the one for
        this method. A route with ``url_from=`` makes the values of what is given here. Raises UnknownRoute, which names
        the nearest.
        """
        name = self.plan.nearest(name, values.pop("_within", ""))
        request: Request | None = values.pop("_request", None)
        values = self.plan.values_for(name, values, request)
        anchor, prefix, scheme, host, method = [
            values.pop(part, "") for part in ("_anchor", "_prefix", "_scheme", "_host", "_method")
        ]
        own_host, path = self.plan.url_for(name, values, method, request)
        # A route for one host keeps the port that the app is reached at.
        port = f":{host.rpartition(':')[2]}" if own_host and ":" in host.rpartition("]")[2] else ""
        origin = f"//{own_host}{port}" if own_host else f"//{host}" if host and scheme else ""
        whole = f"{scheme}:{origin}" if scheme and origin else origin
        return f"{whole}{prefix}{path}" + (f"#{quote(str(anchor), safe='')}" if anchor else "")

    def static_url(self, path: str, *, name: str = "static", _prefix: str = "") -> str:
        """The URL of a static file with the hash of its content: caches keep it until the file changes.

        The plugin ``Assets`` makes it that of a file that was built, or at another host. ``_prefix`` is put before the path.
        Raises ValueError where there is no such file.
        """
        from segue.core.files.static import files_of

        files = files_of(self.plan.named(name)[0].endpoint.handler)
        assets: Linked | None = self._values.get(ASSETS)
        if assets is not None and (built := assets.built(self.url_for(name, path=path))) is not None:
            return assets.at(built, _prefix)
        path, version = files.versioned(path)
        url = self.url_for(name, path=path, **({} if version is None else {"v": version}))
        return _prefix + url if assets is None else assets.elsewhere(url, _prefix)

    def test_request(
        self,
        target: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> AbstractContextManager[Req_co]:
        """A request that nobody has sent, for tests and scripts; while the block runs, it is the current one.

            with app.test_request("/films/3") as request:
                assert request.params == {"id": 3}
                assert request.url_for("films.list") == "/films"
                assert current_request() is request

        ``async with app.scope(request)`` gives what is provided for it. Nothing answers it: see segue.testing for that.
        """
        from segue.core.context import made_up

        return made_up(self, self.request_class(method, target, _raw(headers or {})), content)

    # --- what is provided ----------------------------------------------------------------------------------------

    def scope(self, request: Request | None = None) -> "Scope":
        """What is provided, outside of handlers: in commands, tasks, scripts and the REPL.

            async with app.scope() as scope:
                mailer = await scope.get(Mailer)
                await scope.call(send_invoices, month=3)

        ``request``: for what is made from one. See Scope.
        """
        from segue.core.providing.scope import Scope

        injection = self.plan.injection
        return Scope(injection, injection.views[0], request)

    def overriding(self, kind: "TypeForm[T]", provider: "Provides[T] | T", /) -> AbstractContextManager[None]:
        """Lets something else be provided while the block runs, in this app and those that it includes: for tests.

            with app.overriding(Mailer, FakeMailer()):
                ...

        Raises LookupError when nothing is provided for ``kind``, and FreezeError when it does not fit in.
        """
        from segue.core.providing.overriding import overriding

        return overriding(self.plan.injection, kind, provider, self._calling()[0])

    # --- serving -------------------------------------------------------------------------------------------------

    @property
    def handle(self) -> "Call":
        """Answers one request: the way that all servers and adapters take."""
        return self.plan.handle

    async def startup(self) -> None:
        """Freezes the app and starts its lifespan. Servers call it once in each process."""
        await self.plan.life.start()

    async def shutdown(self) -> None:
        """Ends the lifespan. Servers call it after the last response."""
        try:
            await self.plan.life.stop()
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
        server: str = "segue",
        **config: Any,
    ) -> None:
        """Serves the app from this script, until it is told to stop.

            if __name__ == "__main__":
                app.run(port=8080, workers=4)

        ``reload``: start anew when a file changes. ``config``: further fields of ``segue.server.ServerConfig``, which
        stand above these. ``server``: somebody else's, such as "uvicorn", "granian", "gunicorn" or "waitress", in one
        process and with what that one does by itself. Raises SystemExit when it cannot serve; the log says why.
        """
        if server not in ("segue", "auto"):
            from segue.server.others import run_on

            if workers != 1 or reload or config:
                raise TypeError(
                    f"workers, reload and the like are for Segue's own server. Start {server} by its own command to set "
                    f"such things: the app is an ASGI application, and `app.wsgi` a WSGI one"
                )
            run_on(server, self, host, port)
            return
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


def _raw(headers: Mapping[str, str]) -> RawHeaders:
    fields = {"host": "localhost", **{name.lower(): value for name, value in headers.items()}}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]


@contextmanager
def _collector_at_rest() -> Generator[None, None, None]:
    """PERF(freeze): what is made at freeze lives as long as the app, and the garbage collector would look at all of it
    again and again: 0.17 of 0.35 s for a thousand routes.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _module_name() -> str:
    frame = calling_frame()
    name = str(frame.f_globals.get("__name__", "app"))
    return Path(frame.f_code.co_filename).stem if name == "__main__" else name.rpartition(".")[2]
