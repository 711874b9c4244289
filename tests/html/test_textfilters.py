"""Filters for text: what they make of it, and that hostile text takes no longer than any other."""

from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import Markup

from segue import App
from segue.html import Renderer, Templates
from segue.html.textfilters import linebreaks, striptags, truncate_html, urlize, wordwrap
from segue.testing import Client


def test_tags_are_taken_away() -> None:
    assert striptags("<p>Tom &amp; <b>Jerry</b>\n\n  run</p><!-- <b>x</b> -->!") == "Tom & Jerry run!"
    assert striptags("a < b, 1 <2 and c > d") == "a < b, 1 <2 and c > d"
    assert striptags("<b") == "<b"
    assert striptags("a<!-- b") == "a"
    assert striptags("<scr<script>ipt>alert(1)</script>") == "ipt>alert(1)"
    assert not isinstance(striptags(Markup("<b>&lt;script&gt;</b>")), Markup)


def test_text_becomes_paragraphs() -> None:
    assert linebreaks("a\r\nb\n\n\nc <x>\n") == "<p>a<br>b</p>\n\n<p>c &lt;x&gt;</p>"
    assert linebreaks(Markup("<b>a</b>\nb")) == "<p><b>a</b><br>b</p>"
    assert linebreaks("") == ""


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("see www.example.org.", 'see <a href="https://www.example.org" rel="nofollow noopener">www.example.org</a>.'),
        ("(https://a.b/c_(d))", '(<a href="https://a.b/c_(d)" rel="nofollow noopener">https://a.b/c_(d)</a>)'),
        ("mail a.b@c.example, now", 'mail <a href="mailto:a.b@c.example" rel="nofollow noopener">a.b@c.example</a>, now'),
        ("javascript://x ftp://y data:z", "javascript://x ftp://y data:z"),
        ('https://a/"onclick="x <b>', '<a href="https://a/&#34;onclick=&#34;x" rel="nofollow noopener">https://a/&#34;onclick=&#34;x</a> &lt;b&gt;'),
        ("http:// www. @ a@b", "http:// www. @ a@b"),
    ],
)  # fmt: skip
def test_addresses_become_links(text: str, made: str) -> None:
    assert urlize(text) == made


def test_links_can_be_shown_in_short() -> None:
    assert urlize("https://example.org/films", 12, rel="", target="_blank") == (
        '<a href="https://example.org/films" target="_blank">https://exam…</a>'
    )


def test_lines_are_no_longer_than_they_may_be() -> None:
    assert wordwrap("the quick brown\nfox  jumps", 9) == "the quick\nbrown\nfox jumps"
    assert wordwrap("abcdefghij k", 4) == "abcd\nefgh\nij k"
    assert wordwrap("a b", 1, end="<br>") == "a<br>b"
    with pytest.raises(ValueError, match="at least 1"):
        wordwrap("a", 0)


def test_html_is_cut_and_closed() -> None:
    html = Markup('<p class="x">The <b>quick &amp; brown</b> fox<br> jumps</p>')
    assert truncate_html(html, 100) == html
    assert truncate_html(html, 13) == '<p class="x">The <b>quick &amp;…</b></p>'
    assert truncate_html(html, 1) == '<p class="x">T…</p>'
    assert truncate_html(Markup("<b>a</i></b></b>c<!-- x -->"), 9) == "<b>a</b>c"
    assert truncate_html(Markup("<i>a<b>c</i>d"), 9) == "<i>a<b>c</b></i>d"
    assert truncate_html("a <b> & c", 5) == "a &lt;b&gt;…"
    assert (
        truncate_html(Markup("a < b <3 <img src=x onerror=y"), 99) == "a &lt; b &lt;3 &lt;img src=x onerror=y"
    )


def test_templates_have_them() -> None:
    app = App(plugins=[Templates(None)])
    with Client(app):
        page = Renderer((app,)).string("{{ text|linebreaks }}{{ text|urlize }}{{ html|striptags }}{{ html|truncate_html(2) }}",
                                       text="<x>", html=Markup("<b>&lt;abc</b>"))  # fmt: skip
    assert page == "<p>&lt;x&gt;</p>&lt;x&gt;&lt;abc<b>&lt;a…</b>"


def truncate_all(text: Any) -> object:
    return truncate_html(Markup(text), 1_000_000)


def truncate_few(text: Any) -> object:
    return truncate_html(Markup(text), 10)


UNITS = ["<", "<a>", "<a ", "</a>", "<!--", "<!---->", "<!-- <", "&", "&amp;", "&#", "a", " ", "\n", "\n\n", "-a", "(", ")",
         "&gt;", "www.", "http://a ", "a@", "@", ".", "a.b@c.d ", "<b><i></b>", "</i></b>", "\u202e", "<a><b>"]  # fmt: skip
FILTERS: list[Callable[[Any], object]] = [striptags, linebreaks, urlize, wordwrap, truncate_all, truncate_few]


@pytest.mark.row("SEC-39")
@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(linear: Callable[..., None], unit: str) -> None:
    for function in FILTERS:
        for prefix in ("", "https://a/<a "):
            linear(function, lambda n, prefix=prefix: prefix + unit * (n // len(unit)))


@pytest.mark.row("SEC-39")
def test_what_jinja_brings_for_texts_is_linear_too(linear: Callable[..., None]) -> None:
    app = App(plugins=[Templates(None)])
    with Client(app):
        renderer = Renderer((app,))
        for text in (
            "truncate(50)",
            "wordcount",
            "title",
            "capitalize",
            "center(80)",
            "indent",
            "urlencode",
            "escape",
            "trim",
        ):
            for unit in ("<", " ", "a ", "-a", "\n"):
                linear(lambda value, text=text: renderer.string(f"{{{{ value|{text} }}}}", value=value),
                       lambda n, unit=unit: unit * (n // len(unit)))  # fmt: skip
