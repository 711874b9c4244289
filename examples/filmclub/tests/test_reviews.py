"""Reviews: written, changed, taken back, looked at by moderators."""

import re
from collections.abc import Callable
from html import unescape

import pytest

import segue
from filmclub import app
from filmclub.models import Film, Review
from segue.auth import unrestricted
from segue.testing import Client, ClientResponse

SignIn = Callable[..., Client]


@pytest.fixture
def film(client: Client) -> Film:
    return segue.wait(Film.where(Film.title == "Blade Runner").one())


def review(client: Client, film: Film, stars: int = 4, text: str = "Tears <in> rain.") -> None:
    done = client.post(
        f"/films/{film.id}/review", data={"stars": str(stars), "text": text}, follow_redirects=False
    )
    assert done.status == 303, done.text


def fields(page: ClientResponse) -> dict[str, str]:
    """What a browser would send back of the form on a page."""
    text = page.text
    found = dict(re.findall(r'<input type="hidden"[^>]* name="([^"]+)" value="([^"]*)"', text))
    found |= re.findall(r'<input type="radio"[^>]* name="([^"]+)"[^>]* value="([^"]*)"[^>]* checked', text)
    found |= re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', text)
    return {name: unescape(value) for name, value in found.items()}


def test_strangers_are_asked_who_they_are(client: Client, film: Film) -> None:
    asked = client.get(f"/films/{film.id}/review", follow_redirects=False)
    assert asked.headers["location"] == f"/login?next=%2Ffilms%2F{film.id}%2Freview"


def test_a_first_review_waits_for_a_moderator(sign_in: SignIn, film: Film) -> None:
    ada, eve = sign_in("ada"), sign_in("eve")
    review(ada, film)
    page = ada.get(f"/films/{film.id}").text
    assert "Tears &lt;in&gt; rain." in page
    assert "waits for a moderator" in page
    assert "Tears" not in eve.get(f"/films/{film.id}").text
    assert "Tears" not in eve.get("/members/ada").text
    assert eve.get("/moderation/", follow_redirects=False).status == 403
    segue.wait(film.refresh())
    assert (film.stars, film.review_count) == (None, 0)


def test_moderators_show_and_hide(sign_in: SignIn, film: Film) -> None:
    ada, mod = sign_in("ada"), sign_in("mod", "moderators")
    review(ada, film, 4)
    review(sign_in("eve"), film, 1, "Boring.")
    queue = mod.get("/moderation/", params={"state": "waiting"}).text
    assert "Tears &lt;in&gt; rain." in queue
    action = re.search(r'<form method="post" action="([^"]+)"', queue)
    assert action is not None, queue
    keys = [str(one) for one in segue.wait(all_reviews())]
    done = mod.post(unescape(action[1]), data={"many": "show", "key": keys}, follow_redirects=True)
    assert "2 reviews are shown now." in done.text
    segue.wait(film.refresh())
    assert (film.stars, film.review_count) == (2.5, 2)
    # Who was let pass is trusted from then on.
    other = segue.wait(Film.where(Film.title == "Alien").one())
    review(ada, other, 5, "In space.")
    assert "In space." in Client(app).get(f"/films/{other.id}").text


async def all_reviews() -> list[int]:
    with unrestricted():
        return await Review.order_by(Review.id).values(Review.id)


def test_two_pages_do_not_overwrite_each_other(sign_in: SignIn, film: Film) -> None:
    ada = sign_in("ada")
    review(ada, film)
    path = f"/films/{film.id}/review"
    first, second = ada.get(path), ada.get(path)
    assert ada.post(path, data={**fields(first), "stars": "3"}, follow_redirects=False).status == 303
    conflict = ada.post(path, data={**fields(second), "stars": "1"}, follow_redirects=False)
    assert conflict.status == 422
    assert ada.post(path, data={**fields(conflict), "stars": "1"}, follow_redirects=False).status == 303


def test_a_review_is_taken_back_by_its_author_alone(sign_in: SignIn, film: Film) -> None:
    ada, eve = sign_in("ada"), sign_in("eve")
    review(ada, film)
    [number] = segue.wait(all_reviews())
    assert eve.post(f"/reviews/{number}/delete").status == 404
    assert ada.post(f"/reviews/{number}/delete", follow_redirects=False).status == 303
    assert segue.wait(all_reviews()) == []
