"""Resources: a class with a method for each HTTP method of a path."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, Unpack

from segue.core.binding.calling import PLAIN, Calling
from segue.core.binding.parameters import HandlerError
from segue.core.options import RouteOptions, WebSocketRouteOptions, layered
from segue.core.records import Record, Route, SocketRoute
from segue.core.source import Source

__all__ = ["RESPONDERS", "Resource", "options", "options_of", "responders", "socket_options"]

F = TypeVar("F", bound=Callable[..., Any])

#: The names of methods that answer, and what they answer; others are those in capitals: ``def PURGE(self)``.
RESPONDERS: Mapping[str, tuple[str, ...]] = {
    **{
        name: (name.upper(),)
        for name in ("get", "post", "put", "patch", "delete", "head", "options", "query")
    },
    "any": (),
}
_SOCKET = "websocket"
_SOCKET_OPTIONS = WebSocketRouteOptions.__annotations__.keys()
_ATTRIBUTE = "__segue_options__"


def options(**options: Unpack[RouteOptions]) -> Callable[[F], F]:
    """Gives one method of a class the options of a route.

    class Films:
        @options(status=201)
        async def post(self, film: Film) -> Film: ...
    """

    def remember(function: F) -> F:
        setattr(function, _ATTRIBUTE, layered(options_of(function), options))
        return function

    return remember


def options_of(function: Any) -> dict[str, Any]:
    """What :func:`options` has given it."""
    given: dict[str, Any] = getattr(function, _ATTRIBUTE, {})
    return given


def socket_options(given: Mapping[str, Any]) -> Any:
    """Of the options of a class or a file, those that WebSockets take."""
    return {name: value for name, value in given.items() if name in _SOCKET_OPTIONS}


def responders(kind: type, suffix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The attributes of ``kind`` that answer, with the methods that each answers (none: those that no other does).

    One that a subclass has set to None is gone.
    """
    ending = f"_{suffix}" if suffix else ""
    for name in dir(kind):
        verb = name.removesuffix(ending) if ending else name
        if (ending and verb == name) or not callable(getattr(kind, name, None)):
            continue
        if verb in RESPONDERS:
            yield name, RESPONDERS[verb]
        elif verb == _SOCKET:
            yield name, (_SOCKET,)
        elif verb.isupper() and verb.isalpha():
            yield name, (verb,)


class Resource:
    """``@app.resource(path, suffix=...)`` on a class, or the same with an object."""

    def __init__(
        self,
        path: str,
        target: Any,
        given: Mapping[str, Any],
        place: Source,
        names: Mapping[str, Any],
    ) -> None:
        self.path = path
        self.target = target
        self.given = dict(given)
        self.suffix: str = self.given.pop("suffix")
        self.per_request: bool = self.given.pop("per_request")
        self.instances: dict[type, Any] = self.given.pop("instances")
        self.place = place
        self.names = names

    def records(self) -> Iterator[Record]:
        """A route for each method. Raises HandlerError for a class without any."""
        kind: type = self.target if isinstance(self.target, type) else type(self.target)
        found = list(responders(kind, self.suffix))
        if not found:
            ending = f"_{self.suffix}" if self.suffix else ""
            raise HandlerError(
                f"{self.place}: {kind.__qualname__} answers nothing at {self.path}: it has no method "
                f"get{ending}, post{ending}, put{ending}, ... or any{ending}"
            )
        self.given.setdefault("name", kind.__name__)
        made = isinstance(self.target, type) and (self.per_request or _wants(kind))
        owner: Any = kind if made else self._instance()
        for name, methods in found:
            function = inspect.getattr_static(kind, name)
            bound = made and inspect.isfunction(function)
            calling = Calling(kind=kind, made=True) if bound else PLAIN
            yield self._record(methods, getattr(owner, name), calling)

    def _record(self, methods: tuple[str, ...], handler: Callable[..., Any], calling: Calling) -> Record:
        given: Any = layered(self.given, options_of(handler))
        if methods != (_SOCKET,):
            return Route(methods, self.path, handler, given, self.place, self.names, calling)
        return SocketRoute(self.path, handler, socket_options(given), self.place, self.names, calling)

    def _instance(self) -> Any:
        """The one object of the class in its app; another, if the resource was given one."""
        if not isinstance(self.target, type):
            return self.target
        if self.target not in self.instances:
            self.instances[self.target] = self.target()
        return self.instances[self.target]


def _wants(kind: type) -> bool:
    """Whether its constructor takes arguments."""
    parameters = inspect.signature(kind).parameters.values()
    return any(one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD} for one in parameters)
