"""Carries the value of a context variable through all steps of the work for one request."""

import types
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any, NamedTuple, TypeVar

from segue.http.body import FileBody
from segue.http.response import Response
from segue.http.websocket import Upgrade, WebSocket

__all__ = ["Carried", "carried_on", "stepwise"]

T = TypeVar("T")


class Carried(NamedTuple):
    """A value, and how it is set (which gives a token) and taken back (with that token)."""

    enter: Callable[[Any], Any]
    leave: Callable[[Any], Any]
    value: Any


@types.coroutine
def stepwise(carried: Carried, work: Awaitable[T]) -> Generator[Any, Any, T]:
    """Awaits ``work``, with the value set for each step of it.

    A handler that waits goes on in another task than it began in, so in another context: setting it once is not enough,
    and leaving it set would show it to the next request of the connection.
    """
    enter, leave, value_here = carried
    steps = work.__await__()
    step: Callable[[], Any] = lambda: next(steps)  # noqa: E731 -- the first of several
    while True:
        token = enter(value_here)
        try:
            waited = step()
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            leave(token)
        try:
            value = yield waited
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001 -- for the handler to see
            thrown = error
            step = lambda: steps.throw(thrown)  # noqa: E731, B023 -- run before the loop goes on
        else:
            sent = value
            step = lambda: steps.send(sent)  # noqa: E731, B023 -- run before the loop goes on


def carried_on(carried: Carried, response: Response) -> Response:
    """``response``, with the value set also while its stream is read, or its WebSocket is served."""
    body: Any = response.body
    if isinstance(body, Upgrade):
        body.session = _session(carried, body.session)
    elif not isinstance(body, bytes | FileBody):
        response.body = _Body(carried, body)
    return response


def _session(
    carried: Carried, session: Callable[[WebSocket], Awaitable[None]]
) -> Callable[[WebSocket], Awaitable[None]]:
    async def serve(socket: WebSocket) -> None:
        await stepwise(carried, session(socket))

    return serve


class _Body:
    """A body that is read with the value set."""

    __slots__ = ("_body", "_carried", "_pieces")

    def __init__(self, carried: Carried, body: Any) -> None:
        self._carried = carried
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> "_Body":
        self._pieces = aiter(self._body)
        return self

    async def __anext__(self) -> bytes:
        if self._pieces is None:
            self._pieces = aiter(self._body)
        return await stepwise(self._carried, self._pieces.__anext__())

    async def aclose(self) -> None:
        """Closes the body, as who made it would."""
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await stepwise(self._carried, close())
