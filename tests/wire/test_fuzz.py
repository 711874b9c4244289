"""Streams of requests, good and broken, split anywhere: the same replies however the bytes arrive."""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Any

from hypothesis import HealthCheck, example, given, settings, strategies as st
from rig.app import Recorder
from rig.client import replies

from segue.server.http1 import HTTP1Protocol
from segue.server.service import Service

logging.getLogger("segue").addHandler(logging.NullHandler())


class Wire(asyncio.Transport):
    """A transport in memory: what the protocol writes, and whether it wants to read."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.reading = True
        self.closed = False
        self.ended = False

    def write(self, data: Any) -> None:
        assert not self.ended, "a byte after the end"
        if not self.closed:
            self.sent.append(bytes(data))

    def writelines(self, pieces: Any) -> None:
        for piece in pieces:
            self.write(piece)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


async def serve(recorder: Recorder, pieces: list[bytes]) -> bytes:
    service = Service(recorder)
    wire = Wire()
    protocol = HTTP1Protocol(service)
    protocol.connection_made(wire)
    for piece in pieces:
        for _ in range(200):
            if wire.reading or wire.closed or wire.ended:
                break
            await asyncio.sleep(0)
        if wire.closed or wire.ended:
            break
        protocol.data_received(piece)
        await asyncio.sleep(0)
    for _ in range(60):
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for _ in range(20):
        await asyncio.sleep(0)
    for task in tasks:
        assert task.done(), "a task is left"
    return b"".join(wire.sent)


def observed(pieces: list[bytes]) -> tuple[list[tuple[int, bytes]], list[str]]:
    recorder = Recorder()
    received = asyncio.run(serve(recorder, pieces))
    return [(reply.status, reply.body) for reply in replies(received)], recorder.seen


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


NAMES = st.sampled_from(
    [
        b"X-A",
        b"Accept",
        b"Cookie",
        b"x_y",
        b"Host",
        b"Content-Length",
        b"Transfer-Encoding",
        b"Connection",
        b"X ",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [b"", b"a", b"close", b"keep-alive", b"chunked", b"5", b"0", b"a=b; c", b"\x00", b"a\rb", b"\xff"]
    ),
    st.binary(max_size=12),
)
FIELD = st.tuples(NAMES, VALUES, st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n "])).map(
    lambda parts: parts[0] + b": " + parts[1] + parts[2]
)
LINE = st.tuples(
    st.sampled_from([b"GET", b"GET", b"POST", b"OPTIONS", b"CONNECT", b"get", b""]),
    st.sampled_from([b"/", b"/a?b=c", b"/%41", b"/%zz", b"*", b"http://a/b", b"a:1", b"//", b"", b"/\x00"]),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b""]),
).map(b" ".join)
GOOD = st.sampled_from(
    [
        b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
        b"GET /four HTTP/1.1\r\nX: y\r\nHost: b\r\n\r\n",
        b"GET /five HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        b"GET /six HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ]
)
BODY = st.sampled_from(
    [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n", b"-1\r\n", b"0\r\n\r\n"]
)
ODD = st.tuples(LINE, st.lists(FIELD, max_size=4), BODY).map(
    lambda parts: parts[0] + b"\r\nHost: a\r\n" + b"".join(parts[1]) + b"\r\n" + parts[2]
)
STREAM = st.lists(st.one_of(GOOD, GOOD, ODD), min_size=1, max_size=5).map(b"".join)


UPGRADE = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stream=STREAM, places=st.lists(st.integers(0, 2_000), max_size=12))
@example(
    stream=b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    places=[61],
)
@example(
    stream=b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    places=[48],
)
@example(stream=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + UPGRADE, places=[27])
@example(stream=b"GET / HTTP/1.1\r\nHost: a\r\n\r\nCONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", places=[27])
def test_the_same_however_the_bytes_arrive(stream: bytes, places: list[int]) -> None:
    whole = observed([stream])
    assert observed(cut(stream, places)) == whole
    assert all(100 < status < 600 for status, _ in whole[0])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stream=STREAM)
def test_the_same_byte_by_byte(stream: bytes) -> None:
    assert observed([stream[at : at + 1] for at in range(len(stream))]) == observed([stream])


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300), places=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_at_all(data: bytes, places: list[int]) -> None:
    whole, seen = observed([data])
    assert observed(cut(data, places)) == (whole, seen)
    assert len(whole) <= 1 + len(seen)
