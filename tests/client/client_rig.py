"""Servers to call: apps behind real sockets, and peers that say exactly what a test wants."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    """Runs a test's coroutine, within a time that only a broken one needs."""

    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(bounded())


async def until(condition: Callable[[], object]) -> None:
    """Waits for what another task, thread or process does."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 -- what it waits for knows no event of this loop
            await asyncio.sleep(0.01)


class Peer:
    """A server that sends what it is told, whatever is asked."""

    def __init__(self, answer: Callable[[socket.socket, bytes], None], host: str = "127.0.0.1") -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(60)
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head = head + piece
                self.asked.append(head)
                self._answer(connection, head)
                # What is not read when a socket is closed would be answered with a reset, before the reply is read.
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass

    def close(self) -> None:
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()


@contextmanager
def peer(answer: Callable[[socket.socket, bytes], None] | bytes, host: str = "127.0.0.1") -> Iterator[Peer]:
    """A peer for a block; bytes are sent as they are, and the connection is closed."""
    say = answer if callable(answer) else lambda connection, _: connection.sendall(answer)
    one = Peer(say, host)
    try:
        yield one
    finally:
        one.close()
