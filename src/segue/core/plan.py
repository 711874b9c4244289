"""The plan: what an app has become when it is frozen. A request walks it; nothing in it changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from segue.core.handlers import Call, Endpoint
from segue.core.life.lives import Life
from segue.core.providing.wiring import Injection
from segue.core.records import Around, Command, Own, Recorded, URLDefaults
from segue.core.routing.dispatch import Find
from segue.core.routing.templates import Template
from segue.http.request import Request
from segue.http.url import encode_query

__all__ = ["FreezeError", "NamedRoute", "Plan", "UnknownRoute"]


class FreezeError(Exception):
    """What is wrong with the declarations of an app: all of it, each with the lines that it is about."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        super().__init__(f"the app has {count}:\n" + "\n".join(f"- {problem}" for problem in problems))


class UnknownRoute(LookupError):
    """There is no route of a name, or none that takes the values that were given."""

    def __str__(self) -> str:
        return str(self.args[0])


class NamedRoute(NamedTuple):
    """A route as ``url_for`` sees it."""

    template: Template
    host: Template | None
    endpoint: Endpoint
    #: What ``app.url_defaults`` was given, the innermost app first.
    defaults: tuple[URLDefaults, ...] = ()


class Plan:
    """An app, frozen.

    ``handle`` answers a request, and ``find`` gives what could. ``endpoints`` are all that were declared and are not
    overridden, ``routes`` the same by name. ``app`` is the app that was frozen. ``middleware`` is what is around all of
    it; ``checks`` and ``templates`` (folders) are those of all its apps. The outermost is always the first.
    """

    __slots__ = (
        "app",
        "checks",
        "endpoints",
        "find",
        "handle",
        "injection",
        "life",
        "middleware",
        "routes",
        "templates",
    )

    def __init__(
        self,
        app: Recorded,
        handle: Call,
        find: Find,
        endpoints: Sequence[Endpoint],
        routes: Mapping[str, Sequence[NamedRoute]],
        *,
        life: Life,
        injection: Injection,
    ) -> None:
        self.app = app
        self.handle = handle
        self.find = find
        self.endpoints = tuple(endpoints)
        self.routes = routes
        #: Its start and its end, and the signals that are not of a request.
        self.life = life
        self.injection = injection
        self.middleware: tuple[Around, ...] = ()
        self.checks: tuple[Own, ...] = ()
        self.templates: tuple[Path, ...] = ()

    @property
    def commands(self) -> list[Command]:
        """The commands of the app and of those that it includes."""
        from segue.core.plugins.commands import commands_of

        return list(commands_of(self.app))

    def nearest(self, name: str, within: str) -> str:
        """The whole name of the route that ``name`` means in the handler of the route ``within``.

        It is looked for in the app of that handler first, then in those around it: so a handler's links stay right
        wherever its app is included, and under whatever name.
        """
        around = within.split(".")[:-1]
        while around:
            whole = ".".join([*around, name])
            if whole in self.routes:
                return whole
            around.pop()
        return name

    def named(self, name: str) -> Sequence[NamedRoute]:
        """The routes of this name. Raises UnknownRoute, which suggests the nearest name."""
        routes = self.routes.get(name)
        if routes is None:
            import difflib

            near = difflib.get_close_matches(name, self.routes, 1, 0.5)
            hint = (
                f"did you mean {near[0]!r}?"
                if near
                else f"there are: {', '.join(sorted(self.routes)) or 'none'}"
            )
            raise UnknownRoute(f"there is no route named {name!r}; {hint}")
        return routes

    def values_for(self, name: str, values: dict[str, Any], request: Request | None) -> dict[str, Any]:
        """What the URL of the route ``name`` is written of: ``values``, or what its ``url_from`` makes of them.

        Raises UnknownRoute.
        """
        for route in self.named(name):
            if route.endpoint.options.url_from is not None:
                given = {key: value for key, value in values.items() if not key.startswith("_")}
                parts = {key: value for key, value in values.items() if key.startswith("_")}
                return {**parts, **route.endpoint.options.url_from(given, request)}
        return values

    def url_for(
        self, name: str, values: Mapping[str, Any], method: str = "", request: Request | None = None
    ) -> tuple[str, str]:
        """The host (or an empty text) and the path with query for the route ``name``. Raises UnknownRoute.

        ``method``: of several, the one that answers it. ``request``: the one that is answered, for ``url_defaults``.
        """
        routes = self.named(name)
        if method:
            routes = [one for one in routes if method.upper() in one.endpoint.methods] or routes
        if any(route.defaults for route in routes):
            values = {**_defaults(routes, values, request), **values}
        fitting = [route for route in routes if _needs(route) <= values.keys()]
        if not fitting:
            told = " or ".join(f"{route.endpoint.path} ({route.endpoint.place})" for route in routes)
            missing = ", ".join(sorted(_needs(routes[0]) - values.keys()))
            raise UnknownRoute(f"url_for({name!r}) needs a value for {missing}: {told}")
        route = max(fitting, key=lambda one: len(_needs(one)))
        # Several methods of one path have one URL; one handler may have several paths.
        equal = [one for one in fitting if len(_needs(one)) == len(_needs(route))]
        others = {one.endpoint.handler for one in equal if one.template.text != route.template.text}
        if others - {route.endpoint.handler}:
            told = " and ".join(f"{one.endpoint.path} ({one.endpoint.place})" for one in fitting)
            raise UnknownRoute(
                f"{name!r} is the name of several routes: {told}; give them names of their own"
            )
        try:
            path = route.template.url(values)
            host = "" if route.host is None else route.host.url(values)[1:].replace("/", ".")
        except ValueError as error:
            raise UnknownRoute(f"url_for({name!r}): {error}") from None
        query = encode_query({key: value for key, value in values.items() if key not in _needs(route)})
        return host, f"{path}?{query}" if query else path


def _defaults(
    routes: Sequence[NamedRoute], values: Mapping[str, Any], request: Request | None
) -> dict[str, Any]:
    """Values for what ``values`` leaves out of the path."""
    wanted = {one for route in routes for one in _needs(route)} - values.keys()
    found: dict[str, Any] = {}
    for function in dict.fromkeys(one for route in routes for one in route.defaults):
        if missing := wanted - found.keys():
            found |= {key: value for key, value in function(request).items() if key in missing}
    return found


def _needs(route: NamedRoute) -> set[str]:
    return {*route.template.names, *(() if route.host is None else route.host.names)}
