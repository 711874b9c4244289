"""Handlers that return many, one page at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from picturehouse import CinemaFilm, database

from segue import App, Request
from segue.db import Database, Query
from segue.formats import JSON
from segue.html import Templates
from segue.openapi import OpenAPI
from segue.site import Paginated, Site, paginate
from segue.testing import Client


def app_of(url: str, db: Database | None = None) -> App:
    template = (
        "{{ result.number }}:{% for one in items %} {{ one.title }}{% endfor %}{{ page_links(result) }}"
    )
    app = App(
        "cinema",
        plugins=[
            db or database(url),
            Templates(None, texts={"films.html": template}),
            Site(),
            OpenAPI(title="x", version="1"),
        ],
    )

    @app.get("/films", template="films.html", formats=[JSON])
    @paginate(3, most=5)
    async def films(request: Request, after: int = 0) -> Query[CinemaFilm]:
        assert request.path == "/films"
        return CinemaFilm.where(CinemaFilm.year > after).order_by(CinemaFilm.year)

    @app.get("/numbers/{start:int}")
    @paginate(10)
    def numbers(start: int) -> list[int]:
        assert threading.current_thread() is not threading.main_thread()
        return list(range(start, start + 25))

    @app.get("/one")
    @paginate(10)
    async def one() -> Any:
        return 1

    @app.lifespan
    async def filled() -> Any:
        for n in range(8):
            await CinemaFilm.create(title=f"F{n}", slug=f"film-{n}", year=2000 + n)
        yield

    return app


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(app_of(url)) as made:
        yield made


def test_a_page_is_html_with_links_or_json(client: Client) -> None:
    page = client.get("/films?after=2001&page=2", headers={"accept": "text/html"}).text
    assert page.startswith("2: F5 F6 F7<nav")
    assert 'href="?after=2001"' in page
    assert 'rel="prev"' in page
    assert 'rel="next"' not in page
    data = client.get("/films?page=3", headers={"accept": "application/json"}).json()
    assert (data["number"], data["size"], data["total"]) == (3, 3, 8)
    assert [one["title"] for one in data["items"]] == ["F6", "F7"]
    assert "secret" not in data["items"][0]
    assert len(client.get("/films?size=5", headers={"accept": "application/json"}).json()["items"]) == 5
    assert len(client.get("/films?size=5000", headers={"accept": "application/json"}).json()["items"]) == 5
    assert len(client.get("/films?size=0", headers={"accept": "application/json"}).json()["items"]) == 1
    assert client.get("/films?page=4").status == 404


def test_lists_of_handlers_in_threads_come_in_pages_too(client: Client) -> None:
    assert client.get("/numbers/5?page=3").json() == {
        "items": [25, 26, 27, 28, 29],
        "number": 3,
        "size": 10,
        "total": 25,
    }
    assert client.get("/numbers/5?page=4").status == 404
    with pytest.raises(TypeError, match="a page is made of a query or of a list, not of int"):
        client.get("/one")


def test_the_description_knows_the_page(client: Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/numbers/{start}"]["get"]
    assert {one["name"] for one in operation["parameters"]} == {"start", "page"}
    assert "Paginated" in str(operation["responses"]["200"])


def test_only_the_rows_of_the_page_are_read(url: str) -> None:
    db = database(url)
    with Client(app_of(url, db)) as client, db.counting() as statements:
        client.get("/films?page=2", headers={"accept": "application/json"})
    told = [str(one.sql).lower() for one in statements]
    assert len(told) == 2
    assert "count(" in told[0]
    assert "limit" in told[1]


@pytest.mark.parametrize(
    ("number", "pages", "expected"),
    [
        (1, 1, [1]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (10, 20, [1, None, 8, 9, 10, 11, 12, None, 20]),
        (20, 20, [1, None, 18, 19, 20]),
    ],
)
def test_the_pages_that_are_linked(number: int, pages: int, expected: list[int | None]) -> None:
    assert list(Paginated([], number, 10, pages * 10).numbers()) == expected


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        paginate(0)
    with pytest.raises(ValueError, match="at least one item"):
        paginate(20, most=10)
    with pytest.raises(TypeError, match="a parameter 'page' of its own"):

        @paginate(20)
        async def films(page: int) -> list[int]:
            return []


def test_pages_of_a_query_have_links_too(url: str) -> None:
    db = database(url)
    app = App(
        "pages-of-a-query",
        plugins=[db, Templates(None, texts={"films.html": "{{ page_links(films) }}"}), Site()],
    )

    @app.get("/films", template="films.html")
    async def films(page: int = 1) -> dict[str, Any]:
        return {"films": await CinemaFilm.order_by(CinemaFilm.year).page(page, 3)}

    @app.lifespan
    async def filled() -> Any:
        for n in range(4):
            await CinemaFilm.create(title=f"P{n}", slug=f"page-{n}", year=2000 + n)
        yield

    with Client(app) as client:
        assert 'href="?a=b&amp;page=2" rel="next"' in client.get("/films?a=b").text
