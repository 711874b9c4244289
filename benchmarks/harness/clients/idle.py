"""Opens keep-alive connections, makes one request on each, and leaves them idle: ``PORT PATH``.

Reads ``open N`` (N more connections) and ``alive`` from standard input; answers each with the number of connections still open.
Source addresses 127.0.0.1 to 127.0.0.8 are taken in turn, so that ephemeral ports do not run out.
"""

from __future__ import annotations

import resource
import selectors
import socket
import sys
from typing import cast

SOURCES = 8
BATCH = 100


class Idle:
    """All connections of one run."""

    def __init__(self, port: int, path: str) -> None:
        self._address = ("127.0.0.1", port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self._connections: list[socket.socket] = []

    def open(self, count: int) -> None:
        """Batch by batch, because a server's backlog is shorter than 10,000."""
        while count > 0:
            batch = [self._connect() for _ in range(min(BATCH, count))]
            for connection in batch:
                connection.sendall(self._request)
            for connection in batch:
                if not connection.recv(65_536).startswith(b"HTTP/1.1 200"):
                    raise SystemExit("a connection was refused or answered with an error")
            self._connections += batch
            count -= len(batch)

    def alive(self) -> int:
        """Connections the server has not closed: nothing to read, not even an end of file."""
        with selectors.DefaultSelector() as readable:
            for connection in self._connections:
                readable.register(connection, selectors.EVENT_READ)
            closed = [key for key, _ in readable.select(0) if _ended(cast(socket.socket, key.fileobj))]
        return len(self._connections) - len(closed)

    def _connect(self) -> socket.socket:
        source = f"127.0.0.{1 + len(self._connections) // BATCH % SOURCES}"
        return socket.create_connection(self._address, timeout=20, source_address=(source, 0))


def _ended(connection: socket.socket) -> bool:
    try:
        # A late second packet of the reply is not an end of file.
        return connection.recv(65_536) == b""
    except OSError:
        return True


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle = Idle(int(sys.argv[1]), sys.argv[2])
    for line in sys.stdin:
        command, _, count = line.strip().partition(" ")
        if command == "open":
            idle.open(int(count))
        print(idle.alive(), flush=True)


if __name__ == "__main__":
    main()
