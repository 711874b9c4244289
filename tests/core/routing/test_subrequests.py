"""Requests that an app makes of itself, and redirects that no client sees."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, InternalRedirect, NotFound, Request, Response, SeeOther, part, subrequest
from segue.testing import Client


def site(tmp_path: Path) -> App:
    app = App("site")

    @app.get("/sidebar")
    async def sidebar(request: Request, of: str = "all") -> str:
        return f"<nav>{of} for {request.cookies.get('user', 'anyone')}</nav>"

    @app.get("/page")
    async def page(request: Request) -> str:
        return f"<main>{await part(request, '/sidebar?of=jazz')}</main>"

    @app.post("/echo/{name}")
    async def echo(request: Request, name: str) -> list[Any]:
        return [name, request.headers.get("content-type"), (await request.body()).decode()]

    @app.post("/ask")
    async def ask(request: Request) -> Response:
        return await subrequest(
            request, "/echo/a%20b", method="POST", headers={"Content-Type": "text/x"}, content=b"inner"
        )

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        for piece in ("a", "b", "c"):
            yield piece

    (tmp_path / "film.txt").write_text("Nuages")

    @app.get("/file")
    async def file() -> Path:
        return tmp_path / "film.txt"

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("no such part")

    @app.get("/away")
    async def away() -> None:
        raise SeeOther("/page")

    @app.get("/circle")
    async def circle(request: Request) -> Response:
        return await subrequest(request, "/circle")

    @app.get("/whole/{name}")
    async def whole(request: Request, name: str) -> str:
        return await part(request, f"/{name}")

    return app


@pytest.mark.row("TG-10")
def test_a_part_of_a_page_is_rendered_inside_of_another(tmp_path: Path) -> None:
    with Client(site(tmp_path)) as client:
        answer = client.get("/page", headers={"cookie": "user=django"})
        assert answer.text == "<main><nav>jazz for django</nav></main>"
        assert client.get("/whole/stream").text == "abc"
        assert client.get("/whole/file").text == "Nuages"


def test_a_part_that_cannot_be_made_is_an_error_of_the_page(tmp_path: Path) -> None:
    with Client(site(tmp_path), raise_server_exceptions=False) as client:
        missing = client.get("/whole/missing")
        assert (missing.status, missing.json()["detail"]) == (
            404,
            "A part of the page, /missing, could not be made.",
        )
        assert client.get("/whole/away").status == 500
        assert client.get("/circle").status == 500
    with Client(site(tmp_path)) as client, pytest.raises(RuntimeError, match="subrequests go in a circle"):
        client.get("/circle")


def test_a_subrequest_says_who_asks_but_nothing_of_the_outer_body(tmp_path: Path) -> None:
    with Client(site(tmp_path)) as client:
        answer = client.post("/ask", content=b"outer", headers={"content-type": "text/plain"})
        assert answer.json() == ["a b", "text/x", "inner"]


def test_a_subrequest_stands_below_the_prefix_of_the_app(tmp_path: Path) -> None:
    inner = App("inner")

    @inner.get("/here")
    async def here(request: Request) -> str:
        return request.url_for("here")

    @inner.get("/there")
    async def there(request: Request) -> str:
        return await part(request, "/here")

    outer = App()
    outer.mount("/m", inner)
    with Client(outer) as client:
        assert client.get("/m/there").text == "/m/here"


def test_a_subrequest_needs_a_handler_around_it() -> None:
    app = App()

    @app.middleware
    async def early(request: Request, next: Any) -> Response:
        return await subrequest(request, "/x")

    with Client(app) as client, pytest.raises(RuntimeError, match="was not led to a handler yet"):
        client.get("/")


@pytest.mark.row("PY-24")
def test_a_view_is_called_without_http() -> None:
    app = App()

    @app.get("/hello/{name}", cache=3600)
    async def hello(request: Request, name: str) -> dict[str, str]:
        return {"hello": name, "lang": request.headers.get("accept-language", "")}

    request = Request("GET", "/hello/Django", [(b"accept-language", b"fr")])
    assert asyncio.run(hello(request, "Django")) == {"hello": "Django", "lang": "fr"}
    with Client(app) as client:
        assert client.get("/hello/Django").headers["cache-control"] == "max-age=3600"


@pytest.mark.row("PY-24")
def test_a_view_asks_another_one(tmp_path: Path) -> None:
    app = site(tmp_path)

    @app.get("/status")
    async def status(request: Request) -> list[Any]:
        found = await subrequest(request, "/missing")
        return [found.status, found.content_type]

    with Client(app) as client:
        assert client.get("/status").json() == [404, "application/problem+json"]


# --- redirects inside --------------------------------------------------------------------------------------------


def test_an_internal_redirect_answers_from_another_path() -> None:
    app = App()

    @app.get("/old")
    async def old() -> None:
        raise InternalRedirect("/new?of=old")

    @app.post("/old")
    async def old_form(request: Request) -> None:
        await request.form()
        raise InternalRedirect("/new")

    @app.get("/new")
    async def new(of: str) -> str:
        return f"new of {of}"

    @app.post("/new")
    async def new_form(request: Request) -> str:
        return f"new with {(await request.form())['title']}"

    @app.get("/round")
    async def around() -> None:
        raise InternalRedirect("/round")

    with Client(app, raise_server_exceptions=False) as client:
        answer = client.get("/old")
        assert (answer.status, answer.text) == (200, "new of old")
        assert client.post("/old", data={"title": "Nuages"}).text == "new with Nuages"
        assert client.get("/round").status == 500


@pytest.mark.row("CP24")
def test_errors_have_pages_and_exceptions_have_statuses() -> None:
    app = App()

    @app.error_handler(404)
    def lost(request: Request, error: NotFound) -> str:
        return f"nothing at {request.path}"

    @app.error_handler(FileNotFoundError)
    def gone(request: Request, error: FileNotFoundError) -> tuple[str, int]:
        return "no such file", 404

    @app.error_handler(500)
    async def broken(request: Request, error: Exception) -> str:
        return "sorry"

    @app.get("/file")
    async def file() -> None:
        raise FileNotFoundError("x")

    @app.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError

    @app.get("/moved")
    async def moved() -> None:
        raise SeeOther("/new")

    @app.get("/inside")
    async def inside() -> None:
        raise InternalRedirect("/file")

    with Client(app, raise_server_exceptions=False, follow_redirects=False) as client:
        found = {path: client.get(path) for path in ("/none", "/file", "/bug", "/moved", "/inside")}
    assert {path: (one.status, one.text) for path, one in found.items()} == {
        "/none": (404, "nothing at /none"),
        "/file": (404, "no such file"),
        "/bug": (500, "sorry"),
        "/moved": (303, ""),
        "/inside": (404, "no such file"),
    }
    assert found["/moved"].headers["location"] == "/new"
