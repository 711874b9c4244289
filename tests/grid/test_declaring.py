"""Grids in apps: how they are declared, what they lead to, what they do with values of any kind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bookshelf import MODELS, Book, Opinion, Writer, app_of, books, fill
from gridpages import link, titles

from segue import App, Email, Request
from segue.core.plan import FreezeError
from segue.db import Database, Field, Keyed, Model, field
from segue.grid import Column, Grid, Range, Values
from segue.html import h
from segue.security import Security
from segue.testing import Client


def test_a_list_takes_as_many_statements_however_many_rows_it_has(sqlite: str) -> None:
    database = Database(sqlite, models=MODELS)
    taken: dict[str, int] = {}
    app = App("counting", plugins=[database])
    app.include(
        Grid(Book, columns=[Book.title, Book.writer, Book.writer.country, Book.topics], size=50), at="/books"
    )

    @app.get("/taken/{what}")
    async def counted(what: str, request: Request) -> dict[str, int]:
        return taken

    async def counting(request: Request, next: Any) -> Any:
        with database.counting() as statements:
            answer = await next(request)
        taken[request.query_string] = len(statements)
        return answer

    app.middleware(counting)

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        await fill()
        yield

    with Client(app) as client:
        client.get("/books/?size=10&page=1")
        client.get("/books/?size=100")
        assert (
            taken["size=100"] == 2
        )  # the rows with their writers, and all their topics: few rows count themselves
        assert taken["size=10&page=1"] == 3


def test_a_list_within_a_page_of_ones_own(sqlite: str) -> None:
    grid = books(prefix="b.", can={"write": True})
    app = app_of(sqlite, ("/all-books", grid))

    @app.get("/")
    async def home(request: Request) -> dict[str, str]:
        return {"page": str(await grid.listing(request, Book.where(Book.year > 1924)))}

    @app.get("/media")
    async def media(request: Request) -> str:
        return (await grid.listing(request)).media

    app.install(Security(https=False))
    with Client(app) as client:
        page = client.get("/?b.q=a&q=ignored").json()["page"]
        assert titles(page) == ["Orlando", "The Waves"]
        assert link(page, "b.sort=title").startswith("/?b.q=a&")
        view = link(page, "/view/")
        assert view.startswith("/all-books/view/")
        assert client.get(view).status == 200
        assert client.get(link(page, "/edit/")).status == 200
        assert "<h2>Books</h2>" in page
        media = client.get("/media").text
        assert re.findall(r'(?:href|src)="/all-books/_files/grid\.(css|js)\?v=', media) == ["css", "js"]
        assert re.search(r'<script [^>]*nonce="[^"]{20,}"></script>', media)
        for url in re.findall(r'(?:href|src)="([^"]*)"', media):
            assert client.get(url).status == 200


def test_a_query_is_all_that_a_grid_shows(sqlite: str) -> None:
    app = app_of(
        sqlite,
        (
            "/old",
            Grid(Book.where(Book.year < 1925).order_by(Book.year.desc()), columns=[Book.title, Book.year]),
        ),
    )
    with Client(app) as client:
        page = client.get("/old/").text
        assert titles(page)[0] == "Der Zauberberg"
        assert "Orlando" not in page
        assert client.get(link(page, "/view/")).status == 200
        assert client.get("/old/view/1").status == 404  # The Waves: there, but not here


def test_values_are_escaped_wherever_they_stand(sqlite: str) -> None:
    evil = '<script>alert("x")</script>\'"><img src=x onerror=alert(1)>'
    app = app_of(
        sqlite,
        ("/books", books()),
        ("/writers", Grid(Writer, columns=[Writer.name], filters=[Values(Writer.name)])),
    )

    @app.post("/evil", skip=["csrf"])
    async def more() -> None:
        writer = await Writer.create(name=evil[:80], country=evil[:40])
        await Book.create(title=evil, writer=writer)

    with Client(app) as client:
        assert client.post("/evil").status == 204
        for target in (
            "/books/?size=100",
            "/books/?size=100&f.writer.country=%3Cscript%3E",
            "/writers/",
            "/books/?q=%22%3E%3Cscript%3E",
        ):
            page = client.get(target).text
            assert "<script>alert" not in page
            assert "<img" not in page
        page = client.get("/books/?q=alert").text
        view = client.get(link(page, "/view/")).text
        assert "<script>alert" not in view
        assert "&lt;script&gt;alert" in view
        refused = client.get("/books/", params={"where": evil}).text
        assert "<script>alert" not in refused


def test_what_leads_somewhere_is_a_link_only_where_that_is_harmless(sqlite: str) -> None:
    class GridSite(Model):
        name: Field[str]
        address: Field[str]
        mail: Field[Email]

    def shown(value: str) -> Any:
        return h.b(value)

    grid = Grid(GridSite, columns=[Column(GridSite.name, show=shown), GridSite.address, GridSite.mail])
    app = App("sites", plugins=[Database(sqlite, models=[GridSite])])
    app.include(grid, at="/sites")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        await GridSite.create(name="<i>x</i>", address="javascript:alert(1)", mail="a@b.example")
        yield

    with Client(app) as client:
        page = client.get("/sites/").text
        assert "<b>&lt;i&gt;x&lt;/i&gt;</b>" in page
        assert 'href="javascript' not in page
        assert '<a href="mailto:a@b.example">' in page


def test_keys_of_any_kind_are_in_paths(sqlite: str) -> None:
    class GridShelf(Keyed):
        room: Field[str] = field(key=True, max_length=20)
        number: Field[int] = field(key=True)
        what: Field[str] = field(default="")

    app = App("shelves", plugins=[Database(sqlite, models=[GridShelf])])
    app.include(Grid(GridShelf), at="/shelves")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        await GridShelf.create(room="a/b,c?%2F ü", number=7, what="Maps")
        yield

    with Client(app) as client:
        view = link(client.get("/shelves/").text, "/view/")
        assert "Maps" in client.get(view).text
        for wrong in ("x", "x,y", "x,7,8", "x,99999999999999999999999", "%2C"):
            assert client.get(f"/shelves/view/{wrong}").status in (404, 422)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"columns": ["title"]}, "a column is a field"),
        ({"search": [Book.year]}, "search= lists fields of text"),
        ({"filters": ["year"]}, "Values() is about"),
        ({"sort": "nothing"}, "by which nothing can be sorted"),
        ({"columns": [Book.title, Book.title]}, "two of the columns are called 'title'"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(sqlite: str, wrong: dict[str, Any], told: str) -> None:
    app = app_of(sqlite, ("/books", Grid(Book, **wrong)))
    with pytest.raises(FreezeError, match=re.escape(told)) as raised:
        app.freeze()
    assert "test_declaring.py:" in str(raised.value)


def test_what_cannot_be_a_grid_is_told_at_once() -> None:
    with pytest.raises(TypeError, match="has no option 'colums'"):
        Grid(Book, colums=[Book.title])  # type: ignore[call-arg] # the mistake that is tested
    with pytest.raises(TypeError, match="cannot be exported as 'doc'"):
        Grid(Book, exports=["doc"])
    with pytest.raises(TypeError, match="leads to Book, not to Writer"):
        Grid(Writer, children=[Opinion.book])
    with pytest.raises(TypeError, match="Range\\(\\) is about numbers"):
        Range(Book.title)
    with pytest.raises(TypeError, match="says 'yes' of 'write'"):
        Grid(Book, can={"write": "yes"})  # type: ignore[dict-item] # the mistake that is tested


def test_what_is_shown_as_markup_is_text_in_a_file(sqlite: str) -> None:
    grid = Grid(Writer, columns=[Column(lambda one: h.b(one.name), "Who")], exports=["csv"])
    with Client(app_of(sqlite, ("/writers", grid))) as client:
        assert "<b>Thomas Mann</b>" in client.get("/writers/").text
        assert client.get("/writers/export.csv").text.splitlines() == ["Who", "Virginia Woolf", "Thomas Mann"]
