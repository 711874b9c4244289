"""Replies that unpack to far more than they look like."""

from __future__ import annotations

import functools
import gzip
import io
import resource
import socket
import zlib
from typing import Any

import pytest
from client_rig import peer, run

from segue.client import CallBroken, Http, Limits, ReplyTooLarge

MB = 1024 * 1024
SIZE = 1024 * MB


@functools.cache
def bomb(coding: str) -> bytes:
    """A gigabyte of zeros, packed without ever having them all in memory."""
    zeros = bytes(MB)
    packer: Any
    if coding == "br":
        brotli = pytest.importorskip("brotli")
        packer = brotli.Compressor(quality=1)
        return b"".join(packer.process(zeros) for _ in range(SIZE // MB)) + packer.finish()
    if coding == "zstd":
        zstd = pytest.importorskip("backports.zstd")
        packer = zstd.ZstdCompressor()
    else:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    out = io.BytesIO()
    for _ in range(SIZE // MB):
        out.write(packer.compress(zeros))
    out.write(packer.flush())
    return out.getvalue()


def reply(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    head = "".join(f"{field}\r\n" for field in fields)
    return (
        f"HTTP/1.1 {status}\r\n{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.row("SEC-33")
@pytest.mark.parametrize("on", ["reply", "redirect", "error", "reply after redirect"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_cut_at_the_limit(coding: str, on: str) -> None:
    packed = bomb(coding)
    assert len(packed) < 2 * MB
    encoded = f"Content-Encoding: {coding}"

    def answer(connection: socket.socket, head: bytes) -> None:
        first = head.startswith(b"GET /first")
        if on in ("redirect", "reply after redirect") and first:
            body = packed if on == "redirect" else b""
            connection.sendall(reply(body, encoded, "Location: /second", status="302 Found"))
        elif on == "redirect":
            connection.sendall(reply(b"ok"))
        else:
            connection.sendall(reply(packed, encoded, status="500 X" if on == "error" else "200 OK"))

    with peer(answer) as server:

        async def call() -> None:
            async with Http(limits=Limits(body=4 * MB)) as http:
                before = memory()
                if on == "redirect":
                    assert (await http.get(f"{server.url}/first")).text == "ok"
                else:
                    with pytest.raises(ReplyTooLarge, match="more than"):
                        await http.get(f"{server.url}/first", dict[str, int])
                # A gigabyte would show.
                assert memory() - before < 64 * MB

        run(call())


@pytest.mark.row("SEC-33")
def test_codings_on_top_of_each_other_are_refused() -> None:
    packed = b"x" * 1000
    for _ in range(6):
        packed = gzip.compress(packed)
    with peer(reply(packed, "Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip")) as server:

        async def call() -> None:
            async with Http() as http:
                with pytest.raises(CallBroken, match="unpacked"):
                    await http.get(server.url)

        run(call())


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_stream_gives_a_bomb_in_bounded_pieces(coding: str) -> None:
    with peer(reply(bomb(coding), f"Content-Encoding: {coding}")) as server:

        async def call() -> None:
            async with Http() as http, http.stream("GET", server.url) as stream:
                seen = 0
                async for piece in stream:
                    assert len(piece) <= 2 * MB
                    seen += len(piece)
                    if seen > 100 * MB:
                        break

        run(call())


def test_what_is_packed_badly_is_a_failure_of_the_call() -> None:
    with peer(reply(b"no gzip", "Content-Encoding: gzip")) as server:

        async def call() -> None:
            async with Http() as http:
                with pytest.raises(CallBroken, match="unpacked"):
                    await http.get(server.url)
                async with http.stream("GET", server.url) as stream:
                    with pytest.raises(CallBroken, match="unpacked"):
                        async for _ in stream:
                            pass

        run(call())
