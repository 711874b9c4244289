"""Objects of models in MongoDB, beside tables. The server is one that speaks its protocol over SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from segue import App
from segue.db import ConfigurationError, Database, Field, Keyed, Missing, Model, Ref, ValidationError, field
from segue.db.mongo import MongoDB, criteria
from segue.db.mongo.testing import in_memory
from segue.testing import AsyncClient

pytestmark = [pytest.mark.anyio, pytest.mark.requires("nx_27017", "pymongo")]


class Reel(Model):
    title: Field[str] = field(max_length=40)


class Sighting(Keyed):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    kind: Field[str] = field(max_length=10, index=True)
    film: Field[int]
    at: Field[datetime] = field(default=datetime(2026, 1, 2, tzinfo=UTC))
    facts: Field[dict[str, int]] = field(default_factory=dict)
    note: Field[str | None] = field(default=None)


class Take(Keyed):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    film: Ref[Reel]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with in_memory() as url:
        yield url


@pytest.fixture
async def events(server: str, anyio_backend: str) -> AsyncIterator[MongoDB]:
    async with MongoDB(server, name="events") as events:
        await events.delete(Sighting.all())
        yield events


async def test_objects_are_documents(events: MongoDB) -> None:
    for number in range(6):
        await events.save(
            Sighting(
                kind="seen" if number % 2 else "sold",
                film=number,
                facts={"a": number},
                note="x%" if number == 3 else None,
            )
        )
    query = Sighting.where(Sighting.kind == "seen").order_by(Sighting.film.desc())
    assert [one.film for one in await events.all(query)] == [5, 3, 1]
    assert [one.film for one in await events.all(query.limit(1).offset(1))] == [3]
    first = await events.first(Sighting.where(Sighting.film.between(2, 3) & Sighting.note.is_null()))
    assert first is not None
    assert (first.film, first.facts, first.at) == (2, {"a": 2}, datetime(2026, 1, 2, tzinfo=UTC))
    assert await events.count(Sighting.where(Sighting.film.is_in([1, 2, 9]))) == 2
    assert await events.count(Sighting.where((Sighting.film < 1) | (Sighting.film >= 5))) == 2
    assert await events.count(Sighting.where(Sighting.note.contains("X"))) == 0
    assert await events.count(Sighting.where(Sighting.note.icontains("X%"))) == 1
    assert await events.count(Sighting.where(Sighting.note != "y")) == 1
    first.note = "changed"
    await events.save(first)
    assert (await events.get(Sighting, first.id)).note == "changed"
    assert await events.update(Sighting.where(Sighting.film > 3), note="late") == 2
    assert await events.delete(Sighting.where(Sighting.note == "late")) == 2
    assert len([one async for one in events.stream(Sighting.all())]) == 4
    with pytest.raises(Missing):
        await events.get(Sighting, uuid4())
    with pytest.raises(ValidationError):
        await events.save(Sighting(kind="much too long", film=1))
    with pytest.raises(ValueError, match="10"):
        await events.update(Sighting.all(), kind="much too long")


async def test_documents_of_an_older_model_are_read(events: MongoDB) -> None:
    key = uuid4()
    await events.raw["sighting"].insert_one({"_id": str(key), "kind": "old", "film": 7, "gone": True})
    found = await events.get(Sighting, key)
    assert (found.film, found.facts, found.note) == (7, {}, None)


async def test_what_has_no_counterpart_says_so() -> None:
    with pytest.raises(TypeError, match="no counterpart"):
        criteria(Sighting.where(Sighting.film + 1 == 2))
    with pytest.raises(TypeError, match="no counterpart of select"):
        criteria(Sighting.select(Sighting.film))
    with pytest.raises(TypeError, match="no counterpart"):
        criteria(Take.where(Take.film.title == "Alien"))
    with pytest.raises(ConfigurationError, match="needs one key"):
        await MongoDB("mongodb://127.0.0.1/x").get(Reel, 1)
    with pytest.raises(ConfigurationError, match="not open"):
        await MongoDB("mongodb://127.0.0.1/x").all(Sighting.all())


@pytest.mark.row("TG-12")
async def test_one_request_uses_tables_and_documents(server: str, tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/films.db", models=[Reel])
    events = MongoDB(server)
    app = App(plugins=[db, events])

    @app.post("/films/{title}")
    async def add(title: str) -> Sighting:
        film = await Reel.create(title=title)
        return await events.save(Sighting(kind="added", film=film.id))

    @app.get("/films/{id}")
    async def show(id: int) -> dict[str, object]:
        film = await Reel.get(id)
        return {
            "film": film.title,
            "events": await events.count(Sighting.where(Sighting.film == id, Sighting.kind == "added")),
        }

    async with AsyncClient(app) as client:
        await db.create_all()
        await events.delete(Sighting.all())
        added = (await client.post("/films/Alien")).json()
        assert (await client.get(f"/films/{added['film']}")).json() == {"film": "Alien", "events": 1}
