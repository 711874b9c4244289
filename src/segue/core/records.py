"""What an app has recorded: declarations with the lines of the user's code that made them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from segue.core.options import RouteOptions, WebSocketRouteOptions
from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Declarations", "Included", "MiddlewareLike", "Mounted", "Next", "Route", "SocketRoute"]

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


class SocketRoute(NamedTuple):
    """``@app.websocket(path, **options)``."""

    path: str
    handler: Callable[..., Any]
    options: WebSocketRouteOptions
    place: Source
    names: Mapping[str, Any]


class Included(NamedTuple):
    """``app.include(other, at=...)``."""

    app: Any
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


class Declarations:
    """All that one app has recorded."""

    __slots__ = ("converters", "errors", "frozen", "middleware", "routes", "spans")

    def __init__(self) -> None:
        #: In the order in which they were declared.
        self.routes: list[Route | SocketRoute | Included | Mounted] = []
        self.middleware: list[tuple[MiddlewareLike, Source]] = []
        self.errors: list[tuple[type[Exception] | int, Callable[..., Any], Source]] = []
        self.spans: list[tuple[Callable[..., Any], Source]] = []
        self.converters: dict[str, Any] = {}
        #: Set when an app was frozen that these are part of: they are read, more of them would be lost.
        self.frozen = False
