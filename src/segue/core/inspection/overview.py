"""What a frozen app consists of, as plain data: for commands, pages and tests that show it.

    from segue import inspect_app

    for route in inspect_app(app).routes:
        print(route.methods, route.path, route.place)

Everything in it is text, numbers and lists of them: ``msgspec.json.encode`` writes it as it is.
"""

import inspect
import os
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct

from segue.core.app import App
from segue.core.binding.parameters import MISSING
from segue.core.branches import join
from segue.core.handlers import Endpoint
from segue.core.inspection.words import ParameterInfo, parameter_info, type_text
from segue.core.middleware.stacks import skips
from segue.core.options import Options
from segue.core.records import Around, Recorded, included
from segue.core.routing.sites import SOCKET
from segue.core.source import Source, source_of

__all__ = [
    "AppInfo",
    "ErrorHandlerInfo",
    "GuardInfo",
    "HookInfo",
    "Inspection",
    "LifespanInfo",
    "MiddlewareInfo",
    "ProviderInfo",
    "RouteInfo",
    "inspect_app",
    "middleware_info",
    "middleware_of",
    "place_text",
    "route_info",
]

_TOLD_ELSEWHERE = frozenset({"name", "host", "requires", "formats", "accepts", "json", "suffix"})
_PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep


class MiddlewareInfo(Struct, frozen=True, kw_only=True):
    """A middleware: its name, where it is written, and which app declares it where."""

    name: str
    place: str
    declared: str
    app: str


class ErrorHandlerInfo(Struct, frozen=True, kw_only=True):
    """An error handler: the class of exceptions or the status that it is for."""

    what: str
    handler: str
    place: str
    app: str


class ProviderInfo(Struct, frozen=True, kw_only=True):
    """What is made for a handler before it is called. ``life``: ``request`` or ``app``."""

    provides: str
    life: str
    place: str


class GuardInfo(Struct, frozen=True, kw_only=True):
    """A function of ``requires=[...]``: it runs first, and lets the request pass or raises."""

    name: str
    place: str


class HookInfo(Struct, frozen=True, kw_only=True):
    """What runs ``before``, ``after`` or at the ``teardown`` of all requests of an app."""

    kind: str
    name: str
    place: str
    app: str


class LifespanInfo(Struct, frozen=True, kw_only=True):
    """A lifespan function of an app."""

    name: str
    place: str
    app: str


class RouteInfo(Struct, frozen=True, kw_only=True):
    """What answers some requests.

    ``place``: where the handler is written; ``declared``: where the route is. ``kind``: ``route``, ``websocket`` or
    ``mount``. ``automatic``: methods that
    its path answers besides. ``own``: the handler is Segue's, such as that of static files. ``runs``: on the ``loop`` or in a
    ``thread``. ``options``: those that differ from the defaults. ``formats``: media types that the client may choose,
    the default first. ``accepts``: those that bodies may have, where the route names any.
    """

    methods: list[str]
    automatic: list[str]
    path: str
    name: str
    handler: str
    place: str
    declared: str
    host: str | None
    conditions: str
    apps: list[str]
    kind: str
    own: bool
    runs: str
    parameters: list[ParameterInfo]
    guards: list[GuardInfo]
    providers: list[ProviderInfo]
    returns: str
    formats: list[str]
    middleware: list[str]
    accepts: list[str]
    options: dict[str, Any]


class AppInfo(Struct, frozen=True, kw_only=True):
    """One app of the tree: its name, the paths that it begins at, and the apps that it includes."""

    name: str
    at: list[str]
    includes: list[str]
    converters: list[str]


class Inspection(Struct, frozen=True, kw_only=True):
    """All of a frozen app. ``middleware`` is in the order in which requests pass it, for each app."""

    app: str
    routes: list[RouteInfo]
    middleware: list[MiddlewareInfo]
    error_handlers: list[ErrorHandlerInfo]
    lifespans: list[LifespanInfo]
    apps: list[AppInfo]


def inspect_app(app: App) -> Inspection:
    """What ``app`` consists of. Freezes it; raises FreezeError when it cannot be."""
    plan = app.freeze()
    tree = _tree(app)
    apps = [one for one, _ in tree.values()]
    return Inspection(
        app=app.name,
        routes=[route_info(one) for one in plan.endpoints],
        middleware=[info for one in apps for info in middleware_of(one)],
        error_handlers=[info for one in apps for info in error_handlers_of(one)],
        lifespans=[
            LifespanInfo(name=_name(function), place=place_text(source_of(function, place)), app=one.name)
            for one in apps
            for function, place in one.declared.spans
        ],
        apps=[_app_info(one, at) for one, at in tree.values()],
    )


def route_info(endpoint: Endpoint) -> RouteInfo:
    """What is known about one endpoint."""
    handler = endpoint.handler
    methods = ["GET"] if endpoint.methods == (SOCKET,) else list(endpoint.methods)
    return RouteInfo(
        methods=methods,
        automatic=list(endpoint.automatic),
        path=endpoint.path,
        name=endpoint.name,
        handler=_name(handler),
        place=place_text(endpoint.place),
        declared=place_text(endpoint.declared),
        host=endpoint.host,
        conditions=str(endpoint.conditions or ""),
        apps=[one.name for one in endpoint.apps],
        kind=endpoint.kind,
        own=endpoint.place.file.startswith(_PACKAGE),
        runs="loop" if runs_on_loop(endpoint) else "thread",
        parameters=[parameter_info(one) for one in (*endpoint.parameters, *endpoint.wiring.inputs)],
        guards=[
            GuardInfo(name=_name(one), place=place_text(source_of(one, endpoint.declared)))
            for one in endpoint.options.requires
        ],
        providers=[
            ProviderInfo(
                provides=str(step.provider.key),
                life=step.provider.life,
                place=place_text(step.provider.place),
            )
            for step in endpoint.wiring.steps
        ],
        formats=[one.media_types[0] for one in endpoint.formats],
        returns="" if endpoint.returns is MISSING else type_text(endpoint.returns),
        middleware=[_name(one.middleware) for one in all_middleware(endpoint)],
        accepts=[one.media_types[0] for one in endpoint.bodies.formats],
        options=_options(endpoint.options),
    )


def runs_on_loop(endpoint: Endpoint) -> bool:
    """Whether the handler runs on the event loop; else it has a thread."""
    from segue.core.binding.endpoints import is_async

    handler = endpoint.handler
    return (
        endpoint.kind != "route"
        or endpoint.options.inline
        or is_async(handler)
        or inspect.isasyncgenfunction(handler)
        or inspect.isgeneratorfunction(handler)
    )


def all_middleware(endpoint: Endpoint) -> tuple[Around, ...]:
    """The middleware that a request for ``endpoint`` passes, the outermost first."""
    root = endpoint.apps[0] if endpoint.apps else None
    outermost = () if root is None else tuple(root.declared.middleware)
    inner = [one for one in endpoint.middleware if not one.is_internal]
    return (*[one for one in outermost if not skips(endpoint.options, one)], *inner)


def middleware_of(app: Recorded) -> list[MiddlewareInfo]:
    """The middleware that one app declares."""
    return [middleware_info(one, app.name) for one in app.declared.middleware]


def middleware_info(one: Around, app: str) -> MiddlewareInfo:
    """What is known about one middleware of the app of this name."""
    return MiddlewareInfo(
        name=_name(one.middleware),
        place=place_text(source_of(one.middleware, one.place)),
        declared=place_text(one.place),
        app=app,
    )


def error_handlers_of(app: Recorded) -> list[ErrorHandlerInfo]:
    """The error handlers that one app declares."""
    return [
        ErrorHandlerInfo(
            what=what.__name__ if isinstance(what, type) else str(what),
            handler=_name(handler),
            place=place_text(source_of(handler, place)),
            app=app.name,
        )
        for what, handler, place in (*app.declared.errors, *app.declared.plugin_errors)
    ]


def hooks_of_app(app: Recorded) -> list[HookInfo]:
    """The hooks around all requests of one app."""
    return [
        HookInfo(
            kind=one.kind,
            name=_name(one.function),
            place=place_text(source_of(one.function, one.place)),
            app=app.name,
        )
        for one in app.declared.life.hooks
    ]


def place_text(place: Source) -> str:
    """``films.py:14``, relative to where the program runs if it is below: terminals make a link of it."""
    try:
        file = Path(place.file).relative_to(Path.cwd())
    except ValueError:
        file = Path(place.file)
    return f"{file}:{place.line}"


def _tree(app: Recorded) -> dict[int, tuple[Recorded, list[str]]]:
    """``app`` and those that it includes, each once, with the paths that they begin at."""
    found: dict[int, tuple[Recorded, list[str]]] = {}
    left: list[tuple[Recorded, str]] = [(app, "/")]
    while left:
        one, at = left.pop(0)
        found.setdefault(id(one), (one, []))[1].append(at)
        left[:0] = [(record.app, join(at, record.at)) for record in included(one.declared.routes)]
    return found


def _app_info(app: Recorded, at: list[str]) -> AppInfo:
    return AppInfo(
        name=app.name,
        at=at,
        includes=[record.app.name for record in included(app.declared.routes)],
        converters=sorted(app.declared.converters),
    )


def _options(options: Options) -> dict[str, Any]:
    plain = Options()
    given = {name: getattr(options, name) for name in Options.__struct_fields__}
    return {
        name: value if isinstance(value, str | int | float | None) else repr(value)
        for name, value in given.items()
        if name not in _TOLD_ELSEWHERE and value is not UNSET and value != getattr(plain, name)
    }


def _name(what: Any) -> str:
    """What the user would call it: the function, or the class of the object."""
    function = what
    while hasattr(function, "func") and not hasattr(function, "__code__"):
        function = function.func
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
