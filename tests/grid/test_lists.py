"""Lists: what is shown, searched, filtered, sorted, and page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from bookshelf import app_of, books
from gridpages import cells, count, facet, link, titles

from segue.testing import Client


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    with Client(app_of(url, ("/books", books(size=10)))) as client:
        yield client


def test_a_list_shows_its_columns_in_its_order(client: Client) -> None:
    page = client.get("/books/").text
    rows = cells(page)
    assert len(rows) == 10
    assert rows[0] == ["Atlas 01", "", "1901", "99", "0", ""]
    assert count(page) == "30 found"
    page = client.get("/books/?q=woolf").text
    assert cells(page) == [
        ["Orlando", "Virginia Woolf", "1928", "72", "2", ""],
        ["The Waves", "Virginia Woolf", "1931", "69", "0", "sea"],
    ]
    heads = re.findall(r"<th scope=\"col\"[^>]*>(?:<a[^>]*>)?([^<]+)", page)
    assert heads == ["Title", "Writer", "Year", "Age", "Opinions", "Topics"]


def test_every_word_is_looked_for_in_every_field_of_the_search(client: Client) -> None:
    assert titles(client.get("/books/?q=wAves+virgin").text) == ["The Waves"]
    page = client.get("/books/?q=100%25").text
    assert titles(page) == []
    assert "Nothing was found." in page


def test_it_is_sorted_by_columns_those_without_a_value_last(client: Client) -> None:
    page = client.get("/books/?sort=-year").text
    assert titles(page)[:3] == ["The Waves", "Orlando", "Der Zauberberg"]
    assert 'aria-sort="descending"' in page
    first = client.get("/books/?sort=year").text
    last = client.get("/books/?sort=year&page=3").text
    assert cells(first)[0][2] == "1900"
    assert cells(last)[-1][2] == ""
    assert titles(client.get("/books/?sort=-opinions_count").text)[0] == "Orlando"
    assert titles(client.get("/books/?sort=-writer.name").text)[:2] == [
        "The Waves",
        "Orlando",
    ]  # by their keys
    # What cannot be sorted by leaves the list in its own order.
    assert titles(client.get("/books/?sort=notes").text)[0] == "Atlas 01"
    assert titles(client.get("/books/?sort=shelf_secret").text)[0] == "Atlas 01"


@pytest.mark.row("CW-14")
def test_facets_say_how_many_each_would_leave(client: Client) -> None:
    page = client.get("/books/").text
    assert facet(page, "Writer") == {"None": "27", "Virginia Woolf": "2", "Thomas Mann": "1"}
    assert facet(page, "Binding") == {"Paper": "29", "Cloth": "1"}
    assert facet(page, "Writer: country") == {"None": "27", "England": "2", "Germany": "1"}
    assert facet(page, "Topics") == {"None": "28", "sea": "1", "war": "1"}
    assert facet(page, "Opinions") == {"Yes": "2", "No": "28"}
    assert facet(page, "Marks") == {"Signed": "2", "Torn": "1"}


@pytest.mark.row("CW-14")
def test_facets_narrow_each_other_down_but_not_themselves(client: Client) -> None:
    page = client.get("/books/?f.opinions.has=yes").text
    assert titles(page) == ["Der Zauberberg", "Orlando"]
    assert facet(page, "Opinions") == {"Yes": "2", "No": "28"}
    assert facet(page, "Writer") == {"Virginia Woolf": "1", "Thomas Mann": "1"}
    woolf = re.search(r'name="f.writer" value="(\d+)"[^>]*> <span>Virginia', page)
    assert woolf
    both = client.get(f"/books/?f.opinions.has=yes&f.writer={woolf[1]}").text
    assert titles(both) == ["Orlando"]
    assert f'value="{woolf[1]}" checked' in both
    # Several values of one facet are one or the other; no value is one of them.
    assert count(client.get(f"/books/?f.writer={woolf[1]}&f.writer=").text) == "29 found"
    assert titles(client.get("/books/?f.marks=1&f.marks=2").text) == ["Orlando"]
    assert titles(client.get("/books/?f.topics=1").text) == ["The Waves"]
    assert count(client.get("/books/?f.topics=").text) == "28 found"
    assert titles(client.get("/books/?f.writer.country=England").text) == ["Orlando", "The Waves"]


@pytest.mark.row("CW-14")
def test_ranges_of_numbers_and_days(client: Client) -> None:
    assert titles(client.get("/books/?f.year.from=1924&f.year.to=1928").text) == ["Der Zauberberg", "Orlando"]
    assert titles(client.get("/books/?f.bought.from=2001-02-03&f.bought.to=2001-02-03").text) == ["The Waves"]
    page = client.get("/books/?f.year.to=1901").text
    assert 'name="f.year.to" value="1901"' in page


@pytest.mark.row("W-16")
def test_conditions_are_put_together_from_lists_without_a_script(client: Client) -> None:
    answer = client.get(
        "/books/?q=a&field=year&comparison=%3E&value=1925&add=and&where=title+contains+%22a%22",
        follow_redirects=False,
    )
    assert answer.status == 303
    page = client.get(answer.headers["location"]).text
    assert titles(page) == ["Orlando", "The Waves"]
    assert "year &gt; &#34;1925&#34;</textarea>" in page
    quoted = client.get(
        "/books/?field=title&comparison=%3D&value=%22%29+or+title+%21%3D+%22&add=or", follow_redirects=False
    )
    assert count(client.get(quoted.headers["location"]).text) == "0 found"
    missing = client.get("/books/?field=year&comparison=is+null&add=and", follow_redirects=False)
    assert count(client.get(missing.headers["location"]).text) == "9 found"


@pytest.mark.parametrize("bad", ["shelf_secret = x", "notes = x", "title", "(" * 50, "year = x"])
def test_a_condition_that_cannot_be_understood_is_told_and_the_list_stays(client: Client, bad: str) -> None:
    answer = client.get("/books/", params={"where": bad})
    assert answer.status == 400
    assert 'class="error"' in answer.text
    assert "hidden-thing" not in answer.text


def test_pages_by_number(client: Client) -> None:
    seen: list[str] = []
    page = client.get("/books/?q=a&sort=-title").text
    while True:
        seen += titles(page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        if following is None:
            break
        page = client.get(following[1].replace("&amp;", "&")).text
    assert len(seen) == len(set(seen)) == 30
    assert seen == sorted(seen, reverse=True)
    assert '<span aria-current="page">3</span>' in page
    assert "page=2" in link(page, "page=2")
    # A page that is not there leads back; the size is one of those that there are.
    assert titles(client.get("/books/?page=77").text) == []
    assert len(titles(client.get("/books/?size=25").text)) == 25
    assert len(titles(client.get("/books/?size=1000000").text)) == 10


@pytest.mark.parametrize(
    "sort", ["", "title", "-year", "year", "writer.name", "-writer.name", "-opinions_count"]
)
def test_where_there_are_too_many_to_count_pages_follow_from_rows(
    client: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.grid.listing.COUNTED", 12)
    monkeypatch.setattr("segue.grid.asked.COUNTED", 12)
    page = client.get(f"/books/?sort={sort}&size=10").text
    assert count(page) == "More than 10000 found"
    assert set(facet(page, "Writer").values()) == {""}
    forth = [titles(page)]
    while following := re.search(r'href="([^"]*)" rel="next"', page):
        page = client.get(following[1].replace("&amp;", "&")).text
        forth.append(titles(page))
    every = [one for some in forth for one in some]
    assert len(every) == len(set(every)) == 30
    back = [titles(page)]
    while previous := re.search(r'href="([^"]*)" rel="prev"', page):
        page = client.get(previous[1].replace("&amp;", "&")).text
        back.insert(0, titles(page))
    assert back == forth


def test_a_part_of_the_page_is_its_list_alone(client: Client) -> None:
    whole = client.get("/books/?q=a")
    part = client.get("/books/?q=a", headers={"HX-Request": "true"})
    assert part.text.startswith('<section class="grid"')
    assert part.text.endswith("</section>")
    assert "<html" in whole.text
    assert "hx-request" in part.headers["vary"].lower()
    assert "no-store" in whole.headers["cache-control"]
