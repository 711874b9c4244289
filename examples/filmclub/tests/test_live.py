"""New reviews as they come: the page, the events, and where they go on after a break."""

import json
from typing import Any

from club_members import a_review, member

import segue
from filmclub.models import Review
from segue.auth import unrestricted
from segue.testing import Client


def changed(review: Review, **values: Any) -> None:
    with unrestricted():
        for name, value in values.items():
            setattr(review, name, value)
        segue.wait(review.save())


def test_the_page_has_what_everybody_may_read(client: Client) -> None:
    a_review(member("ripley"), "It <b>frightens</b>.")
    a_review(member("burke"), "A waiting one", "waiting")
    page = client.get("/reviews/live").text
    assert "It &lt;b&gt;frightens&lt;/b&gt;." in page
    assert "A waiting one" not in page


def test_reviews_come_when_they_are_approved_and_go_when_they_are_hidden(client: Client) -> None:
    with client.events("/reviews/live/events") as events:
        review = a_review(member("ripley"), "It frightens.", "waiting")
        changed(review, state="shown")
        changed(review, state="hidden")
        told = [json.loads(next(events).data) for _ in range(3)]
    assert [one["type"] for one in told] == ["gone", "shown", "gone"]
    assert (told[1]["film"], told[1]["author"], told[1]["text"]) == ("Alien", "ripley", "It frightens.")
    assert not any("example.com" in json.dumps(one) for one in told)


def test_a_browser_that_comes_back_misses_nothing(client: Client) -> None:
    with client.events("/reviews/live/events") as events:
        for number in range(3):
            a_review(member(f"member-{number}"), f"review {number}")
        seen = [next(events) for _ in range(3)]
    with client.events("/reviews/live/events", headers={"last-event-id": seen[0].id or ""}) as events:
        assert [json.loads(next(events).data)["text"] for _ in range(2)] == ["review 1", "review 2"]
        a_review(member("late"), "review 3")
        assert json.loads(next(events).data)["text"] == "review 3"
    for forged in ("elsewhere-7", "../../etc/passwd", "x" * 5_000):
        with client.events("/reviews/live/events", headers={"last-event-id": forged}) as events:
            assert next(events).event == "missed"


def test_the_page_says_from_where_its_events_go_on(client: Client) -> None:
    a_review(member("ripley"), "It frightens.")
    page = client.get("/reviews/live").text
    address = page.partition('data-events="')[2].partition('"')[0].replace("&amp;", "&")
    with client.events(address) as events:
        a_review(member("burke"), "It does not.")
        assert json.loads(next(events).data)["text"] == "It does not."
