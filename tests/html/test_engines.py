"""Several template engines in one app."""

from typing import Any

import pytest

from segue import App, Request, expose
from segue.core.plan import FreezeError
from segue.formats import JSON
from segue.html import Chameleon, Jinja, Mako, Page, Renderer, Templates, render
from segue.testing import Client

TEXTS = {
    "layout.mako": "<title>${self.title()}</title>${next.body()}<%def name='title()'>none</%def>",
    "films.mako": """<%inherit file="layout.mako"/><%def name="title()">Films</%def>
% for film in films:
<li>${film}</li>
% endfor
<%block name="count">${len(films)} ${url_for('films')} ${visitor}</%block>""",
    "layout.pt": """<!doctype html>
<html><title>${title}</title><body><div metal:define-slot="main">empty</div>&nbsp;</body></html>""",
    "films.pt": """<html metal:use-macro="templates['layout.pt']"><div metal:fill-slot="main">
<ul metal:define-macro="list"><li tal:repeat="film films" tal:attributes="title film">${film}<b tal:condition="film == 'x'">!</b></li></ul>
<p tal:define="n len(films)" tal:content="n" /><span tal:omit-tag="">bare</span>
<b tal:switch="len(films)"><i tal:case="1">one</i><i tal:case="2">two</i></b>${url_for('films')} ${visitor}</div></html>""",
    "films.html": "{% for film in films %}<li>{{ film }}</li>{% endfor %}",
    "lines.html": "% if films:\n<p>{{ films[0] }}\n% endif\n{{ films[0]|safe }}",
}


def app_of(*engines: Any, **texts: str) -> App:
    app = App("films", plugins=[Templates(None, texts={**TEXTS, **texts}, engines=engines)])

    @app.get("/films")
    async def films(request: Request) -> Page:
        values = {"films": ["<a>", "b"], "title": "<T>"}
        return render(request.query["template"], values)

    @app.template_value
    def visitor() -> str:
        return "<v>"

    return app


def page(app: App, template: str) -> str:
    answer = Client(app).get("/films", params={"template": template})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_mako() -> None:
    app = app_of(Mako())
    assert page(app, "films.mako") == (
        "<title>Films</title>\n<li>&lt;a&gt;</li>\n<li>b</li>\n2 /films &lt;v&gt;"
    )
    assert page(app, "films.mako#count") == "2 /films &lt;v&gt;"


def test_mako_errors_tell_the_line(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(Mako(), **{"bad.mako": "<p>\n${1 / 0}\n</p>"})
    with pytest.raises(ZeroDivisionError) as caught:
        page(app, "bad.mako")
    assert "line 2: ${1 / 0}" in "".join(caught.value.__notes__)

    other = app_of(Mako(), **{"broken.mako": "<p>\n% for x in:\n% endfor"})

    @other.get("/broken", template="broken.mako")
    async def broken() -> None: ...

    with pytest.raises(FreezeError, match=r"broken\.mako:2: "):
        other.freeze()


@pytest.mark.row("TG-06")
def test_templates_that_are_checked_when_they_are_compiled() -> None:
    app = app_of(Chameleon())
    text = page(app, "films.pt")
    assert '<li title="&lt;a&gt;">&lt;a&gt;</li>' in text
    assert "<title>&lt;T&gt;</title>" in text
    assert "<p>2</p>bare" in text
    assert "<b><i>two</i></b>/films &lt;v&gt;" in text
    assert "empty" not in text
    assert page(app, "films.pt#list").startswith("<ul><li")
    for wrong, told in {
        "<div>\n<p>x</div>": r"wrong\.pt:2: this is not well-formed: mismatched tag; <p> of line 2 is open",
        "<div>\n<br></div>": r"wrong\.pt:2: .*<br> of line 2 is open: close it with </br>, or write <br/>",
        "<div>\n<p title='x></p></div>": r"wrong\.pt:2: this is not well-formed",
        "<div tal:repeat='x'></div>": r"wrong\.pt:1: ",
    }.items():
        broken = app_of(Chameleon(), **{"wrong.pt": wrong})

        @broken.get("/", template="wrong.pt")
        async def never() -> None: ...

        with pytest.raises(FreezeError, match=told):
            broken.freeze()


@pytest.mark.row("TG-07")
def test_several_engines_at_once_by_prefix_and_by_suffix() -> None:
    class Root:
        @expose("mako:films.mako", "json", suffixes=True)
        def mako(self) -> dict[str, Any]:
            return {"films": ["x"], "title": "t"}

        @expose("jinja:films.html")
        def jinja(self) -> dict[str, Any]:
            return {"films": ["x"]}

        @expose(formats=[JSON], template="chameleon:films.pt")
        def chameleon(self) -> dict[str, Any]:
            return {"films": ["x"], "title": "t"}

        @expose(template="mako:films.txt")
        def other(self) -> dict[str, Any]:
            return {"films": "x"}

    from segue.formats import Formats

    app = App("shop", plugins=[
        Formats(), Templates(None, texts={**TEXTS, "films.txt": "${films}"}, engines=[Jinja(), Mako(), Chameleon()])
    ])  # fmt: skip
    app.template_globals(visitor="v")
    app.get("/films", name="films")(lambda: "")
    app.tree("/", Root())
    client = Client(app)
    html = {"accept": "text/html"}
    assert client.get("/mako", headers=html).text.startswith("<title>Films</title>")
    assert client.get("/mako.json").json() == {"films": ["x"], "title": "t"}
    assert client.get("/jinja").text == "<li>x</li>"
    assert client.get("/chameleon", headers=html).text.startswith("<!doctype html>")
    assert client.get("/chameleon", headers={"accept": "application/json"}).json()["title"] == "t"
    assert (client.get("/other").text, client.get("/other").content_type) == ("x", "text/plain")


@pytest.mark.row("BO12")
def test_lines_that_are_statements_layouts_raw_values_and_other_engines() -> None:
    app = app_of(Jinja(line_statements="%"), Mako(), **{
        "base.html": "<main>{% block main %}{% endblock %}</main>",
        "page.html": "% extends 'base.html'\n% block main\n% include 'part.html'\n{{ title if title is defined else 'none' }}\n% endblock",
        "part.html": "[{{ films[0] }}]",
        "bad.html": "<p>\n% if films\n{{ 1 // 0 }}\n% endif",
    })  # fmt: skip
    assert page(app, "lines.html") == "<p>&lt;a&gt;\n<a>"
    assert page(app, "page.html").split() == ["<main>[&lt;a&gt;]&lt;T&gt;", "</main>"]
    assert page(app, "films.mako").startswith("<title>Films")
    with pytest.raises(ZeroDivisionError) as caught:
        page(app, "bad.html")
    last: Any = caught.tb
    while last.tb_next is not None:
        last = last.tb_next
    assert (last.tb_frame.f_code.co_filename, last.tb_lineno) == ("<bad.html>", 3)
    renderer = Renderer((app,))
    assert renderer.string("{{'<b>'}}") == "&lt;b&gt;"
    assert renderer.string("% if 1\nx\n% endif") == "x\n"


def test_an_engine_of_ones_own() -> None:
    class Opened:
        def __init__(self, search: Any) -> None:
            self.search = search

        def template(self, name: str, block: str | None) -> Any:
            text = self.search.find(name).text

            class Page:
                def render(self, values: Any, request: Any) -> str:
                    return text.format_map(values)

            return Page()

        def inquire(self, name: str) -> list[tuple[int, str]]:
            return []

    class Braces:
        name = "braces"
        suffixes = ("braces",)

        def open(self, search: Any, names: Any, *, reload: bool) -> Opened:
            return Opened(search)

    app = App(plugins=[Templates(None, texts={"x.braces": "hello {name}"}, engines=[Braces()])])

    @app.get("/", template="x.braces")
    async def hello() -> dict[str, str]:
        return {"name": "Django"}

    assert Client(app).get("/").text == "hello Django"
