"""The request that is being answered here, for code that cannot be handed it: as ``flask.request`` is, but a function.

An app carries its requests for this from the moment on that this module is loaded when it is frozen. Whoever imports
neither function pays nothing.
"""

import contextlib
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from segue.core.carrying import Carried, carried_on, stepwise
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["carrying", "current_app", "current_request", "in_context", "made_up"]


R = TypeVar("R", bound=Request)


class _Current(NamedTuple):
    app: Any
    request: Request


_current: ContextVar[_Current] = ContextVar("segue.current")


def current_request() -> Request:
    """The request that is being answered, in a handler and in all that it calls, in threads and in tasks too.

        from segue import current_request

        def audit(action: str) -> None:
            log.info("%s by %s", action, current_request().client)

    A parameter of type ``Request`` says the same and can be tested without an app: prefer it where you can. Raises
    RuntimeError where no request is answered.
    """
    return _found("current_request").request


def current_app() -> "App":
    """The app that answers the request: the outermost one. Raises RuntimeError where no request is answered."""
    app: App = _found("current_app").app
    return app


def _found(name: str) -> _Current:
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError(
            f"{name}() was called where no request is answered. In a script, a task or a test, open one: "
            f"`with app.test_request('/films'):`, or hand over what the function needs. In a handler it works if "
            f"`from segue import {name}` stands at the top of a module that is loaded before the app starts"
        ) from None


@contextlib.contextmanager
def in_context(app: Any, request: Request) -> Generator[None, None, None]:
    """Makes ``request`` the current one while the block runs."""
    token = _current.set(_Current(app, request))
    try:
        yield
    finally:
        _current.reset(token)


@contextlib.contextmanager
def made_up(app: "App", request: R, content: bytes) -> Generator[R, None, None]:
    """``request`` as the current one, with the endpoint and the parameters that its path has."""
    methods = app.plan.find(request, request.path)
    if methods is not None:
        request.endpoint = methods.get(request.method) or methods.rest
    request.made = {**(request.made or {}), "body": content}
    with in_context(app, request):
        yield request


def carrying(
    app: Any, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """``handle``, with the request as the current one while it runs, and while the body of its response is made."""
    enter, leave = _current.set, _current.reset

    async def carried(request: Request) -> Response:
        here = Carried(enter, leave, _Current(app, request))
        return carried_on(here, await stepwise(here, handle(request)))

    return carried
