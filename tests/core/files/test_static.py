import itertools
import ntpath
import os
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.core.files.static import StaticFiles
from segue.http.filenames import safe_join

Serve = Callable[[Any], Any]

SECRET = b"top secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory to serve, with secrets all around it."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "static-private").mkdir()
    (tmp_path / "static-private" / "secret.txt").write_bytes(SECRET)
    root = tmp_path / "static"
    (root / "css").mkdir(parents=True)
    (root / "site").mkdir()
    (root / "app.js").write_bytes(b"let x = 1")
    (root / "css" / "site.css").write_bytes(b"body {}")
    (root / "site" / "index.html").write_bytes(b"<h1>site</h1>")
    (root / "50% off #1?.txt").write_bytes(b"odd name")
    (root / ".env").write_bytes(SECRET)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(SECRET)
    (root / ".well-known").mkdir()
    (root / ".well-known" / "security.txt").write_bytes(b"Contact: x")
    return root


def app_for(root: Path, at: str = "/static", **options: Any) -> App:
    app = App()
    app.static(at, root, **options)
    return app


def test_files_below_a_prefix(serve: Serve, root: Path) -> None:
    ask = serve(app_for(root))
    assert ask.get("/static/app.js")[::2] == (200, b"let x = 1")
    assert ask.get("/static/css/site.css").headers["content-type"] == "text/css; charset=utf-8"
    assert ask.get("/static/50%25%20off%20%231%3F.txt").body == b"odd name"
    assert ask("HEAD", "/static/app.js").headers["content-length"] == "9"
    assert ask.get("/static/.well-known/security.txt").status == 200
    for missing in (
        "/static/none.js",
        "/static/css",
        "/static/css/",
        "/static/",
        "/static/app.js/",
        "/static/app.js/x",
    ):
        assert ask.get(missing).status == 404, missing
    refused = ask("POST", "/static/app.js", body=b"x")
    assert refused.status == 405
    assert "GET" in refused.headers["allow"]


@pytest.mark.row("FC15")
def test_etag_modified_since_ranges_and_a_fallback(serve: Serve, root: Path) -> None:
    (root / "index.html").write_bytes(b"<h1>app</h1>")
    ask = serve(app_for(root, "/", fallback="index.html"))
    first = ask.get("/app.js")
    assert ask.get("/app.js", {"if-none-match": first.headers["etag"]}).status == 304
    assert ask.get("/app.js", {"if-modified-since": first.headers["last-modified"]}).status == 304
    assert ask.get("/app.js", {"range": "bytes=4-"})[::2] == (206, b"x = 1")
    for unknown in ("/films/7", "/films", "/x/", "/"):
        assert ask.get(unknown)[::2] == (200, b"<h1>app</h1>"), unknown


def test_a_directory_without_its_slash_is_sent_there(serve: Serve, root: Path) -> None:
    ask = serve(app_for(root))
    moved = ask.get("/static/site?x=1")
    assert (moved.status, moved.headers["location"]) == (301, "/static/site/?x=1")
    assert ask.get("/static/site/")[::2] == (200, b"<h1>site</h1>")
    assert ask.get("/static/site/index.html").status == 200


def test_the_redirect_of_a_directory_stays_on_the_origin(serve_raw: Serve, root: Path) -> None:
    (root / "evil.example").mkdir()
    (root / "evil.example" / "index.html").write_bytes(b"x")
    ask = serve_raw(app_for(root, "/"))
    assert ask.get("/evil.example").headers["location"] == "/evil.example/"
    for target in (
        "//evil.example",
        "///evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\\evil.example",
    ):
        answer = ask.get(target)
        assert answer.status in (400, 404)
        assert "location" not in answer.headers


def test_a_listing_is_escaped_and_hides_what_is_hidden(serve: Serve, root: Path) -> None:
    (root / "css" / "<img src=x>&.txt").write_bytes(b"x")
    (root / "css" / "javascript:alert(1)").write_bytes(b"x")
    (root / "css" / "deep").mkdir()
    (root / "css" / ".hidden").write_bytes(SECRET)
    (root / "css" / "link").symlink_to(root.parent / "secret.txt")
    ask = serve(app_for(root, listing=True))
    page = ask.get("/static/css/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert "<img" not in text
    assert 'href="javascript:' not in text
    assert '<a href="./deep/">deep/</a>' in text
    assert '<a href="./site.css">site.css</a>' in text
    assert ".hidden" not in text
    assert "link" not in text
    assert ask.get("/static/css").headers["location"] == "/static/css/"
    assert ask.get("/static/css/%3Cimg%20src=x%3E&.txt").body == b"x"
    assert ask.get("/static/site/").body == b"<h1>site</h1>"


@pytest.mark.row("TO14")
def test_a_versioned_url_is_cached_for_ever_and_changes_with_the_content(serve: Serve, root: Path) -> None:
    app = app_for(root)

    @app.get("/link")
    async def link() -> str:
        return app.static_url("css/site.css")

    ask = serve(app)
    url = ask.get("/link").body.decode()
    assert url.startswith("/static/css/site.css?v=")
    answer = ask.get(url)
    assert answer.body == b"body {}"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask.get(url, {"if-none-match": answer.headers["etag"]}).status == 304
    assert ask.get(url, {"range": "bytes=0-3"})[::2] == (206, b"body")
    # Without the version, or with another, nothing is promised for tomorrow.
    for other in (
        "/static/css/site.css",
        "/static/css/site.css?v=",
        "/static/css/site.css?v=0123456789abcdef",
    ):
        assert ask.get(other).headers["cache-control"] == "no-cache"
    (root / "css" / "site.css").write_bytes(b"body { color: red }")
    changed = ask.get("/link").body.decode()
    assert changed != url
    assert ask.get(changed).body == b"body { color: red }"
    assert ask.get(changed).headers["cache-control"].startswith("public")
    assert ask.get(url).headers["cache-control"] == "no-cache"


def test_a_link_to_a_missing_file_is_an_error_where_it_is_made(root: Path) -> None:
    files = StaticFiles(root)
    with pytest.raises(ValueError, match=r"no file 'css/none\.css'"):
        files.version("css/none.css")
    with pytest.raises(ValueError, match="no file"):
        files.version("../secret.txt")
    app = app_for(root)
    url = app.static_url("50% off #1?.txt")
    assert url.startswith("/static/50%25%20off%20%231%3F.txt?v=")
    outer = App("site")
    outer.include(app, at="/blog", name="blog")
    assert outer.static_url("50% off #1?.txt", name="blog.static") == "/blog" + url
    with pytest.raises(LookupError, match="no route named 'nothing'"):
        outer.static_url("app.js", name="nothing")


def test_a_missing_directory_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no directory .*/nowhere .*Path\(__file__\)"):
        StaticFiles(tmp_path / "nowhere")


# --- traversal ---------------------------------------------------------------------------------------------------

DOTS = [
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",
    "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae",
    "..%00",
    "..;",
    "....",
    "%u002e%u002e",
    "..%20",
    "..%0a",
]
SLASHES = [
    "/",
    "%2f",
    "%2F",
    "\\",
    "%5c",
    "%5C",
    "%252f",
    "%255c",
    "//",
    "%c0%af",
    "/./",
    "%00/",
    ";/",
    "/%2e/",
]
TARGETS = ["secret.txt", "static-private/secret.txt", "static-private%2fsecret.txt"]


def traversals() -> list[str]:
    """Every way to write dots and slashes, one to three levels up, for each of the secrets."""
    up = [
        (dots + slash) * depth + target
        for dots, slash, depth, target in itertools.product(DOTS, SLASHES, (1, 2), TARGETS)
    ]
    more = [
        "/" + "../" * 8 + "etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "%2Fetc/passwd",
        "file:///etc/passwd",
        "css/../../secret.txt",
        "css/..%2f..%2fsecret.txt",
        "css/%2e%2e/%2e%2e/secret.txt",
        "site/../../static-private/secret.txt",
        "../static-private/secret.txt",
        "-private/secret.txt",
        ".env",
        "%2eenv",
        ".git/config",
        "css/../.env",
        "./.env",
        ".%00/.env",
        "~root/.profile",
        "C:/secret.txt",
        "C:\\secret.txt",
        "\\\\server\\share\\x",
        "%5c%5cserver%5cshare",
    ]
    return up + more


@pytest.mark.row("SEC-45")
def test_no_way_of_writing_dots_leaves_the_root(serve_raw: Serve, root: Path) -> None:
    payloads = traversals()
    assert len(payloads) >= 887
    plain = serve_raw(app_for(root))
    at_root = serve_raw(app_for(root, "/", listing=True))
    wrong = []
    for payload in payloads:
        for ask, prefix in ((plain, "/static/"), (at_root, "/")):
            answer = ask.get(prefix + payload)
            # 400: what is no path at all, such as UTF-8 that is not valid, is refused before it is routed.
            if answer.status not in (400, 404) or SECRET in answer.body or b"root:" in answer.body:
                wrong.append((prefix + payload, answer.status))
    assert wrong == []
    assert plain.get("/static-private/secret.txt").status == 404
    assert plain.get("/static/css/site.css").status == 200


def test_the_client_in_process_gets_the_same(root: Path) -> None:
    from segue.testing import Client

    with Client(app_for(root)) as client:
        for payload in traversals():
            if payload.isascii() and "\\" not in payload and "%u" not in payload:
                answer = client.get("/static/" + payload)
                assert answer.status in (400, 404), payload
                assert SECRET not in answer.content


WINDOWS = [
    "C:/x", "C:x", "c:", "C:/Windows/win.ini", "//server/share/x", "\\\\server\\share", "\\x", "a\\..\\..\\x",
    "CON", "con", "NUL", "NUL.txt", "nul.tar.gz", "CON ", "CON.", "AUX", "PRN.css", "COM1", "com9.txt", "LPT1",
    "LPT¹", "CONIN$", "CONOUT$", "CLOCK$", "css/CON", "css/nul.css", "x::$DATA", "x:stream", "site.css::$INDEX_ALLOCATION",
    "x.", "x ", "x. .", "css./site.css", "css /site.css", "x*", "x?", "x|y", "x<y", "x\"y", "\x00", "x\x1f", "..", "../x",
    "css/../../x", "", "css//x", "/x", "x/", "\\\\?\\C:\\x", "\\\\.\\C:", "GLOBALROOT\\x",
]  # fmt: skip


@pytest.mark.row("SEC-46")
def test_names_that_windows_reads_otherwise(serve: Serve, root: Path) -> None:
    for name in WINDOWS:
        if name:
            assert safe_join("C:\\srv\\static", name, ntpath) is None, name
    assert safe_join("C:\\srv\\static", "css/site.css", ntpath) == "C:\\srv\\static\\css\\site.css"
    # Wherever it runs: none of them is found, and none is an error.
    ask = serve(app_for(root))
    for name in filter(None, WINDOWS):
        encoded = "".join(f"%{octet:02X}" for octet in name.encode())
        assert ask.get(f"/static/{encoded}").status in (400, 404), name
    assert safe_join("/srv/static", "a\\..\\x", posixpath) is None


@pytest.mark.row("SEC-47", "SA18")
def test_links_that_leave_the_root_are_not_followed_unless_opted_in(serve: Serve, root: Path) -> None:
    outside = root.parent
    (outside / "app.js.gz").write_bytes(SECRET)
    (outside / "deep").mkdir()
    (outside / "deep" / "x.txt").write_bytes(SECRET)
    (root / "link.txt").symlink_to(outside / "secret.txt")
    (root / "relative.txt").symlink_to("../secret.txt")
    (root / "folder").symlink_to(outside / "deep")
    (root / "sibling").symlink_to(outside / "static-private")
    (root / "app.js.gz").symlink_to(outside / "app.js.gz")
    (root / "twice.txt").symlink_to(root / "link.txt")
    (root / "loop").symlink_to(root / "loop")
    (root / "inside.js").symlink_to(root / "app.js")
    (root / "site" / "up").symlink_to(root)
    links = (
        "link.txt",
        "relative.txt",
        "folder/x.txt",
        "sibling/secret.txt",
        "twice.txt",
        "site/up/link.txt",
    )
    strict = serve(app_for(root, listing=True))
    for name in (*links, "loop", "folder", "folder/", "sibling/"):
        answer = strict.get(f"/static/{name}")
        assert (answer.status, SECRET in answer.body) == (404, False), name
    packed = strict.get("/static/app.js", {"accept-encoding": "gzip"})
    assert (packed.body, "content-encoding" in packed.headers) == (b"let x = 1", False)
    assert strict.get("/static/inside.js").body == b"let x = 1"
    assert strict.get("/static/site/up/app.js").body == b"let x = 1"
    opened = serve(app_for(root, follow_links=True))
    for name in links:
        assert opened.get(f"/static/{name}")[::2] == (200, SECRET), name
    packed = opened.get("/static/app.js", {"accept-encoding": "gzip"})
    assert (packed.body, packed.headers["content-encoding"]) == (SECRET, "gzip")
    assert opened.get("/static/loop").status == 404


def test_a_root_that_is_a_link_itself_may_be_moved_on(serve: Serve, root: Path) -> None:
    current = root.parent / "current"
    current.symlink_to(root)
    ask = serve(app_for(current))
    assert ask.get("/static/app.js").body == b"let x = 1"
    following = root.parent / "release-2"
    following.mkdir()
    (following / "app.js").write_bytes(b"let x = 2")
    (root.parent / "new").symlink_to(following)
    (root.parent / "new").replace(current)
    assert ask.get("/static/app.js").body == b"let x = 2"


def test_hidden_files_are_served_only_when_asked(serve: Serve, root: Path) -> None:
    assert serve(app_for(root)).get("/static/.env").status == 404
    assert serve(app_for(root, hidden=True)).get("/static/.env").body == SECRET


def test_max_age(serve: Serve, root: Path) -> None:
    ask = serve(app_for(root, max_age=3600))
    assert ask.get("/static/app.js").headers["cache-control"] == "max-age=3600"


def test_names_that_are_not_text_do_not_break_a_listing(serve: Serve, root: Path) -> None:
    (root / "css" / os.fsdecode(b"bad\xff.txt")).write_bytes(b"x")
    page = serve(app_for(root, listing=True)).get("/static/css/")
    assert page.status == 200
    assert b"bad?.txt" in page.body
    assert b"site.css" in page.body


def test_an_unknown_option_is_refused(root: Path) -> None:
    with pytest.raises(TypeError, match="nonsense"):
        App().static("/static", root, nonsense=True)
