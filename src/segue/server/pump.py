"""Runs the application for one connection, without an exception for each handler that ends."""

import logging
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any

from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Pump", "pump"]

logger = logging.getLogger("segue.server")

Pump = Generator[Any, Any, None]


def _pump(handle: Callable[[Request], Awaitable[Response]]) -> Pump:
    """A generator that takes requests and gives responses, or the futures that a handler waits for.

    ``send(request)`` gives the response when the handler came to its end without waiting. Anything else that it gives
    is what the handler waits for, to be given on to the event loop; the answer goes in by ``send`` or ``throw``.

    PERF: a coroutine tells its end by raising StopIteration, which costs 0.25 us when a caller has to catch it; from
    one generator to the other it costs nothing.
    """
    response: Response | None = None
    while True:
        request = yield response
        try:
            response = yield from handle(request)  # type: ignore[misc]  # as in a coroutine: see below
        except Exception:
            logger.exception("%r: the application raised instead of answering", request)
            response = Response("500 Internal Server Error\n", 500)


# It may wait for coroutines without the object that ``__await__`` makes each time: PERF, 0.05 us.
pump: Callable[[Callable[[Request], Awaitable[Response]]], Pump] = coroutine(_pump)  # type: ignore[assignment]  # types.coroutine is typed for generators of one kind only
