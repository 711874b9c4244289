"""What ``segue check`` finds in templates."""

from pathlib import Path

import pytest

from segue import App
from segue.core.inspection.checks import check_app
from segue.html import Page, Templates, render

GOOD = """{% extends "base.html" %}{% from "m.html" import x %}{% include "maybe.html" ignore missing %}
<a href="/films?x=1#a">a</a><form action="/films" method="post"><button hx-get="/films" hx-target="#list">b</button></form>
<a href="{{ url_for('films') }}">c</a><a href="https://example.com/x">d</a><a href="//cdn/x">e</a><p id="list">{{ 'x'|upper }}
<script>let a = '<a href="/nowhere">'</script>{# <a href="/nowhere"> #}
"""
BAD = """{% extends "bsae.html" %}
{% include "nothing.html" %}
{{ x|uper }}{{ x is evn }}
<a href="/flims">a</a>
<form
  method="post" action="/only-get">
<button hx-delete="/films" hx-target="#lst">b</button>
{{ url_for('flims') }}
"""


def findings(app: App) -> list[tuple[str, int, str, str]]:
    found = [(Path(one.file).name, one.line, one.code, one.message) for one in check_app(app)]
    # They come by file; where the folder of a test is differs.
    return sorted(found, key=lambda one: (one[0] == "test_checks.py", one[0]))


def app_of(folder: Path) -> App:
    app = App("shop", plugins=[Templates(folder)])

    @app.get("/films")
    async def films() -> Page:
        return render("good.html#body")

    @app.post("/films")
    async def add() -> Page:
        return render("good.html")

    @app.get("/only-get")
    async def only_get() -> str:
        return ""

    return app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "base.html").write_text("<p>{% block body %}{% endblock %}")
    (tmp_path / "m.html").write_text("{% macro x() %}{% endmacro %}")
    (tmp_path / "good.html").write_text(GOOD)
    return tmp_path


def test_nothing_is_found_where_nothing_is_wrong(folder: Path) -> None:
    assert findings(app_of(folder)) == []


def test_faults_are_found_at_their_lines(folder: Path) -> None:
    (folder / "bad.html").write_text(BAD)
    (folder / "broken.html").write_text("<p>\n<a href={{ x }}>\n")
    app = app_of(folder)

    @app.get("/lost")
    async def lost() -> Page:
        return render("lots.html")

    @app.get("/block")
    async def block() -> Page:
        return render("good.html#bdy")

    found = findings(app)
    line = lost.__code__.co_firstlineno + 2
    assert found[:7] == [
        ("bad.html", 1, "template", "there is no template 'bsae.html'; did you mean 'base.html'?"),
        ("bad.html", 2, "template", "there is no template 'nothing.html'"),
        ("bad.html", 3, "template", "there is no filter 'uper'"),
        ("bad.html", 3, "template", "there is no test 'evn'"),
        ("bad.html", 4, "dead-link", 'href="/flims": there is no route for this path'),
        ("bad.html", 5, "dead-link", 'action="/only-get": there is no route for POST on this path; there is: GET, HEAD, OPTIONS'),
        ("bad.html", 7, "dead-link", 'hx-delete="/films": there is no route for DELETE on this path; there is: GET, HEAD, OPTIONS, POST'),
    ]  # fmt: skip
    assert found[7] == ("bad.html", 7, "dead-target", "no template has an element with the id 'lst'")
    assert found[8][:3] == ("bad.html", 8, "dead-link")
    assert found[9][:3] == ("broken.html", 2, "template")
    assert "needs quotes around it" in found[9][3]
    assert found[10] == ("test_checks.py", line, "template", "there is no template 'lots.html'.")
    assert found[11][1:3] == (line + 4, "template")
    assert "has no block 'bdy'; there are: body" in found[11][3]
    assert len(found) == 12
