"""The ten best: reckoned once for each day, whoever tries."""

import asyncio
from datetime import date, timedelta

from club_members import a_film, a_review, member

import segue
from filmclub import app
from filmclub.topten.models import Ranked
from filmclub.topten.reckoning import reckon
from segue.db import Database
from segue.testing import Client

DAY = date(2031, 1, 1)  # not today: the app itself reckons that, meanwhile
db = next(one.plugin for one in app.declared.plugins if isinstance(one.plugin, Database))


def test_a_new_site_has_its_list_at_once(client: Client) -> None:
    page = client.get("/top-ten").text
    assert page.count("/films/") >= 10 or "There is none yet" in page


def test_a_day_has_one_list_however_many_reckon_it(client: Client) -> None:
    segue.wait(Ranked.all().delete())

    async def at_once() -> list[bool]:
        return await asyncio.gather(*(reckon(db, DAY) for _ in range(5)))

    assert sum(segue.wait(at_once())) == 1
    ranked = segue.wait(Ranked.where(Ranked.day == DAY).order_by(Ranked.place).load(Ranked.film))
    assert [one.place for one in ranked] == list(range(1, 11))
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert all(one.before in (None, one.place) for one in ranked)  # there may be the list of today


def test_what_members_think_counts_and_places_change(client: Client) -> None:
    segue.wait(Ranked.all().delete())
    segue.wait(reckon(db, DAY))
    first = segue.wait(Ranked.where(Ranked.day == DAY).order_by(Ranked.place).load(Ranked.film))
    film = a_film("Fargo")
    assert film.id not in [one.film.id for one in first]
    for number in range(40):
        a_review(member(f"member-{number}"), "The best of all.", film="Fargo", stars=5)
    assert segue.wait(reckon(db, DAY + timedelta(days=1)))
    second = segue.wait(Ranked.where(Ranked.day > DAY).order_by(Ranked.place).load(Ranked.film))
    places = {one.film.id: one for one in second}
    assert places[film.id].place == 1
    assert places[film.id].before is None
    moved = places[first[0].film.id]
    assert (moved.before, moved.place) == (1, 2)
    page = client.get("/top-ten").text
    assert page.index("Fargo") < page.index(first[0].film.title)
    assert "down from 1" in page
