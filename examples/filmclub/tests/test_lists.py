"""Lists: private, in their order, shared by a link, and seen by nobody else in any view, export or API."""

import re

import pytest
from club_members import a_film, becomes, member, signed_in

import segue
from filmclub.lists.models import Entry, FilmList
from filmclub.models import Film, Member
from segue.auth import acting_for, unrestricted
from segue.testing import Client


async def _listed(owner: Member, title: str, films: list[Film]) -> FilmList:
    with unrestricted():
        made = await FilmList.create(owner=owner, title=title)
        await Entry.create_many(
            [Entry(list=made, film=film, place=place) for place, film in enumerate(films, 1)]
        )
        return made


def a_list(owner: Member, title: str = "To see", *films: Film) -> FilmList:
    return segue.wait(_listed(owner, title, list(films)))


def titles(page: str) -> list[str]:
    return re.findall(r"<li>\s*<a href=\"[^\"]*/films/\d+\">([^<]*)</a>", page)


def test_a_list_is_made_and_films_are_added_from_their_pages(client: Client) -> None:
    signed_in(client, "ripley")
    assert client.post("/lists", data={"title": ""}).status == 422
    made = client.post("/lists", data={"title": "To see", "about": "Soon."})
    assert made.status == 303
    again = client.post("/lists", data={"title": "To see"})
    assert again.status == 422
    assert "You have a list of this name." in again.text
    alien, aliens = a_film(), a_film("Aliens")
    key = made.headers["location"].rpartition("/")[2]
    assert f'value="{key}"' in client.get(f"/films/{alien.id}").text
    for film in (aliens, alien, alien):
        assert client.post(f"/films/{film.id}/lists", data={"list": key}).status == 303
    page = client.get(f"/lists/{key}").text
    assert titles(page) == ["Aliens", "Alien"]
    assert "Soon." in page
    assert "2 films" in client.get("/lists").text


def test_films_are_moved_and_taken_away(client: Client) -> None:
    owner = signed_in(client, "ripley")
    films = [a_film(title) for title in ("Alien", "Aliens", "Fargo")]
    made = a_list(owner, "To see", *films)

    def move(title: str, to: str) -> list[str]:
        page = client.get(f"/lists/{made.id}").text
        entry = re.search(rf">{title}</a>.*?/films/(\d+)\"", page, re.DOTALL)
        assert entry is not None
        assert client.post(f"/lists/{made.id}/films/{entry[1]}", data={"to": to}).status == 303
        return titles(client.get(f"/lists/{made.id}").text)

    assert move("Fargo", "up") == ["Alien", "Fargo", "Aliens"]
    assert move("Alien", "down") == ["Fargo", "Alien", "Aliens"]
    assert move("Fargo", "up") == ["Fargo", "Alien", "Aliens"]
    assert move("Alien", "away") == ["Fargo", "Aliens"]
    assert client.post(f"/lists/{made.id}/films/999999", data={"to": "up"}).status == 404
    assert client.post(f"/lists/{made.id}/films/1", data={"to": "sideways"}).status == 422


@pytest.mark.parametrize("somebody", ["nobody", "another member", "a moderator"])
def test_nobody_else_sees_a_list_anywhere(client: Client, somebody: str) -> None:
    film = a_film("Fargo")
    made = a_list(member("ripley"), "My secret list", film)
    [entry] = segue.wait(entries_of(made))
    if somebody != "nobody":
        signed_in(client, "burke", *(["moderators"] if somebody == "a moderator" else []))
    asked = [
        ("GET", f"/lists/{made.id}"),
        ("GET", "/lists"),
        *[("GET", f"/lists/{made.id}/films{suffix}") for suffix in ("", ".csv", ".jsonl", ".pdf")],
        ("GET", "/api/lists"),
        ("GET", f"/api/lists/{made.id}"),
        ("GET", f"/films/{film.id}"),
        ("GET", "/members/ripley"),
        ("GET", f"/lists/shared/{made.link}"),
        ("GET", "/lists/shared/None"),
        ("GET", "/lists/shared/x"),
        ("POST", f"/lists/{made.id}"),
        ("POST", f"/lists/{made.id}/link"),
        ("POST", f"/lists/{made.id}/films/{entry.id}"),
        ("POST", f"/films/{film.id}/lists"),
        ("POST", f"/lists/{made.id}/delete"),
    ]
    for method, path in asked:
        accept = {"accept": "text/html, */*;q=0.1"}
        sent = {"title": "mine now", "shared": "true", "to": "away", "list": str(made.id)}
        reply = (
            client.get(f"/en{path}", headers=accept)
            if method == "GET"
            else client.post(path, data=sent, headers=accept)
        )
        assert "secret list" not in reply.text, path
        if "/lists/" in path or method == "POST":
            assert reply.status in (302, 403, 404, 406), (method, path, reply.status)
    with unrestricted():
        kept = segue.wait(FilmList.get(made.id))
    assert (kept.title, kept.link) == ("My secret list", None)
    assert len(segue.wait(entries_of(made))) == 1


async def entries_of(of: FilmList) -> list[Entry]:
    with unrestricted():
        return await Entry.where(Entry.list == of)


def test_the_models_themselves_say_no(client: Client) -> None:
    ripley, burke = member("ripley"), member("burke")
    made = a_list(ripley, "My secret list", a_film())

    async def seen(by: Member | None) -> tuple[int, int]:
        with acting_for(by):
            return await FilmList.all().count(), await Entry.all().count()

    async def with_groups(one: Member) -> Member:
        await one.load(Member.groups)
        return one

    assert segue.wait(seen(segue.wait(with_groups(ripley)))) == (1, 1)
    assert segue.wait(seen(segue.wait(with_groups(burke)))) == (0, 0)
    assert segue.wait(seen(None)) == (0, 0)
    assert made.id


def test_whoever_has_the_link_sees_the_list_until_it_is_taken_away(client: Client) -> None:
    ripley = signed_in(client, "ripley")
    made = a_list(ripley, "To see", a_film("Fargo"))
    assert "You alone." in client.get(f"/lists/{made.id}").text
    client.post(f"/lists/{made.id}/link", data={"shared": "true"})
    found = re.search(r"/lists/shared/[\w-]{20,}", client.get(f"/lists/{made.id}").text)
    assert found is not None
    becomes(client, member("burke"))
    for _ in range(2):
        shared = client.get(found[0])
        assert shared.status == 200
        assert "Fargo" in shared.text
        assert shared.headers["referrer-policy"] == "no-referrer"
        assert shared.headers["x-robots-tag"] == "noindex"
        assert "no-store" in shared.headers["cache-control"]
        client.cookies.clear()
    becomes(client, ripley)
    client.post(f"/lists/{made.id}/link", data={"shared": "true"})
    assert client.get(found[0]).status == 404
    assert client.post(f"/lists/{made.id}/link", data={"": ""}).status == 303
    assert "You alone." in client.get(f"/lists/{made.id}").text


def test_the_api_has_ones_own_lists_and_not_their_links(client: Client) -> None:
    ripley = signed_in(client, "ripley")
    made = a_list(ripley, "To see", a_film("Fargo"))
    client.post(f"/lists/{made.id}/link", data={"shared": "true"})
    json = {"accept": "application/json"}
    [one] = client.get("/api/lists", headers=json).json()
    assert (one["title"], len(one["entries"])) == ("To see", 1)
    assert "link" not in one
    [entry] = client.get(f"/api/lists/{made.id}", headers=json).json()
    assert entry["film"]["title"] == "Fargo"
    client.cookies.clear()
    assert client.get("/api/lists", headers=json).status == 401
