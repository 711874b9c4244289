"""A client that sends exactly the HTTP/2 fields it is told to, over plain TCP with prior knowledge (RFC 9113)."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import msgspec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

Fields = tuple[tuple[bytes, bytes], ...]
_STREAM = 1


class Answer(msgspec.Struct):
    """What came back. `status` is None when the stream was reset instead: the carrier let nothing through."""

    status: int | None = None
    headers: dict[str, str] = {}
    body: bytes = b""


class _Exchange:
    """One request on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.answer = Answer()
        self.ended = False
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        # Nothing is checked or put right on the way out: what is sent is what the test wrote.
        self._connection = H2Connection(
            H2Configuration(
                validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding=None
            )
        )
        self._connection.initiate_connection()

    def begin(self, fields: Iterable[tuple[bytes, bytes]], *, last: bool) -> None:
        self._connection.send_headers(_STREAM, fields, end_stream=last)
        self._flush()

    def send(self, piece: bytes) -> None:
        """Sends data as far as the other side takes it: it may have answered, and want no more."""
        while piece and not self.ended:
            room = min(
                self._connection.local_flow_control_window(_STREAM), self._connection.max_outbound_frame_size
            )
            if room == 0:
                self.receive()
                continue
            self._connection.send_data(_STREAM, piece[:room])
            piece = piece[room:]
            self._flush()

    def end(self) -> None:
        if not self.ended:
            self._connection.end_stream(_STREAM)
            self._flush()

    def receive(self) -> None:
        try:
            data = self._socket.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
            return
        for event in self._connection.receive_data(data):
            self._take(event)
        self._flush()

    def _take(self, event: Event) -> None:
        if isinstance(event, ResponseReceived):
            fields = {bytes(name).decode(): bytes(value).decode("latin-1") for name, value in event.headers}
            self.answer.status, self.answer.headers = int(fields.pop(":status")), fields
        elif isinstance(event, DataReceived):
            self.answer.body += event.data
            self._connection.acknowledge_received_data(event.flow_controlled_length, _STREAM)
        elif isinstance(event, StreamEnded | StreamReset | ConnectionTerminated):
            self.ended = True

    def _flush(self) -> None:
        try:
            self._socket.sendall(self._connection.data_to_send())
        except (BrokenPipeError, ConnectionResetError):
            pass  # the other side had seen enough; what it said is still there to be read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def ask(
    port: int, path: str, fields: Fields, body: Iterable[bytes] | None = None, method: str = "GET"
) -> Answer:
    """Sends one request with these fields beside method, scheme and path, pseudo-fields first."""
    pseudo = [(b":method", method.encode()), (b":scheme", b"http"), (b":path", path.encode())]
    pseudo += [field for field in fields if field[0].startswith(b":")]
    ordinary = [field for field in fields if not field[0].startswith(b":")]
    with _Exchange(port) as exchange:
        exchange.begin(pseudo + ordinary, last=body is None)
        if body is not None:
            for piece in body:
                exchange.send(piece)
            exchange.end()
        while not exchange.ended:
            exchange.receive()
        return exchange.answer
