"""``segue i18n``: texts are found in Python, templates and scripts; catalogues are made, brought up to date, checked, compiled."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

APP = """
from datetime import date
from segue import App
from segue.html import Templates
from segue.i18n import I18n, Texts, gettext as _, lazy_gettext as _l, ngettext, pgettext
from blog import blog

# Translators: what a visitor reads first
WELCOME = _l("Welcome!")
app = App("shop", plugins=[I18n("en", "de"), Templates()])
app.include(blog, at="/blog")

app.template_filter(date.fromisoformat, name="as_date")

@app.get("/", template="home.html")
def home(n: int = 2) -> dict[str, object]:
    return {"text": _("Good morning, %(name)s!", name="Django"), "films": ngettext("%(num)d film", "%(num)d films", n),
            "month": pgettext("month", "May"), "welcome": WELCOME}
"""
BLOG = """
from segue import App
from segue.i18n import Texts
_ = Texts("blog").gettext
blog = App("blog")
blog.translations("translations", domain="blog")

@blog.get("/")
def posts() -> str:
    return _("All posts")
"""
HOME = """{# Translators: the title of the page #}
<h1>{% trans %}Films{% endtrans %}</h1>{{ "2026-01-31"|as_date|format_date }}{{ text }} {{ films }} {{ _("In the template") }}
{% trans count=3 %}One{% pluralize %}{{ count }} of them{% endtrans %}{% trans "tree" %}Bark{% endtrans %}
{% component "part.html" %}{% endcomponent %}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    tmp_path = tmp_path / "build"  # a name that is passed below, and may stand above
    tmp_path.mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "blog").mkdir()
    (tmp_path / ".venv" / "lib").mkdir(parents=True)
    (tmp_path / "shop.py").write_text(APP)
    (tmp_path / "blog" / "__init__.py").write_text(BLOG)
    (tmp_path / "templates" / "home.html").write_text(HOME)
    (tmp_path / "templates" / "part.html").write_text("{{ _('A part') }}")
    (tmp_path / "notes.txt").write_text("{% this is no template")
    (tmp_path / "vendor.min.js").write_text("gettext('not ours')")
    (tmp_path / "cart.js").write_text('alert(ngettext("one thing", "many things", n)); gettext("Empty")')
    (tmp_path / ".venv" / "lib" / "other.py").write_text('_("not ours")')
    return tmp_path


def segue(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "segue", "--app", "shop:app", "i18n", *words],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def fill(file: Path, **texts: str) -> None:
    lines = file.read_text().splitlines()
    for at, line in enumerate(lines):
        for text, translation in texts.items():
            if line == f'msgid "{text.replace("_", " ")}"':
                lines[at + 1] = f'msgstr "{translation}"'
    file.write_text("\n".join(lines) + "\n")


@pytest.mark.row("FLX5")
def test_from_texts_to_a_page_in_german(shop: Path) -> None:
    told = segue(shop, "extract")
    assert "messages.pot" in told
    pot = (shop / "translations" / "messages.pot").read_text()
    for text in (
        "Welcome!",
        "Good morning, %(name)s!",
        "%(num)d films",
        "May",
        "Films",
        "In the template",
        "%(count)s of them",
        "Bark",
        "A part",
    ):
        assert f'"{text}"' in pot, text
    assert "#. Translators: what a visitor reads first" in pot or "#. what a visitor reads first" in pot
    assert "the title of the page" in pot
    assert "#: shop.py:" in pot
    assert "#: templates/home.html:2" in pot
    assert 'msgctxt "tree"' in pot
    assert "not ours" not in pot
    assert "All posts" not in pot
    assert '"All posts"' in (shop / "blog" / "translations" / "blog.pot").read_text()
    assert 'msgid_plural "many things"' in (shop / "translations" / "javascript.pot").read_text()

    told = segue(shop, "update", "--language", "de")
    assert f"messages.po: {pot.count('msgid ') - 1} to translate" in told
    po = shop / "translations" / "de" / "LC_MESSAGES" / "messages.po"
    assert "'Films' has no translation" in segue(shop, "check", code=1)
    before = po.read_bytes()
    segue(shop, "update")
    assert po.read_bytes() == before  # what is up to date is not written again

    fill(po, Films="Filme")
    told = segue(shop, "compile")
    assert "messages.mo: 1 translated" in told
    run = (
        "from shop import app\nfrom segue.testing import Client\n"
        "with Client(app) as c: print(c.get('/', headers={'accept-language': 'de'}).text)"
    )
    page = subprocess.run(
        [sys.executable, "-c", run], cwd=shop, capture_output=True, text=True, check=True
    ).stdout
    assert "<h1>Filme</h1>31.01.2026" in page


def test_a_changed_text_is_fuzzy_and_a_wrong_translation_is_told(shop: Path) -> None:
    segue(shop, "update", "-l", "de")
    po = shop / "translations" / "de" / "LC_MESSAGES" / "messages.po"
    text = po.read_text().replace(
        'msgid "Good morning, %(name)s!"\nmsgstr ""',
        'msgid "Good morning, %(name)s!"\nmsgstr "Guten Morgen, %(nom)s!"',
    )
    po.write_text(text)
    assert "'Good morning, %(name)s!' has no value nom" in segue(shop, "check", code=1)
    po.write_text(text.replace("%(nom)s", "%(name)s"))
    time.sleep(0.01)
    (shop / "shop.py").write_text(APP.replace("Good morning, %(name)s!", "Good morning to %(name)s!"))
    segue(shop, "update")
    assert "#, fuzzy" in po.read_text()
    assert "is fuzzy" in segue(shop, "check", code=1)


def test_mistakes_are_told(shop: Path) -> None:
    assert "no language that is known" in segue(shop, "update", "-l", "zz-top", code=1)
    (shop / "templates" / "home.html").write_text("{% trans %}{{ a.b }}{% endtrans %}")
    (shop / "shop.py").write_text(APP.replace('template="home.html"', ""))
    told = segue(shop, "extract", code=1)
    assert "home.html" in told
    assert "takes only names" in told


def test_texts_of_plugins_are_not_those_of_the_app(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from segue import App\nfrom segue.auth import Auth\nfrom segue.db import Database\nfrom segue.i18n import I18n, gettext as _\n"
        'app = App(plugins=[Database("sqlite://"), Auth(), I18n("en", "de")])\n\n\ndef hello() -> str:\n    return _("Good morning!")\n'
    )
    (tmp_path / "translations").mkdir()
    (tmp_path / ".env").write_text(
        "SECURITY_KEY=only-a-test-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789\n"
    )
    segue(tmp_path, "extract")
    pot = (tmp_path / "translations" / "messages.pot").read_text()
    assert "Good morning!" in pot
    assert "Register" not in pot
