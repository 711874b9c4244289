"""What a server needs of an application: the only thing the servers and adapters know about the layers above."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Application", "request_class_of"]


class Application(Protocol):
    """Answers requests. ``segue.App`` is one; so is any object with these members."""

    @property
    def default_headers(self) -> RawHeaders:
        """Header fields for every response that does not set them itself."""
        ...

    # An application may have ``request_class`` too, the class of the requests that it is handed: see request_class_of.

    async def startup(self) -> None:
        """Called once in each process before the first request. What it raises stops the start."""

    async def shutdown(self) -> None:
        """Called once in each process after the last response."""

    # A property that gives a function will do as well as a method: an app gives that of its plan.
    @property
    def handle(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Answers one request. Errors are responses too; what it raises is a fault of its own, answered by 500."""
        ...


def request_class_of(application: object) -> type[Request]:
    """The class of the requests that an application is handed: its ``request_class``, else Request itself."""
    kind: type[Request] = getattr(application, "request_class", Request)
    return kind
