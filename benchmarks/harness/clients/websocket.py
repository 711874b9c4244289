"""Sends a 64-byte text message, waits for its echo, sends the next: ``PORT PATH CONNECTIONS SECONDS`` (RFC 6455)."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import cast

from harness.clients.measure import print_figures

MESSAGE = b"segue goes on to the next section without a pause, every time!!!"
MASK = b"\x11\x22\x33\x44"
FRAME = (
    bytes([0x81, 0x80 | len(MESSAGE)]) + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(MESSAGE))
)
REPLY = bytes([0x81, len(MESSAGE)]) + MESSAGE
CLOSE = b"\x88\x82" + MASK + bytes([0x03 ^ MASK[0], 0xE8 ^ MASK[1]])


class Echo(asyncio.Protocol):
    """One connection: the opening handshake, then one message in flight at a time."""

    def __init__(self, handshake: bytes, end: float, latencies: list[float]) -> None:
        self._handshake = handshake
        self._end = end
        self._latencies = latencies
        self._buffer = b""
        self._opened = False
        self._sent = 0.0
        self.closed: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio.Transport by class, only by shape.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._opened:
            head, complete, self._buffer = self._buffer.partition(b"\r\n\r\n")
            if not complete:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self._finish("refused: " + head.partition(b"\r\n")[0].decode(errors="replace"))
                return
            self._opened = True
            self._send()
        elif len(self._buffer) >= len(REPLY):
            if self._buffer != REPLY:
                self._finish(f"wrong echo: {self._buffer[:80]!r}")
                return
            self._buffer = b""
            now = time.perf_counter()
            self._latencies.append(now - self._sent)
            if now < self._end:
                self._send()
            else:
                self._transport.write(CLOSE)
                self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("the server closed the connection")

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(FRAME)

    def _finish(self, error: str | None) -> None:
        if not self.closed.done():
            self.closed.set_result(error)
            self._transport.close()


async def main(port: int, path: str, connections: int, seconds: float) -> None:
    handshake = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    latencies: list[float] = []
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    echoes = []
    for _ in range(connections):
        _, echo = await loop.create_connection(
            lambda: Echo(handshake, started + seconds, latencies), "127.0.0.1", port
        )
        echoes.append(echo.closed)
    errors = [error for error in await asyncio.gather(*echoes) if error]
    if errors and not latencies:
        raise SystemExit(errors[0])
    print_figures(latencies, time.perf_counter() - started, len(errors))


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    else:
        uvloop.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
