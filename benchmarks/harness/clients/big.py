"""Sends one body of many bytes in a ``PUT``: ``PORT PATH BYTES``; prints the seconds it took."""

from __future__ import annotations

import socket
import sys
import time

BLOCK = memoryview(bytes(range(256)) * 4096)


def main(port: int, path: str, size: int) -> None:
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode())
        left = size
        while left:
            block = BLOCK[: min(left, len(BLOCK))]
            connection.sendall(block)
            left -= len(block)
        reply = b""
        while not reply.endswith(str(size).encode()):
            if not (part := connection.recv(65_536)):
                raise SystemExit(f"the reply was {reply[:200]!r}")
            reply += part
    if not reply.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"the reply was {reply[:200]!r}")
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
