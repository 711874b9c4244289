"""``{% trans %}`` and ``_()`` in templates: texts that catalogues know, values that are escaped where they stand."""

import datetime
from collections.abc import Sequence

import pytest

from segue import App
from segue.core.plan import FreezeError
from segue.core.texts.speaking import speaking
from segue.html import Renderer, Templates
from segue.http.response import Response
from segue.testing import Client


class Says:
    """A speaker with a few texts of its own."""

    language = "de"
    direction = "ltr"
    zone: datetime.tzinfo | None = None

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
        return self.texts.get(f"{context}|{text}" if context else text, text)

    def plural(self, domains: Sequence[str], context: str | None, one: str, many: str, count: float) -> str:
        return self.text(domains, context, one if count == 1 else many)

    def finish(self, response: Response) -> None: ...


def page(template: str, texts: dict[str, str] | None = None, /, **values: object) -> str:
    app = App(plugins=[Templates(None)])
    with Client(app), speaking(Says(texts) if texts else None):
        return str(Renderer((app,)).string(template, **values))


def test_texts_stand_as_they_are_written_where_nobody_translates() -> None:
    assert page("{% trans %}All <b>films</b>, 100%{% endtrans %}") == "All <b>films</b>, 100%"
    assert (
        page("{% trans n=who %}Hi {{ n }}, 100%{% endtrans %}", who="<Django>") == "Hi &lt;Django&gt;, 100%"
    )
    counted = "{% trans count=n %}One film{% pluralize %}{{ count }} films{% endtrans %}"
    assert [page(counted, n=n) for n in (1, 2)] == ["One film", "2 films"]
    assert page('{% trans "month" %}May{% endtrans %}') == "May"
    assert page("{% trans trimmed %}\n  All\n  films\n{% endtrans %}") == "All films"
    assert page("{{ language }} {{ direction }}") == "en ltr"


def test_texts_are_translated_with_their_values() -> None:
    texts = {
        "Hi %(n)s": "Hallo %(n)s",
        "%(count)s films": "%(count)s Filme",
        "month|May": "Mai",
        "All films": "Alle Filme",
        "%(num)d films": "%(num)d Filme",
    }
    assert page("{% trans n=who %}Hi {{ n }}{% endtrans %}", texts, who="<b>") == "Hallo &lt;b&gt;"
    counted = "{% trans count=n %}One film{% pluralize %}{{ count }} films{% endtrans %}"
    assert page(counted, texts, n=3) == "3 Filme"
    assert page('{% trans "month" %}May{% endtrans %} {{ pgettext("month", "May") }}', texts) == "Mai Mai"
    assert page('{{ _("All films") }} {{ ngettext("%(num)d film", "%(num)d films", 2) }}', texts) == (
        "Alle Filme 2 Filme"
    )


def test_values_are_escaped_for_the_place_where_they_stand_in_the_text() -> None:
    link = '{% trans url=url %}<a href="{{ url }}">here</a>{% endtrans %}'
    assert page(link, url="javascript:alert(1)") == '<a href="about:invalid#unsafe-url">here</a>'
    assert page(link, {"a": "b"}, url='/"x') == '<a href="/&#34;x">here</a>'
    inside = '<p title="{% trans n=n %}Hi {{ n }}{% endtrans %}">'
    assert page(inside, {"Hi %(n)s": 'Sag "%(n)s"'}, n='" onclick="x') == (
        '<p title="Sag &#34;&#34; onclick=&#34;x&#34;">'
    )


def test_a_value_that_is_said_to_be_a_text_is_still_escaped() -> None:
    assert page("{{ _(value) }}", value="<script>") == "&lt;script&gt;"
    assert page("{{ _(value) }}", {"<script>": "<b>"}, value="<script>") == "&lt;b&gt;"


def test_a_translation_with_other_names_is_not_shown() -> None:
    text = "{% trans n=n %}Hi {{ n }}{% endtrans %}"
    assert page(text, {"Hi %(n)s": "Hallo %(nome)s"}, n="Django") == "Hi Django"
    assert page(text, {"Hi %(n)s": "Hallo, 100%"}, n="Django") == "Hallo, 100%"


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("<script>{% trans %}x{% endtrans %}</script>", "written as JSON"),
        ("<p title={% trans %}x{% endtrans %}>", "needs quotes"),
        ("{% trans %}{{ film.title }}{% endtrans %}", "takes only names"),
        ("{% trans %}{% if x %}y{% endif %}{% endtrans %}", "no other tags"),
        ("{% trans %}one{% pluralize %}many{% endtrans %}", "needs a number"),
        ("{% trans a=1, a=2 %}x{% endtrans %}", "twice"),
        ("{% trans %}x", "no {% endtrans %}"),
    ],
)
def test_mistakes_are_told_with_their_line(template: str, wrong: str) -> None:
    app = App(plugins=[Templates(None, texts={"a.html": f"\n{template}"})])
    app.get("/", template="a.html")(lambda: {"n": 1})
    with pytest.raises(FreezeError, match=rf"(?s)a.html:2.*{wrong}"):
        app.freeze()


def test_streamed_pages_have_them_too() -> None:
    from segue.html import Page, render

    app = App(plugins=[Templates(None, texts={"a.html": "{% trans n=n %}Hi {{ n }}{% endtrans %}"})])
    app.speaks(lambda request: Says({"Hi %(n)s": "Hallo %(n)s"}))

    @app.get("/")
    async def home() -> Page:
        return render("a.html", n="<Django>").streamed()

    with Client(app) as client:
        assert client.get("/").text == "Hallo &lt;Django&gt;"
