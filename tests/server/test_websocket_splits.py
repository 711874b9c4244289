"""However the bytes of a WebSocket arrive, they mean the same."""

import asyncio
import itertools
from typing import Any

from hypothesis import given, settings, strategies as st
from websocket_rig import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Application, deflated, echo, frame

from segue.http.request import Request
from segue.http.websocket import WebSocketDisconnected, WebSocketOptions
from segue.server.deflate import negotiate_deflate
from segue.server.service import Service
from segue.server.websocket_connection import WebSocketConnection

LIMIT = 2000


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def write_eof(self) -> None:
        self.written.append(b"<eof>")

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.written.append(b"<closed>")
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def understand(pieces: list[bytes]) -> tuple[list[str | bytes], int | None, bytes]:
    """The messages, the code that it was closed with, and what was answered."""
    options = WebSocketOptions(max_message=LIMIT, max_queue=3, ping_interval=None)
    wire = Wire()
    connection = WebSocketConnection(Service(Application(echo, None)), wire, Request("GET", "/", []), options)
    connection.protocol.extensions = negotiate_deflate(["permessage-deflate"])[0]
    connection.begin(b"", b"")
    messages: list[str | bytes] = []
    code = None
    for piece in pieces:
        if wire.closed:
            break
        connection.data_received(piece)
        while connection._queue:
            messages.append(await connection.receive())
    try:
        async with asyncio.timeout(0):
            await connection.receive()
    except WebSocketDisconnected as gone:
        code = gone.code
    except TimeoutError:
        pass
    return messages, code, b"".join(wire.written)


frames = st.one_of(
    st.builds(frame, st.just(TEXT), st.text(max_size=60).map(str.encode)),
    st.builds(frame, st.just(BINARY), st.binary(max_size=300)),
    st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=125)),
    st.builds(
        frame, st.sampled_from([TEXT, BINARY, CONTINUATION]), st.binary(max_size=40), fin=st.booleans()
    ),
    st.builds(frame, st.just(TEXT), st.text(max_size=60).map(str.encode).map(deflated), rsv1=st.just(True)),
    st.builds(frame, st.just(BINARY), st.sampled_from([b"x" * 700, b"x" * (LIMIT + 1)])),
    st.builds(
        frame, st.just(CLOSE), st.sampled_from([b"", b"\x03\xe8", b"\x03\xe9bye", b"\x03", b"\x03\xed"])
    ),
    st.binary(min_size=1, max_size=6),
)


@given(st.lists(frames, max_size=12), st.lists(st.integers(0, 5000), max_size=10))
@settings(max_examples=600, deadline=None, derandomize=True)
def test_splits_change_nothing(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    places = sorted({0, len(stream), *[cut % (len(stream) + 1) for cut in cuts]})
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    whole = asyncio.run(understand([stream]))
    assert asyncio.run(understand(pieces)) == whole
    assert asyncio.run(understand([stream[at : at + 1] for at in range(len(stream))])) == whole
