"""Connections that go from a worker whose loop is blocked to one that is free."""

import array
import asyncio
import errno
import logging
import os
import select
import socket
import sys
from typing import Any, Self

from segue.server.movable import MovableProtocol
from segue.server.service import Service

__all__ = ["Exchange", "Relief", "report_loop_error"]

logger = logging.getLogger("segue.server")

_DESCRIPTOR = array.array("i").itemsize


class Exchange:
    """A pair of sockets that all workers share: whoever is free takes what another one gives.

    The taking end is one more place where connections come from, with the names that an :class:`Acceptor` uses of a
    listening socket.
    """

    def __init__(self, giving: socket.socket, taking: socket.socket) -> None:
        self._giving = giving
        self._taking = taking

    @classmethod
    def open(cls) -> Self | None:
        """An exchange for the processes that are forked from this one; None where the system has no such thing."""
        # Without the GIL two threads may see each other's words late, on which MovableProtocol relies.
        if not getattr(sys, "_is_gil_enabled", lambda: True)() or not hasattr(socket, "SOCK_SEQPACKET"):
            return None
        try:
            pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            logger.debug("connections stay with their worker: %s", error)
            return None
        for one in pair:
            one.setblocking(False)
        return cls(*pair)

    def fileno(self) -> int:
        """The taking end, to wait for."""
        return self._taking.fileno()

    @property
    def descriptors(self) -> tuple[int, int]:
        """Both ends, for a process that is to have them too."""
        return self._giving.fileno(), self._taking.fileno()

    def give(self, fd: int) -> None:
        """Offers a connection. Raises OSError when the queue is full."""
        self._giving.sendmsg(
            [b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))], socket.MSG_DONTWAIT
        )

    def accept(self) -> tuple[socket.socket, Any]:
        """Takes a connection. Raises BlockingIOError when none is offered."""
        _, notes, flags, _ = self._taking.recvmsg(1, socket.CMSG_SPACE(_DESCRIPTOR))
        for level, kind, data in notes:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i", data[: len(data) - len(data) % _DESCRIPTOR])
                if fds:
                    sock = socket.socket(fileno=fds[0])
                    return sock, None
        if flags & socket.MSG_CTRUNC:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        raise ConnectionAbortedError("an offer without a connection")

    def close(self) -> None:
        """Closes this process's copies."""
        self._giving.close()
        self._taking.close()


class Relief:
    """Gives the clients that wait for a blocked loop to other workers: those that rest between two requests."""

    def __init__(self, service: Service, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._exchange = exchange
        self._loop = loop

    def __call__(self) -> int:
        """Gives away all that can be, and says how many. Called in the watchdog's thread while the loop is blocked."""
        given = 0
        for connection in self._waiting():
            try:
                if connection.give(self._exchange.give):
                    given += 1
                    self._loop.call_soon_threadsafe(connection.abort)
            except OSError as error:  # the queue is full: perhaps there is room the next time
                logger.debug("a connection stays where it is: %s", error)
                break
            except RuntimeError:  # the loop is closed: so it is no longer blocked
                break
        return given

    def _waiting(self) -> list[MovableProtocol]:
        """Those whose client has sent something that nobody has read."""
        poll = select.poll()
        found: dict[int, MovableProtocol] = {}
        for one in list(self._service.connections):
            if isinstance(one, MovableProtocol) and not one.gone and one.rests and (fd := one.fileno()) >= 0:
                found[fd] = one
                poll.register(fd, select.POLLIN)
        return [found[fd] for fd, _ in poll.poll(0)]


def report_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's exception handler: uvloop takes a connection that has gone, and is not read, for a fault."""
    protocol = context.get("protocol")
    if not (isinstance(protocol, MovableProtocol) and protocol.gone):
        loop.default_exception_handler(context)
