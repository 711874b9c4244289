"""The signals that Segue sends: what happens to an app, to a request, and to a WebSocket."""

from typing import TYPE_CHECKING, Any

import msgspec

from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import WebSocket

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = [
    "AppSignal",
    "AppStarted",
    "AppStarting",
    "AppStopped",
    "AppStopping",
    "ContextFound",
    "ErrorAnswered",
    "RequestFailed",
    "RequestFinished",
    "RequestRouted",
    "RequestSignal",
    "RequestStarted",
    "ResponseReady",
    "ResultRendering",
    "TraversalStarted",
    "WebSocketClosed",
    "WebSocketOpened",
]


class AppSignal(msgspec.Struct, frozen=True, eq=False):
    """Something happens to an app, once in each process. A receiver of this class gets all of its kinds."""

    app: "App"


class AppStarting(AppSignal, frozen=True, eq=False):
    """The lifespans are about to be entered. What a receiver raises stops the start."""


class AppStarted(AppSignal, frozen=True, eq=False):
    """The lifespans are entered and the tasks run; no request was accepted yet. What a receiver raises stops the start."""


class AppStopping(AppSignal, frozen=True, eq=False):
    """The last response was sent; tasks and lifespans still run."""


class AppStopped(AppSignal, frozen=True, eq=False):
    """Everything was closed."""


class RequestSignal(msgspec.Struct, frozen=True, eq=False):
    """Something happens to a request. A receiver of this class gets all of its kinds.

    The receivers of an included app hear of the requests that this app answers, those of the outermost app of all.
    """

    request: Request


class RequestStarted(RequestSignal, frozen=True, eq=False):
    """A request has come; nobody has looked for its endpoint yet."""


class RequestRouted(RequestSignal, frozen=True, eq=False):
    """Its endpoint was found: ``request.endpoint`` and ``request.params``. Not sent where there is none."""


class TraversalStarted(RequestSignal, frozen=True, eq=False):
    """A tree of resources is about to be walked from its ``root``, for the path that is left: ``request.params``."""

    root: Any


class ContextFound(RequestSignal, frozen=True, eq=False):
    """A tree of resources was walked: ``traversed(request)`` is where to, ``context`` the resource. No view was called.

    Not sent for requests that no tree answers: for those there is :class:`RequestRouted`.
    """

    context: Any


class ResultRendering(RequestSignal, frozen=True, eq=False):
    """A handler has returned data, and a response is about to be made of them: JSON, a page, a stream.

    Receivers may change them in place, or :meth:`replace` them. It is not sent for handlers that return a Response.
    """

    held: list[Any]

    @property
    def result(self) -> Any:
        """What the handler has returned; of ``(result, status)`` the result."""
        return self.held[0]

    def replace(self, result: Any) -> None:
        """Lets the response be made of something else."""
        self.held[0] = result


class ResponseReady(RequestSignal, frozen=True, eq=False):
    """A response is about to be sent: files, streams, errors and the handshakes of WebSockets too.

    Receivers may change its status and header fields.
    """

    response: Response


class RequestFinished(RequestSignal, frozen=True, eq=False):
    """All is over: the response was sent, or there is none (None) because the client went away or time ran out.

    ``seconds``: from :class:`RequestStarted` until now.
    """

    response: Response | None
    seconds: float


class RequestFailed(RequestSignal, frozen=True, eq=False):
    """An exception that is no HTTPError, no redirect and no client that went away came out of the app's code."""

    error: Exception


class ErrorAnswered(RequestSignal, frozen=True, eq=False):
    """An exception of any kind has become a response."""

    error: Exception
    response: Response


class WebSocketOpened(RequestSignal, frozen=True, eq=False):
    """A WebSocket is open, and its handler is about to run."""

    socket: WebSocket


class WebSocketClosed(RequestSignal, frozen=True, eq=False):
    """The handler of a WebSocket has ended: by itself, or because of ``error``."""

    socket: WebSocket
    error: BaseException | None


def is_of_request(what: Any) -> bool:
    """Whether a receiver of ``what`` hears of requests, and so belongs to the app that declared it."""
    return isinstance(what, type) and issubclass(what, RequestSignal)
