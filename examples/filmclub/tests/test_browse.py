"""The catalogue: search, facets, pages of films."""

from segue.testing import Client


def test_the_front_page_shows_the_best_known_films(client: Client) -> None:
    page = client.get("/")
    assert page.status == 200
    assert "<h1" in page.text
    assert "3,200 films" in page.text
    assert page.text.index("The Shawshank Redemption") < page.text.index("Avatar")


def test_words_are_found_without_case_and_accents(client: Client) -> None:
    page = client.get("/", params={"q": "JEUNET amelie"}).text
    assert "Le Fabuleux destin d&#39;Amélie Poulain" in page
    assert "1 film for" in page


def test_what_is_typed_brings_the_results_alone(client: Client) -> None:
    part = client.get("/", params={"q": "alien"}, headers={"hx-request": "true"}).text
    assert "Aliens" in part
    assert "<html" not in part


def test_a_film_has_a_page(client: Client) -> None:
    page = client.get("/", params={"q": "blade runner"}).text
    path = page.partition('<h3><a href="')[2].partition('"')[0]
    film = client.get(path).text
    assert "<h1>Blade Runner</h1>" in film
    assert "Ridley Scott" in film
    assert client.get("/films/999999").status == 404
