import asyncio
import http.client
import json
import os
import re
import time
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.core.files.mediatypes import media_type
from segue.core.files.responses import file_response
from segue.http.request import Request
from segue.http.response import Response

Serve = Callable[[Any], Any]

SMALL = b"0123456789" * 10
LARGE = bytes(range(256)) * 1024  # more than what is read in one trip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.txt").write_bytes(SMALL)
    (tmp_path / "large.bin").write_bytes(LARGE)
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "naïve plan.txt").write_bytes(b"plan")
    return tmp_path


def app_for(folder: Path) -> App:
    app = App()

    @app.route("/file/{name}", methods=["GET", "POST"])
    async def file(request: Request, name: str) -> Response:
        return await file_response(request, folder / name)

    @app.get("/path/{name}")
    async def path(name: str) -> Path:
        return folder / name

    @app.get("/download/{name}")
    async def download(request: Request, name: str) -> Response:
        return await file_response(request, folder / name, download=True)

    @app.get("/named")
    async def named(request: Request, name: str) -> Response:
        return await file_response(request, folder / "small.txt", download=name)

    @app.post("/upload")
    async def upload(request: Request) -> list[str]:
        return [file.filename for file in (await request.form()).files.get_all("file")]

    @app.get("/cached")
    async def cached(request: Request) -> Response:
        return await file_response(request, folder / "small.txt", max_age=60, content_type="text/x-own")

    @app.get("/packed/{name}")
    async def packed(request: Request, name: str) -> Response:
        return await file_response(request, folder / name, precompressed=True)

    return app


def contents(name: str) -> bytes:
    return SMALL if name == "small.txt" else LARGE


@pytest.mark.row("FL18")
@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_a_file_is_conditional_and_comes_in_ranges(serve: Serve, folder: Path, name: str) -> None:
    ask = serve(app_for(folder))
    data = contents(name)
    for target in (f"/file/{name}", f"/path/{name}"):
        whole = ask.get(target)
        assert (whole.status, whole.body) == (200, data)
        assert whole.headers["content-length"] == str(len(data))
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["cache-control"] == "no-cache"
        etag, modified = whole.headers["etag"], whole.headers["last-modified"]
        for condition in ({"if-none-match": etag}, {"if-none-match": "*"}, {"if-modified-since": modified}):
            same = ask.get(target, condition)
            assert (same.status, same.body) == (304, b"")
            assert same.headers["etag"] == etag
            assert "content-type" not in same.headers
        assert ask.get(target, {"if-none-match": '"other"', "if-modified-since": modified}).status == 200
        assert ask.get(target, {"if-match": '"other"'}).status == 412
        assert ask.get(target, {"if-unmodified-since": "Sun, 06 Nov 1994 08:49:37 GMT"}).status == 412
        part = ask.get(target, {"range": "bytes=2-5"})
        assert (part.status, part.body) == (206, data[2:6])
        assert part.headers["content-range"] == f"bytes 2-5/{len(data)}"
        assert part.headers["content-length"] == "4"
        assert ask.get(target, {"range": "bytes=-7"}).body == data[-7:]
        assert ask.get(target, {"range": "bytes=90-"}).body == data[90:]
        beyond = ask.get(target, {"range": f"bytes={len(data)}-"})
        assert beyond.status == 416
        assert beyond.headers["content-range"] == f"bytes */{len(data)}"


def test_the_tag_changes_with_the_file(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    before = ask.get("/file/small.txt")
    (folder / "small.txt").write_bytes(b"other")
    after = ask.get("/file/small.txt", {"if-none-match": before.headers["etag"]})
    assert (after.status, after.body) == (200, b"other")
    # The same size within the same second: the time of the file is finer than that of HTTP.
    changed = (folder / "small.txt").stat().st_mtime_ns
    (folder / "small.txt").write_bytes(b"oTHER")
    os.utime(folder / "small.txt", ns=(changed, changed + 1_000))
    assert ask.get("/file/small.txt", {"if-none-match": after.headers["etag"]}).body == b"oTHER"


@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_several_ranges_are_a_multipart_reply(serve: Serve, folder: Path, name: str) -> None:
    ask = serve(app_for(folder))
    data = contents(name)
    answer = ask.get(f"/file/{name}", {"range": "bytes=0-3, 10-19,-2"})
    assert answer.status == 206
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "content-range" not in answer.headers
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.body)
    assert message.get_content_type() == "multipart/byteranges"
    parts = [(part["content-range"], part.get_payload(decode=True)) for part in message.get_payload()]
    size = len(data)
    assert parts == [
        (f"bytes 0-3/{size}", data[:4]),
        (f"bytes 10-19/{size}", data[10:20]),
        (f"bytes {size - 2}-{size - 1}/{size}", data[-2:]),
    ]
    wide = ask.get("/file/large.bin", {"range": "bytes=0-99999,150000-259999"})
    assert LARGE[150_000:260_000] in wide.body
    assert LARGE[:100_000] in wide.body


def test_if_range_gives_all_of_another_version(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    whole = ask.get("/file/small.txt")
    for same in (whole.headers["etag"], whole.headers["last-modified"]):
        assert ask.get("/file/small.txt", {"range": "bytes=0-1", "if-range": same}).status == 206
    for other in ('"x"', "W/" + whole.headers["etag"], "Sun, 06 Nov 1994 08:49:37 GMT", "nonsense"):
        answer = ask.get("/file/small.txt", {"range": "bytes=0-1", "if-range": other})
        assert (answer.status, answer.body) == (200, SMALL)


def test_head_has_the_head_of_get_and_no_ranges(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    for name in ("small.txt", "large.bin"):
        get, head = ask.get(f"/file/{name}"), ask("HEAD", f"/path/{name}")
        assert (head.status, head.body) == (200, b"")
        for field in ("content-length", "etag", "last-modified", "content-type", "accept-ranges"):
            assert head.headers[field] == get.headers[field]
        assert ask("HEAD", f"/path/{name}", {"range": "bytes=0-1"}).status == 200
        assert ask("HEAD", f"/path/{name}", {"if-none-match": get.headers["etag"]}).status == 304


def test_the_reply_of_another_method_is_whole(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    etag = ask.get("/file/small.txt").headers["etag"]
    answer = ask("POST", "/file/small.txt", {"if-none-match": etag, "range": "bytes=0-1"})
    assert (answer.status, answer.body) == (200, SMALL)


def test_empty_files_have_no_ranges(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    assert ask.get("/file/empty.txt")[::2] == (200, b"")
    assert ask.get("/file/empty.txt", {"range": "bytes=0-"}).status == 416


def test_what_is_no_regular_file_is_not_found(serve: Serve, folder: Path) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    ask = serve(app_for(folder))
    for name in ("missing", "folder", "pipe", "x" * 300):
        assert ask.get(f"/file/{name}").status == 404
        assert ask.get(f"/path/{name}").status == 404


def test_a_file_that_may_not_be_read_is_forbidden(
    serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "secret").write_bytes(b"x")
    opened = os.open

    def refuse(path: Any, *args: Any, **named: Any) -> int:
        # Root may read everything, and tests may run as root.
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)

    monkeypatch.setattr(os, "open", refuse)
    assert serve(app_for(folder)).get("/file/secret").status == 403


def test_types_and_charsets_are_the_same_on_every_machine(serve: Serve, folder: Path) -> None:
    for name, expected in {
        "a.txt": "text/plain; charset=utf-8",
        "a.HTML": "text/html; charset=utf-8",
        "a.css": "text/css; charset=utf-8",
        "a.js": "text/javascript; charset=utf-8",
        "a.mjs": "text/javascript; charset=utf-8",
        "a.json": "application/json",
        "a.svg": "image/svg+xml",
        "a.tar.gz": "application/gzip",
        "a.wasm": "application/wasm",
        "a.b.woff2": "font/woff2",
        "a": "application/octet-stream",
        "html": "text/html; charset=utf-8",
        "": "application/octet-stream",
        "a.unknown": "application/octet-stream",
    }.items():
        assert name == "html" or media_type(name) == expected
    ask = serve(app_for(folder))
    assert ask.get("/file/small.txt").headers["content-type"] == "text/plain; charset=utf-8"
    assert ask.get("/file/large.bin").headers["content-type"] == "application/octet-stream"
    cached = ask.get("/cached")
    assert cached.headers["content-type"] == "text/x-own"
    assert cached.headers["cache-control"] == "max-age=60"


@pytest.mark.row("SEC-57")
def test_a_download_has_one_name_that_cannot_break_out(serve: Serve, folder: Path) -> None:
    ask = serve(app_for(folder))
    assert ask.get("/download/small.txt").headers["content-disposition"] == 'attachment; filename="small.txt"'
    plan = ask.get("/download/na%C3%AFve%20plan.txt").headers["content-disposition"]
    assert plan == "attachment; filename=\"na_ve plan.txt\"; filename*=UTF-8''na%C3%AFve%20plan.txt"
    evil = [
        "a%22; filename=%22evil.exe",
        "a%0D%0AX-Evil: 1",
        "a%2522.txt",
        "a%00b",
        "..%2F..%2Fetc",
        "%5C%22x",
    ]
    for name in evil:
        answer = ask.get(f"/named?name={name.replace(' ', '%20')}")
        assert answer.status == 200
        (field,) = answer.headers.get_all("content-disposition")
        assert "x-evil" not in answer.headers
        assert re.fullmatch(
            r"attachment; filename=\"[^\"\\\r\n%]*\"(; filename\*=UTF-8''[A-Za-z0-9%._~!#$&+^`|-]*)?", field
        )
    names_that_come_in(ask)


@pytest.mark.row("AI11")
def test_siblings_that_were_compressed_ahead_of_time(serve: Serve, folder: Path) -> None:
    (folder / "x.js").write_bytes(b"plain")
    for end in ("br", "zst", "gz"):
        (folder / f"x.js.{end}").write_bytes(end.encode())
    ask = serve(app_for(folder))
    tags = set()
    for accepted, coding, body in (
        ("br", "br", b"br"),
        ("gzip, deflate, br, zstd", "br", b"br"),
        ("zstd, gzip", "zstd", b"zst"),
        ("gzip", "gzip", b"gz"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gz"),
        ("identity", None, b"plain"),
        ("deflate", None, b"plain"),
        (None, None, b"plain"),
    ):
        answer = ask.get("/packed/x.js", {} if accepted is None else {"accept-encoding": accepted})
        assert answer.body == body
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "accept-encoding"
        tags.add(answer.headers["etag"])
        again = {"if-none-match": answer.headers["etag"], "accept-encoding": accepted or "identity"}
        assert ask.get("/packed/x.js", again).status == 304
    assert len(tags) == 4
    # Ranges are of the coded bytes; a tag of one coding is no other's.
    part = ask.get("/packed/x.js", {"accept-encoding": "br", "range": "bytes=1-"})
    assert (part.status, part.body, part.headers["content-encoding"]) == (206, b"r", "br")
    plain = ask.get("/packed/x.js").headers["etag"]
    mixed = ask.get("/packed/x.js", {"accept-encoding": "br", "range": "bytes=1-", "if-range": plain})
    assert (mixed.status, mixed.body) == (200, b"br")
    (folder / "x.js.br").unlink()
    assert ask.get("/packed/x.js", {"accept-encoding": "br"}).body == b"plain"


@pytest.mark.row("SEC-44")
def test_ranges_that_are_too_many_or_odd(serve: Serve, serve_raw: Serve, folder: Path) -> None:
    a_file_that_shrinks_while_it_is_sent_ends_the_reply(serve_raw, folder)
    ten_thousand_ranges_are_linear(folder)
    ask = serve(app_for(folder))
    for field, status in {
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2000, 2)): 200,
        "bytes=" + ",".join(["0-"] * 8): 200,
        "bytes=0-50,10-60,20-70": 200,
        "bytes=0-50,-999999": 200,
        "bytes=-0": 416,
        "bytes=9-2": 200,
        "bytes=\u00b2-\u00b3": 200,
        "bytes=--1": 200,
        "bytes=1-2-3": 200,
        "bytes=" + "9" * 5000 + "-": 200,
        "bytes=" + "9" * 19 + "-": 416,
        "bytes=": 200,
        "lines=1-2": 200,
        "bytes=+1-2": 200,
        "bytes=1_0-": 200,
        "bytes=0x1-": 200,
    }.items():
        answer = ask.get("/file/large.bin", {"range": field})
        assert answer.status == status, field[:40]
        assert len(answer.body) <= len(LARGE)
    assert ask.get("/file/large.bin", {"range": "bytes=0-9,10-19"}).body == LARGE[:20]


def ten_thousand_ranges_are_linear(folder: Path) -> None:
    async def cost(count: int) -> float:
        field = b"bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(count))
        best = 1e9
        for _ in range(5):
            request = Request("GET", "/", [(b"range", field)])
            started = time.perf_counter()
            response = await file_response(request, folder / "small.txt")
            best = min(best, time.perf_counter() - started)
            assert response.status == 200
        return best

    small, large = asyncio.run(cost(1_000)), asyncio.run(cost(10_000))
    assert large < 0.005 or large / small <= 20


def a_file_that_shrinks_while_it_is_sent_ends_the_reply(serve_raw: Serve, folder: Path) -> None:
    app = App()

    @app.get("/")
    async def shrinking(request: Request) -> Response:
        response = await file_response(request, folder / "shrinking.bin")
        os.truncate(folder / "shrinking.bin", 66_000)
        return response

    ask = serve_raw(app)
    for field in (None, "bytes=100-", "bytes=0-99,70000-250000"):
        (folder / "shrinking.bin").write_bytes(LARGE)
        with pytest.raises((ConnectionError, http.client.IncompleteRead)):
            ask.get("/", {} if field is None else {"range": field})
    assert ask.get("/", {"range": "bytes=0-9"}).body == LARGE[:10]


NAMES_IN = [
    (b'filename="a.txt"', "a.txt"),
    (b'filename="a%22; filename=%22evil.exe"', None),
    (b'filename="a\\"; filename=\\"evil.exe"', None),
    (b"filename=a.txt; filename=b.txt", None),
    (b"filename=\"a.txt\"; filename*=UTF-8''na%C3%AFve.txt", None),
    (b'filename="../../etc/passwd"', "passwd"),
    (b'filename="a\rb.txt"', None),
]


def names_that_come_in(ask: Any) -> None:
    for parameter, expected in NAMES_IN:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; ' + parameter + b"\r\n"
            b"Content-Type: text/plain\r\n\r\ncontent\r\n--x--\r\n"
        )
        answer = ask("POST", "/upload", {"content-type": "multipart/form-data; boundary=x"}, body)
        assert answer.status in (200, 400), parameter
        if answer.status == 200:
            (name,) = json.loads(answer.body)
            assert re.fullmatch(r"[\w.\-]+", name), parameter
            assert name == (expected or name)
        else:
            assert expected is None, parameter


def test_files_are_closed(folder: Path, serve: Serve) -> None:
    ask = serve(app_for(folder))
    ask.get("/file/large.bin")  # what stays open is open now
    before = len(list(Path("/proc/self/fd").iterdir()))
    etag = ask.get("/file/large.bin").headers["etag"]
    for _ in range(10):
        ask("HEAD", "/path/large.bin")
        ask("HEAD", "/path/large.bin", {"if-none-match": etag})
        ask.get("/file/large.bin", {"if-none-match": etag})
        ask.get("/file/large.bin", {"if-match": '"x"'})
        ask.get("/file/large.bin", {"range": "bytes=99999999-"})
        ask.get("/file/large.bin", {"range": "bytes=0-1,5-6"})
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
