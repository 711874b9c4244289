"""What an error says to clients, what to developers only, whether it is logged, and what it looks like."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from segue import App, HTTPError, Next, NotFound, Request, Response
from segue.core.plan import FreezeError
from segue.http.errors import BadGateway, ErrorOptions, StatusError
from segue.testing import Client

Serve = Callable[[Any], Any]
Errors = Callable[[], list[logging.LogRecord]]

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Teapot(StatusError):
    default_status = 418
    default_detail = "It is short and stout."
    default_headers = MappingProxyType({"x-brew": "tea"})
    quiet = False


def brewing(**options: Any) -> App:
    app = App(**options)

    @app.get("/brew")
    async def brew() -> None:
        raise HTTPError(
            409,
            "The pot is in use.",
            headers={"x-pot": "7"},
            extra={"pot": 7},
            internal={"holder": "worker-3", "password": "s3cret-pot", "note": "<b>it</b> has s3cret-pot"},
        )

    return app


@pytest.mark.row("SA17")
def test_what_all_clients_see_what_developers_see_what_is_logged_and_in_which_form(
    serve: Serve, errors: Errors
) -> None:
    # Status, headers and message; what is extra for every client; a JSON client gets JSON, a browser a page.
    for debug in (False, True):
        ask = serve(brewing(debug=debug))
        answer = ask.get("/brew", {"accept": "application/json"})
        assert (answer.status, answer.headers["x-pot"]) == (409, "7")
        assert answer.headers["content-type"] == "application/problem+json"
        problem = json.loads(answer.body)
        assert (problem["detail"], problem["pot"]) == ("The pot is in use.", 7)
        page = ask.get("/brew", BROWSER)
        assert page.headers["content-type"].startswith("text/html")
        assert "The pot is in use." in page.text
        text = ask.get("/brew", {"accept": "text/plain"}).text
        xml = ask.get("/brew", {"accept": "application/xml"}).text
        # What is internal: only while the app is debugged, with its secrets masked, and never as markup.
        if debug:
            assert problem["internal"]["holder"] == "worker-3"
        assert "internal" not in problem or debug
        for shown in (answer.text, page.text, text, xml):
            assert ("worker-3" in shown) is debug
            assert "s3cret-pot" not in shown
        assert "<b>" not in page.text + xml
    assert errors() == []

    # Quiet or not: a class or an error says whether it is logged.
    app = App()

    @app.get("/tea")
    async def tea() -> None:
        raise Teapot(internal={"kettle": 3})

    @app.get("/quiet")
    async def quiet() -> None:
        raise Teapot("Hush.", quiet=True)

    @app.get("/upstream")
    async def upstream(hush: bool | None = None) -> None:
        try:
            raise OSError("the line is dead")
        except OSError as error:
            raise BadGateway("No answer.", quiet=hush, internal={"upstream": "films-3"}) from error

    ask = serve(app)
    answer = ask.get("/tea")
    assert (answer.status, answer.headers["x-brew"]) == (418, "tea")
    assert json.loads(answer.body)["detail"] == "It is short and stout."
    (record,) = errors()
    assert "tea (" in record.getMessage()
    assert "{'kettle': 3}" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], Teapot)
    assert json.loads(ask.get("/quiet").body)["detail"] == "Hush."
    assert ask.get("/upstream?hush=true").status == 502
    assert len(errors()) == 1
    assert ask.get("/upstream").status == 502
    assert "films-3" in errors()[1].getMessage()

    # The form of what Segue answers itself: by what is accepted, by the app, by the route.
    app = App(errors="text")

    @app.get("/page", errors="html")
    async def page_only() -> None:
        raise NotFound("No <such> page.")

    @app.get("/either", errors="auto")
    async def either() -> None:
        raise NotFound("Nothing.")

    @app.get("/text")
    async def plain() -> None:
        raise ZeroDivisionError("a secret")

    ask = serve(app)
    for accept in ("application/json", "text/html", "*/*"):
        page = ask.get("/page", {"accept": accept})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "No &lt;such&gt; page." in page.text
        assert "vary" not in page.headers
        text = ask.get("/text", {"accept": accept})
        assert text.status == 500
        assert text.body.startswith(b"500 Internal Server Error\n")
        assert b"secret" not in text.body
        assert ask.get("/nowhere", {"accept": accept}).body == b"404 Not Found\n"
    assert json.loads(ask.get("/either", {"accept": "application/json"}).body)["detail"] == "Nothing."
    assert ask.get("/either", BROWSER).text.startswith("<!doctype html>")
    assert ask.get("/either").headers["vary"] == "accept"


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("html", "text/html; charset=utf-8"),
        ("json", "application/problem+json"),
        ("xml", "application/problem+xml"),
        ("text", "text/plain; charset=utf-8"),
    ],
)
def test_an_app_that_is_included_may_have_a_form_of_its_own(form: Any, kind: str) -> None:
    api, app = App("api", errors=form), App("site", errors="auto")

    @api.get("/lost")
    async def lost() -> None:
        raise NotFound("Gone <away>.")

    @app.middleware
    async def closed(request: Request, next: Next) -> Response:
        if "closed" in request.query:
            raise NotFound("We are closed.")
        return await next(request)

    app.include(api, at="/api")
    with Client(app) as client:
        reply = client.get("/api/lost", headers=BROWSER)
        assert (reply.status, reply.headers["content-type"]) == (404, kind)
        # Before a route is found, the app that is served says it.
        assert client.get("/api/lost?closed", headers=BROWSER).text.startswith("<!doctype html>")
        assert client.get("/api/lost?closed").content_type == "application/problem+json"


def test_what_no_error_has_and_what_is_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="BadGateway has no option details; it has: title, type, code"):
        BadGateway("x", details="y")  # type: ignore[call-arg]
    app = App()
    app.get("/", errors="yaml")(lambda: "x")  # type: ignore[arg-type]
    with pytest.raises(FreezeError, match="yaml"):
        app.freeze()


def test_internal_is_for_this_machine_only() -> None:
    app = brewing(debug=True)
    assert "internal" in Client(app).get("/brew").json()
    assert "internal" not in Client(app, client=("198.51.100.7", 4711)).get("/brew").json()


def test_options_are_handed_on_by_classes_of_ones_own() -> None:
    class Locked(StatusError):
        default_status = 423

        def __init__(self, by: str) -> None:
            options: ErrorOptions = {"extra": {"by": by}, "code": "locked"}
            super().__init__(f"It is locked by {by}.", **options)

    error = Locked("django")
    assert (error.status, error.extra) == (423, {"code": "locked", "by": "django"})
    assert str(error) == "423 It is locked by django."
