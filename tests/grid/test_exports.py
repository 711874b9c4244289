"""Lists as files."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from bookshelf import Book, Writer, app_of, books

from segue.grid import Grid, exporting
from segue.testing import Client

EVIL = ["=1+1", "+1-cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\N{FULLWIDTH EQUALS SIGN}1", 'a"b,c\nd']


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    grid = books(exports=["csv", "tsv", "json", "xml", "html", "pdf"])
    app = app_of(url, ("/books", grid), ("/writers", Grid(Writer, columns=[Writer.name], sort="name")))

    @app.post("/evil", skip=["csrf"])
    async def more() -> None:
        for text in EVIL:
            await Writer.create(name=f"{text} evil")
        await Book.create(title="Control \x07 <b>&amp;</b>", year=1800)

    with Client(app) as client:
        assert client.post("/evil").status == 204
        yield client


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("name", "delimiter", "kind"), [("csv", ",", "text/csv"), ("tsv", "\t", "text/tab-separated-values")]
)
def test_all_pages_of_what_is_asked_for_are_in_the_file(
    client: Client, name: str, delimiter: str, kind: str
) -> None:
    answer = client.get(f"/books/export.{name}?q=atlas&f.writer=&sort=-title&page=2&size=10")
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="shelved_book.{name}"'
    assert "no-store" in answer.headers["cache-control"]
    found = rows(answer.text, delimiter)
    assert found[0] == ["title", "writer.name", "year", "age", "opinions_count", "topics"]
    assert [row[0] for row in found[1:]] == [f"Atlas {number:02}" for number in range(27, 0, -1)]
    assert found[1][2] == ""
    assert found[2][2:5] == ["1901", "99", "0"]


def test_what_a_spreadsheet_would_compute_is_neutralised(client: Client) -> None:
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        found = rows(client.get(f"/writers/export.{name}?where=name+contains+evil").text, delimiter)
        cells = {row[0] for row in found[1:]}
        assert len(cells) == len(EVIL)
        assert all(cell[:1] not in "=+-@\t\N{FULLWIDTH EQUALS SIGN}" for cell in cells)
        assert "'=1+1 evil" in cells
        assert 'a"b,c\nd evil' in cells


def test_a_file_without_rows_has_its_heading(client: Client) -> None:
    assert client.get("/writers/export.csv?where=name+%3D+nobody").text == "name\r\n"
    assert client.get("/writers/export.json?where=name+%3D+nobody").json() == []
    assert list(ET.fromstring(client.get("/writers/export.xml?where=name+%3D+nobody").text)) == []
    assert client.get("/writers/export.html?where=name+%3D+nobody").status == 200


@pytest.mark.row("W-16")
def test_formats_for_programs_keep_types(client: Client) -> None:
    found = json.loads(client.get("/books/export.json?q=Waves").text)
    assert found == [
        {
            "title": "The Waves",
            "writer.name": "Virginia Woolf",
            "year": 1931,
            "age": 69,
            "opinions_count": 0,
            "topics": "sea",
        }
    ]
    assert client.get("/books/export.json?q=Control").json()[0]["title"] == "Control \x07 <b>&amp;</b>"
    item = ET.fromstring(client.get("/books/export.xml?q=Waves").text)[0]
    assert (item.findtext("title"), item.findtext("year"), item.findtext("writer.name")) == (
        "The Waves",
        "1931",
        "Virginia Woolf",
    )
    # What no XML can carry is replaced, and the file is one.
    item = ET.fromstring(client.get("/books/export.xml?q=Control").text)[0]
    assert item.findtext("title") == "Control \N{REPLACEMENT CHARACTER} <b>&amp;</b>"


def test_formats_for_people(client: Client) -> None:
    page = client.get("/books/export.html?q=Control").text
    assert '<th scope="col">Opinions</th>' in page
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in page
    assert "<b>" not in page


@pytest.mark.requires("weasyprint")
def test_a_list_on_paper(client: Client) -> None:
    answer = client.get("/books/export.pdf?q=Waves")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_too_many_rows_for_paper_are_refused_before_they_are_laid_out(
    client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setitem(exporting._MOST_AT_ONCE, "html", 5)
    answer = client.get("/books/export.html")
    assert answer.status == 400
    assert "more than 5 rows" in answer.text


def test_a_condition_that_cannot_be_understood_is_no_file(client: Client) -> None:
    assert client.get("/books/export.csv?where=nonsense").status == 400
    assert client.get("/books/export.doc").status == 404
