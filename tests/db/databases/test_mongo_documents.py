"""Documents that refer to each other, grow older than their models, are encrypted, and are written as a unit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from segue.db import (
    Field,
    Keyed,
    Many,
    Missing,
    NotLoaded,
    Ref,
    Stale,
    UniqueViolation,
    ValidationError,
    field,
    index,
    unique,
)
from segue.db.mongo import MongoDB, criteria, evolves
from segue.db.mongo.testing import in_memory
from segue.security.encryption import Cipher

pytestmark = [pytest.mark.anyio, pytest.mark.requires("nx_27017", "pymongo")]


class Sealed:
    """The cipher of the security kit, for fields."""

    _cipher = Cipher("f3Kq9ZpX2mTnB7wLrV5cYhJ8sD4gA6eUiO1xQzNvCtMbRkPyWlEaHjGd", "contacts")

    def encrypt(self, data: bytes) -> bytes:
        return self._cipher.encrypt(data).encode()

    def decrypt(self, data: bytes) -> bytes:
        return self._cipher.decrypt(data.decode())


class Venue(Keyed, table="mongo_venue"):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    name: Field[str] = field(max_length=20, unique=True)
    concerts: Many[Concert]


class Concert(Keyed, table="mongo_concert"):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    title: Field[str] = field(max_length=20)
    venue: Ref[Venue | None] = field(default=None)
    seats: Field[int] = field(default=10, ge=0, index=True)
    guests: Field[list[str]] = field(default_factory=list)
    contact: Field[str | None] = field(default=None, encrypted=Sealed())
    revision: Field[int] = field(default=1, version=True)

    constraints = (unique("venue", "title"), index("title", "seats"))


class Letter(Keyed, table="mongo_letter"):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    sender: Field[str] = field(max_length=20)
    words: Field[int] = field(default=0)


@evolves(Letter, to=2)
def who(document: dict[str, Any]) -> None:
    document["sender"] = document.pop("from", "nobody")


@evolves(Letter, to=3)
def how_long(document: dict[str, Any]) -> None:
    document["words"] = len(document.pop("text", "").split())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with in_memory() as url:
        yield url


@pytest.fixture
async def music(server: str, anyio_backend: str) -> AsyncIterator[MongoDB]:
    async with MongoDB(server, name="music") as music:
        for model in (Venue, Concert, Letter):
            await music.collection(model).drop()
        await music.create_indexes(Venue, Concert)
        yield music


@pytest.mark.row("TG-13")
async def test_relations_are_keys_and_are_loaded_in_one_query_each(music: MongoDB) -> None:
    odeon = await music.save(Venue(name="Odeon"))
    arena = await music.save(Venue(name="Arena"))
    for number in range(3):
        await music.save(Concert(title=f"c{number}", venue=odeon if number else arena, seats=number))
    await music.save(Concert(title="nowhere"))
    found = await music.all(Concert.order_by(Concert.title).load(Concert.venue))
    assert [one.venue.name if one.venue else None for one in found] == ["Arena", "Odeon", "Odeon", None]
    assert found[1].venue is found[2].venue
    [plain] = await music.all(Concert.where(Concert.title == "c0"))
    assert plain.venue.id == arena.id
    with pytest.raises(NotLoaded):
        _ = plain.venue.name
    # By their key, from both sides.
    assert await music.count(Concert.where(Concert.venue == odeon)) == 2
    assert await music.count(Concert.where(Concert.venue.id.is_in([odeon.id, arena.id]))) == 3
    assert await music.count(Concert.where(Concert.venue.is_null())) == 1
    venues = await music.all(Venue.order_by(Venue.name).load(Venue.concerts))
    assert [sorted(one.title for one in venue.concerts) for venue in venues] == [["c0"], ["c1", "c2"]]
    assert venues[0].concerts[0].venue is venues[0]
    [big] = await music.all(Venue.where(Venue.name == "Odeon").load(Venue.concerts.where(Concert.seats > 1)))
    assert [one.title for one in big.concerts] == ["c2"]
    deep = await music.all(Concert.where(Concert.title == "c1").load(Concert.venue.concerts))
    assert len(deep[0].venue.concerts) == 2
    with pytest.raises(TypeError, match="no counterpart"):
        criteria(Concert.where(Concert.venue.name == "Odeon"))


@pytest.mark.row("TG-13")
async def test_indexes_hold(music: MongoDB) -> None:
    venue = await music.save(Venue(name="Odeon"))
    with pytest.raises(UniqueViolation):
        await music.save(Venue(name="Odeon"))
    await music.save(Concert(title="a", venue=venue))
    with pytest.raises(UniqueViolation):
        await music.save(Concert(title="a", venue=venue))
    await music.save(Concert(title="b", venue=venue))
    listed = await music.collection(Concert).index_information()
    keys = [tuple(name for name, _ in one["key"]) for one in listed.values()]
    assert {("seats",), ("venue_id", "title"), ("title", "seats")} <= set(keys)


@pytest.mark.row("TG-13")
async def test_documents_evolve_when_they_are_read_and_when_all_are(music: MongoDB) -> None:
    raw = music.collection(Letter)
    await raw.insert_many(
        [
            {"_id": str(UUID(int=1)), "from": "ann", "text": "one two"},
            {"_id": str(UUID(int=2)), "sender": "bob", "text": "one two three", "_version": 2},
        ]
    )
    await music.save(Letter(id=UUID(int=3), sender="cy", words=7))
    first = await music.get(Letter, UUID(int=1))
    assert (first.sender, first.words) == ("ann", 2)
    # Reading changes nothing in the database; conditions see what is written there.
    assert await music.count(Letter.where(Letter.sender == "ann")) == 0
    assert await music.evolve(Letter) == 2
    assert await music.evolve(Letter) == 0
    assert await music.count(Letter.where(Letter.words >= 2)) == 3
    assert {one["_version"] async for one in raw.find({})} == {3}
    assert [one["sender"] async for one in raw.find({"from": {"$exists": True}})] == []
    await raw.insert_one({"_id": str(UUID(int=9)), "sender": "x", "_version": 4})
    with pytest.raises(ValueError, match="a newer program"):
        await music.get(Letter, UUID(int=9))
    with pytest.raises(ValueError, match="one function"):
        evolves(Letter, to=3)(who)


@pytest.mark.row("TG-13")
async def test_encrypted_fields_are_so_in_the_document(music: MongoDB) -> None:
    made = await music.save(Concert(title="a", contact="ann@example.org"))
    document = await music.collection(Concert).find_one({"title": "a"})
    assert b"ann" not in bytes(document["contact"])
    assert (await music.get(Concert, made.id)).contact == "ann@example.org"
    assert await music.update(Concert.where(Concert.title == "a"), contact="bob@example.org") == 1
    assert b"bob" not in bytes((await music.collection(Concert).find_one({"title": "a"}))["contact"])
    assert (await music.get(Concert, made.id)).contact == "bob@example.org"
    with pytest.raises(TypeError, match="is encrypted"):
        criteria(Concert.where(Concert.contact == "bob@example.org"))
    assert await music.count(Concert.where(Concert.contact.is_null())) == 0


@pytest.mark.row("TG-13")
async def test_a_unit_of_work_writes_what_was_changed(music: MongoDB) -> None:
    one = await music.save(Concert(title="one", contact="c"))
    two = await music.save(Concert(title="two"))
    async with music.unit() as unit:
        first = await unit.get(Concert, one.id)
        [same, other] = await unit.all(Concert.order_by(Concert.title))
        assert same is first
        first.guests.append("ann")
        first.seats = 3
        new = Concert(title="new")
        unit.add(new)
        draft = Concert(title="draft")
        unit.add(draft)
        unit.delete(draft, other)
        # Nothing is written before the end.
        assert (await music.get(Concert, one.id)).guests == []
        assert await music.count(Concert.all()) == 2
    found = await music.all(Concert.order_by(Concert.title))
    assert [(each.title, each.seats, each.guests, each.revision) for each in found] == [
        ("new", 10, [], 1),
        ("one", 3, ["ann"], 2),
    ]
    with pytest.raises(Missing):
        await music.get(Concert, two.id)

    async def failing() -> None:
        async with music.unit() as unit:
            (await unit.get(Concert, one.id)).seats = 99
            raise LookupError

    with pytest.raises(LookupError):
        await failing()
    assert (await music.get(Concert, one.id)).seats == 3

    async def wrong() -> None:
        async with music.unit() as unit:
            (await unit.get(Concert, one.id)).guests.append("bob")
            (await unit.get(Concert, new.id)).title = "new!"
            unit.add(Concert(title="much too long for a title"))

    # One that is wrong, and nothing of the others is sent.
    with pytest.raises(ValidationError):
        await wrong()
    assert (await music.get(Concert, one.id)).guests == ["ann"]

    async def late() -> None:
        async with music.unit() as unit:
            (await unit.get(Concert, one.id)).seats = 4
            await music.update(Concert.where(Concert.id == one.id), revision=9)

    with pytest.raises(Stale):
        await late()
    assert (await music.get(Concert, one.id)).seats == 3
    async with music.unit() as unit:
        again = await unit.get(Concert, one.id)
        again.seats = 5
        await unit.flush()
        again.seats = 6
    last = await music.get(Concert, one.id)
    assert (last.seats, last.revision, last.contact) == (6, 11, "c")
