"""What other frameworks offer for their models, each offer as one story over all databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shop import Opened

from segue.db import (
    AnyRef,
    CheckViolation,
    Database,
    Deleted,
    Field,
    Inserted,
    Inserting,
    IntegrityError,
    Keyed,
    Many,
    Model,
    One,
    Range,
    Ref,
    UniqueViolation,
    ValidationError,
    check,
    exclude,
    field,
    index,
    related,
    scope,
    search,
    searchable,
    unique,
)
from segue.db.functions import similar
from segue.db.migrations import Migrations
from segue.db.queries.query import Query

pytestmark = pytest.mark.anyio


class Stamp(Model, abstract=True):
    edits: Field[int] = field(db_default=1)


class Venue(Stamp, table="row_venue", kinds="kind"):
    name: Field[str] = field(max_length=40)
    city: Field[str] = field(max_length=40, default="Paris")
    rooms: Field[int] = field(default=1)
    label: Field[str] = field(max_length=90, computed=lambda venue: venue.city + ": " + venue.name)

    constraints = (
        unique("city", "name"),
        check(lambda venue: venue.rooms > 0, name="row_venue_rooms"),
        exclude(("city", "="), ("rooms", "="), where=lambda venue: venue.rooms > 50, name="row_venue_huge"),
        index("city", where=lambda venue: venue.rooms > 3, name="ix_row_large"),
        index(lambda venue: venue.name.lower(), name="ix_row_lower"),
    )


class Theatre(Venue, joined=True, table="row_theatre"):
    stage: Field[int] = field(default=9)


class Listed(Venue, proxy=True):
    def shout(self) -> str:
        return self.name.upper()


class Seat(Keyed, table="row_seat"):
    venue: Ref[Venue] = field(key=True, on_delete="cascade")
    number: Field[int] = field(key=True)


class Praise(Model, table="row_praise"):
    of: AnyRef[Venue | Seat]


@pytest.mark.row("DJ-10")
async def test_options_of_tables(opened: Opened) -> None:
    models = [Venue, Theatre, Listed, Seat, Praise]
    db = await opened(*models)
    olympia = await Theatre.create(name="Olympia", stage=12)
    assert (olympia.edits, olympia.label) == (1, "Paris: Olympia")
    with pytest.raises(UniqueViolation):
        await Venue.create(name="Olympia")
    with pytest.raises(CheckViolation):
        await Venue.create(name="Nowhere", rooms=0)
    await Venue.create(name="Huge", rooms=60)
    if db.engine.name == "postgresql":
        with pytest.raises(IntegrityError):
            await Venue.create(name="Vast", rooms=60)
    seat = await Seat.create(venue=olympia, number=7)
    assert await Seat.get(olympia.id, 7) == seat
    for of in (olympia, seat):
        await Praise.create(of=of)
    assert [one.of for one in await Praise.order_by(Praise.id).load(Praise.of)] == [olympia, seat]
    assert {type(one) for one in await Venue.all()} == {Venue, Theatre}
    plain = await Venue.create(name="Bar")
    assert (await Listed.where(Listed.name == "Bar").one()).shout() == "BAR"
    assert plain in await Listed.all()
    # By the database: no object is loaded, and none is asked.
    await db.execute("DELETE FROM row_venue WHERE name = 'Olympia'")
    assert (await Seat.all().count(), await Theatre.all().count()) == (0, 0)
    assert await Migrations(db).check() == []


@pytest.fixture
async def postgres(postgresql_url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[str]:
    yield postgresql_url
    async with Database(postgresql_url, models=[], migrations="none") as db:
        for table in ("row_show", "segue_migrations", "segue_migration"):
            await db.execute(f"DROP TABLE IF EXISTS {table} CASCADE")


@pytest.mark.row("DJ-12")
@pytest.mark.requires("postgresql")
async def test_what_postgresql_has_more(postgres: str, tmp_path: Path) -> None:
    class Show(Model, table="row_show"):
        title: Field[str] = field(max_length=80)
        plot: Field[str] = field(text=True, default="")
        hall: Field[int]
        days: Field[Range[date]]
        cast: Field[list[str]] = field(array=True, default_factory=list)
        facts: Field[dict[str, str]] = field(hstore=True, default_factory=dict)

        constraints = (
            exclude(("hall", "="), ("days", "&&"), name="row_show_once"),
            searchable("title", "plot", language="english", stored=True),
        )

    folder = tmp_path / "migrations"
    first = Show
    async with Database(postgres, models=[first], migrations=folder) as db:
        await Migrations(db).diff("shows")
        await Migrations(db).migrate()
        may = Range(date(2026, 5, 1), date(2026, 5, 9))
        carmen = await first.create(
            title="Carmen",
            plot="A soldier loves dancing girls",
            hall=1,
            days=may,
            cast=["Micaela", "Jose"],
            facts={"language": "French"},
        )
        with pytest.raises(IntegrityError):
            await first.create(title="Tosca", hall=1, days=Range(date(2026, 5, 8), None))
        await first.create(title="Tosca", plot="A singer and a painter", hall=2, days=may)
        assert await first.where(first.cast.includes(["Jose"])).all() == [carmen]
        assert await first.where(first.cast.overlaps(["x", "Jose"])).all() == [carmen]
        assert await first.where(first.facts.get("language") == "French").all() == [carmen]
        assert await first.where(first.days.includes(date(2026, 5, 8))).count() == 2
        # Forms of a word, its beginning, either of two, not one: as lexemes are put together.
        for words in ("dance", "danc*", "painting or dancing -painter", '"loves dancing"'):
            found = search(words, first.title, first.plot)
            assert await first.where(found).order_by(found.rank.desc()).all() == [carmen], words
        assert await first.where(found).values(found.headline(first.plot, before="<", after=">")) == [
            "A soldier <loves> <dancing> girls"
        ]

    def again() -> Any:
        class Show(Model, table="row_show"):
            title: Field[str] = field(max_length=80)
            plot: Field[str] = field(text=True, default="")
            hall: Field[int]
            days: Field[Range[date]]
            cast: Field[list[str]] = field(array=True, default_factory=list)
            facts: Field[dict[str, str]] = field(hstore=True, default_factory=dict)

            constraints = (
                *first.constraints,
                index("title", method="gin", ops="gin_trgm_ops", concurrently=True, name="ix_row_show"),
            )

        return Show

    later = again()
    async with Database(postgres, models=[later], migrations=folder) as db:
        [path] = await Migrations(db).diff("index")
        assert "postgresql_concurrently=True" in path.read_text()
        await Migrations(db).migrate()
        assert await Migrations(db).check() == []
        async with db.transaction():
            await db.execute("SET LOCAL enable_seqscan = off")
            assert "ix_row_show" in await later.where(similar(later.title, "Karmen")).explain()
        assert await later.where(similar(later.title, "Karmen")).values(later.title) == ["Carmen"]


class Doctor(Model, table="row_doctor"):
    name: Field[str] = field(max_length=40, min_length=2)
    desk: One[Desk]
    visits: Many[Visit] = related(other="doctor")
    patients: Many[Patient] = field(through="Visit")
    drugs: Many[Drug] = related(via="visits.drugs")

    @scope
    def called(query: Query[Doctor], name: str) -> Query[Doctor]:  # noqa: N805 -- of a query
        return query.where(Doctor.name == name)

    @property
    def title(self) -> str:
        return f"Dr {self.name}"

    def greet(self, whom: str) -> str:
        return f"{self.title} to {whom}"


class Desk(Model, table="row_desk"):
    doctor: Ref[Doctor] = field(unique=True)


class Patient(Model, table="row_patient"):
    name: Field[str] = field(max_length=40)


class Visit(Model, table="row_visit"):
    doctor: Ref[Doctor]
    patient: Ref[Patient]
    helper: Ref[Doctor | None] = field(default=None)
    minutes: Field[int] = field(default=10, ge=1, le=90)
    price: Field[int] = field(compute=lambda visit: visit.minutes * 2)
    drugs: Many[Drug] = related(other="visit")


class Drug(Model, table="row_drug"):
    visit: Ref[Visit] = field(on_delete="cascade")
    name: Field[str] = field(max_length=40)


TOLD: list[str] = []


@Visit.on(Inserting)
async def before(change: Inserting[Visit]) -> None:
    TOLD.append("inserting")


@Visit.on(Inserted, when="before commit")
async def last(change: Inserted[Visit]) -> None:
    TOLD.append("before commit")


@Visit.on(Inserted, when="after commit")
def after(change: Inserted[Visit]) -> None:
    TOLD.append("after commit")


@Visit.on(Deleted)
def gone(change: Deleted[Visit]) -> None:
    TOLD.append("deleted")


@pytest.mark.row("EM-04")
async def test_models_with_relations_scopes_checks_and_callbacks(opened: Opened) -> None:
    db = await opened(Doctor, Desk, Patient, Visit, Drug)
    TOLD.clear()
    house = await Doctor.create(name="House")
    await Desk.create(doctor=house)
    ann = await Patient.create(name="Ann")
    async with db.transaction():
        visit = await Visit(doctor=house, patient=ann).save()
        TOLD.append("in it")
    assert TOLD == ["inserting", "in it", "before commit", "after commit"]
    await Drug.create(visit=visit, name="salt")
    found = await Doctor.called("House").load(Doctor.desk, Doctor.visits, Doctor.patients, Doctor.drugs).one()
    assert found.desk is not None
    assert (found.visits, found.patients) == ([visit], [ann])
    assert [one.name for one in found.drugs] == ["salt"]
    assert (found.title, found.greet("Ann")) == ("Dr House", "Dr House to Ann")
    assert (visit.minutes, visit.price, visit.helper) == (10, 20, None)
    visit.minutes = 30
    assert visit.changes() == {"minutes"}
    await visit.save()
    assert (visit.price, visit.changes()) == (60, frozenset())
    await Visit.all().update(minutes=40)
    assert (await visit.refresh()).minutes == 40
    with pytest.raises(ValidationError) as caught:
        await Visit.create(doctor=house, patient=ann, minutes=91)
    assert caught.value.problems[0]["loc"] == ["minutes"]
    with pytest.raises(ValidationError):
        await Doctor.create(name="x")
    await visit.delete()
    assert TOLD[-1] == "deleted"


class Blog(Model, table="row_blog"):
    title: Field[str] = field(max_length=50)
    description: Field[str] = field(text=True, default="")

    constraints = (searchable("title", "description"),)


@pytest.mark.row("CW-01")
async def test_a_schema_in_python_makes_its_tables(opened: Opened) -> None:
    await opened(Blog)
    with pytest.raises(TypeError, match="required field `title`"):
        await Blog.create()
    with pytest.raises(ValidationError):
        await Blog.create(title="x" * 51)
    await Blog.create(title="Jazz", description="All about manouche guitars")
    await Blog.create(title="Rock")
    assert await Blog.search("manouche", Blog.title, Blog.description).values(Blog.title) == ["Jazz"]


class Club(Model, table="row_club"):
    name: Field[str] = field(max_length=30)
    members: Many[Fan] = related(least=1)
    friends: Many[Club] = related(symmetric=True)


class Fan(Model, table="row_fan"):
    name: Field[str] = field(max_length=30)
    clubs: Many[Club] = related(least=1, most=2)
    guide: Ref[Fan | None] = field(default=None)
    card: Ref[Card] = field(unique=True)


class Card(Model, table="row_card"):
    number: Field[int]
    fan: One[Fan] = related(other="card", least=1)


class Tagging(Model, table="row_tagging"):
    tag: Field[str] = field(max_length=20)
    tags: AnyRef[Club | Fan]


@pytest.mark.row("CW-02")
async def test_relations_with_cardinalities_on_both_ends(opened: Opened) -> None:
    db = await opened(Club, Fan, Card, Tagging)

    async def fan(name: str, *clubs: Club) -> Fan:
        return await Fan.create(name=name, card=await Card.create(number=len(name)), clubs=list(clubs))

    async with db.transaction():
        hot = await Club.create(name="Hot Club")
        ada = await fan("Ada", hot)
    # + at the end of the club, which it has over the relation of the fan.
    with pytest.raises(ValidationError, match="at least 1 Fan"):
        await Club.create(name="Empty")
    with pytest.raises(ValidationError, match="at least 1 and at most 2 Club"):
        async with db.transaction():
            await fan("Bob")
    with pytest.raises(ValidationError, match="Fan"):
        await Card.create(number=1)
    with pytest.raises(ValidationError):
        await ada.remove(Fan.clubs, hot)
    with pytest.raises(ValidationError):
        await hot.remove(Club.members, ada)
    # 1 and ?: a column each, in the row itself.
    with pytest.raises(ValidationError, match="card"):
        await Fan.create(name="x")
    assert ada.guide is None
    async with db.transaction():
        cool = await Club.create(name="Cool", members=[ada])
        await hot.add(Club.friends, cool)
    [cool] = await Club.where(Club.name == "Cool").load(Club.friends, Club.members)
    assert (cool.friends, cool.members) == ([hot], [ada])
    # One name, several pairs of types.
    for one in (hot, ada):
        await Tagging.create(tag="x", tags=one)
    assert await Tagging.where(Tagging.tags == ada).count() == 1
    assert [one.tags for one in await Tagging.order_by(Tagging.id).load(Tagging.tags)] == [hot, ada]


class Album(Model, table="row_album"):
    title: Field[str] = field(max_length=30)
    parts: Many[Part] = related(other="album")
    illustrators: Many[Artist] = related(
        rule=lambda album, artist: artist.parts.any(Part.album_id == album.id, Part.role == "pictures")
    )
    pay: Field[int] = field(default=0, formula=lambda album: album.parts.aggregate(Part.pay.sum()))


class Artist(Model, table="row_artist"):
    name: Field[str] = field(max_length=30)
    parts: Many[Part] = related(other="artist")


class Part(Model, table="row_part"):
    album: Ref[Album]
    artist: Ref[Artist]
    role: Field[str] = field(max_length=30)
    pay: Field[int] = field(default=10)


@pytest.mark.row("CW-06")
async def test_computed_relations_and_attributes(opened: Opened) -> None:
    await opened(Album, Artist, Part)
    asterix = await Album.create(title="Asterix")
    albert, rene = await Artist.create(name="Albert"), await Artist.create(name="René")
    part = await Part.create(album=asterix, artist=albert, role="pictures", pay=70)
    await Part.create(album=asterix, artist=rene, role="words", pay=50)
    [found] = await Album.where(Album.illustrators.any(Artist.name == "Albert")).load(Album.illustrators)
    assert (found.illustrators, found.pay) == ([albert], 120)
    assert await Album.where(Album.illustrators.any(Artist.name == "René")).count() == 0
    part.pay = 80
    await part.save()
    assert await Album.all().values(Album.pay) == [130]
    await Part.where(Part.role == "words").delete()
    assert await Album.where(Album.pay == 80).select(Album.illustrators.count()) == [(1,)]
