"""Guards that ask who it is, at each layer; and the way back after a login, which never leads to another site."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec import Struct

from segue import App, Request, SeeOther
from segue.security import belongs_to, own_path, signed_in
from segue.testing import Client, LiveServer


class User(Struct):
    id: str
    principals: list[str] = []


def who(request: Request) -> User | None:
    name = request.headers.get("x-user")
    return None if name is None else User(name, [f"user:{name}"])


ADMIN, OTHER = {"x-user": "admin"}, {"x-user": "other"}


@pytest.mark.row("LI2")
def test_a_guard_of_any_layer_refuses_and_what_all_methods_ask_options_asks_too() -> None:
    guard = belongs_to("user:admin")

    def page(app: App, **options: Any) -> App:
        app.get("/page", **options)(lambda: "page")
        return app

    on_app = page(App("on_app", requires=[guard]))
    on_include, outer = page(App("on_include")), App("outer")
    outer.include(on_include, at="/", requires=[guard])
    on_route = page(App("on_route"), requires=[guard])
    on_resource = App("on_resource")

    @on_resource.resource("/page", requires=[guard])
    class Page:
        async def get(self) -> str:
            return "page"

        async def options(self) -> str:
            return "own"

    app = App()
    app.identifies(who)
    app.get("/mixed")(lambda: "mixed")
    app.delete("/mixed", requires=[guard])(lambda: "gone")
    for one in (on_app, outer, on_route, on_resource):
        app.include(one, at=f"/{one.name}")
    with Client(app) as client:
        for one in (on_app, outer, on_route, on_resource):
            path = f"/{one.name}/page"
            assert client.get(path).status == 401, path
            assert client.get(path, headers=OTHER).status == 403, path
            assert client.get(path, headers=ADMIN).text == "page", path
        for one in (on_app, outer, on_resource):
            path = f"/{one.name}/page"
            assert client.options(path, headers=OTHER).status == 403, path
            assert client.options(path, headers=ADMIN).status in (200, 204), path
        # Of a path that somebody else may read, the methods are no secret.
        assert client.options("/mixed", headers=OTHER).headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
        assert client.delete("/mixed", headers=OTHER).status == 403
    with pytest.raises(TypeError, match="names of principals"):
        belongs_to()


def login_app() -> App:
    app = App()
    app.identifies(who)

    @app.get("/login")
    async def login() -> str:
        return "who are you?"

    @app.post("/login")
    async def log_in(request: Request) -> None:
        raise SeeOther(own_path(request.query.get("next"), "/home"))

    @app.get("/x", requires=[signed_in(login="/login")])
    async def x() -> str:
        return "x"

    @app.post("/x", requires=[signed_in(login="login")])
    async def write() -> str:
        return "written"

    @app.get("/api", requires=[signed_in(challenge="Bearer")])
    async def api() -> str:
        return "api"

    return app


@pytest.mark.row("TO8")
def test_who_is_not_known_is_sent_to_the_login_and_back() -> None:
    with Client(login_app()) as client:
        sent = client.get("/x")
        assert (sent.status, sent.headers["location"]) == (302, "/login?next=%2Fx")
        assert client.get("/x?a=1&b=%20").headers["location"] == "/login?next=%2Fx%3Fa%3D1%26b%3D%2520"
        assert client.post("/x").status == 403
        assert client.get("/x", headers=ADMIN).text == "x"
        assert client.post("/x", headers=ADMIN).text == "written"
        back = client.post("/login?next=%2Fx%3Fa%3D1")
        assert back.headers["location"] == "/x?a=1"
        refused = client.get("/api")
        assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")


def leaves(location: str, host: str) -> bool:
    """Whether a browser goes to another origin: as the URL standard reads a location (its steps, in short)."""
    text = (
        location.strip("".join(map(chr, range(33))))
        .translate({9: None, 10: None, 13: None})
        .replace("\\", "/")
    )
    scheme, mark, rest = text.partition(":")
    if mark and scheme.isascii() and scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        if "/" not in scheme and scheme[0].isalpha():
            authority = rest.lstrip("/").partition("/")[0].partition("?")[0].partition("#")[0]
            return scheme.lower() not in ("http", "https") or authority.rpartition("@")[2] != host
    return text.startswith("//") and text[2:].lstrip("/").partition("/")[0] != host


SLASHES = ["//", "///", "////", "/\\", "\\\\", "\\/", "/\t/", "/\n/", "/\r\n/", "\t//", " //", "/ /", "/%09/", "/%0a/", "/%0d%0a/",
           "/%2f", "/%5c", "%2f%2f", "//%5c", "/.//", "/..//", "/;@", "/@", "@", "/%00/", "\x01//", "//\\", "/\u2215/", "\u3002//"]  # fmt: skip
SCHEMES = [
    "https:",
    "https:/",
    "https://",
    "https:\\\\",
    "http:",
    "HTTPS://",
    "hTTp:/\\",
    "javascript:",
    "java\tscript:",
    "data:,",
    "ftp://",
    "://",
]
HOSTS = ["evil.example", "evil.example/", "evil.example/%2f..", "evil.example?a", "evil.example#b", "a@evil.example", "localhost@evil.example",
         "evil.example:80", "evil\u3002example", "[::1]"]  # fmt: skip
PAYLOADS = [start + host for start in (*SLASHES, *SCHEMES) for host in HOSTS]


@pytest.mark.row("SEC-49")
def test_no_redirect_leads_to_another_origin(tmp_path: Path, ask: Any) -> None:
    assert len(PAYLOADS) >= 307
    folder = tmp_path / "files" / "evil.example"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("index")
    app = login_app()
    app.static("/static", tmp_path / "files")

    @app.get("/{name}/")
    async def one(name: str) -> str:
        return name

    @app.get("/{name}/{other}/")
    async def two(name: str, other: str) -> str:
        return other

    redirected = 0
    with LiveServer(app) as server:
        host = f"{server.host}:{server.port}"
        # The judge knows what it is there to find.
        assert all(
            leaves(bad, host)
            for bad in ("//evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example")
        )
        assert not any(
            leaves(good, host) for good in ("/x", "/x//evil.example", f"http://{host}/x", "/%2fevil.example")
        )
        for payload in PAYLOADS:
            back = ask(server, "POST", f"/login?next={quote(payload, safe='')}")
            assert back.status == 303
            assert not leaves(back.headers["location"], host), payload
            raw = quote(payload, safe="/\\:@%?#[];.&=")
            for path in (
                raw if raw.startswith("/") else f"/{raw}",
                f"/static{raw}",
                f"/static/{raw}",
                f"/static/evil.example/..{raw}",
            ):
                if not path.isascii() or any(char <= " " for char in path):
                    continue
                answer = ask(server, "GET", path)
                location = answer.headers.get("location")
                redirected += location is not None
                assert location is None or not leaves(location, host), (path, location)
        assert ask(server, "POST", "/login?next=%2Ffilms%3Fpage%3D2").headers["location"] == "/films?page=2"
    assert redirected > 20, "there were redirects to look at"
    assert own_path(None) == own_path("") == own_path("/" + "a" * 3_000) == "/"
