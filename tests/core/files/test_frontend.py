from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App

Serve = Callable[[Any], Any]

PAGE = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
INDEX = b"<!doctype html><div id=app></div>"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-4f2a.js").write_bytes(b"start()")
    (tmp_path / "robots.txt").write_bytes(b"User-agent: *")
    return tmp_path


def app_for(dist: Path, at: str = "/") -> App:
    app = App()

    @app.get("/api/films")
    async def films() -> list[str]:
        return ["Nuages"]

    @app.get("/api/films/{id:int}")
    async def film(id: int) -> dict[str, int]:
        return {"id": id}

    app.frontend(at, dist)
    return app


@pytest.mark.row("FX8")
def test_routes_first_then_files_then_the_page_for_browsers(serve: Serve, dist: Path) -> None:
    ask = serve(app_for(dist))
    assert ask.get("/api/films", PAGE).body == b'["Nuages"]'
    assert ask.get("/api/films/7", PAGE).body == b'{"id":7}'
    assert ask.get("/assets/app-4f2a.js")[::2] == (200, b"start()")
    assert ask.get("/robots.txt").body == b"User-agent: *"
    for target in ("/", "/dash/x", "/dash", "/users/john.doe", "/dash/x?y=1", "/a/b/c/"):
        answer = ask.get(target, PAGE)
        assert answer[::2] == (200, INDEX), target
        assert answer.headers["cache-control"] == "no-cache"
    head = ask("HEAD", "/dash/x", PAGE)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(INDEX))
    # Scripts and API clients are not given a page that they did not ask for.
    for headers in ({}, {"accept": "*/*"}, {"accept": "application/json"}, PAGE):
        assert ask.get("/assets/missing.js", headers).status == 404
    assert ask.get("/dash/x").status == 404
    assert ask.get("/dash/x", {"accept": "application/json"}).status == 404
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(method, "/dash/x", PAGE).status == 404
        assert ask(method, "/assets/app-4f2a.js", PAGE).status == 404


def test_a_404_page_is_shown_with_status_404(serve: Serve, dist: Path) -> None:
    (dist / "404.html").write_bytes(b"<h1>lost</h1>")
    ask = serve(app_for(dist))
    assert ask.get("/", PAGE)[::2] == (200, INDEX)
    for headers in (PAGE, {**PAGE, "range": "bytes=0-1"}, {**PAGE, "if-none-match": "*"}):
        assert ask.get("/dash/x", headers)[::2] == (404, b"<h1>lost</h1>")
    assert ask.get("/dash/x").headers["content-type"] == "application/problem+json"


def test_what_middleware_refuses_is_refused_for_the_pages_too(serve: Serve, dist: Path) -> None:
    from segue.http.errors import Unauthorized

    app = app_for(dist)

    @app.middleware
    async def guard(request: Any, next: Any) -> Any:
        if "authorization" not in request.headers:
            raise Unauthorized(challenge="Bearer")
        return await next(request)

    ask = serve(app)
    assert ask.get("/dash/x", PAGE).status == 401
    assert ask.get("/assets/app-4f2a.js").status == 401
    assert ask.get("/dash/x", {**PAGE, "authorization": "Bearer x"}).status == 200


def test_below_a_prefix(serve: Serve, dist: Path) -> None:
    ask = serve(app_for(dist, "/admin"))
    assert ask.get("/admin/", PAGE).body == INDEX
    assert ask.get("/admin/users", PAGE).body == INDEX
    assert ask.get("/admin/robots.txt").status == 200
    assert ask.get("/users", PAGE).status == 404
    assert ask.get("/administrator", PAGE).status == 404
