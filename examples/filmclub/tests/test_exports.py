"""What can be taken along: by suffix and by `Accept`, harmless in a spreadsheet, and nothing private in it."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from club_members import a_film, a_review, member

import segue
from filmclub.exports.pages import printable
from filmclub.models import Film
from segue.testing import Client


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_what_a_search_has_found_is_a_table(client: Client) -> None:
    reply = client.get("/films.csv?q=alien&sort=title")
    assert reply.content_type == "text/csv"
    found = rows(reply.text)
    assert {"Alien", "Aliens"} <= {row["title"] for row in found}
    assert found[0].keys() == {
        "id", "title", "released", "director", "genre", "rating", "minutes", "imdb_score", "stars", "reviews",
    }  # fmt: skip
    assert [row["title"] for row in found] == sorted(row["title"] for row in found)
    lines = client.get("/films?q=alien&sort=title", headers={"accept": "application/jsonl"}).text.splitlines()
    assert [json.loads(line)["title"] for line in lines] == [row["title"] for row in found]


def test_all_films_leave_one_by_one(client: Client) -> None:
    assert len(rows(client.get("/films.csv").text)) == segue.wait(Film.all().count())


def test_what_a_spreadsheet_would_compute_is_text(client: Client) -> None:
    # Not a new film: what a transaction has written MariaDB finds by words when it is committed.
    segue.wait(Film.where(Film.title == "Alien").update(title='=HYPERLINK("https://evil.example")'))
    titles = [row["title"] for row in rows(client.get("/films.csv?q=alien").text)]
    assert '\'=HYPERLINK("https://evil.example")' in titles


def test_a_search_is_a_feed(client: Client) -> None:
    root = ElementTree.fromstring(client.get("/films.rss?q=alien").content)
    assert root.findtext("channel/title") == "Films: alien"
    links = [item.findtext("link") for item in root.iter("item")]
    assert f"http://localhost/films/{a_film().id}" in links
    assert len(ElementTree.fromstring(client.get("/films.rss").content).findall("channel/item")) == 50


@pytest.mark.skipif(not printable(), reason="what makes PDFs is not installed")
def test_a_search_is_printed_and_nobody_prints_much_at_a_time(client: Client) -> None:
    reply = client.get("/films.pdf?q=alien")
    assert reply.content_type == "application/pdf"
    assert reply.content.startswith(b"%PDF-")
    statuses = {client.get("/films.pdf?q=nothing+is+called+that").status for _ in range(25)}
    assert statuses == {200, 429}


def test_nonsense_is_told(client: Client) -> None:
    assert client.get("/films.csv?sort=password").status == 422
    assert client.get("/films", headers={"accept": "image/png"}).status == 406
    assert client.get("/films.exe").status == 404


def test_reviews_leave_when_everybody_may_read_them(client: Client) -> None:
    ripley, burke = member("ripley"), member("burke")
    a_review(ripley, "It <b>frightens</b> & it's slow.")
    a_review(burke, "Not yet approved", "waiting")
    a_review(burke, "Hidden away", "hidden", "Aliens")
    feed = client.get("/reviews.rss").text
    [item] = ElementTree.fromstring(feed).findall("channel/item")
    assert item.findtext("title") == "Alien: 4 of 5"
    # A reader takes the description for HTML.
    assert (item.findtext("description") or "").startswith("It &lt;b&gt;frightens&lt;/b&gt; &amp; it")
    [row] = rows(client.get("/reviews.csv").text)
    assert (row["author"], row["film"], row["stars"]) == ("ripley", "Alien", "4")
    every = feed + client.get("/reviews.csv").text + client.get("/reviews.jsonl").text
    for hidden in ("Not yet", "Hidden away", "@example.com", "password", "stamp"):
        assert hidden not in every
