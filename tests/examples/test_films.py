"""The film example over a real server."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from segue.testing import Client, LiveServer

COUNT = 3201


def get(client: httpx2.Client, path: str, **params: Any) -> Any:
    reply = client.get(path, params=params or None)
    assert reply.status_code == 200, reply.text
    return reply.json()


def bad_fields(reply: httpx2.Response) -> list[list[str]]:
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    return sorted(error["loc"] for error in reply.json()["errors"])


def new_film(title: str, **more: Any) -> dict[str, Any]:
    return {"title": title, **more}


# --- search ----------------------------------------------------------------------------------------------------------


def test_a_page_of_all_films(client: httpx2.Client) -> None:
    page = get(client, "/films")
    assert (page["total"], page["page"], page["pages"], len(page["films"])) == (COUNT, 1, 161, 20)
    assert page["films"][0]["title"] == "The Shawshank Redemption"
    assert set(page["links"]) == {"self", "first", "next", "last"}


@pytest.mark.parametrize("q", ["amelie", "AMÉLIE", "jeunet amelie", "  Poulain   fabuleux "])
def test_search_knows_neither_case_nor_accents_nor_order(client: httpx2.Client, q: str) -> None:
    assert [film["title"] for film in get(client, "/films", q=q)["films"]] == [
        "Le Fabuleux destin d'Amélie Poulain"
    ]


def test_filters_go_together(client: httpx2.Client, films: ModuleType) -> None:
    page = get(client, "/films", genre="Western", rating_min=7, year=1969, size=100)
    expected = {
        film.id
        for film in films.films
        if film.genre == "Western" and (film.imdb_rating or 0) >= 7 and film.released.year == 1969
    }
    assert expected
    assert {film["id"] for film in page["films"]} == expected


def test_the_links_lead_through_every_film_once(client: httpx2.Client) -> None:
    seen: list[int] = []
    page = get(client, "/films", size=100, sort="title")
    while True:
        seen += [film["id"] for film in page["films"]]
        if "next" not in page["links"]:
            break
        page = get(client, page["links"]["next"])
    assert len(page["films"]) == 1
    assert page["links"]["self"] == page["links"]["last"]
    assert sorted(seen) == list(range(1, COUNT + 1))


def test_a_link_keeps_what_was_asked_for(client: httpx2.Client) -> None:
    first = get(client, "/films", q="the", genre="Drama", rating_min=5, sort="-released", size=7)
    second = get(client, first["links"]["next"])
    assert second["page"] == 2
    assert get(client, second["links"]["previous"])["films"] == first["films"]


def test_beyond_the_last_page_there_is_nothing_but_the_way_back(client: httpx2.Client) -> None:
    page = get(client, "/films", page=4000)
    assert (page["total"], page["films"]) == (COUNT, [])
    assert "next" not in page["links"]
    assert get(client, page["links"]["previous"])["page"] == 161


@pytest.mark.parametrize("sort", ["title", "released", "imdb_rating", "imdb_votes"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_sorted_with_the_holes_last(client: httpx2.Client, sort: str, sign: str) -> None:
    values = [
        film[sort]
        for number in range(1, 34)
        for film in get(client, "/films", sort=sign + sort, size=100, page=number)["films"]
    ]
    known = [value for value in values if value is not None]
    assert len(values) == COUNT
    assert values == sorted(known, reverse=bool(sign)) + [None] * (COUNT - len(known))


def test_every_bad_field_of_a_query_is_named(client: httpx2.Client) -> None:
    query = {
        "year": "x",
        "rating_min": "11",
        "page": "0",
        "size": "101",
        "sort": "id",
        "genre": "Opera",
        "q": "a" * 101,
    }
    reply = client.get("/films", params=query)
    assert bad_fields(reply) == sorted(["query", name] for name in query)


@pytest.mark.parametrize("page", ["-1", "1.5", "", "٣", "9" * 400, "0x1", "+1", "1_0"])
def test_a_page_is_a_number(client: httpx2.Client, page: str) -> None:
    assert bad_fields(client.get("/films", params={"page": page})) == [["query", "page"]]


# --- one film --------------------------------------------------------------------------------------------------------


def test_a_film_with_its_holes(client: httpx2.Client) -> None:
    film = get(client, "/films/1")
    assert film["title"] == "The Land Girls"
    assert film["released"] == "1998-06-12"
    assert film["genre"] is None
    assert film["director"] is None


@pytest.mark.parametrize(
    "path", ["/films/0", "/films/3202", "/films/x", "/films/-1", "/films/" + "9" * 400, "/films/1/"]
)
def test_no_such_film(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_posted_film_is_there(client: httpx2.Client) -> None:
    sent = new_film(
        "Ünïcode — 映画", released="2026-02-28", genre="Drama", director="A. N. Other", imdb_rating=10
    )
    reply = client.post("/films", json=sent)
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/films/{COUNT + 1}"
    film = get(client, reply.headers["location"])
    assert film == reply.json()
    assert {name: film[name] for name in sent} == sent
    assert get(client, "/films", q="unicode other")["total"] == 1
    assert get(client, "/healthz") == {"status": "ok", "films": COUNT + 1}


def test_every_bad_field_of_a_film_is_named(client: httpx2.Client) -> None:
    bad = {
        "title": "",
        "released": "Jun 12 1998",
        "genre": "Opera",
        "certificate": 3,
        "minutes": 0,
        "imdb_rating": "good",
    }
    assert bad_fields(client.post("/films", json=bad)) == sorted(["body", name] for name in bad)
    assert bad_fields(client.post("/films", json={})) == [["body", "title"]]
    assert get(client, "/healthz")["films"] == COUNT


def test_a_film_is_json(client: httpx2.Client) -> None:
    assert client.post("/films", data={"title": "A form"}).status_code == 415
    assert (
        client.post("/films", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    )


def test_the_memory_has_a_bound(client: httpx2.Client, films: ModuleType) -> None:
    films.ROOM_FOR_POSTED = 1
    assert client.post("/films", json=new_film("One")).status_code == 201
    assert client.post("/films", json=new_film("Two")).status_code == 507


# --- exports ---------------------------------------------------------------------------------------------------------


def test_json_lines_of_everything(client: httpx2.Client) -> None:
    reply = client.get("/films/export.jsonl")
    assert reply.headers["content-type"] == "application/jsonl"
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [line["id"] for line in lines] == list(range(1, COUNT + 1))
    assert lines[6] == get(client, "/films/7")


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_the_first_lines_come_before_the_last_are_made(films: ModuleType, name: str) -> None:
    # In the same process: the buffers of the kernel could hold the whole export.
    with Client(films.app) as client, client.stream("GET", f"/films/export.{name}") as export:
        lines = export.lines()
        first = next(lines)
        assert client.post("/films", json=new_film("Posted meanwhile")).status == 201
        last = [first, *lines][-1]
    assert "Posted meanwhile" in last


@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_an_export_has_no_length_in_advance(client: httpx2.Client, name: str) -> None:
    with client.stream("GET", f"/films/export.{name}") as reply:
        assert reply.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in reply.headers


def test_csv_of_everything(client: httpx2.Client) -> None:
    reply = client.get("/films/export.csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))
    assert [row["id"] for row in rows] == [str(number) for number in range(1, COUNT + 1)]
    film = get(client, "/films/7")
    assert rows[6] == {name: "" if value is None else str(value) for name, value in film.items()}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_is_a_formula(client: httpx2.Client, start: str) -> None:
    title, director = f'{start}HYPERLINK("x"), ok', f"{start}1\nsecond line"
    assert client.post("/films", json=new_film(title, director=director)).status_code == 201
    last = list(csv.DictReader(io.StringIO(client.get("/films/export.csv").text, newline="")))[-1]
    assert (last["title"], last["director"]) == (f"'{title}", f"'{director}")
    assert last["id"] == str(COUNT + 1)


# --- events ----------------------------------------------------------------------------------------------------------


def events(reply: httpx2.Response) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in reply.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "data" in event:
            yield event
            event = {}


def test_who_listens_gets_the_films_posted_from_then_on(client: httpx2.Client) -> None:
    client.post("/films", json=new_film("Before"))
    with client.stream("GET", "/feed") as feed:
        assert feed.headers["content-type"] == "text/event-stream"
        posted = [client.post("/films", json=new_film(f"Film {n}")).json() for n in range(3)]
        listening = events(feed)
        received = [next(listening) for _ in posted]
    assert [json.loads(event["data"]) for event in received] == posted
    assert [event["id"] for event in received] == [str(film["id"]) for film in posted]
    assert {event["event"] for event in received} == {"film"}


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("3202", "Film 1"),
        ("3201", "Film 0"),
        ("5", "Film 0"),
        ("0", "Film 0"),
        ("-7", "Film 0"),
        ("3203", "Film 2"),
    ],
)
def test_who_comes_back_misses_nothing(client: httpx2.Client, last: str, first: str) -> None:
    for number in range(3):
        client.post("/films", json=new_film(f"Film {number}"))
    with client.stream("GET", "/feed", headers={"last-event-id": last}) as feed:
        assert json.loads(next(events(feed))["data"])["title"] == first


def test_who_comes_back_from_before_a_restart_gets_what_is_new(client: httpx2.Client) -> None:
    with client.stream("GET", "/feed", headers={"last-event-id": "999999"}) as feed:
        client.post("/films", json=new_film("New"))
        assert json.loads(next(events(feed))["data"])["title"] == "New"


def test_an_id_that_is_none_of_ours(client: httpx2.Client) -> None:
    assert bad_fields(client.get("/feed", headers={"last-event-id": "x"})) == [["header", "last-event-id"]]


# --- search as you type ----------------------------------------------------------------------------------------------


def address(server: LiveServer) -> str:
    return f"ws://{server.host}:{server.port}/search"


def test_each_message_is_a_query(server: LiveServer) -> None:
    with connect(address(server)) as socket:
        for query, best in [
            ("alien", "Alien"),
            ("amelie", "Le Fabuleux destin d'Amélie Poulain"),
            ("star wars", None),
        ]:
            socket.send(query)
            reply = json.loads(socket.recv(timeout=30))
            assert reply["q"] == query
            assert 0 < len(reply["films"]) <= 20
            assert best in {None, reply["films"][0]["title"]}
        socket.send("qqqqqq")
        assert json.loads(socket.recv(timeout=30)) == {"q": "qqqqqq", "films": []}


def test_titles_that_begin_with_the_query_come_first(server: LiveServer) -> None:
    with connect(address(server)) as socket:
        socket.send("king")
        titles = [film["title"].lower() for film in json.loads(socket.recv(timeout=30))["films"]]
    starts = [title.startswith("king") for title in titles]
    assert any(starts)
    assert starts == sorted(starts, reverse=True)


def test_a_query_is_text(server: LiveServer) -> None:
    with connect(address(server)) as socket:
        socket.send(b"alien")
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_a_page_of_another_origin_cannot_search(server: LiveServer) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(address(server), origin="https://evil.example"):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_works_as_a_plain_form(client: httpx2.Client) -> None:
    page = client.get("/", params={"q": "alien", "genre": "", "sort": "title"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    titles = re.findall(r'<th scope="row"><a href="films/[0-9]+">(.*?)</a>', page.text)
    assert titles == ["AVP: Alien Vs. Predator", *titles[1:]]
    assert "Alien³" in titles
    assert '<option value="title" selected>' in page.text
    assert 'value="alien"' in page.text


def test_the_pages_are_linked(client: httpx2.Client) -> None:
    first = client.get("/", params={"genre": "Drama"})
    found = re.search(r'<a href="(\?[^"]+)" rel="next">', first.text)
    assert found is not None
    second = client.get("/" + found[1].replace("&amp;", "&"))
    assert "page 2 of 40" in second.text
    assert 'rel="prev"' in second.text


def test_what_visitors_send_is_shown_as_text(client: httpx2.Client) -> None:
    evil = "\"'><script>alert(1)</script>&"
    client.post("/films", json=new_film(evil, director=evil))
    page = client.get("/", params={"q": evil}).text
    assert page.count("<script>") == 1
    assert page.count("&lt;script&gt;alert(1)") == 3


def test_the_page_asks_no_other_host_and_runs_nothing_but_its_own(client: httpx2.Client) -> None:
    page = client.get("/")
    assert not re.search(r"""(?:src|href|url\(|@import)\s*=?\s*["']?(?:https?:)?//""", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
