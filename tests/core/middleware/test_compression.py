import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.core.files.responses import file_response
from segue.core.middleware.compression import Compression, available
from segue.core.middleware.etags import ETags
from segue.http.request import Request
from segue.http.response import Response
from segue.http.sse import EventStream

Serve = Callable[[Any], Any]

TEXT = "All work and no play makes Jack a dull boy. " * 400


def unpack(coding: str, data: bytes) -> bytes:
    if coding == "gzip":
        return gzip.decompress(data)
    if coding == "zstd":
        return bytes(pytest.importorskip("backports.zstd").decompress(data))
    brotli = pytest.importorskip("brotli")
    unpacked: bytes = brotli.decompress(data)
    return unpacked


def app_for(folder: Path, *middleware: Any) -> App:
    app = App()
    for one in middleware or (Compression(),):
        app.middleware(one)

    @app.get("/text")
    async def text() -> str:
        return TEXT

    @app.get("/large")
    async def large() -> str:
        return TEXT * 10

    @app.get("/short")
    async def short() -> str:
        return "short"

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        for n in range(3):
            yield f"{n} {TEXT}"

    @app.get("/events")
    async def events() -> EventStream[str]:
        yield TEXT

    @app.get("/image")
    async def image() -> Response:
        return Response(TEXT.encode(), content_type="image/png")

    @app.get("/packed")
    async def packed() -> Response:
        return Response(gzip.compress(TEXT.encode()), 200, {"content-encoding": "gzip"}, "text/plain")

    @app.get("/secret")
    async def secret() -> Response:
        return Response(TEXT, headers={"cache-control": "no-transform"})

    @app.get("/problem")
    async def problem() -> str:
        raise ValueError

    @app.get("/small-file")
    async def small_file(request: Request) -> Response:
        return await file_response(request, folder / "small.txt")

    @app.get("/file")
    async def file(request: Request) -> Response:
        return await file_response(request, folder / "large.txt")

    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "large.txt").write_text(TEXT * 10)
    (tmp_path / "small.txt").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_replies_are_compressed_as_the_client_accepts(serve: Serve, folder: Path, coding: str) -> None:
    if coding not in available():
        pytest.skip(f"{coding} is not installed")
    ask = serve(app_for(folder))
    for target, content in (
        ("/text", TEXT),
        ("/large", TEXT * 10),
        ("/stream", "".join(f"{n} {TEXT}" for n in range(3))),
    ):
        answer = ask.get(target, {"accept-encoding": coding})
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["vary"] == "accept-encoding"
        assert len(answer.body) < len(content) / 5
        assert unpack(coding, answer.body).decode() == content
        head = ask("HEAD", target, {"accept-encoding": coding})
        assert (head.headers["content-encoding"], head.body) == (coding, b"")


def test_negotiation(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder, Compression(codings=["gzip"])))
    for accepted, coding in (
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("deflate", None),
        ("br, gzip;q=0.5", "gzip"),
        ("*", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, identity;q=0.5", "gzip"),
        ("identity, gzip;q=0.5", None),
    ):
        answer = ask.get("/text", {} if accepted is None else {"accept-encoding": accepted})
        assert answer.headers.get("content-encoding") == coding, accepted
        assert answer.headers["vary"] == "accept-encoding"


def test_what_is_left_alone(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    for target in ("/short", "/events", "/image", "/secret", "/file", "/small-file"):
        answer = ask.get(target, {"accept-encoding": "gzip, br"})
        assert answer.status == 200
        assert "content-encoding" not in answer.headers, target
    packed = ask.get("/packed", {"accept-encoding": "gzip, br"})
    assert gzip.decompress(packed.body) == TEXT.encode()


def test_each_piece_of_a_stream_reaches_the_client_at_once() -> None:
    async def main() -> None:
        arrived: list[bytes] = []
        closed = False

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal closed
            try:
                for n in range(3):
                    # Everything before this has been unpacked by the client already.
                    assert len(arrived) == n
                    yield b"piece %d" % n
                await asyncio.Event().wait()
            finally:
                closed = True

        async def end(request: Request) -> Response:
            return Response(pieces(), content_type="text/plain")

        request = Request("GET", "/", [(b"accept-encoding", b"gzip")])
        response = await Compression()(request, end)
        unpacker = zlib.decompressobj(31)
        body: Any = response.body
        async for piece in body:
            arrived.append(unpacker.decompress(piece))
            if len(arrived) == 3:
                break
        await body.aclose()
        assert arrived == [b"piece 0", b"piece 1", b"piece 2"]
        assert closed

    asyncio.run(main())


def test_tags_become_weak_and_still_match(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder, Compression(), ETags()))
    answer = ask.get("/text", {"accept-encoding": "gzip"})
    assert answer.headers["etag"].startswith('W/"')
    again = ask.get("/text", {"accept-encoding": "gzip", "if-none-match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_what_is_not_there_is_told(folder: Path) -> None:
    assert "gzip" in available()
    with pytest.raises(ValueError, match="'lzma' is not installed"):
        Compression(codings=["lzma"])
    with pytest.raises(ValueError, match="from 1 to 9"):
        Compression(level=11)


@pytest.mark.row("CP9")
def test_only_listed_types_and_a_406_where_nothing_may_be_sent(serve: Serve) -> None:
    app = App()
    app.middleware(Compression(codings=["gzip"], types=["text/plain"], strict=True))

    @app.get("/text")
    async def text() -> str:
        return "a" * 2000

    @app.get("/json")
    async def json() -> list[str]:
        return ["a" * 2000]

    ask = serve(app)
    packed = ask.get("/text", {"accept-encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "accept-encoding")
    assert zlib.decompress(packed.body, 31) == b"a" * 2000
    assert "content-encoding" not in ask.get("/text", {"accept-encoding": "gzip;q=0"}).headers
    refused = ask.get("/text", {"accept-encoding": "identity;q=0"})
    assert (refused.status, refused.headers["accept-encoding"]) == (406, "gzip")
    assert "content-encoding" not in ask.get("/json", {"accept-encoding": "gzip"}).headers
