"""Pages that are rendered, told to receivers and to tests."""

from typing import Any

import pytest

from segue import App, Request
from segue.core.life.signals import RequestFailed, RequestFinished, RequestStarted
from segue.html import Page, TemplateRendered, TemplateRendering, Templates, captured_templates, render
from segue.testing import Client

TEXTS = {
    "film.html": "{{ film }} {{ year }}{{ extra|default('') }}",
    "list.html": "{% include 'film.html' %}",
}


def app_of() -> App:
    app = App("films", plugins=[Templates(None, texts=TEXTS)])

    @app.get("/film", template="film.html")
    async def film() -> dict[str, Any]:
        return {"film": "Nuages", "year": 1940}

    @app.get("/rendered")
    def rendered() -> Page:
        return render("list.html", film="Minor Swing", year=1937)

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("lost")

    return app


@pytest.mark.row("FL9")
def test_signals_of_pages_and_requests_and_captured_templates() -> None:
    app, heard = app_of(), list[Any]()

    @app.on(TemplateRendering)
    async def before(signal: TemplateRendering) -> None:
        heard.append(("rendering", signal.template, dict(signal.values)))
        signal.values["extra"] = "!"

    @app.on(TemplateRendered)
    def after(signal: TemplateRendered) -> None:
        heard.append(("rendered", signal.template, signal.page, signal.request.path))

    @app.on(RequestStarted)
    def started() -> None:
        heard.append("started")

    @app.on(RequestFinished)
    async def finished() -> None:
        heard.append("finished")

    @app.on(RequestFailed)
    async def failed(signal: RequestFailed) -> None:
        heard.append(str(signal.error))

    client = Client(app, raise_server_exceptions=False)
    with captured_templates(app) as pages:
        assert client.get("/film").text == "Nuages 1940!"
        assert client.get("/rendered").text == "Minor Swing 1937!"
        client.get("/fails")
    assert [(one.template, one.values["film"], one.values["year"]) for one in pages] == [
        ("film.html", "Nuages", 1940),
        ("list.html", "Minor Swing", 1937),
    ]
    client.get("/film")
    assert len(pages) == 2  # no more when the block has ended
    values = {"film": "Nuages", "year": 1940}
    assert heard[:4] == [
        "started",
        ("rendering", "film.html", values),
        ("rendered", "film.html", "Nuages 1940!", "/film"),
        "finished",
    ]
    assert "lost" in heard


def test_pages_can_be_captured_of_an_app_that_runs_already_and_of_those_that_it_includes() -> None:
    app, inner = app_of(), App("inner", plugins=[Templates(None, texts={"inner.html": "inner {{ a }}"})])

    @inner.get("/", template="inner.html")
    async def page() -> dict[str, int]:
        return {"a": 1}

    app.include(inner, at="/inner")
    client = Client(app)
    client.get("/film")
    with captured_templates(app) as pages:
        client.get("/inner/")
        client.get("/film")
    assert [one.template for one in pages] == ["inner.html", "film.html"]


def test_contexts_values_and_globals() -> None:
    calls: list[str] = []
    app = App("films", plugins=[Templates(None, texts={
        "one.html": "{{ site }} {{ menu }} {{ greet('x') }} {{ visitor }} {{ visitor }} {{ 3|euro }} {{ 4 is even_number }}",
        "two.html": "{{ site }}",
        "macro.html": "{% macro m() %}{{ visitor }}{% endmacro %}",
        "three.html": "{% from 'macro.html' import m %}{{ m() }}",
    })])  # fmt: skip
    app.template_globals(site="<Films>")

    @app.template_context
    def menu(request: Request) -> dict[str, str]:
        calls.append("menu")
        return {"menu": request.path, "site": "never: values of the page and of contexts"}

    @app.template_global
    def greet(request: Request, name: str) -> str:
        return f"hello {name} at {request.path}"

    @app.template_value
    def visitor(request: Request) -> str:
        calls.append("visitor")
        return request.query.get("name", "nobody")

    @app.template_filter
    def euro(value: int) -> str:
        return f"{value} EUR"

    @app.template_test(name="even_number")
    def is_even(value: int) -> bool:
        return value % 2 == 0

    @app.get("/one", template="one.html")
    async def one() -> dict[str, str]:
        return {"site": "own"}

    @app.get("/two", template="two.html")
    async def two() -> None: ...

    @app.get("/three", template="three.html")
    async def three() -> None: ...

    client = Client(app)
    assert client.get("/one?name=<b>").text == "own /one hello x at /one &lt;b&gt; &lt;b&gt; 3 EUR True"
    assert calls == ["menu", "visitor"]
    calls.clear()
    client.get("/two")
    assert calls == ["menu"]
    assert client.get("/three?name=a").text == "a"


def test_a_context_may_be_awaited() -> None:
    app = app_of()

    @app.template_context
    async def extra(request: Request) -> dict[str, str]:
        return {"extra": "?"}

    assert Client(app).get("/film").text == "Nuages 1940?"
    assert Client(app).get("/rendered").text == "Minor Swing 1937?"
