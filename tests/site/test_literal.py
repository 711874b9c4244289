"""What people write is never taken for a template: in forms, lists, messages, mails, translations and errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from picturehouse import CinemaFilm, CinemaText, database

from segue import App, Form, NotFound, SeeOther, Struct
from segue.html import FormOf, Page, Templates
from segue.i18n import I18n
from segue.mail import Mail, Mailer, Message
from segue.security import Flash, Sessions, new_key
from segue.site import FlatPages, Site, create_page, detail_page, list_page
from segue.testing import Client, captured_mails

ATTACKS = [
    "{{7*7}}",
    "{% if 1 %}4{% endif %}9",
    "{{ request.app }}",
    "${7*7}",
    "#{7*7}",
    "%(name)s",
    "{name}",
    "<%= 7*7 %>",
    "{{''.__class__}}",
]
CATALOGUE = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hello"\nmsgstr "{{7*7}} %(oops)s {name}"\n\nmsgid "Hello, %(name)s"\nmsgstr "Hallo, %(name)s"\n'


class Note(Struct):
    text: str


def app_of(url: str, folder: Path) -> App:
    home = folder / "translations" / "de" / "LC_MESSAGES"
    home.mkdir(parents=True)
    (home / "messages.po").write_text(CATALOGUE, encoding="utf-8")
    texts = {
        "note.html": "{{ form }}|{{ text }}|{{ _('Hello, %(name)s', name=text) }}|{% trans who=text %}By {{ who }}{% endtrans %}",
        "hello.html": "{{ _('Hello') }}",
        "messages.html": "{% for one in flashes() %}{{ one.text }}{% endfor %}",
        "mail/note.txt": "{{ text }}",
        "mail/note.subject.txt": "{{ text }}",
        "errors/404.html": "{{ detail }} {{ request.path }}",
    }
    app = App(
        "cinema",
        plugins=[
            database(url),
            Templates(None, texts=texts),
            Site(),
            Sessions(folder / "sessions.db", key=new_key()),
            I18n("en", "de", folder=folder / "translations"),
            Mail("memory:", sender="films@example.com"),
            FlatPages(CinemaText),
        ],
    )
    app.get("/films", name="films")(list_page(CinemaFilm.all().order_by(CinemaFilm.id), to="film"))
    app.get("/films/{id:int}", name="film")(detail_page(CinemaFilm))
    app.route("/films/new", methods=["GET", "POST"])(create_page(FormOf[CinemaFilm], to="film"))

    @app.route("/note", methods=["GET", "POST"])
    async def note(form: FormOf[Note], mailer: Mailer, flash: Flash) -> Page:
        text = form.fields.get("text", "")
        if form.valid:
            await mailer.send(Message("a@example.com", template="mail/note", values={"text": text}))
            await mailer.send(Message("a@example.com", text, text=text))
            flash(text)
        return form.render("note.html", text=text)

    @app.get("/messages", template="messages.html")
    async def messages() -> dict[str, str]:
        return {}

    @app.get("/hello", template="hello.html")
    async def hello() -> dict[str, str]:
        return {}

    @app.post("/lost")
    async def lost(text: Form[str]) -> None:
        raise NotFound(text)

    @app.post("/page")
    async def page(text: Form[str]) -> None:
        await CinemaText.create(path="/flat", title=text, content="x")
        raise SeeOther("/flat")

    return app


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[Client]:
    app = app_of(url, tmp_path)
    with (
        captured_mails(app) as mails,
        Client(app, headers={"accept": "text/html"}, follow_redirects=False) as made,
    ):
        made.mails = mails  # type: ignore[attr-defined] # for the tests of this file
        yield made


def shown(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))


@pytest.mark.row("SEC-55")
@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_written_into_forms_is_shown_as_it_is(client: Client, text: str) -> None:
    page = client.post("/note", data={"text": text}).text
    assert page.count(shown(text)) == 4
    assert f"Hello, {shown(text)}" in page
    assert f"By {shown(text)}" in page
    assert client.get("/messages").text == shown(text)
    first, second = client.mails  # type: ignore[attr-defined] # as above
    assert (first.subject, first.text.strip()) == (text, text)
    assert (second.subject, second.text.strip()) == (text, text)


@pytest.mark.row("SEC-55")
@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_stored_or_wrong_is_shown_as_it_is(client: Client, text: str) -> None:
    made = client.post("/films/new", data={"title": text, "slug": "a", "year": "1950"})
    assert made.status == 303
    assert f"<h1>{shown(text)}</h1>" in client.get(made.headers["location"]).text
    assert f">{shown(text)}</a>" in client.get("/films").text
    wrong = client.post("/films/new", data={"title": text, "slug": text, "year": text})
    assert wrong.status == 422
    assert f'value="{shown(text)}"' in wrong.text
    assert client.post("/page", data={"text": text}).status == 303
    assert f"<h1>{shown(text)}</h1>" in client.get("/flat").text
    lost = client.post("/lost", data={"text": text})
    assert (lost.status, lost.text) == (404, f"{shown(text)} /lost")


@pytest.mark.row("SEC-55")
def test_a_translation_and_a_path_are_shown_as_they_are(client: Client) -> None:
    assert client.get("/hello", headers={"accept-language": "de"}).text == "{{7*7}} %(oops)s {name}"
    assert client.get("/%7B%7B7*7%7D%7D").text.strip().endswith("/{{7*7}}")
