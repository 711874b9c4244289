"""The API: films and what belongs to them, described, with what everybody may know and no more."""

from club_members import a_film, a_review, member

from segue.testing import Client


def test_films_are_found_in_pages(client: Client) -> None:
    page = client.get("/api/films", params={"q": "alien", "size": "2"}).json()
    assert (page["total"] > 3, len(page["items"]), page["size"]) == (True, 2, 2)
    film = client.get("/api/films", params={"q": "blade runner"}).json()["items"][0]
    assert film["director"]["name"] == "Ridley Scott"
    assert film["genre"]["slug"] == "thriller-suspense"
    assert "words" not in film
    whole = client.get(f"/api/films/{film['id']}").json()
    assert whole["distributor"]["name"] == "Warner Bros."
    person = client.get(f"/api/people/{film['director']['id']}").json()
    assert film["id"] in [one["id"] for one in person["films"]]
    assert len(client.get("/api/genres").json()) == 12
    assert client.get("/api/films/999999").status == client.get("/api/films/999999/reviews").status == 404


def test_reviews_tell_no_address_and_wait_until_they_are_shown(client: Client) -> None:
    ada, eve = member("ada"), member("eve")
    a_review(ada, "In space.")
    a_review(eve, "Boring.", state="waiting")
    reply = client.get(f"/api/films/{a_film().id}/reviews")
    [review] = reply.json()
    assert (review["author"], review["text"]) == ("ada", "In space.")
    assert "example.com" not in reply.text


def test_the_api_is_described_and_the_pages_are_not_in_it(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {
        "/api/films",
        "/api/films/{id}",
        "/api/films/{id}/reviews",
        "/api/genres",
        "/api/people/{id}",
    } <= set(paths)
    assert not {"/films/{id}", "/login", "/members/{name}", "/moderation/"} & set(paths)
    assert client.get("/docs").status == 200
