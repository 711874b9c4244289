"""No value becomes code, wherever in a page it stands."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from attacks import attacks
from browser import opened
from markupsafe import Markup

from segue import App, Request
from segue.html import (
    BadAttribute,
    BrokenTemplate,
    Jinja,
    Page,
    Renderer,
    Templates,
    attributes,
    h,
    json_script,
    render,
)
from segue.security import Flash, Flashes
from segue.testing import Client, LiveServer

HEAD = "<!doctype html><html><head><title>attacks</title><script>let hits = 0; function ran() { hits++ }</script></head><body>"
# Text, values, URLs, scripts and styles; through a macro, an include, a text and elements. Each style has a class of its own, as
# the browser looks at all elements of a class again for each new style that names it.
PLACES = """
{% from "macro.html" import shown %}
{% for value in values %}
<div title="{{ value }}" class='a{{ loop.index }} {{ value }}' data-x="{{ value }}" {{ attributes(lang=value) }}>{{ value }}<b>{{ value }}</b></div>
<a class="url" href="{{ value }}">{{ value|upper }}</a><form class="url" action="{{ value }}"><button formaction="{{ value }}">x</button></form>
<script>var kept = {{ value|tojson }}; if ("a" !== "b") { kept = [{{ value|tojson }}] }</script>
{{ value|json_script("data-" ~ loop.index) }}
<button class="event" data-value="{{ value }}" onclick="return {{ value|tojson }}.length">b</button>
<p style="color: {{ value }}; font-family: '{{ value }}'">p</p><style>.a{{ loop.index }}::after { content: "{{ value }}" } .{{ value }} { }</style>
<textarea>{{ value }}</textarea><!-- {{ value }} -->{{ shown(value) }}{% include "part.html" %}
{% for message in flashes() %}<output>{{ message }}{{ value }}</output>{% endfor %}
{% endfor %}
"""
TEXTS = {
    "base.html": HEAD
    + "<main{% if hidden is defined %} hidden{% endif %}>{% block main %}{% endblock %}</main><hr id='end'></body></html>",
    "places.html": '{% extends "base.html" %}{% block main %}' + PLACES + "{% endblock %}",
    "macro.html": '{% macro shown(value) %}<em title="{{ value }}">{{ value }}</em>{% endmacro %}',
    "part.html": "<i>{{ value }}</i>",
}
CHUNK = 400


def in_elements(values: list[str]) -> Markup:
    return h.div(
        h.div(
            h.p(one, title=one, class_=[one], style={"color": one, "font-family": one}, data_x=one),
            h.textarea(one),
            json_script(one, one),
            h.button({"aria-label": one}, one, class_="event"),
        )
        for one in values
    )


def app_of(values: list[str]) -> App:
    app = App("attacks", plugins=[Templates(None, texts=TEXTS)])

    @app.template_global
    def flashes(request: Request) -> list[str]:
        return ["<img src=x onerror=ran()>"]

    def some(number: int) -> list[str]:
        return values[number * CHUNK : (number + 1) * CHUNK]

    @app.get("/{number:int}", template="places.html")
    async def places(number: int) -> dict[str, Any]:
        return {"values": some(number), "hidden": True}

    @app.get("/string/{number:int}")
    async def string(number: int, renderer: Renderer, request: Request) -> Markup:
        return renderer.string(TEXTS["places.html"], request=request, values=some(number))

    @app.get("/raw")
    async def raw() -> Markup:
        return Markup(HEAD + "<img src=x onerror=ran()>")

    @app.get("/elements/{number:int}")
    async def elements(number: int) -> Markup:
        return Markup(f"{HEAD}<main hidden>{in_elements(some(number))}</main><hr id='end'></body></html>")

    return app


class Shape(HTMLParser):
    """The elements of a page and the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"{tag} {' '.join(sorted(name for name, _ in attrs))}")


def shape_of(page: str) -> list[str]:
    parser = Shape()
    parser.feed(page)
    return parser.found


def test_there_are_enough_attacks() -> None:
    assert len(list(attacks())) > 6600


def test_an_attack_does_not_change_the_elements_of_a_page() -> None:
    values = list(attacks())
    client = Client(app_of(values))
    plain = Client(app_of(["plain"] * CHUNK))
    for path in ("/0", "/string/0", "/elements/0"):
        harmless = shape_of(plain.get(path).text)
        for number in range(0, len(values) // CHUNK, 4):
            assert shape_of(client.get(path.replace("0", str(number))).text) == harmless


# What a visitor could do, and what showing a page does, all at once: nothing of it may run anything. So most of the pages need not be
# shown, which takes most of the time: fonts are looked for, by each of the attacks as their name.
DO_ALL = """(() => {
  for (const one of document.querySelectorAll('*'))
    for (const name of ['mouseover', 'focus', 'load', 'error', 'toggle', 'animationstart', 'start'])
      one.dispatchEvent(new Event(name));
  for (const one of document.querySelectorAll('button.event')) one.click();
  return [...document.querySelectorAll('a, area')].filter(one => /^(javascript|vbscript|data):/.test(one.protocol)).length
    + [...document.querySelectorAll('form, button')].filter(
        one => /^(javascript|vbscript|data):/.test(one.action || '') || /^(javascript|vbscript|data):/.test(one.formAction || '')).length
    + document.querySelectorAll('img, iframe, svg, object, video, math, marquee').length
})()"""
KEPT = """[...document.querySelectorAll('div[title]')].every(one =>
  one.title === one.dataset.x && one.firstChild.data === one.querySelector('b').textContent)"""
# In one question, without looking again and again whether the page is there.
WHEN_LOADED = f"""(async () => {{
  if (document.readyState !== 'complete') await new Promise(done => addEventListener('load', done));
  return [location.href, !!document.querySelector('#end'), {DO_ALL}, hits, {KEPT}];
}})()"""


@pytest.mark.row("SEC-52")
@pytest.mark.requires("chromium")
@pytest.mark.timeout(300)
def test_no_script_runs_in_a_browser(tmp_path: Path) -> None:
    values = list(attacks())
    numbers = range(-(-len(values) // CHUNK))
    with LiveServer(app_of(values)) as server, opened(f"{server.url}/0", tmp_path) as tab:
        tab.command("Page.navigate", url=f"{server.url}/raw")
        tab.wait_for("hits > 0")  # it would be noticed
        for kind, step in (("", 1), ("string/", 4), ("elements/", 2)):
            for number in numbers[::step]:
                url = f"{server.url}/{kind}{number}"
                tab.command("Page.navigate", url=url)
                assert tab.value(WHEN_LOADED) == [url, True, 0, 0, True], url


@pytest.mark.parametrize(
    "suffix", ["html", "htm", "xhtml", "xml", "svg", "txt", "jinja", "j2", "", "unknown"]
)
def test_every_name_is_escaped(suffix: str) -> None:
    name = f"page.{suffix}" if suffix else "page"
    app = App(
        plugins=[
            Templates(
                None,
                texts={
                    name: "{% macro m(x) %}{{ x }}{% endmacro %}{{ v }}{{ m(v) }}{% set y %}{{ v }}{% endset %}{{ y }}"
                },
            )
        ]
    )

    @app.get("/")
    async def page() -> Page:
        return render(name, v="<b>")

    assert Client(app).get("/").text == "&lt;b&gt;" * 3


def rendered(source: str, **values: Any) -> str:
    app = App(plugins=[Templates(None)])
    app.freeze()
    return str(Renderer((app,)).string(source, **values))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("<a href={{ v }}>", 'the value of href= needs quotes around it: href="{{ ... }}"'),
        ("<script>\nlet a = {{ v }}</script>", "a value in a script is code. Write it as JSON"),
        ("<script>let a = '{{ v|tojson }}'</script>", "tojson writes the quotes itself: take away the '"),
        ('<a onclick="go({{ v }})">', "a value in onclick= is code"),
        ("<a onclick='go(\"{{ v|tojson }}\")'>", "tojson writes the quotes itself"),
        ("<script>{% if v %}{{ v }}{% endif %}</script>", "a value in a script is code"),
        ('<script type="module">{% for x in v %}{{ x }}{% endfor %}</script>', "a value in a script is code"),
    ],
)
def test_what_no_escaping_makes_safe_is_an_error_of_the_template(source: str, told: str) -> None:
    with pytest.raises(BrokenTemplate) as caught:
        rendered(source, v="x")
    assert told in str(caught.value)


def test_the_place_is_known_through_inheritance_and_branches() -> None:
    texts = {
        "base.html": '<script>{% block code %}{% endblock %}</script><p {% if a %}title="{% block tip %}{% endblock %}"{% endif %}>',
        "bad.html": '{% extends "base.html" %}{% block code %}{{ v }}{% endblock %}',
        "good.html": '{% extends "base.html" %}{% block code %}{{ v|tojson }}{% endblock %}{% block tip %}{{ m }}{% endblock %}',
    }
    app = App(plugins=[Templates(None, texts=texts)])
    app.freeze()
    renderer = Renderer((app,))
    with pytest.raises(BrokenTemplate, match=r"bad\.html:1: a value in a script is code"):
        renderer.text("bad.html", v="x")
    page = renderer.text("good.html", v="</script>", a=True, m=Markup('<i title="x">'))
    assert page == ('<script>"\\u003c/script\\u003e"</script><p title="&lt;i title=&#34;x&#34;&gt;">')


@pytest.mark.parametrize(
    ("source", "value", "page"),
    [
        ('<a href="{{ v }}">', "javascript:alert(1)", '<a href="about:invalid#unsafe-url">'),
        ('<a href="/q?x={{ v }}">', "javascript:", '<a href="/q?x=javascript:">'),
        ('<a href="{{ v }}">', "/a?b=1&c=\"", '<a href="/a?b=1&amp;c=&#34;">'),
        ('<a href="{{ v }}">', "mailto:a@b.c", '<a href="mailto:a@b.c">'),
        ('<img src="{{ v }}">', "data:image/png;base64,x", '<img src="data:image/png;base64,x">'),
        ('<img src="{{ v }}">', "data:image/svg+xml,x", '<img src="about:invalid#unsafe-url">'),
        ("<p style=\"color: {{ v }}\">", "red;background:url(//x)", '<p style="color: red\\3b background\\3a url\\28 \\2f \\2f x\\29 ">'),
        ("<p style=\"width: {{ v }}\">", "3.5px", '<p style="width: 3.5px">'),
        ('<p title="{{ v }}">', Markup('<b title="x">&amp;</b>'), '<p title="&lt;b title=&#34;x&#34;&gt;&amp;&lt;/b&gt;">'),
        ('<p data-films="{{ v|tojson }}">', {"a": "'<"}, '<p data-films="{&#34;a&#34;:&#34;\\u0027\\u003c&#34;}">'),
        ('<iframe srcdoc="{{ v }}">', "<b>", '<iframe srcdoc="&amp;lt;b&amp;gt;">'),
        ("<p {{ v }}>", "hidden", "<p hidden>"),
        ("{% autoescape false %}<p title={{ v }}>{% endautoescape %}", "<b>", "<p title=<b>>"),
        ("<script>{{ v|safe }}</script>", "f()", "<script>f()</script>"),
    ],
)  # fmt: skip
def test_values_are_escaped_for_their_place(source: str, value: object, page: str) -> None:
    assert rendered(source, v=value) == page


def test_scripts_and_styles_that_are_templates_are_escaped_as_such() -> None:
    texts = {
        "page.html": '<style>{% include "a.css" %}</style><script>{% include "a.js" %}</script>',
        "a.css": "p { color: {{ v }} }",
        "a.js": "let v = {{ v|tojson }}",
        "bad.js": "let v = {{ v }}",
        "wrong.html": '<script>{% include "part.html" %}</script>',
        "part.html": "{{ v }}",
    }
    app = App(plugins=[Templates(None, texts=texts)])
    app.freeze()
    renderer = Renderer((app,))
    assert renderer.text("page.html", v="</a>") == (
        '<style>p { color: \\3c \\2f a\\3e  }</style><script>let v = "\\u003c/a\\u003e"</script>'
    )
    with pytest.raises(BrokenTemplate, match="a value in a script is code"):
        renderer.text("bad.js", v=1)
    with pytest.raises(BrokenTemplate, match="what is included in a script is one itself"):
        renderer.text("wrong.html", v=1)


def test_a_block_is_escaped_for_where_it_stands_now(tmp_path: Path) -> None:
    base, child = tmp_path / "base.html", tmp_path / "child.html"
    base.write_text("<p>{% block x %}{% endblock %}</p>")
    child.write_text("{% extends 'base.html' %}{% block x %}{{ v }}{% endblock %}")

    def page(reload: bool, cache: Path | None) -> Callable[[], str]:
        app = App(plugins=[Templates(tmp_path, reload=reload, engines=[Jinja(bytecode=cache)])])
        app.freeze()
        return lambda: str(Renderer((app,)).text("child.html", v="<b>"))

    kept, fresh = page(False, tmp_path / "cache"), page(True, None)
    assert kept() == fresh() == "<p>&lt;b&gt;</p>"
    base.write_text("<script>{% block x %}{% endblock %}</script>")
    os.utime(base, (1, 1))
    for later in (fresh, page(False, tmp_path / "cache")):
        with pytest.raises(BrokenTemplate, match="a value in a script is code"):
            later()


@pytest.mark.row("SEC-53")
def test_names_of_attributes_are_checked_and_data_does_not_end_a_script() -> None:
    bad = [
        "a b",
        "a>b",
        "a/b",
        'a"b',
        "a'b",
        "a=b",
        "",
        "a\nb",
        "a\tb",
        "a\x00b",
        "a<b",
        "1a",
        "a\u00a0b",
        "a\x0cb",
        "onclick",
    ]
    makers: list[Callable[[str], object]] = [
        lambda name: attributes({name: "v"}),
        lambda name: h.p({name: "v"}),
        lambda name: rendered("<p{{ v|xmlattr }}>", v={name: "v"}),
        lambda name: rendered("<p{{ attributes(v) }}>", v={name: "v"}),
    ]
    for name in bad:
        for make in makers:
            with pytest.raises(BadAttribute):
                make(name)
    for name in bad[:-1]:
        with pytest.raises(BadAttribute):
            rendered("<p {{ v }}>", v=f"{name}=x") if name.strip() else attributes({name: 1})
    for end in ("</script>", "</ScRiPt >", "<!--", "<script", "]]>", "\u2028", "\u2029", "&", "'"):
        for page in (
            rendered("<script>let x = {{ v|tojson }}</script>", v={end: [end]}),
            rendered("{{ v|json_script('x') }}", v={end: [end]}),
            str(json_script([end])),
        ):
            inside = page.partition(">")[2].rpartition("</script>")[0]
            assert not set("<>&'\u2028\u2029") & set(inside)
    with pytest.raises(ValueError, match="would end it"):
        h.script("let x = '</script>'")


def test_messages_of_the_next_page_are_escaped() -> None:
    text = '{% for message in flashes() %}<p class="{{ message.category }}">{{ message.text }}{% endfor %}'
    app = App(plugins=[Flashes(key=secrets.token_urlsafe(48)), Templates(None, texts={"page.html": text})])

    @app.get("/say")
    async def say(flash: Flash) -> None:
        flash("<script>ran()</script>", 'a" onmouseover="ran()')

    @app.get("/", template="page.html")
    async def page() -> None: ...

    client = Client(app, base_url="https://localhost")
    client.get("/say")
    assert (
        client.get("/").text == '<p class="a&#34; onmouseover=&#34;ran()">&lt;script&gt;ran()&lt;/script&gt;'
    )


def test_what_users_write_is_no_template() -> None:
    app = App(plugins=[Templates(None, texts={"echo.html": "{{ a }}{% if a %}{{ a }}{% endif %}"})])

    @app.get("/{path}", template="echo.html")
    async def echo(path: str, q: str) -> dict[str, str]:
        return {"a": path + q}

    answer = Client(app).get("/%7B%7B7*7%7D%7D", params={"q": "{% for x in y %}${7*7}"})
    assert answer.text == "{{7*7}}{% for x in y %}${7*7}" * 2
