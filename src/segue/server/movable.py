"""A connection that another worker can take over between two requests, while the loop of this one is blocked."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import cast

from segue.server.http1 import HTTP1Protocol
from segue.server.service import Service

__all__ = ["MovableProtocol"]

# A lock is only taken when a connection is about to move. For all other reads it is enough that either side first says
# what it is about to do and then looks at what the other has said: `_reads` and `_claimed` cannot both be missed.
_deciding = threading.Lock()


class MovableProtocol(HTTP1Protocol, asyncio.BufferedProtocol):
    """An HTTP/1.1 connection whose transport asks before it reads, and so can be kept from it.

    Who gives a connection away must be sure that no byte of it was read that nobody parses. A transport of the other
    kind (``data_received``) reads first. :meth:`give` is called by the watchdog's thread.
    """

    __slots__ = ("_buffer", "_claimed", "_partial", "_reads")

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._buffer = service.read_buffer
        #: Whether the transport reads, or what it has read is being parsed and perhaps answered.
        self._reads = False
        #: Whether the parser has seen some of a request, but not its end.
        self._partial = False
        #: Whether the connection has been, or is just being, given to another worker.
        self._claimed = False

    # --- the transport calls -------------------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        self._reads = True
        if self._claimed:
            self._refuse_if_gone()
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))
        self._reads = False

    def _refuse_if_gone(self) -> None:
        with _deciding:
            if self._claimed:
                raise ConnectionAbortedError("another worker has taken this connection over")

    # --- the parser calls ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._partial = True

    def on_message_complete(self) -> None:
        self._partial = False
        if self._receiving is not None:
            super().on_message_complete()

    # --- giving away ---------------------------------------------------------------------------------------------

    @property
    def gone(self) -> bool:
        """Whether another worker has it."""
        return self._claimed

    @property
    def rests(self) -> bool:
        """Whether nothing of a request has been read that is not answered, and nothing is left to be sent."""
        waiter = self._waiter
        return (
            not (self._reads or self._partial)
            and (self._task is None or (waiter is not None and not waiter.done()))
            and not (self.queue or self._held or self._begun or self._lingering)
            and self.busy is None
            and self.error is None
            and not (self.closing or self.reading or self.transport.is_closing())
            and not self.transport.get_write_buffer_size()
        )

    def fileno(self) -> int:
        """The number of its socket, -1 when it has none any more."""
        try:
            return cast(int, self.transport.get_extra_info("socket").fileno())
        except (AttributeError, OSError, RuntimeError):
            return -1

    def give(self, to: Callable[[int], None]) -> bool:
        """Calls ``to`` with a descriptor of the connection, and reads nothing from then on; False when it cannot move.

        What ``to`` raises is raised, and the connection stays.
        """
        with _deciding:
            if self._claimed:
                return False
            self._claimed = True
            given = False
            try:
                given = self.rests and self._give_copy(to)
            finally:
                self._claimed = given
        return given

    def _give_copy(self, to: Callable[[int], None]) -> bool:
        try:
            copy = os.dup(self.fileno())
        except OSError:
            return False
        try:
            # A transport says that it closes before it does. So the number was still this connection's, not another's.
            if self.transport.is_closing():
                return False
            to(copy)
            return True
        finally:
            os.close(copy)
