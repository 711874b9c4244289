"""JSON and lists in queries: what is at a path, what is in them, changes of a part."""

from __future__ import annotations

from typing import Any

import pytest
from cinema import Film

from segue.db import Database

pytestmark = pytest.mark.anyio


async def titles(*conditions: Any) -> list[str]:
    return await Film.where(*conditions).order_by(Film.id).values(Film.title)


async def test_what_is_at_a_path(films: Database) -> None:
    (row,) = await Film.where(Film.title == "Alien").select(
        Film.facts.get("studio", "name"),
        Film.facts.get("oscars", type=int),
        Film.facts.get("colour", type=bool),
        Film.facts.get("places", 1),
        Film.facts.get("studio", type=dict[str, str]),
        Film.facts.get("places", type=list[str]),
        Film.facts.get("none", type=int),
        Film.facts.get("missing"),
        Film.facts.get("oscars", type=float),
    )
    assert row == ("Fox", 1, True, "ship", {"name": "Fox"}, ["space", "ship"], None, None, 1.0)
    assert await titles(Film.facts.get("studio", "name") == "Warner") == ["Blade Runner"]
    assert await titles(Film.facts.get("oscars", type=int) < 1) == ["Blade Runner"]
    assert await titles(Film.facts.get("oscars", type=int).is_null()) == [
        "Cléo de 5 à 7",
        "Vagabond",
        "Untitled 100%",
    ]
    assert (await Film.order_by(Film.facts.get("oscars", type=int).desc(nulls="last"))
            .limit(1)
            .values(Film.title)) == ["Alien"]  # fmt: skip
    total = await Film.all().aggregate(Film.facts.get("oscars", type=int).sum())
    assert total == 1


async def test_what_is_in_it(films: Database) -> None:
    assert await titles(Film.facts.has_key("studio", "places")) == ["Alien"]
    assert await titles(Film.facts.has_key("none")) == ["Alien"]
    assert await titles(Film.facts.includes({"studio": {"name": "Fox"}})) == ["Alien"]
    assert await titles(Film.facts.includes({"places": ["ship"]})) == ["Alien"]
    assert await titles(Film.facts.includes({"oscars": 0, "studio": {}})) == ["Blade Runner"]
    assert await titles(Film.facts.includes({"colour": 1})) == []


async def test_lists(films: Database) -> None:
    assert await titles(Film.genres.includes("space")) == ["Alien", "Blade Runner"]
    assert await titles(Film.genres.includes(["space", "noir"])) == ["Blade Runner"]
    assert await titles(Film.genres.overlaps(["drama", "noir"])) == ["Blade Runner", "Cléo de 5 à 7"]
    assert await titles(Film.genres.get(0) == "horror") == ["Alien"]
    assert await titles(Film.genres == ["drama"]) == ["Cléo de 5 à 7"]


async def test_changes_of_a_part(films: Database) -> None:
    alien = Film.where(Film.title == "Alien")
    await alien.update(facts=Film.facts.put("studio", "name", value="20th Century"))
    await alien.update(facts=Film.facts.put("new", value={"a": [1, None]}))
    await alien.update(facts=Film.facts.put("nothing", value=None))
    await alien.update(facts=Film.facts.put("oscars", value=Film.facts.get("oscars", type=int) + 1))
    await alien.update(facts=Film.facts.put("views", value=Film.views))
    await alien.update(facts=Film.facts.without("places").without("colour"))
    facts = (await alien.one()).facts
    assert facts == {
        "studio": {"name": "20th Century"},
        "oscars": 2,
        "none": None,
        "new": {"a": [1, None]},
        "nothing": None,
        "views": 100,
    }
    await alien.update(facts=Film.facts.without("new", "a", 0))
    assert (await alien.one()).facts["new"] == {"a": [None]}


async def test_what_is_no_json(films: Database) -> None:
    with pytest.raises(TypeError, match="is no JSON"):
        Film.title.get("x")
    with pytest.raises(TypeError, match="neither JSON"):
        Film.title.includes("x")
    with pytest.raises(TypeError, match="needs a path"):
        Film.facts.get()
    with pytest.raises(ValueError, match="no position"):
        Film.genres.get(-1)
