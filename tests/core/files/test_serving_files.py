"""Directories and files, from the first request to the last byte, as those who come from Bottle and CherryPy know them."""

from __future__ import annotations

import os
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from segue import App, Request, Response
from segue.core.files.responses import file_response

Serve = Callable[[Any], Any]

TEXT = b"0123456789" * 10
SECRET = b"top secret"
KINDS = {
    "a.txt": "text/plain; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.html": "text/html; charset=utf-8",
    "a.csv": "text/csv; charset=utf-8",
    "a.png": "image/png",
    "a.pdf": "application/pdf",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_bytes(SECRET)
    root = tmp_path / "static"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "index.html").write_bytes(b"<h1>folder</h1>")
    for name in (*KINDS, "naïve plan.txt"):
        (root / name).write_bytes(TEXT)
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    return root


@pytest.fixture
def app(root: Path) -> App:
    app = App()
    app.static("/static", root)

    @app.get("/one")
    async def one() -> Path:
        return root / "a.txt"

    @app.get("/download/{name}")
    async def download(request: Request, name: str) -> Response:
        return await file_response(request, root / name, download=True)

    return app


OUTSIDE = [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "folder/../../secret.txt",
    "..%5csecret.txt",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "link.txt",
]


@pytest.mark.row("BO9")
def test_a_static_file_as_bottle_serves_it(serve: Serve, serve_raw: Serve, app: App, root: Path) -> None:
    """Bottle says 403 outside of the root. Here it is 404, as SEC-45 asks: the answer does not tell what there is.

    charset is written in lower case, which names of charsets may be (RFC 9110, section 8.3.2).
    """
    ask = serve(app)
    for name, kind in KINDS.items():
        assert ask.get(f"/static/{name}").headers["content-type"] == kind
    whole = ask.get("/static/a.txt")
    assert whole[::2] == (200, TEXT)
    assert whole.headers["accept-ranges"] == "bytes"
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    for condition in ({"if-none-match": etag}, {"if-modified-since": modified}):
        same = ask.get("/static/a.txt", condition)
        assert same[::2] == (304, b"")
        assert same.headers["etag"] == etag
    os.utime(root / "a.txt", (2_000_000_000, 2_000_000_000))
    for condition in ({"if-none-match": etag}, {"if-modified-since": modified}):
        assert ask.get("/static/a.txt", condition)[::2] == (200, TEXT)
    part = ask.get("/static/a.txt", {"range": "bytes=95-"})
    assert part[::2] == (206, b"56789")
    assert part.headers["content-range"] == "bytes 95-99/100"
    assert ask.get("/static/a.txt", {"range": "bytes=100-"}).status == 416
    head = ask("HEAD", "/static/a.txt")
    assert head[::2] == (200, b"")
    assert head.headers["content-length"] == "100"
    assert ask.get("/download/a.txt").headers["content-disposition"] == 'attachment; filename="a.txt"'
    assert ask.get("/static/none.txt").status == 404
    raw = serve_raw(app)
    for path in OUTSIDE:
        answer = raw.get(f"/static/{path}")
        assert (answer.status, SECRET in answer.body) == (404, False), path


@pytest.mark.row("CP12")
@pytest.mark.parametrize("path", ["/static/a.txt", "/one"])
def test_ranges_of_a_directory_and_of_one_file(serve: Serve, app: App, path: str) -> None:
    ask = serve(app)
    part = ask.get(path, {"range": "bytes=2-5"})
    assert part[::2] == (206, b"2345")
    assert part.headers["content-range"] == "bytes 2-5/100"
    several = ask.get(path, {"range": "bytes=0-3,10-19,-2"})
    assert several.status == 206
    head = f"Content-Type: {several.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + several.body)
    assert message.get_content_type() == "multipart/byteranges"
    assert [(one["content-range"], one.get_payload(decode=True)) for one in message.get_payload()] == [
        ("bytes 0-3/100", b"0123"),
        ("bytes 10-19/100", b"0123456789"),
        ("bytes 98-99/100", b"89"),
    ]
    beyond = ask.get(path, {"range": "bytes=100-"})
    assert beyond.status == 416
    assert beyond.headers["content-range"] == "bytes */100"


@pytest.mark.row("CP12")
def test_a_directory_is_not_left_and_found_without_its_slash(
    serve: Serve, serve_raw: Serve, app: App
) -> None:
    """CherryPy says 404 to a NUL. Here it is 400 before anything is routed: no path of any app has one."""
    ask, raw = serve(app), serve_raw(app)
    moved = ask.get("/static/folder")
    assert (moved.status, moved.headers["location"]) == (301, "/static/folder/")
    assert ask.get("/static/folder/")[::2] == (200, b"<h1>folder</h1>")
    for path in OUTSIDE:
        answer = raw.get(f"/static/{path}")
        assert answer.status in (400, 403, 404), path
        assert SECRET not in answer.body
    for path in ("%00", "a.txt%00", "a.txt%00.png", "folder/%00"):
        assert raw.get(f"/static/{path}").status == 400, path


@pytest.mark.row("CP12")
def test_a_download_is_named_exactly_and_in_ascii(serve: Serve, app: App) -> None:
    """RFC 6266, section 4.3, with the encoding of RFC 8187."""
    answer = serve(app).get("/download/na%C3%AFve%20plan.txt")
    assert answer[::2] == (200, TEXT)
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"na_ve plan.txt\"; filename*=UTF-8''na%C3%AFve%20plan.txt"
    )
