"""HTML in Python."""

from typing import Any

import pytest
from markupsafe import Markup

from segue import App
from segue.html import BadAttribute, Element, UnsafeURL, attributes, fragment, h, safe_url
from segue.testing import Client


def test_elements_escape_what_is_put_into_them() -> None:
    assert h.div(h.b("x"), "<y>", class_="z") == '<div class="z"><b>x</b>&lt;y&gt;</div>'
    assert h.ul(h.li(x) for x in ("<", 2, 1.5)) == "<ul><li>&lt;</li><li>2</li><li>1.5</li></ul>"
    assert h.p(None, False, True, [], ["a", ["b"]], Markup("<i>"), h.br) == "<p>ab<i><br></p>"
    assert (
        h.input(value='"<&', disabled=True, checked=False, name=None)
        == '<input value="&#34;&lt;&amp;" disabled>'
    )
    assert fragment("<", h.i("x")) == "&lt;<i>x</i>"
    assert isinstance(h.p(), Element)
    assert h["my-element"]("x", data_id=7) == '<my-element data-id="7">x</my-element>'
    assert h.del_("old") == "<del>old</del>"
    assert Markup("<p>{}</p>").format(h.b("x")) == "<p><b>x</b></p>"


def test_attributes_of_all_kinds() -> None:
    assert (
        h.label(for_="a", aria_label="b", data_x_y=1) == '<label for="a" aria-label="b" data-x-y="1"></label>'
    )
    assert h.p(class_=["a", None, {"b": True, "c": False}, ["d"]]) == '<p class="a b d"></p>'
    assert h.p(style={"color": "red", "--gap": 3, "width": None}) == '<p style="color: red; --gap: 3"></p>'
    assert h.button({"@click": "open = true", "x:y": 1}, "go", type="button") == (
        '<button @click="open = true" x:y="1" type="button">go</button>'
    )
    assert h.svg(h.path(d="M0 0"), viewBox="0 0 9 9") == '<svg viewBox="0 0 9 9"><path d="M0 0"></path></svg>'
    assert attributes({"id": "a"}, class_="b", hidden=True) == ' id="a" class="b" hidden'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "\x00javascript:alert(1)",
        "javascript\n:alert(1)", "vbscript:x", "data:text/html,x", "feed:javascript:x", "view-source:x",
    ],
)  # fmt: skip
def test_urls_that_run_code_are_refused(url: str) -> None:
    for make in (
        lambda: h.a(href=url),
        lambda: h.form(action=url),
        lambda: attributes(formaction=url),
        lambda: safe_url(url),
    ):
        with pytest.raises(UnsafeURL, match="could run code"):
            make()


@pytest.mark.parametrize(
    "url",
    [
        "/a?b=javascript:",
        "a/b",
        "#x",
        "?x",
        "//host/x",
        "https://x",
        "mailto:a@b.c",
        "tel:1",
        "./javascript:x",
        "",
    ],
)
def test_other_urls_are_not(url: str) -> None:
    assert h.a(href=url) == f'<a href="{url}"></a>'
    assert h.a(href=Markup("myapp:open")) == '<a href="myapp:open"></a>'


def test_slips_are_errors_that_say_how() -> None:
    with pytest.raises(BadAttribute, match="is no name of an attribute"):
        h.p({"a b": 1})
    with pytest.raises(BadAttribute, match="listen in a script"):
        h.p(onclick="x()")
    with pytest.raises(BadAttribute, match="attributes come first"):
        h.p("x", {"id": "a"})
    with pytest.raises(ValueError, match="<br> has no content"):
        h.br("x")
    with pytest.raises(TypeError, match="which is no content of an element"):
        h.p(object())  # type: ignore[arg-type] # the mistake
    with pytest.raises(BadAttribute):
        h["a b"]
    with pytest.raises(AttributeError):
        h.dvi  # type: ignore[attr-defined] # noqa: B018 -- the mistake


def test_a_handler_returns_elements() -> None:
    app = App()

    @app.get("/")
    async def page(name: str) -> Element:
        return h.html(h.head(h.title("Hello")), h.body(h.h1("Hello ", name)))

    answer = Client(app).get("/", params={"name": "<b>"})
    assert (
        answer.text == "<html><head><title>Hello</title></head><body><h1>Hello &lt;b&gt;</h1></body></html>"
    )
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_functions_are_components() -> None:
    def card(title: str, *content: Any, wide: bool = False) -> Element:
        return h.article(h.h2(title), content, class_={"card": True, "wide": wide})

    assert (
        card("<T>", h.p("x"), wide=True) == '<article class="card wide"><h2>&lt;T&gt;</h2><p>x</p></article>'
    )
