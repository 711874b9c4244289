"""URLs that look other than the routes, and the language in the URL."""

from typing import Any

import pytest

from segue import App, Languages, Request, Rewrites, Switchboard
from segue.testing import Client

languages = Languages("en", "it", "pt-BR")


def films() -> App:
    app = App("films")

    @app.get("/films/{id:int}")
    async def show(id: int, request: Request) -> list[Any]:
        urls = [request.url_for("show", id=id, q="a"), request.url_for("show", id=id, _external=True)]
        return [id, request.query_string, *urls, str(request.url)]

    @app.get("/")
    async def index(request: Request) -> list[str]:
        return [
            languages.of(request),
            request.url_for("index"),
            str(request.url),
            *[languages.url(request, one) for one in ("en", "it")],
        ]

    return app


def test_paths_are_rewritten_as_they_come_in_and_as_they_are_written() -> None:
    app = films()
    app.middleware(Rewrites({r"/film-(\d+)\.html": r"/films/\1"}, {r"/films/(\d+)": r"/film-\1.html"}))
    with Client(app) as client:
        found = client.get("/film-7.html?x=%20").json()
        assert found[:4] == [7, "x=%20", "/film-7.html?q=a", "http://localhost/film-7.html"]
        assert client.get("/films/7").json()[0] == 7
        assert client.get("/film-x.html").status == 404


def test_rewriting_stays_below_what_the_app_is_mounted_at() -> None:
    app, inner = App("app"), films()
    inner.middleware(Rewrites({r"/film-(\d+)": r"/films/\1"}, {r"/films/(\d+)": r"/film-\1"}))
    app.mount("/in", inner)
    with Client(app) as client:
        assert client.get("/in/film-3").json()[2] == "/in/film-3?q=a"


def test_a_rewritten_path_is_encoded_again() -> None:
    app = App()
    app.middleware(Rewrites({r"/x/(.*)": r"/echo/\1"}))

    @app.get("/echo/{text}")
    async def echo(text: str, request: Request) -> list[str]:
        return [text, request.target]

    with Client(app) as client:
        assert client.get("/x/%C3%A4%2Fb%25%20%3F").json() == ["ä/b% ?", "/echo/%C3%A4%2Fb%25%20%3F"]


@pytest.mark.row("W-03")
def test_hosts_default_site_language_and_patterns_make_the_url_what_one_likes() -> None:
    import asyncio

    board = Switchboard(domains={"films.example": "films"}, default="welcome")
    welcome = App("welcome")

    @welcome.get("/hello")
    async def hello(request: Request) -> list[str]:
        return [request.url_for("hello")]

    @welcome.error_handler(404)
    async def lost(request: Request, error: Exception) -> str:
        return "the 404 of welcome"

    asyncio.run(board.install("films", films()))
    asyncio.run(board.install("welcome", welcome))
    app = App("app")
    app.middleware(Rewrites({r"/film-(\d+)": r"/films/films/\1", r"/(it)/film-(\d+)": r"/\1/films/films/\2"}))
    app.middleware(languages)
    app.mount("/", board)
    there = {"host": "films.example"}
    with Client(app) as client:
        assert client.get("/", headers=there).json()[:2] == ["en", "/"]
        assert client.get("/it/", headers=there).json()[:2] == ["it", "/it/"]
        assert client.get("/hello").json() == ["/hello"]
        assert client.get("/it/hello").json() == ["/it/hello"]
        assert client.get("/it/films/films/3").json()[2] == "/it/films/films/3?q=a"
        assert client.get("/film-3").json()[0] == client.get("/it/film-3").json()[0] == 3
        assert client.get("/nowhere").text == "the 404 of welcome"


def test_a_language_is_taken_off_the_path_and_put_before_urls() -> None:
    app = films()
    app.middleware(languages)
    with Client(app) as client:
        answer = client.get("/?q=1")
        assert answer.json() == ["en", "/", "http://localhost/?q=1", "/?q=1", "/it/?q=1"]
        assert answer.headers["content-language"] == "en"
        answer = client.get("/it/")
        assert answer.json() == ["it", "/it/", "http://localhost/it/", "/", "/it/"]
        assert answer.headers["content-language"] == "it"
        assert client.get("/it/films/3").json()[4] == "http://localhost/it/films/3"
        assert client.get("/fr/films/3").status == 404


def test_there_is_one_url_for_each_language() -> None:
    app = films()
    app.middleware(languages)
    with Client(app) as client:
        for path, location in (
            ("/en/films/3?q=1", "/films/3?q=1"),
            ("/IT/films/3", "/it/films/3"),
            ("/pt-br/", "/pt-BR/"),
            ("/en", "/"),
            ("/en//evil.example/", "/evil.example/"),
        ):
            answer = client.get(path)
            assert (answer.status, answer.headers["location"]) == (308, location)


def test_an_unknown_language_is_an_error() -> None:
    request = Request("GET", "/", [])
    assert languages.of(request) == "en"
    with pytest.raises(ValueError, match="'fr' is not one of en, it, pt-BR"):
        languages.url(request, "fr")
