"""Takes new connections from a listening socket and gives each its protocol."""

import asyncio
import errno
import logging
import socket
import ssl
from functools import partial
from typing import Any, Protocol

from segue.server.http1 import HTTP1Protocol
from segue.server.service import Service

__all__ = ["Acceptor", "Listening"]

logger = logging.getLogger("segue.server")

# So many connections at most in one turn of the loop: a flood of new ones does not hold up those that are open, and of
# several workers on one socket none takes all that wait.
_BATCH = 16
# PERF: one at a time while turns are short, because the accept that finds nothing costs 9 us of the 145 us that a
# connection for a single request takes (110 us with create_server, which cannot pause); more when there are many
# connections, which make turns long.
_TURN = 32
_PAUSE = 0.05
_TLS_HANDSHAKE = 0x16  # the first byte of a ClientHello (RFC 8446, section 5.1)
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NOT_TLS = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 47\r\nconnection: close\r\n\r\nThis port speaks HTTPS. Write https:// instead\n"
)


class Listening(Protocol):
    """Where connections come from: a listening socket, or :class:`segue.server.exchange.Exchange`."""

    def fileno(self) -> int: ...

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection. Raises BlockingIOError when none waits."""
        ...


class Acceptor:
    """The accept loop of one socket in one worker.

    It pauses while the connections are as many as ``limits.max_connections`` allows, or the process has no
    descriptor left; who comes meanwhile waits in the system's queue. ``protocol``: what serves a connection.
    """

    def __init__(
        self,
        sock: Listening,
        service: Service,
        tls: ssl.SSLContext | None = None,
        *,
        protocol: type[HTTP1Protocol] = HTTP1Protocol,
    ) -> None:
        self._sock = sock
        self._service = service
        self._tls = tls
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._arriving: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._told = False

    def start(self) -> None:
        """Begins to accept."""
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def stop(self) -> None:
        """Accepts no more. The socket stays open: others may listen on it too."""
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        self._loop.remove_reader(self._sock.fileno())

    def take_the_rest(self) -> None:
        """Accepts all that wait in the queue now: closing the socket would reset them."""
        while self._resume is None and self._accept():
            pass

    @property
    def arriving(self) -> int:
        """Connections that are not yet with the service (TLS handshakes, mostly)."""
        return len(self._arriving)

    def abort(self) -> None:
        """Drops the connections that are arriving."""
        for task in self._arriving:
            task.cancel()

    def _accept(self) -> bool:
        """Takes a batch; False when the queue is empty or the loop pauses."""
        limit = self._service.limits.max_connections
        connections = self._service.connections
        for _ in range(min(_BATCH, 1 + len(connections) // _TURN)):
            if limit is not None and len(connections) + len(self._arriving) >= limit:
                self._pause(f"{limit} connections are open, the limit")
                return False
            try:
                sock, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return False
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(f"the system has no room for another connection ({error.strerror})")
                else:
                    logger.exception("accepting a connection failed")
                    self._pause("accepting failed")
                return False
            self._told = False
            sock.setblocking(False)
            task = self._loop.create_task(self._arrive(sock))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)
        return True

    def _pause(self, why: str) -> None:
        # Nothing tells when a descriptor or a place is free again, and asking 20 times a second costs nothing.
        if not self._told:
            self._told = True
            logger.warning("New connections wait: %s.", why)
        self._loop.remove_reader(self._sock.fileno())
        self._resume = self._loop.call_later(_PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._resume = None
        self.start()

    async def _arrive(self, sock: socket.socket) -> None:
        timeout = self._service.limits.tls_handshake_timeout
        try:
            if self._tls is None:
                await self._loop.connect_accepted_socket(partial(self._protocol, self._service), sock)
                return
            async with asyncio.timeout(timeout):
                first = await self._first_byte(sock)
            if first and first[0] != _TLS_HANDSHAKE:
                sock.send(_NOT_TLS)
                sock.shutdown(socket.SHUT_WR)
            if not first or first[0] != _TLS_HANDSHAKE:
                sock.close()
                return
            await self._loop.connect_accepted_socket(
                partial(self._protocol, self._service), sock, ssl=self._tls, ssl_handshake_timeout=timeout
            )
        except (
            OSError,
            TimeoutError,
        ) as error:  # ssl.SSLError is one; what a client does wrong is no error of ours
            logger.debug("a connection did not come about: %s", error)
            sock.close()
        except asyncio.CancelledError:
            sock.close()
            raise

    async def _first_byte(self, sock: socket.socket) -> bytes:
        """What the client sends first, left in the socket for TLS to read; empty when it closed instead."""
        while True:
            try:
                return sock.recv(1, socket.MSG_PEEK)
            except (BlockingIOError, InterruptedError):
                ready = self._loop.create_future()
                self._loop.add_reader(sock.fileno(), _set, ready)
                try:
                    await ready
                finally:
                    self._loop.remove_reader(sock.fileno())


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
