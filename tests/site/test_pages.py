"""Generic pages over a database: lists, details, forms, deleting; and those without one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from picturehouse import CinemaFilm, CinemaNews, database

from segue import App, Request, SeeOther, Struct
from segue.html import FormOf, Templates
from segue.i18n import I18n
from segue.security import Sessions, new_key
from segue.site import (
    create_page,
    delete_page,
    detail_page,
    form_page,
    list_page,
    redirect_page,
    template_page,
    update_page,
)
from segue.testing import Client

HTML = {"accept": "text/html"}


class Contact(Struct):
    name: str
    text: str


def app_of(url: str, sent: list[Contact]) -> App:
    texts = {
        "film.html": "<h1>{{ cinemafilm.title }}</h1>{{ object.year }}{{ more }}",
        "about.html": "about {{ name }} {{ request.path }}",
        "films.html": "{{ result.number }}/{{ result.pages }} {{ result.first }}-{{ result.last }} of {{ result.total }}:"
        "{% for film in items %} {{ film.title }}{% endfor %}{{ links }}{{ note|default('') }}",
    }
    app = App("cinema", plugins=[database(url), Templates(None, texts=texts)])
    ordered = CinemaFilm.all().order_by(CinemaFilm.title)
    app.get("/", name="home")(template_page("about.html", {"name": "us"}))
    app.get("/films", name="films")(list_page(ordered, size=3, to="film"))
    app.get("/custom")(list_page(ordered, "films.html", size=3, values=lambda request: {"note": "!"}))
    app.get("/new-films")(list_page(newer, "films.html"))
    app.get("/films/{id:int}", name="film")(detail_page(CinemaFilm))
    app.get("/by/{slug}")(
        detail_page(ordered, "film.html", by="slug", values=lambda film: {"more": film.year + 1})
    )
    app.route("/films/new", methods=["GET", "POST"])(create_page(FilmForm, to="film"))
    app.route("/films/{id:int}/edit", methods=["GET", "POST"])(update_page(FilmForm, to="film"))
    app.route("/films/{id:int}/delete", methods=["GET", "POST"])(delete_page(CinemaFilm, to="films"))
    app.get("/movies/{id:int}")(redirect_page("film", permanent=True, parameters={"id": int}))
    app.get("/movies")(redirect_page("films"))
    app.get("/away")(redirect_page("https://films.example/?a=1"))

    async def done(contact: Contact) -> str:
        if contact.name == "spam":
            raise ValueError("No, thank you.")
        sent.append(contact)
        return "/"

    app.route("/contact", methods=["GET", "POST"])(form_page(FormOf[Contact], done))
    return app


async def newer(request: Request) -> Any:
    return CinemaFilm.where(CinemaFilm.year > int(request.query["after"])).order_by(CinemaFilm.year)


class FilmForm(FormOf[CinemaFilm]):
    exclude = ("secret",)


@pytest.fixture
def sent() -> list[Contact]:
    return []


@pytest.fixture
def client(url: str, sent: list[Contact]) -> Iterator[Client]:
    app = app_of(url, sent)

    @app.lifespan
    async def filled() -> Any:
        for n in range(8):
            await CinemaFilm.create(title=f"Film <{n}>", slug=f"film-{n}", year=2000 + n)
        yield

    with Client(app, follow_redirects=False) as made:
        yield made


@pytest.mark.row("DJ-18")
def test_lists_come_in_pages_and_one_that_is_not_there_is_a_404(client: Client) -> None:
    first = client.get("/films")
    assert first.status == 200
    assert "<title>Cinema films</title>" in first.text
    assert '<a href="/films/1">Film &lt;0&gt;</a>' in first.text
    assert '<nav class="pages"' in first.text
    assert 'href="?page=2"' in first.text
    assert client.get("/custom?page=3&q=%3Cx%3E").text.startswith(
        "3/3 7-8 of 8: Film &lt;6&gt; Film &lt;7&gt;<nav"
    )
    assert 'href="?q=%3Cx%3E&amp;page=2"' in client.get("/custom?page=3&q=%3Cx%3E").text
    assert client.get("/custom").text.endswith("!")
    assert client.get("/new-films?after=2005").text.startswith("1/1 1-2 of 2: Film &lt;6&gt; Film &lt;7&gt;")
    assert client.get("/new-films?after=2050").text == "1/1 0-0 of 0:"
    for path in ("/films?page=4", "/films?page=0", "/films?page=-1", "/new-films?after=2050&page=2"):
        assert client.get(path, headers=HTML).status == 404, path
    assert client.get("/films?page=abc").status == 422
    for number in (900_000_000_000_000_000, 2**63 - 1, 2**63, 10**20):
        assert client.get(f"/films?page={number}").status in (404, 422), number


@pytest.mark.row("DJ-18")
def test_details_are_found_by_any_field(client: Client) -> None:
    shown = client.get("/films/2")
    assert "<h1>Film &lt;1&gt;</h1>" in shown.text
    assert "<dt>year</dt><dd>2001</dd>" in shown.text
    assert "the end" not in shown.text
    assert client.get("/by/film-1").text == "<h1>Film &lt;1&gt;</h1>20012002"
    for path in ("/films/99", "/by/nothing", "/films/x"):
        assert client.get(path, headers=HTML).status == 404
    with pytest.raises(TypeError, match="CinemaFilm has no field 'nothing'"):
        detail_page(CinemaFilm, by="nothing")


@pytest.mark.row("DJ-18")
def test_objects_are_made_changed_and_deleted(client: Client) -> None:
    assert 'name="title"' in client.get("/films/new").text
    assert "secret" not in client.get("/films/new").text
    wrong = client.post("/films/new", data={"title": "", "slug": "new", "year": "1"})
    assert wrong.status == 422
    assert "<title>New: cinema film</title>" in wrong.text
    made = client.post("/films/new", data={"title": "Nuages", "slug": "new", "year": "1953"})
    assert (made.status, made.headers["location"]) == (303, "/films/9")
    taken = client.post("/films/new", data={"title": "Other", "slug": "new", "year": "1953"})
    assert taken.status == 422
    assert "There is one with this already." in taken.text
    assert 'value="Nuages"' in client.get("/films/9/edit").text
    changed = client.post("/films/9/edit", data={"title": "Minor Swing", "slug": "new", "year": "1937"})
    assert (changed.status, changed.headers["location"]) == (303, "/films/9")
    assert "Minor Swing" in client.get("/films/9").text
    asked = client.get("/films/9/delete")
    assert "Delete Minor Swing?" in asked.text
    assert client.get("/films/9").status == 200
    gone = client.post("/films/9/delete")
    assert (gone.status, gone.headers["location"]) == (303, "/films")
    for path in ("/films/9", "/films/9/edit", "/films/9/delete"):
        assert client.get(path, headers=HTML).status == 404
    assert client.post("/films/9/delete").status == 404
    assert client.put("/films/new").status == 405


@pytest.mark.row("DJ-18")
def test_forms_redirects_and_templates(client: Client, sent: list[Contact]) -> None:
    assert client.get("/").text == "about us /"
    assert 'name="text"' in client.get("/contact").text
    refused = client.post("/contact", data={"name": "spam", "text": "buy"})
    assert refused.status == 422
    assert "No, thank you." in refused.text
    answered = client.post("/contact", data={"name": "Django", "text": "hello"})
    assert (answered.status, answered.headers["location"]) == (303, "/")
    assert sent == [Contact("Django", "hello")]
    moved = client.get("/movies/3?x=1")
    assert (moved.status, moved.headers["location"]) == (301, "/films/3?x=1")
    assert (client.get("/movies").status, client.get("/movies").headers["location"]) == (302, "/films")
    assert client.get("/away?b=2").headers["location"] == "https://films.example/?a=1&b=2"


def test_pages_of_an_included_app_lead_to_their_own(url: str) -> None:
    whole = App("whole")
    whole.include(app_of(url, []), at="/cinema")
    with Client(whole, follow_redirects=False) as client:
        made = client.post("/cinema/films/new", data={"title": "Nuages", "slug": "new", "year": "1953"})
        assert made.headers["location"] == "/cinema/films/1"
        assert '<a href="/cinema/films/1">' in client.get("/cinema/films").text
        assert client.get("/cinema/movies").headers["location"] == "/cinema/films"


def test_built_in_pages_are_in_the_language_of_who_reads(url: str, sent: list[Contact]) -> None:
    app = app_of(url, sent)
    app.install(I18n("en", "de"))
    with Client(app, headers={"accept-language": "de"}) as client:
        page = client.get("/films").text
        assert '<html lang="de">' in page
        assert "Zum Inhalt springen" in page
        assert "Hier gibt es noch nichts." in page


def test_deleting_has_the_token_of_forms_where_there_are_sessions(
    url: str, sent: list[Contact], tmp_path: Path
) -> None:
    app = app_of(url, sent)
    app.install(Sessions(tmp_path / "sessions.db", key=new_key()))
    with Client(app, follow_redirects=False) as client:
        fields = {"title": "Nuages", "slug": "a", "year": "1953"}
        assert client.post("/films/new", data=fields).status == 303
        token = re.search(r'name="_csrf" value="([^"]+)"', client.get("/films/1/delete").text)
        assert token is not None
        elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert client.post("/films/1/delete", headers=elsewhere).status == 403
        assert client.post("/films/1/delete", data={"_csrf": token[1]}).status == 303


def test_a_path_may_be_a_function_that_gives_a_response(url: str) -> None:
    app = App("answers", plugins=[database(url), Templates(None)])

    async def away(news: CinemaNews) -> None:
        raise SeeOther(f"/elsewhere/{news.title}")

    app.route("/new", methods=["GET", "POST"])(create_page(FormOf[CinemaNews], to=away))
    with Client(app, follow_redirects=False) as client:
        assert client.post("/new", data={"title": "x"}).headers["location"] == "/elsewhere/x"
