"""A request whose handler was started outside the connection's task, to be continued in it."""

import asyncio
from collections.abc import Generator
from typing import Any

from segue.http.request import Request
from segue.http.response import Response
from segue.server.pump import Pump

__all__ = ["Begun"]


class Begun:
    """Awaited, it goes on where the handler stopped and gives the response.

    Made before the handler runs. ``given`` is what the pump gave last: the response, or the future that the handler waits for. ``cancelled`` is set
    when the task was cancelled before it could take over; the handler sees the cancellation at its first ``await``.
    """

    __slots__ = ("cancelled", "given", "mode", "pump", "request", "source")

    def __init__(self, request: Request, mode: int, pump: Pump) -> None:
        self.request = request
        #: The body as the connection knows it; a middleware may give the request another source.
        self.source = request.source
        self.mode = mode
        self.pump = pump
        self.given: Any = None
        self.cancelled: asyncio.CancelledError | None = None

    def __await__(self) -> Generator[Any, Any, Response]:
        given, interrupt, pump = self.given, self.cancelled, self.pump
        while not isinstance(given, Response):
            if interrupt is not None:
                error, interrupt = interrupt, None
                given = pump.throw(error)
                continue
            try:
                value = yield given
            except GeneratorExit:
                pump.close()
                raise
            except BaseException as error:  # noqa: BLE001 -- whatever it is, it is the handler's to see
                given = pump.throw(error)
            else:
                given = pump.send(value)
        return given
