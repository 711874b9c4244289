"""Pages for errors, by templates."""

import logging

import pytest

from segue import App, NotFound, Request
from segue.html import Templates
from segue.testing import Client

PAGES = {
    "errors/404.html": "<p>lost: {{ request.path }} {{ detail }}",
    "errors/error.html": "<p>{{ status }} {{ title }} {{ detail }} {{ request_id or '' }}",
}
HTML = {"accept": "text/html"}


def app_of(**more: str) -> App:
    app = App("shop", plugins=[Templates(None, texts={**PAGES, **more})])

    @app.get("/film")
    async def film() -> None:
        raise NotFound("<no film>")

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("secret")

    @app.post("/only")
    async def only() -> None: ...

    return app


def test_errors_are_pages_for_who_wants_pages(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(app_of(), raise_server_exceptions=False)
    film = client.get("/film", headers=HTML)
    assert (film.status, film.text) == (404, "<p>lost: /film &lt;no film&gt;")
    assert "content-security-policy" not in film.headers
    assert client.get("/nowhere", headers=HTML).text.startswith("<p>lost: /nowhere")
    only = client.get("/only", headers=HTML)
    assert (only.status, only.text.strip(), only.headers["allow"]) == (
        405,
        "<p>405 Method Not Allowed",
        "OPTIONS, POST",
    )
    fails = client.get("/fails", headers=HTML)
    assert fails.status == 500
    assert fails.text.startswith("<p>500 Internal Server Error ")
    assert "secret" not in fails.text
    assert [one for one in caplog.records if one.levelno == logging.ERROR and "fails" in one.getMessage()]
    assert client.get("/film").json()["detail"] == "<no film>"


def test_the_app_answers_before_its_pages() -> None:
    app = app_of()

    @app.error_handler(404)
    async def lost(request: Request, error: NotFound) -> str:
        return "own"

    assert Client(app).get("/film", headers=HTML).text == "own"


def test_a_page_that_fails_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(app_of(**{"errors/404.html": "{{ nothing }}"}), raise_server_exceptions=False)
    answer = client.get("/film", headers=HTML)
    assert (answer.status, "Not Found" in answer.text) == (404, True)
    assert "the page errors/404.html of an error failed" in caplog.text


def test_who_develops_sees_the_failure_with_the_lines_of_the_template() -> None:
    app = App(
        "shop", debug=True, plugins=[Templates(None, texts={**PAGES, "bad.html": "<p>\n{{ film.tilte }}"})]
    )

    @app.get("/bad", template="bad.html")
    async def bad() -> dict[str, str]:
        return {"film": "Nuages"}

    page = Client(app, raise_server_exceptions=False).get("/bad", headers=HTML).text
    assert "bad.html" in page
    assert "<mark><i>2</i>{{ film.tilte }}</mark>" in page
