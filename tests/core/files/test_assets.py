"""Static files with hashes in their names, built ahead of time, and at another host."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from segue import App, Assets
from segue.core.files.building import Built, build_assets
from segue.core.files.hashednames import hashed_name, plain_name
from segue.html import Templates
from segue.testing import Client

FOREVER = "public, max-age=31536000, immutable"
STYLE = """@import "base.css"; @import url('more/deep.css');
body { background: url(img/a.png) } h1 { background: url("/static/img/a.png?x=1#y") }
b { background: url(data:image/png;base64,AAAA) } i { background: url(https://elsewhere.example/x.png) }
u { background: url(img/none.png) } p { filter: url(#blur) }
/*# sourceMappingURL=site.css.map */
"""


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    for name, content in {
        "site.css": STYLE,
        "base.css": "body { margin: 0 }" * 50,
        "more/deep.css": "i { background: url(../img/a.png) }",
        "one.css": '@import "two.css";',
        "two.css": '@import "one.css";',
        "img/a.png": "\x89PNG",
        "app.js": 'import "./other.js"; console.log(`url(img/a.png)`)\n//# sourceMappingURL=app.js.map\n',
        "app.js.map": "{}",
        "other.js": "1",
        "site.css.map": "{}",
        "LICENSE": "free " * 100,
        "50% off #1?.txt": "x",
        ".hidden": "secret",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="latin-1")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ASSETS_URL", "ASSETS_BUILT"):
        monkeypatch.delenv(name, raising=False)


def app_of(static: Path, built: Path, **options: str) -> App:
    app = App(
        "films",
        plugins=[Assets(built, **options), Templates(None, texts={"p.html": "{{ static_url('site.css') }}"})],
    )
    app.static("/static", static)
    app.get("/page", template="p.html")(_nothing)
    return app


async def _nothing() -> dict[str, str]:
    return {}


def build(app: App, folder: Path) -> Built:
    return build_assets(app, folder)


@pytest.mark.parametrize(
    ("path", "hashed"),
    [
        ("site.css", "site.0123456789abcdef.css"),
        ("a/b.min.js", "a/b.min.0123456789abcdef.js"),
        ("LICENSE", "LICENSE.0123456789abcdef"),
        ("a.b/LICENSE", "a.b/LICENSE.0123456789abcdef"),
        (".well-known/x", ".well-known/x.0123456789abcdef"),
        ("a/.htaccess", "a/.htaccess.0123456789abcdef"),
    ],
)
def test_a_hash_goes_into_a_name_and_out_again(path: str, hashed: str) -> None:
    assert hashed_name(path, "0123456789abcdef") == hashed
    assert plain_name(hashed) == (path, "0123456789abcdef")
    assert plain_name(path) is None


def test_versions_in_names_need_nothing_built(static: Path) -> None:
    app = App("films")
    app.static("/static", static, versions="name")
    client = Client(app)
    url = app.static_url("site.css")
    assert url.startswith("/static/site.")
    assert url.endswith(".css")
    assert len(url) == len("/static/site..css") + 16
    reply = client.get(url)
    assert (reply.text, reply.headers["cache-control"]) == (STYLE, FOREVER)
    assert client.get(url, headers={"if-none-match": reply.headers["etag"]}).status == 304
    (static / "site.css").write_text("b {}")
    assert app.static_url("site.css") != url
    # A page from before gets the present file, and no cache keeps it under the old name.
    old = client.get(url)
    assert (old.text, old.headers["cache-control"]) == ("b {}", "no-cache")
    assert client.get("/static/none.0123456789abcdef.css").status == 404
    assert client.get("/static/.hidden.0123456789abcdef").status == 404
    assert client.get(app.static_url("50% off #1?.txt")).headers["cache-control"] == FOREVER


@pytest.mark.row("PY-16", "DJ-26")
def test_built_files_have_hashes_in_names_references_and_a_manifest(
    static: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "built"
    app = app_of(static, folder)
    assert Client(app).get("/page").text.startswith("/static/site.css?v=")  # while one develops
    built = build(app, folder)
    assert built.missing == ["static/site.css refers to img/none.png"]
    manifest = json.loads((folder / "manifest.json").read_text())["files"]
    assert "/static/.hidden" not in manifest
    client = Client(app := app_of(static, folder))
    url = client.get("/page").text
    assert url == f"/assets/{manifest['/static/site.css']}"
    sheet = client.get(url)
    assert sheet.headers["cache-control"] == FOREVER
    names = {path: name.rpartition("/")[2] for path, name in manifest.items()}
    for expected in (
        f'@import "{names["/static/base.css"]}"',
        f"url('more/{names['/static/more/deep.css']}')",
        f"url(img/{names['/static/img/a.png']})",
        f'url("/static/img/{names["/static/img/a.png"]}?x=1#y")',
        "url(data:image/png;base64,AAAA)",
        "url(https://elsewhere.example/x.png)",
        "url(img/none.png)",
        "url(#blur)",
        f"sourceMappingURL={names['/static/site.css.map']}",
    ):
        assert expected in sheet.text
    script = client.get(app.static_url("app.js")).text
    assert 'import "./other.js"; console.log(`url(img/a.png)`)' in script
    assert f"sourceMappingURL={names['/static/app.js.map']}" in script
    for name, built_name in manifest.items():
        reply = client.get(f"/assets/{built_name}")
        assert (reply.status, reply.headers["cache-control"]) == (200, FOREVER), name
        assert client.get(f"/assets{name}").headers["cache-control"] == "no-cache"
    # Another host, by configuration alone.
    monkeypatch.setenv("ASSETS_URL", "https://cdn.example.com/films/")
    elsewhere = Client(app_of(static, folder))
    assert elsewhere.get("/page").text == f"https://cdn.example.com/films/{manifest['/static/site.css']}"
    assert elsewhere.get(url).status == 404
    pulled = Client(app_of(static, tmp_path / "nothing"))
    assert pulled.get("/page").text.startswith("https://cdn.example.com/films/static/site.css?v=")


def test_built_files_are_compressed_and_chosen_by_what_the_client_takes(static: Path, tmp_path: Path) -> None:
    folder = tmp_path / "built"
    built = build(app_of(static, folder), folder)
    app = app_of(static, folder)
    client = Client(app)
    url = app.static_url("base.css")
    plain = "body { margin: 0 }" * 50
    codings = [
        one
        for one in ("br", "zstd", "gzip")
        if (folder / f"{url[8:]}{ {'br': '.br', 'zstd': '.zst', 'gzip': '.gz'}[one] }").is_file()
    ]
    assert "gzip" in codings
    assert built.compressed >= 2 * len(codings)
    for coding in codings:
        reply = client.get(url, headers={"accept-encoding": coding})
        assert (reply.headers["content-encoding"], reply.headers["vary"]) == (coding, "accept-encoding")
        assert reply.headers["cache-control"] == FOREVER
    assert client.get(url, headers={"accept-encoding": "identity"}).text == plain
    assert gzip.decompress((folder / f"{url[8:]}.gz").read_bytes()).decode() == plain
    assert not list(folder.glob("**/*.png.gz"))
    part = client.get(url, headers={"range": "bytes=0-3", "accept-encoding": "identity"})
    assert (part.status, part.text) == (206, "body")


def test_files_of_earlier_builds_stay_and_building_twice_is_the_same(static: Path, tmp_path: Path) -> None:
    folder = tmp_path / "built"
    build(app_of(static, folder), folder)
    first = {one.relative_to(folder): one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    build(app_of(static, folder), folder)
    assert {one.relative_to(folder): one.read_bytes() for one in folder.rglob("*") if one.is_file()} == first
    before = app_of(static, folder).static_url("base.css")
    (static / "base.css").write_text("body { margin: 1px }")
    build(app_of(static, folder), folder)
    app = app_of(static, folder)
    assert app.static_url("base.css") != before
    # So does the name of what refers to it.
    assert app.static_url("site.css")[8:] not in {str(one) for one in first}
    assert Client(app).get(before).headers["cache-control"] == FOREVER


def test_included_apps_and_what_stands_in_for_their_files_are_built_too(static: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "base.css").write_text("body { color: plum }")

    def whole() -> App:
        blog = App("blog")
        blog.static("/static", static)
        app = App("site", plugins=[Assets(tmp_path / "built")])
        app.include(blog, at="/blog")
        app.override(static, ours)
        return app

    build_assets(whole(), tmp_path / "built")
    app = whole()
    url = app.static_url("base.css", name="blog.static")
    assert url.startswith("/assets/blog/static/base.")
    assert Client(app).get(url).text == "body { color: plum }"
    outer = App("outer")
    outer.include(whole(), at="/below")
    assert outer.static_url("base.css", name="site.blog.static").startswith("/below/blog/static/base.css?v=")


def test_what_is_wrong_is_told(static: Path, tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "manifest.json").write_text("[]")
    with pytest.raises(Exception, match="is no manifest of built assets"):
        app_of(static, tmp_path / "built").freeze()
    with pytest.raises(Exception, match="the URL of assets is a whole one"):
        app_of(static, tmp_path / "nothing", url="cdn.example.com").freeze()
    with pytest.raises(ValueError, match=r"no file 'none\.css'"):
        app_of(static, tmp_path / "nothing").static_url("none.css")
