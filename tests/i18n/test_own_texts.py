"""The texts of Segue's own pages: translated, whole, into the languages that Segue has."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest

from segue import App
from segue.core.plugins.order import Plugin
from segue.html import Page, Templates
from segue.html.forms import FormOf
from segue.i18n import I18n
from segue.testing import AsyncClient, Client

ROOT = Path(__file__).resolve().parents[2]


def test_every_text_is_translated_into_every_language() -> None:
    done = subprocess.run(
        [sys.executable, "tools/translations.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"python tools/translations.py, then translate:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    ("language", "lost", "required", "save"),
    [
        ("en", "Not Found", "Fill in this field.", "Save"),
        ("de", "Nicht gefunden", "Füllen Sie dieses Feld aus.", "Speichern"),
        ("fr", "Introuvable", "Remplissez ce champ.", "Enregistrer"),
        ("es", "No encontrado", "Rellena este campo.", "Guardar"),
        ("zh", "未找到", "请填写此项。", "保存"),
    ],
)
def test_errors_and_forms_are_in_the_language_of_who_reads(
    language: str, lost: str, required: str, save: str
) -> None:
    import msgspec

    class Film(msgspec.Struct):
        title: str

    app = App(plugins=[I18n("en", "de", "fr", "es", "zh"), Templates(None, texts={"a.html": "{{ form }}"})])

    @app.route("/", methods=["GET", "POST"])
    async def edit(form: FormOf[Film]) -> Page:
        return form.render("a.html")

    with Client(app, headers={"accept-language": language, "accept": "text/html"}) as client:
        page = client.get("/nowhere")
        assert f"<h1>{lost}</h1>" in page.text
        assert f'<html lang="{language}">' in page.text
        assert page.headers["content-language"] == language
        sent = client.post("/", data={"title": ""}).text
        assert required in sent
        assert f">{save}</button>" in sent
        english = client.post("/", data={"title": ""}, headers={"accept-language": "en"}).text
        assert "Fill in this field." in english


def test_an_app_that_speaks_no_languages_asks_nobody() -> None:
    """Its pages have no speaker: no look at a header field, no catalogue, no Babel."""
    program = (
        "import sys\n"
        "from segue import App\nfrom segue.html import Templates\nfrom segue.testing import Client\n"
        "app = App(plugins=[Templates(None, texts={'a.html': '{{ _(\"Hello\") }} {{ language }}'})])\n"
        "app.get('/', template='a.html')(lambda: {'a': 1})\n"
        "with Client(app) as client:\n"
        "    reply = client.get('/', headers={'accept-language': 'de'})\n"
        "    assert reply.text == 'Hello en', reply.text\n"
        "    assert 'vary' not in reply.headers and 'content-language' not in reply.headers\n"
        "assert not [one for one in sys.modules if one.startswith(('babel', 'segue.i18n'))]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_page_without_texts_pays_nothing_for_languages() -> None:
    """Counted: the calls of functions of languages for one request, with the plugin and without."""
    texts = {"a.html": "<p>{{ name }}</p>", "b.html": "<p>{{ _('Hello') }}</p>"}

    async def calls(path: str, *plugins: Plugin) -> list[str]:
        app = App(plugins=[Templates(None, texts=texts), *plugins])
        app.get("/a", template="a.html")(lambda: {"name": "Django"})
        app.get("/b", template="b.html")(lambda: {"name": "Django"})
        seen: list[str] = []

        def count(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and re.search(r"/segue/(core/texts|i18n)/|/babel/", frame.f_code.co_filename):
                seen.append(frame.f_code.co_name)

        async with AsyncClient(app) as client:
            await client.get(path)
            sys.setprofile(count)
            try:
                await client.get(path)
            finally:
                sys.setprofile(None)
        return seen

    assert asyncio.run(calls("/a")) == []
    # The plugin stands around all requests: it makes a speaker, which finds out nothing, and asks it at the end.
    around = asyncio.run(calls("/a", I18n("en", "de")))
    assert set(around) <= {"answer", "<lambda>", "__init__", "finish"}
    assert "_choose" in asyncio.run(calls("/b", I18n("en", "de")))
