"""Components with typed props and slots, and what they ask for in the head of a page."""

from pathlib import Path
from typing import Any

import pytest

from segue import App, Struct
from segue.core.inspection.checks import check_app
from segue.html import BrokenTemplate, Page, Renderer, TemplateError, Templates, render
from segue.testing import Client


class Film(Struct):
    title: str


CARD = """{% props title: str, kind: "plain" | "wide" = "plain", film: Film | none = none, tags: list[str] = [] %}
<article class="{{ kind }}"><h2>{{ title }}</h2>{% slot %}nothing{% endslot %}<footer>{% slot footer %}-{% endslot %}</footer></article>"""


def rendered(source: str, /, *, card: str = CARD, **values: Any) -> str:
    app = App(plugins=[Templates(None, texts={"card.html": card, "page.html": source})])
    app.template_globals(Film=Film, site="Films")
    app.freeze()
    return str(Renderer((app,)).text("page.html", **values)).replace("\n", "")


def test_props_and_slots() -> None:
    assert rendered('{% component "card.html" title=t %}{% endcomponent %}', t="<T>") == (
        '<article class="plain"><h2>&lt;T&gt;</h2>nothing<footer>-</footer></article>'
    )
    source = (
        '{% for film in films %}{% component "card.html" title=film.title, kind="wide", film=film %}'
        "<p>{{ film.title }}{{ word }}</p>{% fill footer %}{{ loop.index }}{% endfill %}{% endcomponent %}{% endfor %}"
    )
    assert rendered(source, films=[Film("<a>"), Film("b")], word="!") == (
        '<article class="wide"><h2>&lt;a&gt;</h2><p>&lt;a&gt;!</p><footer>1</footer></article>'
        '<article class="wide"><h2>b</h2><p>b!</p><footer>2</footer></article>'
    )


def test_components_in_components_and_what_they_see() -> None:
    nested = '{% component "card.html" title="a" %}{% component "card.html" title="b" %}<i>{{ x }}</i>{% endcomponent %}{% endcomponent %}'
    assert rendered(nested, x=1).count("<article") == 2
    assert "<i>1</i>" in rendered(nested, x=1)
    seen = rendered(
        '{% component "card.html" title="t" %}{% endcomponent %}',
        card="{% props title %}{{ site }} {{ x is defined }} {{ title }}",
        x=1,
    )
    assert seen == "Films False t"


@pytest.mark.parametrize(
    ("use", "told"),
    [
        ("titel='x'", "has no prop 'titel'; it has: title, kind, film, tags"),
        ("kind='wide'", "needs the prop 'title'"),
        ("title=3", "takes title: str, and was given 3"),
        ("title='x', kind='narrow'", "takes kind: 'plain' | 'wide', and was given 'narrow'"),
        ("title='x', film='y'", "takes film: Film | none, and was given 'y'"),
        ("title='x', tags=['a', 1]", "takes tags: list[str], and was given ['a', 1]"),
    ],
)
def test_wrong_props_are_errors(use: str, told: str) -> None:
    with pytest.raises(TemplateError) as caught:
        rendered(f'{{% component "card.html" {use} %}}{{% endcomponent %}}')
    assert told in str(caught.value)


def test_a_type_that_nobody_knows_and_a_fill_that_stands_nowhere() -> None:
    with pytest.raises(BrokenTemplate, match=r"card\.html:1: 'Flim' is no type of a prop"):
        rendered('{% component "card.html" %}{% endcomponent %}', card="{% props a: Flim %}")
    with pytest.raises(BrokenTemplate, match=r"page\.html:1: \{% fill %\} stands in"):
        rendered("{% fill a %}{% endfill %}")


def test_check_finds_wrong_uses(tmp_path: Path) -> None:
    (tmp_path / "card.html").write_text(CARD.replace("film: Film | none = none, ", ""))
    (tmp_path / "page.html").write_text(
        '\n{% component "card.html" titel=1 %}{% endcomponent %}\n{% component "crad.html" %}{% endcomponent %}'
    )
    app = App("shop", plugins=[Templates(tmp_path)])
    found = [(one.line, one.message) for one in check_app(app)]
    assert found == [
        (2, "the component 'card.html' has no prop 'titel'; it has: title, kind, tags"),
        (3, "there is no component 'crad.html'; did you mean 'card.html'?"),
    ]


@pytest.mark.row("TO6")
def test_what_components_ask_for_is_in_the_head_once(tmp_path: Path) -> None:
    (tmp_path / "card.css").write_text(".card { }")
    texts = {
        "layout.html": "<head>{{ page_assets() }}</head>{% block main %}{% endblock %}",
        "card.html": '{% asset "card.css" %}{% asset "https://x/y.js" %}{% embed css %}.a > b { }{% endembed %}'
        "{% embed js %}let a = 1 < 2{% endembed %}<b>{% slot %}{% endslot %}</b>",
        "page.html": '{% extends "layout.html" %}{% block main %}{% for x in "ab" %}{% component "card.html" %}{{ x }}'
        '{% endcomponent %}{% endfor %}{% include "part.html" %}'
        "{% filter upper %}up{% endfilter %}{% raw %}{{ raw }}{% endraw %}{% autoescape false %}{{ '<i>' }}{% endautoescape %}"
        "{% endblock %}",
        "part.html": '{% component "card.html" %}c{% endcomponent %}',
        "lost.html": '{% component "card.html" %}{% endcomponent %}',
    }
    app = App("shop", plugins=[Templates(None, texts=texts)])
    app.static("/static", tmp_path)

    @app.get("/{name}")
    async def page(name: str) -> Page:
        return render(name)

    client = Client(app)
    text = client.get("/page.html").text
    head, _, rest = text.partition("</head>")
    assert head.count('<link rel="stylesheet" href="/static/card.css?v=') == 1
    assert head.count('<script src="https://x/y.js" defer></script>') == 1
    assert head.count("<style>.a > b { }</style>") == 1
    assert head.count("<script>let a = 1 < 2</script>") == 1
    assert rest == "<b>a</b><b>b</b><b>c</b>UP{{ raw }}<i>"
    with pytest.raises(TemplateError, match="has no place for it"):
        client.get("/lost.html")
