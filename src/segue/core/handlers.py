"""An endpoint: a handler with all that the plan knows about it."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Literal

from segue.core.binding.bodies import Bodies
from segue.core.binding.calling import Taking
from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.options import Disconnect, Options
from segue.core.ports import Format, Identifies
from segue.core.providing.steps import NO_WIRING
from segue.core.routing.claims import Level
from segue.core.routing.conditions import Conditions
from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Call", "Endpoint", "OnError", "bodies_of"]

Call = Callable[[Request], Coroutine[Any, Any, Response]]
OnError = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


class Endpoint:
    """What answers a request; ``str(endpoint)`` is ``films.show (films.py:14)``, for logs.

    ``call`` answers, its errors included. ``source`` is the text of the function that was generated to bind the
    parameters of ``handler``, and ``path`` the template that leads here.
    """

    __slots__ = (
        "among",
        "app",
        "apps",
        "arguments",
        "automatic",
        "bodies",
        "call",
        "conditions",
        "declared",
        "formats",
        "guarding",
        "handler",
        "hooks",
        "host",
        "identifies",
        "kind",
        "level",
        "methods",
        "middleware",
        "name",
        "on_disconnect",
        "on_error",
        "options",
        "parameters",
        "path",
        "place",
        "rendering",
        "returns",
        "source",
        "timeout",
        "wiring",
    )

    def __init__(
        self, app: Any, name: str, handler: Callable[..., Any], place: Source, options: Options
    ) -> None:
        #: The app that is served: the outermost one.
        self.app = app
        self.name = name
        self.handler = handler
        self.place = place
        self.options = options
        self.on_disconnect: Disconnect = options.on_disconnect
        self.timeout = options.timeout
        #: The statements that brought it in: what is declared further out overrides it.
        self.level: Level = ()
        self.path = ""
        self.methods: tuple[str, ...] = ()
        self.host: str | None = None
        self.kind: Literal["route", "websocket", "mount"] = "route"
        #: Where it was declared; ``place`` is where the handler is written.
        self.declared = place
        #: The apps that it is part of, from the outermost to its own, and the middleware around it besides that of the
        #: outermost. Nothing asks for them when requests come: they are there to be shown.
        self.apps: tuple[Any, ...] = ()
        self.middleware: tuple[Any, ...] = ()
        #: The hooks of its handler, to be shown as well.
        self.hooks: tuple[Any, ...] = ()
        #: Of one that stands for several, those that it chooses among, in the order in which they are asked.
        self.among: tuple[Endpoint, ...] = ()
        #: Methods that its path answers besides, because of it: HEAD and OPTIONS.
        self.automatic: tuple[str, ...] = ()
        self.parameters: tuple[Parameter, ...] = ()
        #: Whether the parameters are call arguments: segue.core.binding.calling.
        self.arguments: Taking | None = None
        #: The annotation of what the handler returns.
        self.returns: Any = MISSING
        #: What is provided for it.
        self.wiring = NO_WIRING
        #: Of results, where the client may choose; the first is the default.
        self.formats: tuple[Format, ...] = ()
        #: What the bodies of requests may be.
        self.bodies = bodies_of(options)
        self.source = ""
        #: What a result goes through before a response is made of it, if anything.
        self.rendering: Callable[[Request, Any], Awaitable[Any]] | None = None
        #: Puts the first so many functions of its ``requires`` around another call; None where there are none.
        self.guarding: Callable[[int, Call], Call] | None = None
        #: What says who sends a request to it.
        self.identifies: Identifies | None = None
        #: What a request has to be besides its method and path; None for no more.
        self.conditions: Conditions | None = None
        #: Answers what goes wrong before it is called.
        self.on_error: OnError = _unanswered
        self.call: Call = _not_compiled

    def prepare(self, make: Callable[[], Call]) -> None:
        """Lets ``make`` give the call when the first request comes.

        Compiling takes 0.3 ms: with a thousand endpoints that would be most of the time of a start.
        """

        def first(request: Request) -> Coroutine[Any, Any, Response]:
            call = self.call = make()
            return call(request)

        self.call = first

    async def media(self, request: Request, kind: Any, default: Any) -> Any:
        """The body of a request to it as a ``kind``; see ``Request.media``."""
        return await self.bodies.media(request, kind, default)

    def encode_json(self, value: Any) -> bytes:
        """The JSON of a value, as the app of this endpoint writes it."""
        return self.bodies.codec.encode(value)

    def decode_json(self, data: bytes, kind: Any) -> Any:
        """JSON as a ``kind``, as the app of this endpoint reads it."""
        return self.bodies.codec.decode(data, kind)

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"

    def __repr__(self) -> str:
        return f"<Endpoint {self} {'|'.join(self.methods)} {self.path}>"


async def _unanswered(_: Request, error: Exception) -> Response:
    raise error


async def _not_compiled(request: Request) -> Response:
    raise RuntimeError(f"the endpoint of {request!r} was not compiled")


def bodies_of(options: Options, formats: Iterable[Any] = ()) -> Bodies:
    """What the options of a route say about the bodies of its requests."""
    codec = options.json or DEFAULT_JSON
    return Bodies(formats, codec, options.max_body, require_length=options.require_length)
