"""The request that is being answered here, for code that cannot be handed it: as ``flask.request`` is, but a function.

An app carries its requests for this from the moment on that this module is loaded when it is frozen. Whoever imports
neither function pays nothing.
"""

import contextlib
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from segue.http.body import FileBody
from segue.http.request import Request
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["carrying", "current_app", "current_request", "in_context", "made_up"]


T = TypeVar("T")


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
def made_up(app: "App", request: Request, content: bytes) -> Generator[Request, None, None]:
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

    async def carried(request: Request) -> Response:
        here = _Current(app, request)
        response = await _stepwise(here, handle(request))
        body: Any = response.body
        if isinstance(body, Upgrade):
            body.session = _session(here, body.session)
        elif not isinstance(body, bytes | FileBody):
            response.body = _Body(here, body)
        return response

    return carried


@types.coroutine
def _stepwise(here: _Current, work: Awaitable[T]) -> Generator[Any, Any, T]:
    """Awaits ``work``, with the variable set for each step of it.

    A handler that waits goes on in another task than it began in, so in another context: setting it once is not enough,
    and leaving it set would show it to the next request of the connection.
    """
    steps = work.__await__()
    step: Callable[[], Any] = lambda: next(steps)  # noqa: E731 -- the first of several
    while True:
        token = _current.set(here)
        try:
            waited = step()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            _current.reset(token)
        try:
            value = yield waited
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001 -- for the handler to see
            thrown = error
            step = lambda: steps.throw(thrown)  # noqa: E731, B023
        else:
            sent = value
            step = lambda: steps.send(sent)  # noqa: E731, B023


def _session(
    here: _Current, session: Callable[[WebSocket], Awaitable[None]]
) -> Callable[[WebSocket], Awaitable[None]]:
    async def carried(socket: WebSocket) -> None:
        await _stepwise(here, session(socket))

    return carried


class _Body:
    """A body that is read with the request as the current one."""

    __slots__ = ("_body", "_here", "_pieces")

    def __init__(self, here: _Current, body: Any) -> None:
        self._here = here
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> "_Body":
        self._pieces = aiter(self._body)
        return self

    async def __anext__(self) -> bytes:
        if self._pieces is None:
            self._pieces = aiter(self._body)
        return await _stepwise(self._here, self._pieces.__anext__())

    async def aclose(self) -> None:
        """Closes the body, as who made it would."""
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await _stepwise(self._here, close())
