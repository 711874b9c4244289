"""Routing of your own: an object that says which handler answers, below a path."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from segue.core.binding.calling import LEADING
from segue.core.handlers import Endpoint
from segue.core.options import RouteOptions
from segue.core.records import Route
from segue.core.routing.templates import Template
from segue.core.source import Source
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["OwnRouting", "Router"]


class Router(Protocol):
    """Finds the handlers of requests.

        class ByAccept:
            def handlers(self) -> dict[str, Callable[..., Any]]:
                return {"text/html": page, "application/json": data}

            def find(self, request: Request, path: str) -> str | None:
                return accepts(request.headers.get("accept"), ["text/html", "application/json"])

        app.router("/films", ByAccept())

    ``handlers`` is asked once, when the app is frozen: they are bound as those of any route. ``find`` is given what is
    behind the path of the router, without a slash before it, and returns the name of a handler, or that with values:
    ``("show", {"id": 7})``; None is a 404, and it may raise any other error. It runs on the loop: it must not block.
    Parameters of handlers that are such values are named in ``values``, if the router has any.
    """

    def handlers(self) -> Mapping[str, Callable[..., Any]]: ...
    def find(self, request: Request, path: str) -> str | tuple[str, Mapping[str, Any]] | None: ...


class OwnRouting:
    """``app.router(at, router)``: the routes that lead to the router, and one for each of its handlers."""

    def __init__(self, at: str, router: Router, place: Source, names: Mapping[str, Any]) -> None:
        self.at = at.rstrip("/")
        self.router = router
        self.place = place
        self.names = names
        self._endpoints: dict[str, Endpoint] = {}

    def records(self) -> Iterator[Route]:
        """Them, in order."""
        # Permissions are asked for by the handlers.
        options: RouteOptions = {"name": type(self.router).__name__, "permission": None}
        for path in (*((self.at,) if self.at else ()), f"{self.at}/", f"{self.at}/{{path:path}}"):
            yield Route((), path, self.answer, options, self.place, self.names, LEADING)
        values = "".join([f"/{{{name}}}" for name in getattr(self.router, "values", ())])
        for name, handler in self.router.handlers().items():
            into = _Handler(self._endpoints, name)
            yield Route((), f"{self.at}{values}" or "/", handler, {}, self.place, self.names, into=into)

    async def answer(self, request: Request) -> Response:
        """Hands the request to the handler that the router names."""
        params = dict(request.params)
        found = self.router.find(request, params.pop("path", ""))
        if found is None:
            raise NotFound
        name, values = found if isinstance(found, tuple) else (found, {})
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            known = ", ".join(self._endpoints) or "none"
            raise LookupError(f"{self.router!r} ({self.place}) found the handler {name!r}, but has: {known}")
        request.params = {**params, **values}
        request.endpoint = endpoint
        return await endpoint.call(request)


class _Handler:
    """Takes the endpoint of one handler."""

    def __init__(self, endpoints: dict[str, Endpoint], name: str) -> None:
        self._endpoints = endpoints
        self._name = name

    def place(
        self, template: Template, _: object, methods: Sequence[str], endpoint: Endpoint
    ) -> dict[str, str]:
        endpoint.path = template.text
        self._endpoints[self._name] = endpoint
        return {}
