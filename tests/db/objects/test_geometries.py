"""Geometries: kept, asked about, refused where they are none, and shown."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shop import Opened

from segue import App
from segue.auth import Passwords
from segue.db import (
    ConfigurationError,
    Database,
    Deleted,
    Deleting,
    Field,
    Geometry,
    GeometryCollection,
    Inserted,
    Inserting,
    Keyed,
    LineString,
    Many,
    Model,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    Query,
    Ref,
    UniqueViolation,
    UnusableValue,
    Updated,
    Updating,
    ValidationError,
    Versioned,
    count,
    field,
    index,
    related,
)
from segue.db.data.factories import Factory
from segue.db.data.fixtures import dump, load
from segue.db.migrations import Migrations
from segue.db.migrations.inspection import models_of
from segue.html import FormOf, Templates
from segue.storage import Storage
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio

PARIS = Point((2.3522, 48.8566))
LYON = Point((4.8357, 45.764))
LILLE = Point((3.0573, 50.6292))
FRANCE = Polygon.box(-5, 42, 8.3, 51.2)


class Town(Model, table="geo_town"):
    name: Field[str] = field(max_length=40)
    at: Field[Point] = field(index=True, geography=True)


class Plot(Model, table="geo_plot"):
    name: Field[str] = field(max_length=40)
    edge: Field[Polygon] = field(srid=3857, index=True)
    way: Field[LineString | None] = field(default=None, srid=3857)
    any: Field[Geometry | None] = field(default=None, srid=3857)


SQLITE, POSTGIS, MARIADB = "sqlite", "postgresql", "mariadb"


@pytest.fixture(
    params=[
        pytest.param(SQLITE, marks=pytest.mark.requires("shapely")),
        pytest.param(POSTGIS, marks=pytest.mark.requires("postgresql", "postgis")),
        pytest.param(MARIADB, marks=pytest.mark.requires("mariadb")),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == SQLITE:
        return f"sqlite:///{tmp_path}/geo.db"
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
async def db(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(url, models=[Town, Plot]) as database:
        await database.drop_all()
        await database.create_all()
        yield database
        await database.drop_all()


def square(x: float, y: float, size: float) -> Polygon:
    return Polygon.box(x, y, x + size, y + size)


ALL: list[Geometry] = [
    Point((1.5, -2)),
    LineString([(0, 0), (1, 1), (2, 0)]),
    Polygon([[(0, 0), (9, 0), (9, 9), (0, 0)], [(5, 2), (6, 2), (6, 3), (5, 2)]]),
    MultiPoint([(0, 0), (1, 1)]),
    MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 2)]]),
    MultiPolygon([square(0, 0, 1).coordinates, square(5, 5, 1).coordinates]),
    GeometryCollection([Point((1, 2)), LineString([(0, 0), (1, 1)])]),
]


async def test_all_kinds_are_kept_as_they_are(db: Database) -> None:
    for one in ALL:
        made = await Plot.create(name=type(one).__name__, edge=square(0, 0, 1), any=one)
        kept = await Plot.get(made.id)
        assert kept.any == one
        assert isinstance(kept.any, type(one))
    several = await Plot.create_many([Plot(name="many", edge=square(0, 0, 2), any=one) for one in ALL])
    assert [(await Plot.get(one.id)).any for one in several] == ALL
    [first, *_] = several
    first.any = None
    await first.save()
    assert (await Plot.get(first.id)).any is None
    assert await Plot.where(Plot.edge == square(0, 0, 2)).count() == len(ALL)
    assert await Plot.where(Plot.id == first.id).update(edge=square(7, 7, 1)) == 1
    assert await Plot.where(Plot.id == first.id).values(Plot.edge) == [square(7, 7, 1)]


async def test_distances_on_the_earth(db: Database) -> None:
    await Town.create_many(
        [Town(name=name, at=at) for name, at in (("Paris", PARIS), ("Lyon", LYON), ("Lille", LILLE))]
    )
    far = dict(await Town.all().select(Town.name, Town.at.distance(PARIS)))
    assert far["Paris"] == 0
    assert math.isclose(far["Lyon"], 391_500, rel_tol=0.01)
    assert await Town.where(Town.at.distance(PARIS) <= 250_000).order_by(Town.name).values(Town.name) == [
        "Lille",
        "Paris",
    ]
    assert await Town.order_by(Town.at.distance(LYON)).values(Town.name) == ["Lyon", "Paris", "Lille"]
    assert await Town.order_by(Town.at.distance(LYON).desc()).limit(1).values(Town.name) == ["Lille"]
    assert await Town.where(Town.at.within(FRANCE)).count() == 3
    assert await Town.where(Town.at.intersects(square(2, 48, 1))).values(Town.name) == ["Paris"]
    [(x, y)] = await Town.where(Town.name == "Lyon").select(Town.at.x(), Town.at.y())
    assert (x, y) == LYON.coordinates
    # The values are beside the statement: another place, the same statement.
    near = [await Town.where(Town.at.distance(one) <= 1_000).values(Town.name) for one in (PARIS, LYON)]
    assert near == [["Paris"], ["Lyon"]]


async def test_relations_of_two_geometries(db: Database) -> None:
    await Plot.create(name="large", edge=square(0, 0, 10))
    await Plot.create(name="inside", edge=square(2, 2, 2))
    await Plot.create(name="over the edge", edge=square(8, 8, 4))
    await Plot.create(name="beside", edge=square(10, 0, 5))
    await Plot.create(name="far", edge=square(50, 50, 1))
    middle = Point((3, 3))

    async def names(condition: Any) -> list[str]:
        return await Plot.where(condition).order_by(Plot.name).values(Plot.name)

    assert await names(Plot.edge.contains(middle)) == ["inside", "large"]
    assert await names(Plot.edge.within(square(0, 0, 11))) == ["inside", "large"]
    assert await names(Plot.edge.overlaps(square(0, 0, 10))) == ["over the edge"]
    assert await names(Plot.edge.touches(square(0, 0, 10))) == ["beside"]
    assert await names(Plot.edge.intersects(square(9, 0, 3))) == ["beside", "large"]
    assert await names(Plot.edge.disjoint(square(0, 0, 20))) == ["far"]
    assert await names(Plot.edge.crosses(LineString([(49, 50.5), (60, 50.5)]))) == ["far"]
    assert await names(Plot.edge.equals(Polygon([[(4, 4), (2, 4), (2, 2), (4, 2), (4, 4)]]))) == ["inside"]
    assert await names(Plot.edge.bbox_overlaps(square(51, 51, 1))) == ["far"]
    assert await names(Plot.edge.distance(middle) <= 5) == ["inside", "large"]
    assert await names(Plot.edge.distance(middle) > 40) == ["far"]
    assert await names(~Plot.edge.contains(middle) & (Plot.edge.area() < 16)) == ["far"]


async def test_measures_and_geometries_that_are_made(db: Database) -> None:
    way = LineString([(0, 0), (3, 4), (3, 8)])
    made = await Plot.create(name="one", edge=square(0, 0, 4), way=way)
    [(area, length, centre, box)] = await Plot.all().select(
        Plot.edge.area(), Plot.way.length(), Plot.edge.centroid(), Plot.way.envelope()
    )
    assert (area, length, centre) == (16, 9, Point((2, 2)))
    assert box.bbox == (0, 0, 3, 8)
    [wide] = await Plot.all().values(Plot.edge.buffer(1).area())
    assert 32 < wide < 35.2
    [common] = await Plot.all().values(Plot.edge.intersection(square(3, 3, 5)))
    assert common is not None
    assert common.bbox == (3, 3, 4, 4)
    # What is empty is None.
    assert await Plot.all().values(Plot.edge.intersection(square(30, 30, 5))) == [None]
    assert await Plot.all().aggregate(Plot.edge.area().sum()) == 16
    # Two columns with each other.
    assert await Plot.where(Plot.edge.intersects(Plot.way)).values(Plot.id) == [made.id]
    await Plot.create(name="no way", edge=square(0, 0, 4))
    assert await Plot.where(Plot.way.is_null()).values(Plot.name) == ["no way"]
    assert sorted(map(str, await Plot.all().values(Plot.way.length()))) == ["9.0", "None"]


@pytest.mark.parametrize(
    "url", [pytest.param(POSTGIS, marks=pytest.mark.requires("postgresql", "postgis"))], indirect=True
)
async def test_what_only_postgis_has(db: Database) -> None:
    await Plot.create(name="one", edge=square(0, 0, 100), way=LineString([(0, 0), (1, 0.001), (2, 0)]))
    [(degrees, plain, around)] = await Plot.all().select(
        Plot.edge.transform(4326), Plot.way.simplify(0.1), Plot.edge.perimeter()
    )
    assert math.isclose(degrees.bbox[2], 0.000898, rel_tol=0.01)
    assert plain == LineString([(0, 0), (2, 0)])
    assert around == 400
    assert await Plot.where(Plot.edge.covers(Point((0, 0)))).count() == 1
    # What is nearest is found in the order of the index.
    await db.execute(
        "INSERT INTO geo_town (name, at) SELECT 't', ST_Point(n / 1000.0, 0)::geography FROM generate_series(1, 5000) n"
    )
    await db.execute("ANALYZE geo_town")
    for query in (
        Town.order_by(Town.at.distance(PARIS)).limit(3),
        Town.where(Town.at.distance(Point((3, 0))) <= 10),
        Town.where(Town.at.intersects(square(3, 0, 0.01))),
    ):
        plan = str(await query.explain())
        assert "Index Scan" in plan, plan
        assert "ix_geo_town_at" in plan, plan
    # On the Earth: in metres and square metres.
    [area] = await Town.all().limit(1).values(Town.at.buffer(1_000).area())
    assert math.isclose(area, math.pi * 1_000_000, rel_tol=0.05)


async def test_what_is_no_geometry_is_refused(db: Database) -> None:
    bad: list[tuple[Any, str]] = [
        (lambda: Point((math.nan, 1)), "numbers"),
        (lambda: Point((1, math.inf)), "numbers"),
        (lambda: Point((1,)), "2 or 3"),
        (lambda: Point("12"), "coordinates"),  # type: ignore[arg-type] # that is what is refused
        (lambda: LineString([(0, 0)]), "at least 2"),
        (lambda: Polygon([[(0, 0), (1, 0), (1, 1), (0, 1)]]), "ends where it begins"),
        (lambda: Polygon([]), "at least one ring"),
        (lambda: MultiPolygon([[[(0, 0), (0, 1), (0, 0)]]]), "at least 4"),
        (lambda: GeometryCollection([GeometryCollection([PARIS])]), "made of geometries"),  # type: ignore[list-item] # refused
    ]
    for make, told in bad:
        with pytest.raises(ValueError, match=told):
            make()
    for at, told in (
        (Point((48.8, 200)), "longitude from -180 to 180"),
        (Point((1, 2, 3)), "Expected 2 coordinates"),
        (Point((1, 2), srid=3857), "system 4326, got 3857"),
        (FRANCE, "Point"),
    ):
        with pytest.raises(ValidationError, match=told) as caught:
            await Town.create(name="x", at=at)  # type: ignore[arg-type] # an area among them
        assert "Town.at" in str(caught.value)
    assert await Town.all().count() == 0
    many = LineString([(n % 7, n % 5) for n in range(1_000_000)])
    with pytest.raises(ValidationError, match=r"Plot\.way: Expected at most 100,000 positions"):
        await Plot.create(name="x", edge=square(0, 0, 1), way=many)
    with pytest.raises(UnusableValue, match=r"Town\.at.*longitude"):
        Town.at.distance(Point((0, 91)))
    with pytest.raises(UnusableValue, match="system 3857, got 4326"):
        Plot.edge.contains(Point((0, 0), srid=4326))
    with pytest.raises(TypeError, match="no geometry"):
        Plot.name.cast(int).distance(PARIS)  # type: ignore[misc] # refused
    with pytest.raises(TypeError, match=r"transform\(\) one of them"):
        Plot.edge.contains(Town.at)
    with pytest.raises(TypeError, match="compares geometries"):
        Plot.edge.contains("a text")  # type: ignore[call-overload] # refused


async def test_a_database_without_says_so(db: Database) -> None:
    await Plot.create(name="x", edge=square(0, 0, 1))
    if db.engine.name != POSTGIS:
        with pytest.raises(ConfigurationError, match=r"transform\(\) of a geometry has no counterpart"):
            await Plot.all().values(Plot.edge.transform(4326))
        with pytest.raises(ConfigurationError, match="anything but points"):
            await Town.all().values(Town.at.distance(FRANCE))


async def test_replies_bodies_and_their_description(db: Database) -> None:
    app = App()

    @app.get("/towns")
    async def towns() -> Query[Town]:
        return Town.order_by(Town.name)

    @app.post("/towns")
    async def add(town: Town) -> Town:
        return await town.save()

    async with AsyncClient(app) as client:
        reply = await client.post(
            "/towns", json={"name": "Paris", "at": {"type": "Point", "coordinates": [2.3522, 48.8566]}}
        )
        assert reply.status == 200, reply.text
        assert (await client.get("/towns")).json() == [
            {
                "id": reply.json()["id"],
                "name": "Paris",
                "at": {"type": "Point", "coordinates": [2.3522, 48.8566]},
            }
        ]
        for at, told in (
            ({"type": "Point", "coordinates": [2.3]}, "length >= 2"),
            ({"type": "LineString", "coordinates": [1, 2]}, "LineString"),
            ({"type": "Point", "coordinates": ["a", 1]}, "float"),
            ("POINT (1 2)", "object"),
        ):
            reply = await client.post("/towns", json={"name": "x", "at": at})
            assert reply.status == 422
            assert "at" in reply.json()["errors"][0]["loc"], reply.text
            assert told in reply.text
        reply = await client.post(
            "/towns", json={"name": "x", "at": {"type": "Point", "coordinates": [2.3, 99]}}
        )
        assert (reply.status, "latitude" in reply.text) == (422, True)
    schema = msgspec.json.schema_components([Point])[1]["Point"]
    assert schema["properties"]["type"] == {"enum": ["Point"]}


async def test_fixtures_and_factories(db: Database, tmp_path: Path) -> None:
    [first, second] = await Factory(Town).create_many(2)
    assert first.at != second.at
    await Factory(Plot).create(any=ALL[-1])
    for form in ("json", "csv"):
        before = [await Town.order_by(Town.id), await Plot.order_by(Plot.id)]
        path = tmp_path / f"all.{form}"
        await dump(db, path)
        await Town.all().delete()
        await Plot.all().delete()
        assert (await load(db, path)).created == 3
        assert [await Town.order_by(Town.id), await Plot.order_by(Plot.id)] == before


async def test_migrations_make_them(url: str, tmp_path: Path) -> None:
    class GeoRoom(Model, table="geo_room"):
        name: Field[str] = field(max_length=20)

    async with Database(url, models=[GeoRoom], migrations=str(tmp_path / "m")) as db:
        await Migrations(db).diff("first")
        await Migrations(db).migrate()

        await GeoRoom.create(name="before")

        class GeoRoom2(Model, table="geo_room"):
            name: Field[str] = field(max_length=20)
            mark: Field[bytes] = field(default=b"\xff\x00\xe6")
            home: Field[Point] = field(default=Point((3, 4)))
            at: Field[Point | None] = field(default=None, index=True)
            edge: Field[Geometry | None] = field(default=None, srid=3857)
            door: Field[Point | None] = field(default=None, geography=True)

            constraints = (
                (index("edge", method="gist", name="ix_geo_room_gist"),) if "postgresql" in url else ()
            )

        db.models = [GeoRoom2]
        migrations = Migrations(db)
        [path] = await migrations.diff("places")
        text = path.read_text()
        assert 'types.geometry("Point")' in text
        assert 'types.geometry("Geometry", srid=3857)' in text
        assert 'types.geometry("Point", geography=True)' in text
        await migrations.migrate()
        assert await migrations.check() == []
        [before] = await GeoRoom2.all()
        assert (before.mark, before.home, before.at) == (b"\xff\x00\xe6", Point((3, 4)), None)
        await GeoRoom2.create(name="x", at=PARIS, edge=Point((4e6, 5e6)), door=LYON)
        assert await GeoRoom2.where(GeoRoom2.door.distance(LYON) <= 1).count() == 1
        inspected = await models_of(db, ["geo_room"])
        if not url.startswith("sqlite"):
            assert "at: Field[Point | None] = field(" in inspected, inspected
            assert "Point" in inspected.partition("\n\n\n")[0]
        if url.startswith("postgresql"):
            assert "srid=3857" in inspected
            assert "geography=True" in inspected
            assert "spatial_ref_sys" not in await models_of(db)
        await migrations.migrate("0001")
        await db.drop_all()


class Station(Versioned, table="geo_station"):
    name: Field[str] = field(max_length=20)
    at: Field[Point] = field(index=True)
    exits: Many[Exit] = related(other="station")


class Exit(Model, table="geo_exit"):
    station: Ref[Station] = field(on_delete="cascade")
    spot: Field[Point] = field(default=Point((1, 2)))
    ways: Field[list[LineString]] = field(default_factory=list)


async def test_they_go_wherever_values_go(opened: Opened) -> None:
    await opened(Station, Exit)
    one = await Station.create(name="one", at=Point((1, 2)))
    one.at = Point((3, 4))
    await one.save()
    await Station.where(Station.at == Point((3, 4))).update(at=Point((5, 6)))
    assert [version.object().at for version in await one.history()] == [Point((3, 4)), Point((1, 2))]
    await (await one.refresh()).undo()
    assert (await Station.get(one.id)).at == Point((3, 4))
    assert await Station.where(Station.at.is_in([Point((3, 4)), Point((0, 0)), Point((9, 9))])).count() == 1
    way = LineString([(0, 0), (1, 1)])
    await Exit.create(station=one, ways=[way])
    [there] = await Exit.all().load(Exit.station)
    assert (there.station.at, there.spot, there.ways) == (Point((3, 4)), Point((1, 2)), [way])
    assert await Exit.where(Exit.station.at.distance(Point((3, 3))) <= 1).count() == 1
    assert await Station.where(Station.exits.any(Exit.spot.within(square(0, 0, 5)))).count() == 1
    assert await Station.select(Station.at, count()).group_by(Station.at) == [(Point((3, 4)), 1)]
    [again] = await Station.upsert([Station(id=one.id, name="new", at=Point((7, 8)))], on=["id"])
    again.at = Point((2, 2))
    assert await Station.update_many([again], "at") == 1
    assert [station.at async for station in Station.all().stream(1)] == [Point((2, 2))]
    for bad in ("POINT (1 2)", b"1", {"type": "Point", "coordinates": [1, 2]}, MultiPoint([(1, 2)])):
        with pytest.raises(ValidationError, match="Expected a Point, got a"):
            await Station.create(name="x", at=bad)  # type: ignore[arg-type] # refused


async def test_forms_have_a_line_for_them() -> None:
    app = App(plugins=[Templates(None)])

    @app.route("/town", methods=["GET", "POST"])
    async def town(form: FormOf[Town]) -> FormOf[Town] | str:
        return f"got {form.value.at}" if form.valid else form

    @app.get("/plot")
    async def plot(form: FormOf[Plot]) -> FormOf[Plot]:
        return form

    async with AsyncClient(app) as client:
        assert 'name="at" required' in (await client.get("/town")).text
        assert 'name="edge"' in (await client.get("/plot")).text
        for text in (
            "POINT (2.5 48)",
            '{"type": "Point", "coordinates": [2.5, 48]}',
            "SRID=4326;point(2.5 48)",
        ):
            reply = await client.post("/town", data={"name": "x", "at": text})
            assert reply.text == "got POINT (2.5 48)", reply.text
        for text, told in (
            ("LINESTRING (0 0, 1 1)", "Point"),
            ("POINT (2", "ends too soon"),
            ("<b>", "Well-Known Text"),
        ):
            reply = await client.post("/town", data={"name": "x", "at": text})
            assert told in reply.text, (text, reply.text)
            assert "<b>" not in reply.text


@pytest.fixture
async def opened(url: str, anyio_backend: str) -> AsyncIterator[Opened]:
    """As the fixture of that name, on databases that have geometries."""
    async with AsyncExitStack() as stack:

        async def open_with(*models: Any) -> Database:
            database = await stack.enter_async_context(Database(url, models=models))
            await database.drop_all()
            await database.create_all()
            stack.push_async_callback(database.drop_all)
            return database

        yield open_with


PICTURES = Storage("memory:")
TOLD: list[str] = []


class Owner(Model, table="geo_owner"):
    name: Field[str] = field(max_length=30)


class Building(Model, table="geo_building", kinds="kind"):
    name: Field[str] = field(max_length=30)
    picture: Field[str | None] = field(default=None, max_length=200, upload=PICTURES)
    names: Field[list[str]] = field(default_factory=list, array=True)
    owners: Field[list[int]] = field(default_factory=list, keys_of=Owner)
    facts: Field[dict[str, Any]] = field(default_factory=dict)
    door_code: Field[str] = field(hashed=Passwords(), min_length=4, max_length=40)
    at: Field[Point] = field(index=True)
    rooms: Field[int] = field(default=2)
    beds: Field[int] = field(compute=lambda building: building.rooms * 2)
    tall: Field[str] = field(max_length=60, computed=lambda building: building.name + "!", stored=False)
    price: Field[int] = field(default=900, represent=lambda building: f"{building.price / 100:.2f} EUR")

    def sign(self, before: str) -> str:
        return f"{before} {self.name}"


class Castle(Building, joined=True, table="geo_castle"):
    towers: Field[int] = field(default=4)


def _tell(change: Any) -> None:
    TOLD.append(type(change).__name__.lower())


for _signal in (Inserting, Inserted, Updating, Updated, Deleting, Deleted):
    Building.on(_signal)(_tell)


@pytest.mark.row("W-09")
async def test_fields_beyond_sql(opened: Opened) -> None:
    await opened(Owner, Building, Castle)
    TOLD.clear()
    ann = await Owner.create(name="Ann")
    hut = Building(  # pyright: ignore[reportCallIssue] # the others are made
        name="Hut", names=["a", "b"], owners=[ann.id], facts={"old": True}, door_code="1234-5", at=PARIS
    )
    await hut.attach(Building.picture, b"a picture")
    await hut.save()
    castle = await Castle.create(name="Castle", door_code="9999-9", at=LYON, rooms=40)
    kept = await Building.get(hut.id)
    assert await PICTURES.read(kept.picture or "") == b"a picture"
    assert (kept.names, kept.owners, kept.facts, kept.at) == (["a", "b"], [ann.id], {"old": True}, PARIS)
    with pytest.raises(ValidationError, match="owners"):
        await Building.create(name="x", owners=[77], door_code="1234-5", at=PARIS)
    assert TOLD.pop() == "inserting"
    assert await kept.verify(Building.door_code, "1234-5")
    assert not await kept.verify(Building.door_code, "1234-6")
    # Computed when it is written, in the database when it is read, and by a method; shown as it says.
    assert (kept.beds, kept.tall, kept.sign("The")) == (4, "Hut!", "The Hut")
    assert kept.represented(Building.price) == "9.00 EUR"
    both = await Building.order_by(Building.at.distance(LYON)).limit(5)
    assert [type(one) for one in both] == [Castle, Building]
    assert (castle.towers, castle.beds, both[0].tall) == (4, 80, "Castle!")
    assert await Castle.where(Castle.at.intersects(square(4, 45, 1)) & (Castle.towers > 3)).count() == 1
    kept.at = LILLE
    await kept.save()
    await castle.delete()
    told = ["inserting", "inserted"] * 2 + ["updating", "updated", "deleting", "deleted"]
    assert [one for one in TOLD if one] == told
    assert (await Building.get(hut.id)).at == LILLE


class Region(Keyed, table="geo_region"):
    code: Field[str] = field(key=True, max_length=10)
    shape: Field[Polygon] = field(index=True)


class Site(Keyed, table="geo_site"):
    region: Ref[Region] = field(key=True, on_delete="cascade")
    number: Field[int] = field(key=True)
    at: Field[Point] = field(index=True)
    rank: Field[int] = field(default=0)
    facts: Field[dict[str, Any]] = field(default_factory=dict)

    constraints = (
        index("rank", where=lambda site: site.rank > 3, name="ix_geo_site_ranked"),
        index(lambda site: site.rank + site.number, name="ix_geo_site_sum"),
    )


@pytest.mark.row("EM-07")
@pytest.mark.parametrize(
    "url", [pytest.param(POSTGIS, marks=pytest.mark.requires("postgresql", "postgis"))], indirect=True
)
async def test_keys_places_json_and_indexes_of_postgresql(opened: Opened) -> None:
    db = await opened(Region, Site)
    north = await Region.create(code="N", shape=square(0, 50, 10))
    south = await Region.create(code="S", shape=square(0, 40, 10))
    for number, (region, at) in enumerate([(north, (1, 51)), (north, (2, 52)), (south, (3, 43))], 1):
        facts = {"kinds": ["dig"] if number == 1 else ["dig", "museum"], "depth": {"m": number}}
        await Site.create(region=region, number=number, at=Point(at), rank=number * 2, facts=facts)
    # Keys of one's own, and of two columns.
    assert (await Region.get("N")).shape == north.shape
    site = await Site.get(region=north, number=2)
    assert site.at == Point((2, 52))
    with pytest.raises(UniqueViolation):
        await Site.create(region=north, number=2, at=Point((0, 0)))
    # Places: with each other, over a relation, the nearest ones.
    inside = Site.where(Site.region.shape.contains(Site.at)).order_by(Site.number)
    assert await inside.values(Site.number) == [1, 2, 3]
    near = Site.where(Site.at.distance(Point((2, 52))) <= 2).order_by(Site.at.distance(Point((2, 52))))
    assert await near.values(Site.number) == [2, 1]
    # What is in JSON.
    assert await Site.where(Site.facts.includes({"kinds": ["museum"]})).count() == 2
    assert await Site.where(Site.facts.has_key("depth", "kinds")).count() == 3
    assert await Site.where(Site.facts.get("depth", "m", type=int) > 1).count() == 2
    # Indexes of some rows, of expressions, of places.
    rows = await db.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'geo_site'")
    made = {row[0]: row[1] for row in rows}
    assert "WHERE (rank > 3)" in made["ix_geo_site_ranked"]
    assert "(rank + number)" in made["ix_geo_site_sum"]
    assert "USING gist (at)" in made["ix_geo_site_at"]
