"""Pages by templates: as an option of a route, as a result, in several formats."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from segue import (
    App,
    Form,
    HTTPError,
    NotFound,
    Private,
    Request,
    Response,
    Struct,
    UnprocessableContent,
    expose,
    invalid,
)
from segue.core.plan import FreezeError
from segue.formats import CSV, JSON, JSONP, Formats, Text
from segue.html import Jinja, Page, Renderer, Template, TemplateMissing, Templates, render
from segue.openapi import OpenAPI
from segue.testing import Client

BASE = "<title>{% block title %}{% endblock %}</title><main>{% block main %}{% endblock %}</main>"
FILMS = """{% extends "base.html" %}
{% set count = films|length %}
{% block title %}Films{% endblock %}
{% block main %}<ul>{% block list %}{% for film in films %}<li>{{ film }}</li>{% endfor %}{% endblock %}</ul>{{ count }}{% endblock %}
"""
TEXTS = {"base.html": BASE, "films.html": FILMS}
PAGE = "<title>Films</title><main><ul><li>&lt;Nuages&gt;</li></ul>1</main>"


def nothing() -> None:
    """A page that needs no values."""


def app_of(**texts: str) -> App:
    return App("films", plugins=[Templates(None, texts={**TEXTS, **texts})])


def test_a_template_is_an_option_of_a_route() -> None:
    app = app_of()

    @app.get("/films", template="films.html")
    async def films() -> dict[str, list[str]]:
        return {"films": ["<Nuages>"]}

    answer = Client(app).get("/films", headers={"accept": "application/json"})
    assert (answer.status, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "vary" not in answer.headers


@pytest.mark.parametrize("kind", ["async", "thread", "inline"])
def test_all_kinds_of_handlers(kind: str) -> None:
    app = app_of(page="")
    if kind == "async":

        @app.get("/", template="films.html")
        async def page() -> dict[str, Any]:
            return {"films": ["<Nuages>"]}

    else:

        @app.get("/", template="films.html", inline=kind == "inline")
        def page_in_thread() -> dict[str, Any]:
            return {"films": ["<Nuages>"]}

    assert Client(app).get("/").text == PAGE


class Film(Struct):
    title: str
    year: int = 1940


def test_what_a_template_sees_of_a_result() -> None:
    app = app_of(**{
        "film.html": "{{ title }} {{ year }} {{ result.title }}",
        "list.html": "{{ result|join(',') }}",
        "about.html": "about {{ request.path }}",
    })  # fmt: skip

    @app.get("/film", template="film.html")
    async def film() -> Film:
        return Film("Nuages")

    @app.get("/list", template="list.html")
    async def numbers() -> list[int]:
        return [1, 2]

    @app.get("/about", template="about.html")
    async def about() -> None: ...

    @app.get("/status", template="film.html")
    async def status() -> tuple[Film, int]:
        return Film("Minor Swing", 1937), 203

    client = Client(app)
    assert client.get("/film").text == "Nuages 1940 Nuages"
    assert client.get("/list").text == "1,2"
    assert client.get("/about").text == "about /about"
    assert (client.get("/status").status, client.get("/status").text) == (203, "Minor Swing 1937 Minor Swing")


class Secretive(Struct):
    title: str
    secret: Private[str] = "hidden"

    def shout(self) -> str:
        return self.title.upper()


def test_a_template_gets_the_models_themselves_and_json_what_the_annotation_says() -> None:
    app = app_of(**{"film.html": "{{ films[0].shout() }} {{ films[0].secret }}"})

    @app.get("/film", template="film.html", formats=[JSON])
    @app.get("/page", template="film.html", name="page")
    async def film() -> dict[str, list[Secretive]]:
        return {"films": [Secretive("Nuages")]}

    client = Client(app)
    assert client.get("/film").text == client.get("/page").text == "NUAGES hidden"
    assert client.get("/film", headers={"accept": "application/json"}).json() == {
        "films": [{"title": "Nuages"}]
    }


def test_values_that_are_still_to_come_are_awaited() -> None:
    app = app_of()

    async def titles() -> list[str]:
        await asyncio.sleep(0)
        return ["<Nuages>"]

    @app.get("/option", template="films.html")
    async def option() -> Any:
        return {"films": titles()}

    @app.get("/render")
    async def rendered() -> Page:
        return render("films.html", films=titles())

    @app.get("/thread", template="films.html")
    def thread() -> Any:
        return {"films": titles()}

    @app.get("/part")
    async def part() -> Page:
        return render("films.html", films=titles()).part("list", oob=["title"])

    client = Client(app)
    assert [client.get(path).text for path in ("/option", "/render", "/thread")] == [PAGE] * 3
    assert client.get("/part", headers={"hx-request": "true"}).text.startswith("<li>&lt;Nuages&gt;</li>")


def test_render_is_a_result_with_a_status_and_header_fields() -> None:
    app = app_of(**{"lost.html": "no {{ what }}"})

    @app.get("/films")
    async def films(request: Request) -> Page:
        return render("films.html", films=["<Nuages>"])

    @app.get("/gone")
    async def gone() -> tuple[Page, int, dict[str, str]]:
        return render("lost.html", {"what": "film"}), 410, {"x-seen": "1"}

    @app.get("/made")
    async def made() -> Page:
        return render("lost.html", what="film").with_status(202, {"x-seen": "2"})

    @app.get("/raise")
    async def fails() -> None:
        raise NotFound("film")

    @app.error_handler(NotFound)
    async def lost(request: Request, error: HTTPError) -> Page:
        return render("lost.html", what=error.detail or request.path)

    @app.before
    async def closed(request: Request) -> Page | None:
        return render("lost.html", what="entry") if request.query.get("closed") else None

    client = Client(app)
    assert client.get("/films").text == PAGE
    gone_answer = client.get("/gone")
    assert (gone_answer.status, gone_answer.text, gone_answer.headers["x-seen"]) == (410, "no film", "1")
    made_answer = client.get("/made")
    assert (made_answer.status, made_answer.headers["x-seen"]) == (202, "2")
    assert (client.get("/raise").status, client.get("/raise").text) == (404, "no film")
    nowhere = client.get("/nowhere")
    assert (nowhere.status, nowhere.text) == (404, "no /nowhere")
    assert client.get("/films?closed=1").text == "no entry"


def test_a_page_has_the_status_of_its_route_or_hook_if_it_says_none() -> None:
    app = app_of(**{"page.html": "{{ word }}"})

    def again(error: UnprocessableContent) -> Page:
        return render("page.html", word=error.errors[0]["msg"])

    @app.post("/films", status=201)
    @invalid(again)
    async def add(year: Form[int]) -> Page:
        page = render("page.html", word=year)
        return page if year else page.with_status(202)

    @app.get("/tea")
    async def tea() -> None:
        raise NotFound("tea")

    @app.error_handler(NotFound)
    async def lost(request: Request, error: HTTPError) -> Page:
        return render("page.html", word=error.detail).with_status(418)

    client = Client(app)
    created = client.post("/films", data={"year": "1953"})
    assert (created.status, created.text) == (201, "1953")
    assert client.post("/films", data={"year": "0"}).status == 202
    wrong = client.post("/films", data={"year": ""})
    assert (wrong.status, wrong.text) == (422, "Expected `int`, got `str`")
    assert (client.get("/tea").status, client.get("/tea").text) == (418, "tea")


def test_a_block_is_a_page_of_its_own() -> None:
    app = app_of(**{
        "child.html": '{% extends "films.html" %}{% from "m.html" import shout %}'
        "{% block list %}[{{ super() }}{{ shout(word) }}]{% endblock %}",
        "m.html": "{% macro shout(text) %}{{ text|upper }} {{ request.path }}{% endmacro %}",
    })  # fmt: skip

    @app.get("/list", template="films.html#list")
    async def part() -> dict[str, Any]:
        return {"films": ["a"]}

    @app.get("/child")
    async def child() -> Page:
        return render("child.html#list", films=["a"], word="<x>")

    @app.get("/title")
    async def title() -> Page:
        return render("child.html#title", films=["a"])

    @app.get("/main")
    async def main() -> Page:
        return render("child.html#main", films=["a"], word="b")

    client = Client(app)
    assert client.get("/list").text == "<li>a</li>"
    assert client.get("/child").text == "[<li>a</li>&lt;X&gt; /child]"
    assert client.get("/title").text == "Films"
    assert client.get("/main").text == "<ul>[<li>a</li>B /main]</ul>1"


def test_what_is_wrong_is_said_when_the_app_is_frozen(tmp_path: Path) -> None:
    def problem(template: str, **texts: str) -> str:
        app = App(plugins=[Templates(tmp_path, texts={**TEXTS, **texts})])

        @app.get("/", template=template)
        async def page() -> dict[str, Any]:
            return {}

        with pytest.raises(FreezeError) as caught:
            app.freeze()
        return str(caught.value)

    missing = problem("flims.html")
    assert "there is no template 'flims.html'. Did you mean 'films.html'?" in missing
    assert str(tmp_path / "flims.html") in missing
    assert "test_pages.py:" in missing
    assert "has no block 'lst'; there are: list, main, title" in problem("films.html#lst")
    broken = problem("bad.html", **{"bad.html": "<p>\n{% for x in %}\n"})
    assert "bad.html:2: " in broken
    assert "2 | {% for x in %}" in broken
    assert "there is no template '../secret.html'" in problem("../secret.html")


def test_templates_need_somebody_who_makes_pages() -> None:
    app = App()

    @app.get("/", template="films.html")
    async def page() -> None: ...

    with pytest.raises(FreezeError, match="App\\(plugins=\\[Templates\\(\\)\\]\\)"):
        app.freeze()
    other = App()

    @other.get("/")
    async def rendered() -> Page:
        return render("films.html")

    with pytest.raises(Exception, match="makes no pages of templates"):
        Client(other).get("/")


def test_a_name_that_is_not_there_fails_with_its_line_and_the_nearest_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = app_of(**{"typo.html": "<p>\n{{ flim }}\n</p>", "deep.html": "<p>\n{{ film.tilte }}"})

    @app.get("/typo")
    async def typo() -> Page:
        return render("typo.html", film="Nuages")

    @app.get("/deep")
    async def deep() -> Page:
        return render("deep.html", film=Film("Nuages"))

    client = Client(app, raise_server_exceptions=False)
    assert client.get("/typo").status == 500
    assert 'File "<typo.html>", line 2, in top-level template code' in caplog.text
    assert "{{ flim }}" in caplog.text
    assert "'flim' is undefined" in caplog.text
    assert "did you mean 'film'?" in caplog.text
    assert client.get("/deep").status == 500
    assert "has no attribute 'tilte'" in caplog.text


def test_links_find_their_names_from_the_handler() -> None:
    blog = App(
        "blog",
        plugins=[Templates(None, texts={"post.html": "{{ url_for('post', id=3) }} {{ url_for('home') }}"})],
    )
    app = app_of()
    app.include(blog, at="/blog")

    @app.get("/")
    async def home() -> None: ...

    @blog.get("/{id:int}", template="post.html")
    async def post(id: int) -> None: ...

    assert Client(app).get("/blog/1").text == "/blog/3 /"


def test_a_renderer_makes_texts_where_nobody_asks() -> None:
    app = app_of(**{"mail.txt": "Dear {{ name }}, see {{ url_for('home') }}"})

    @app.get("/home")
    async def home(renderer: Renderer) -> str:
        return renderer.text("mail.txt", name="Django")

    assert Client(app).get("/home").text == "Dear Django, see /home"

    async def script() -> None:
        async with app.scope() as scope:
            renderer = await scope.get(Renderer)
            assert renderer.text("films.html", films=["<Nuages>"]) == PAGE
            with pytest.raises(TemplateMissing):
                renderer.text("nothing.html")

    asyncio.run(script())


def test_types_follow_the_names() -> None:
    names = {
        "feed.xml": "application/xml",
        "plain.txt": "text/plain; charset=utf-8",
        "logo.svg": "image/svg+xml",
    }
    names |= {"page.html.j2": "text/html; charset=utf-8", "page": "text/html; charset=utf-8"}
    for name, kind in names.items():
        app = app_of(**{name: "{{ '<' }}"})

        @app.get("/")
        async def page(name: str = name) -> Page:
            return render(name)

        answer = Client(app).get("/")
        assert (answer.text, answer.headers["content-type"]) == ("&lt;", kind)


class Controller:
    @expose("films.html", "json", suffixes=True, status=203)
    def films(self) -> dict[str, list[str]]:
        return {"films": ["<Nuages>"]}

    @expose(template="films.html", formats=["csv"], suffixes=True)
    def table(self) -> dict[str, list[str]]:
        return {"films": ["<Nuages>"]}

    @expose(content_type="text/css; charset=utf-8")
    def style(self) -> str:
        return "p { }"


class Better(Controller):
    @expose(inherit=True)
    def films(self) -> dict[str, list[str]]:
        return {"films": ["<Nuages>"]}

    def style(self) -> str:
        return "not exposed"


@pytest.mark.row("TG-05")
def test_one_method_is_a_page_and_json_by_suffix_or_accept_and_a_subclass_inherits_it() -> None:
    json = '{"films":["<Nuages>"]}'
    for root in (Controller(), Better()):
        app = App("shop", plugins=[Templates(None, texts=TEXTS), Formats()])
        app.tree("/", root)
        client = Client(app)
        for path, accept, text, kind in (
            ("/films", "*/*", PAGE, "text/html; charset=utf-8"),
            ("/films", "text/html,application/json;q=0.9", PAGE, "text/html; charset=utf-8"),
            ("/films", "application/json", json, "application/json"),
            ("/films.json", "text/html", json, "application/json"),
            ("/films.html", "application/json", PAGE, "text/html; charset=utf-8"),
        ):
            answer = client.get(path, headers={"accept": accept})
            assert (answer.status, answer.text) == (203, text)
            assert answer.headers["content-type"] == kind
        assert "accept" in client.get("/films").headers["vary"].lower()
        assert client.get("/films", headers={"accept": "image/png"}).status == 406
        assert client.get("/table", headers={"accept": "text/csv"}).text.startswith("films")
        assert client.get("/table.html").text == PAGE
        style = client.get("/style")
        if isinstance(root, Better):
            assert style.status == 404
        else:
            assert style.headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.row("PY-11")
def test_renderers_by_name_by_spec_with_adapters_a_status_and_an_override(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segue import JSONCodec

    package = tmp_path / "jazz_shop"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "templates" / "x.html").write_text("spec {{ name }}")
    monkeypatch.syspath_prepend(tmp_path)

    class Money:
        def __init__(self, cents: int) -> None:
            self.cents = cents

    codec = JSONCodec(write={Money: lambda one: f"{one.cents / 100:.2f} EUR"})
    app = App(
        "shop", json=codec, plugins=[Formats(), Templates(None, texts={"other.html": "other {{ name }}"})]
    )

    @app.get("/json", formats=["json"])
    async def as_json() -> dict[str, Any]:
        return {"price": Money(250)}

    @app.get("/jsonp", formats=[JSONP])
    async def as_jsonp() -> dict[str, Any]:
        return {"a": 1}

    @app.get("/string", formats=[Text])
    async def as_string() -> int:
        return 7

    @app.get("/spec", template="jazz_shop:templates/x.html")
    async def spec(other: bool = False, missing: bool = False) -> Any:
        if other:  # another renderer than the declared one
            return render("other.html", name="Django")
        return ({"name": "nobody"}, 404) if missing else {"name": "Django"}

    @app.get("/both", formats=[JSON, Template("jazz_shop:templates/x.html"), CSV], suffixes=True)
    async def both() -> dict[str, str]:
        return {"name": "Django"}

    client = Client(app)
    assert client.get("/json").text == '{"price":"2.50 EUR"}'
    assert client.get("/jsonp?callback=f").text.endswith('f({"a":1});')
    assert (client.get("/string").text.strip(), client.get("/string").headers["content-type"][:10]) == (
        "7",
        "text/plain",
    )
    assert client.get("/spec").text == "spec Django"
    assert (client.get("/spec?missing=1").status, client.get("/spec?missing=1").text) == (404, "spec nobody")
    assert client.get("/spec?other=1").text == "other Django"
    assert client.get("/both").text == '{"name":"Django"}'
    assert client.get("/both.html").text == "spec Django"
    assert client.get("/both", headers={"accept": "text/html"}).text == "spec Django"


def test_a_response_passes_untouched() -> None:
    app = app_of()

    @app.get("/", template="films.html")
    async def page(plain: bool = False) -> Any:
        return Response("plain") if plain else {"films": []}

    assert Client(app).get("/?plain=1").text == "plain"


@pytest.mark.row("DJ-20")
def test_escaping_inheritance_includes_own_tags_and_parts_that_are_defined_once() -> None:
    app = app_of(**{
        "page.html": '{% extends "base.html" %}{% block title %}{{ name }}{% endblock %}'
        '{% block main %}{% include "part.html" %}{% block row %}<li>{{ name|shout }}</li>{% endblock %}{{ self.row() }}'
        '{% component "box.html" label=name %}in{% endcomponent %}{{ now_at() }}{% endblock %}',
        "part.html": "<i>{{ name }}</i>",
        "box.html": "{% props label: str %}<div title=\"{{ label }}\">{% slot %}{% endslot %}</div>",
    })  # fmt: skip

    @app.template_filter
    def shout(text: str) -> str:
        return f"{text}!"

    @app.template_global
    def now_at(request: Request) -> str:
        return request.path

    @app.get("/page", template="page.html")
    @app.get("/row", template="page.html#row", name="row")
    async def page() -> dict[str, str]:
        return {"name": "<script>"}

    client = Client(app)
    row = "<li>&lt;script&gt;!</li>"
    assert client.get("/row").text == row
    assert client.get("/page").text == (
        f"<title>&lt;script&gt;</title><main><i>&lt;script&gt;</i>{row}{row}"
        '<div title="&lt;script&gt;">in</div>/page</main>'
    )


@pytest.mark.row("FL12")
def test_escaped_names_contexts_filters_streams_and_every_place_that_was_searched(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (second / "film.html").write_text(
        "{% extends 'base.html' %}{% block main %}{{ '<x>' }}{{ menu }}{{ 3|euro }}{{ 4 is even }}{% endblock %}"
    )
    inner = App("inner", plugins=[Templates(second, texts=TEXTS)])
    app = App("outer", plugins=[Templates(first)])
    app.include(inner)

    @app.template_context
    def menu(request: Request) -> dict[str, str]:
        return {"menu": "[menu]"}

    @app.template_filter
    def euro(value: int) -> str:
        return f"{value} EUR"

    @inner.get("/film")
    async def film() -> Page:
        return render("film.html").streamed()

    @inner.get("/lost")
    async def lost() -> Page:
        return render("flim.html")

    @inner.get("/{name}.escaped")
    async def escaped(name: str, renderer: Renderer) -> str:
        return renderer.string("{{ '<x>' }}")

    client = Client(app)
    assert client.get("/film").text == "<title></title><main>&lt;x&gt;[menu]3 EURTrue</main>"
    with pytest.raises(TemplateMissing) as caught:
        client.get("/lost")
    told = str(caught.value)
    assert f"  {first / 'flim.html'}\n  {second / 'flim.html'}" in told
    assert "Did you mean 'film.html'?" in told
    assert client.get("/a.escaped").text == "&lt;x&gt;"
    for suffix in ("html", "xml", "svg", "htm", "xhtml"):
        (second / f"x.{suffix}").write_text("{{ '<x>' }}")
        page = App(plugins=[Templates(second)])
        page.get("/", template=f"x.{suffix}")(nothing)
        assert Client(page).get("/").text == "&lt;x&gt;"


def test_templates_are_read_again_while_one_develops(tmp_path: Path) -> None:
    import os

    file = tmp_path / "page.html"
    file.write_text("{% include 'part.html' %}")
    part = tmp_path / "part.html"
    part.write_text("one")

    def app_that(reload: bool | None) -> Client:
        app = App(plugins=[Templates(tmp_path, reload=reload)])
        app.get("/", template="page.html")(nothing)
        return Client(app)

    fresh, kept = app_that(True), app_that(None)
    assert (fresh.get("/").text, kept.get("/").text) == ("one", "one")
    part.write_text("two")
    os.utime(part, (1, 1))
    assert (fresh.get("/").text, kept.get("/").text) == ("two", "one")
    file.write_text("{% broken %}")
    os.utime(file, (1, 1))
    with pytest.raises(Exception, match="unknown tag 'broken'"):
        fresh.get("/")
    assert kept.get("/").text == "one"


def test_compiled_templates_are_kept_for_the_next_start(tmp_path: Path) -> None:
    def page() -> str:
        app = App(plugins=[Templates(None, texts=TEXTS, engines=[Jinja(bytecode=tmp_path / "cache")])])
        app.get("/", template="films.html")(lambda: {"films": ["<Nuages>"]})
        return Client(app).get("/").text

    assert page() == PAGE
    made = sorted((tmp_path / "cache").iterdir())
    assert len(made) >= 2
    assert page() == PAGE
    assert sorted((tmp_path / "cache").iterdir()) == made


def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"<p>\xff")
    app = App(plugins=[Templates(tmp_path)])
    app.get("/", template="page.html")(nothing)
    with pytest.raises(FreezeError, match="is not UTF-8"):
        app.freeze()


def test_no_engine_is_loaded_before_a_template_is_used() -> None:
    program = (
        "import sys\nfrom segue import App\nfrom segue.html import Chameleon, Mako, Templates, h, render\n"
        "app = App(plugins=[Templates(None, engines=[Mako(), Chameleon()])])\n"
        "@app.get('/')\nasync def page(): return h.p('x')\n"
        "app.freeze()\nprint(sorted({'jinja2', 'mako', 'chameleon', 'httpx2', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pages_are_described_as_what_they_are() -> None:
    app = App("films", plugins=[Templates(None, texts=TEXTS), OpenAPI("Films", "1")])

    @app.get("/films", template="films.html", formats=[JSON])
    async def films() -> dict[str, list[str]]:
        return {"films": []}

    @app.get("/page", template="films.html")
    async def page() -> dict[str, list[str]]:
        return {"films": []}

    paths = Client(app).get("/openapi.json").json()["paths"]
    assert list(paths["/films"]["get"]["responses"]["200"]["content"]) == ["text/html", "application/json"]
    assert list(paths["/page"]["get"]["responses"]["200"]["content"]) == ["text/html"]


def test_templates_are_compiled_beside_the_loop_with_what_they_include() -> None:
    from jinja2.ext import Extension

    compiled: list[tuple[str | None, bool]] = []

    class Watching(Extension):
        def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
            compiled.append((name, threading.current_thread() is looping[0]))
            return source

    looping: list[threading.Thread] = []
    texts = {
        "frame.html": "<main>{% block main %}{% endblock %}</main>",
        "films.html": '{% extends "frame.html" %}{% block main %}{% include "list.html" %}'
        '{% include "gone.html" ignore missing %}{% endblock %}',
        "list.html": "{% for one in films %}{{ one }}{% endfor %}",
    }
    app = App(plugins=[Templates(texts=texts, engines=[Jinja(extensions=[Watching])], reload=False)])

    @app.get("/")
    async def films() -> Page:
        looping.append(threading.current_thread())
        return render("films.html", films=["Nuages"])

    with Client(app) as client:
        for _ in range(2):
            assert client.get("/").text == "<main>Nuages</main>"
    assert {name for name, _ in compiled} == set(texts)
    assert not any(on_the_loop for _, on_the_loop in compiled)
