"""Forms ask what annotations ask, and say what is wrong, and what a field is called, in the language of who reads."""

import datetime
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

from segue import App, Struct, between, cleaned, strong
from segue.html import FormOf, Page, Templates
from segue.html.forms import Label
from segue.i18n import I18n, lazy_gettext as _l
from segue.testing import Client


class Visitor(Struct):
    name: Annotated[str, Label(_l("Your name"), _l("As on your passport")), cleaned(), Meta(min_length=1)]
    password: Annotated[str, strong(8, digits=1), Meta(extra_json_schema={"format": "password"})]
    born: Annotated[datetime.date, between(datetime.date(1900, 1, 1), datetime.date(2020, 1, 1))] | None = (
        None
    )


@pytest.fixture
def app(tmp_path: Path) -> App:
    po = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    po.parent.mkdir(parents=True)
    po.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Your name"\nmsgstr "Ihr Name"\n\nmsgid "As on your passport"\nmsgstr "Wie im Pass"\n'
    )
    app = App(plugins=[I18n("en", "de", folder=tmp_path), Templates(None, texts={"a.html": "{{ form }}"})])

    @app.route("/", methods=["GET", "POST"])
    async def visit(form: FormOf[Visitor]) -> Page | str:
        return repr(form.value) if form.valid else form.render("a.html")

    return app


def test_values_are_cleaned_before_they_are_taken(app: App) -> None:
    sent = {"name": "  Django \u202e  Reinhardt ", "password": "nuages 1937", "born": "1910-01-23"}
    with Client(app) as client:
        answer = client.post("/", data=sent).text
        assert "name='Django Reinhardt'" in answer
        assert "born=datetime.date(1910, 1, 23)" in answer
        json = client.post("/", json=sent).text
        assert "name='Django Reinhardt'" in json


@pytest.mark.row("W-18")
def test_what_is_wrong_is_said_beside_each_field_in_the_language_of_who_reads(app: App) -> None:
    sent = {"name": " \u202e ", "password": "swing", "born": "1899-12-31"}
    with Client(app) as client:
        english = client.post("/", data=sent)
        assert english.status == 422
        for text in (
            "Your name",
            "As on your passport",
            "This needs: at least 8 characters, 1 digit.",
            "at least 1900-01-01",
            "Write at least 1 character.",
        ):
            assert text in english.text, text
        german = client.post("/", data=sent, headers={"accept-language": "de"}).text
        for text in (
            "Ihr Name",
            "Wie im Pass",
            "Nötig ist: mindestens 8 Zeichen, 1 Ziffer.",
            "Das muss mindestens 1900-01-01 sein.",
        ):
            assert text in german, text
        assert "Your name" in client.get("/").text
