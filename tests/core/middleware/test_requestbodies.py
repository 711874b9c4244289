import functools
import gzip
import io
import json
import random
import resource
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from segue import App
from segue.core.middleware.requestbodies import DecodedBodies
from segue.http.request import Request

Serve = Callable[[Any], Any]

DATA = bytes(random.Random(7).choices(b"abcdefgh", k=200_000))


def packed(coding: str, data: bytes) -> bytes:
    if coding == "gzip":
        return gzip.compress(data)
    if coding == "deflate":
        return zlib.compress(data)
    if coding == "zstd":
        zstd = pytest.importorskip("backports.zstd")
        return bytes(zstd.compress(data))
    brotli = pytest.importorskip("brotli")
    compressed: bytes = brotli.compress(data, quality=5)
    return compressed


@functools.cache
def bomb(coding: str, size: int) -> bytes:
    """``size`` zero bytes, compressed without ever having them all in memory."""
    zeros = bytes(1024 * 1024)
    if coding == "br":
        brotli = pytest.importorskip("brotli")
        stream: Any = brotli.Compressor(quality=1)
        pieces = [stream.process(zeros) for _ in range(size // len(zeros))]
        return b"".join(pieces) + stream.finish()
    packer: Any = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    if coding == "zstd":
        packer = pytest.importorskip("backports.zstd").ZstdCompressor()
    out = io.BytesIO()
    for _ in range(size // len(zeros)):
        out.write(packer.compress(zeros))
    out.write(packer.flush())
    return out.getvalue()


def app_for(*, decoding: bool = True) -> App:
    app = App()
    if decoding:
        app.middleware(DecodedBodies())

    @app.post("/size")
    async def size(request: Request) -> dict[str, Any]:
        body = await request.body()
        return {"size": len(body), "length": request.content_length, "sum": zlib.crc32(body)}

    @app.post("/stream", max_body=None)
    async def stream(request: Request) -> dict[str, Any]:
        largest = total = 0
        async for piece in request.stream():
            largest, total = max(largest, len(piece)), total + len(piece)
        return {"largest": largest, "total": total}

    @app.post("/json")
    async def take(request: Request) -> Any:
        return await request.json()

    @app.post("/unread")
    async def unread() -> str:
        return "not read"

    return app


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "x-gzip"])
def test_a_compressed_body_is_what_it_was(serve: Serve, coding: str) -> None:
    ask = serve(app_for())
    kind = {"GZIP": "gzip", "x-gzip": "gzip"}.get(coding, coding)
    for data in (DATA, b"", b"x", bytes(2_000_000)):
        answer = ask("POST", "/size", {"content-encoding": coding}, packed(kind, data))
        assert answer.status == 200, answer.body
        assert json.loads(answer.body) == {"size": len(data), "length": None, "sum": zlib.crc32(data)}
    fields = {"content-encoding": coding, "content-type": "application/json"}
    assert json.loads(ask("POST", "/json", fields, packed(kind, b'{"a": 1}')).body) == {"a": 1}
    assert ask("POST", "/unread", {"content-encoding": coding}, packed(kind, DATA)).status == 200


def test_a_body_that_is_not_compressed_is_untouched(serve: Serve) -> None:
    ask = serve(app_for())
    for fields in ({}, {"content-encoding": "identity"}, {"content-encoding": ""}):
        answer = ask("POST", "/size", fields, DATA)
        assert json.loads(answer.body) == {"size": len(DATA), "length": len(DATA), "sum": zlib.crc32(DATA)}


@pytest.mark.row("SEC-33")
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_cut_at_the_limit(serve: Serve, coding: str) -> None:
    ask = serve(app_for())
    body = bomb(coding, 1024**3)
    assert len(body) < 1_100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert ask("POST", "/size", {"content-encoding": coding}, body).status == 413
    assert (
        ask("POST", "/json", {"content-encoding": coding, "content-type": "application/json"}, body).status
        == 413
    )
    # ru_maxrss is in KiB: a gigabyte would show.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert ask("POST", "/size", {"content-encoding": coding}, packed(coding, DATA)).status == 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_stream_without_a_limit_comes_in_bounded_pieces(serve: Serve, coding: str) -> None:
    answer = serve(app_for())("POST", "/stream", {"content-encoding": coding}, bomb(coding, 64 * 1024**2))
    told = json.loads(answer.body)
    assert told["total"] == 64 * 1024**2
    assert told["largest"] <= 256 * 1024


@pytest.mark.row("SEC-33")
def test_codings_on_top_of_each_other_and_unknown_ones_are_refused(serve: Serve) -> None:
    ask = serve(app_for())
    stacked = DATA
    for _ in range(6):
        stacked = gzip.compress(stacked)
    for field in ("gzip, gzip, gzip, gzip, gzip, gzip", "gzip, deflate", "compress", "gzip,", "aws-chunked"):
        answer = ask("POST", "/size", {"content-encoding": field}, stacked)
        assert answer.status == 415, field
        assert "gzip" in answer.headers["accept-encoding"]
    assert ask("POST", "/size", {"content-encoding": "gzip"}, stacked).status == 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_damaged_is_a_400(serve: Serve, coding: str) -> None:
    ask = serve(app_for())
    whole = packed(coding, DATA)
    for damaged in (
        b"not compressed at all",
        whole[: len(whole) // 2],
        whole[:-1],
        whole + b"x",
        b"\xff" + whole[1:],
    ):
        answer = ask("POST", "/size", {"content-encoding": coding}, damaged)
        assert answer.status == 400, damaged[:20]
    # Without the middleware it is bytes, and no JSON.
    plain = serve(app_for(decoding=False))
    body = packed(coding, b"{}")
    assert json.loads(plain("POST", "/size", {"content-encoding": coding}, body).body)["size"] == len(body)
    fields = {"content-encoding": coding, "content-type": "application/json"}
    assert plain("POST", "/json", fields, body).status == 400
