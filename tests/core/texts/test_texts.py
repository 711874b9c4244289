"""Texts: as they are written where nobody translates, in the language of the reader where somebody does."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import pytest

from segue import App, FormData, Request, Response
from segue.core.plan import FreezeError
from segue.core.texts.speaking import current_language, current_zone, speaking
from segue.core.texts.texts import Texts
from segue.testing import Client

texts = Texts("shop", "segue")
_ = texts.gettext
WELCOME = texts.lazy_gettext("Welcome, %(name)s!", name="Django")
FILMS = texts.lazy_ngettext("%(num)d film", "%(num)d films")


@dataclass
class Shouting:
    """Says texts in capitals, and keeps what it was asked."""

    language: str = "x-loud"
    direction: str = "ltr"
    zone: datetime.tzinfo | None = None
    asked: int = 0
    finished: int = 0

    def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
        self.asked += 1
        assert tuple(domains) in (("shop", "segue"), ("segue",))
        return text.replace("Welcome", "WELCOME") if context is None else f"{context}: {text.upper()}"

    def plural(self, domains: Sequence[str], context: str | None, one: str, many: str, count: float) -> str:
        self.asked += 1
        return (one if count < 3 else many).upper().replace("%(NUM)D", "%(num)d")

    def finish(self, response: Response) -> None:
        self.finished += 1
        response.headers["x-asked"] = str(self.asked)


def test_a_text_is_what_was_written_where_nobody_translates() -> None:
    assert _("Good morning, %(name)s!", name="Stéphane") == "Good morning, Stéphane!"
    assert _("100 % of it, %s and %(name)s") == "100 % of it, %s and %(name)s"
    assert texts.ngettext("%(num)d film", "%(num)d films", 1) == "1 film"
    assert texts.ngettext("%(num)d film", "%(num)d films", 0) == "0 films"
    assert texts.pgettext("month", "May") == "May"
    assert str(FILMS.of(4)) == "4 films"
    assert current_language() == "en"
    assert current_zone() is datetime.UTC


def test_a_lazy_text_is_another_one_for_each_reader() -> None:
    assert (str(WELCOME), f"{WELCOME:>20}") == ("Welcome, Django!", "    Welcome, Django!")
    with speaking(Shouting()):
        assert str(WELCOME) == "WELCOME, Django!"
        assert f"{WELCOME}" == "WELCOME, Django!"
        assert WELCOME == "WELCOME, Django!"
        assert "[" + WELCOME == "[WELCOME, Django!"
        assert len(WELCOME) == 16
        assert "COME" in WELCOME
        assert str(FILMS.of(2)) == "2 FILM"
        assert str(texts.lazy_pgettext("month", "May")) == "month: MAY"
    assert str(WELCOME) == "Welcome, Django!"
    assert {WELCOME: 1}[texts.lazy_gettext("Welcome, %(name)s!", name="Django")] == 1


def test_a_translation_that_does_not_fit_its_values_is_not_shown() -> None:
    class Wrong(Shouting):
        def text(self, domains: Sequence[str], context: str | None, text: str) -> str:
            return "Bonjour %(nom)s, 100 % !"

    with speaking(Wrong()):
        assert _("Good morning, %(name)s!", name="Stéphane") == "Good morning, Stéphane!"


def test_each_request_has_its_own_language_and_every_part_of_its_answer_has_it() -> None:
    app = App()
    speakers: list[Shouting] = []

    def speaks(request: Request) -> Shouting:
        speakers.append(Shouting())
        return speakers[-1]

    app.speaks(speaks)

    @app.get("/waits")
    async def waits() -> dict[str, object]:
        import asyncio

        await asyncio.sleep(0)
        return {"text": WELCOME, "language": current_language()}

    @app.get("/thread")
    def thread() -> str:
        return str(WELCOME)

    @app.get("/stream")
    async def stream():  # type: ignore[no-untyped-def] # an async generator of text
        yield str(WELCOME)
        yield current_language()

    @app.error_handler(404)
    def lost(request: Request, error: Exception) -> str:
        return str(WELCOME)

    @app.post("/form")
    async def form(data: FormData) -> str:
        return _("Welcome") + data.get("name", "")

    with Client(app) as client:
        assert client.get("/waits").json() == {"text": "WELCOME, Django!", "language": "x-loud"}
        assert client.get("/thread").text == "WELCOME, Django!"
        assert client.get("/stream").text == "WELCOME, Django!x-loud"
        assert client.get("/nowhere").text == "WELCOME, Django!"
        assert client.post("/form", data={"name": "!"}).text == "WELCOME!"
    assert [one.finished for one in speakers] == [1] * 5
    assert str(WELCOME) == "Welcome, Django!"  # nothing is left of it


def test_two_that_say_the_language_are_told_with_their_lines() -> None:
    app = App()
    app.speaks(lambda request: Shouting())
    app.speaks(lambda request: Shouting())
    with pytest.raises(FreezeError, match=r"in which language .*test_texts.py:\d+ and test_texts.py:\d+"):
        app.freeze()


def test_a_lazy_text_is_text_in_json() -> None:
    class Film(msgspec.Struct):
        title: object

    assert App().json.encode(Film(WELCOME)) == b'{"title":"Welcome, Django!"}'


def test_pages_of_errors_say_their_language_and_problem_details_keep_the_words_of_the_registry() -> None:
    app = App()
    app.speaks(lambda request: Shouting())
    with Client(app) as client:
        page = client.get("/nowhere", headers={"accept": "text/html"}).text
        assert '<html lang="x-loud">' in page
        assert client.get("/nowhere").json()["title"] == "Not Found"
