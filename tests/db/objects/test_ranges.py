"""Ranges and hstores: kept everywhere, asked about as far as the database can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from shop import Opened

from segue import App
from segue.db import (
    ConfigurationError,
    Database,
    Field,
    IntegrityError,
    Model,
    Query,
    Range,
    exclude,
    field,
    index,
)
from segue.db.functions import similar, similarity
from segue.db.migrations import Migrations
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Stay(Model, table="range_stay"):
    room: Field[int] = field(default=1)
    days: Field[Range[date]]
    seats: Field[Range[int] | None] = field(default=None, bits=32)
    price: Field[Range[Decimal] | None] = field(default=None)
    open: Field[Range[datetime] | None] = field(default=None)
    extras: Field[dict[str, str | None]] = field(default_factory=dict, hstore=True)


class Hall(Model, table="range_hall"):
    room: Field[int]
    name: Field[str] = field(max_length=40)
    days: Field[Range[date]]
    facts: Field[dict[str, str]] = field(default_factory=dict, hstore=True)

    constraints = (
        exclude(("room", "="), ("days", "&&"), name="range_hall_once"),
        index("name", method="gin", ops="gin_trgm_ops", concurrently=True, name="ix_range_hall_name"),
        index("facts", method="gin", name="ix_range_hall_facts"),
    )


def may(first: int, last: int) -> Range[date]:
    return Range(date(2026, 5, first), date(2026, 5, last))


async def test_they_are_kept_as_they_are(opened: Opened) -> None:
    db = await opened(Stay)
    values = {
        "days": may(1, 8),
        "seats": Range(1, 4, bounds="[]"),
        "price": Range(Decimal("1.5"), None),
        "open": Range(datetime(2026, 1, 1, 8, tzinfo=UTC), datetime(2026, 1, 1, 18, tzinfo=UTC), "()"),
        "extras": {"wifi": "yes", 'od"d \\ =>': "a,\nb", "none": None, "ü": "é"},
    }
    made = await Stay.create(**values)
    kept = await Stay.get(made.id)
    assert kept.seats == Range(1, 5)
    assert (kept.days, kept.price, kept.open, kept.extras) == (
        values["days"],
        Range(Decimal("1.5"), None),
        values["open"],
        values["extras"],
    )
    [several, _] = await Stay.create_many([Stay(days=may(1, 1)), Stay(days=Range(None, None))])
    assert (await Stay.get(several.id)).days == Range(empty=True)
    kept.extras["more"] = "x"
    await kept.save()
    assert (await Stay.get(kept.id)).extras["more"] == "x"
    await Stay.where(Stay.id == kept.id).update(days=may(2, 3))
    assert (await Stay.get(kept.id)).days == may(2, 3)
    app = App(plugins=[db])

    @app.get("/stays")
    async def stays() -> Query[Stay]:
        return Stay.where(Stay.id == kept.id).limit(3)

    @app.post("/stays")
    async def add(stay: Stay) -> Stay:
        return await stay.save()

    async with AsyncClient(app) as client:
        [row] = (await client.get("/stays")).json()
        assert row["days"] == {"lower": "2026-05-02", "upper": "2026-05-03", "bounds": "[)", "empty": False}
        made = await client.post("/stays", json={"days": {"lower": "2026-05-02", "upper": "2026-05-01"}})
        assert made.status == 422
        made = await client.post("/stays", json={"days": {"lower": "2026-05-02", "upper": None}})
        assert made.json()["days"]["lower"] == "2026-05-02", made.text


async def test_hstores_are_asked_everywhere(opened: Opened) -> None:
    await opened(Stay)
    for extras in ({"wifi": "yes", "tv": None}, {"wifi": "no"}, {}):
        await Stay.create(days=may(1, 2), extras=extras)
    found = Stay.order_by(Stay.id)
    assert await found.where(Stay.extras.get("wifi") == "yes").values(Stay.id) == [1]
    assert await found.where(Stay.extras.has_key("wifi")).values(Stay.id) == [1, 2]
    assert await found.where(Stay.extras.includes({"wifi": "no"})).values(Stay.id) == [2]
    assert await found.values(Stay.extras.get("wifi")) == ["yes", "no", None]
    await Stay.where(Stay.id == 3).update(extras=Stay.extras.put("pets", value="cat"))
    await Stay.where(Stay.id == 1).update(extras=Stay.extras.without("tv"))
    assert await found.values(Stay.extras) == [{"wifi": "yes"}, {"wifi": "no"}, {"pets": "cat"}]
    with pytest.raises(TypeError, match="one key"):
        Stay.extras.get("a", "b")
    with pytest.raises(TypeError, match="neither"):
        Stay.extras.overlaps({})


async def test_ranges_are_compared_where_there_are_ranges(opened: Opened) -> None:
    db = await opened(Stay)
    for first, last in ((1, 5), (5, 9), (20, 25)):
        await Stay.create(days=may(first, last), seats=Range(first, last))
    found = Stay.order_by(Stay.id)
    if db.engine.name != "postgresql":
        with pytest.raises(ConfigurationError, match="range"):
            await found.where(Stay.days.overlaps(may(1, 2)))
        with pytest.raises(ConfigurationError, match="range"):
            await found.values(Stay.days.lower_end())
        return
    for condition, ids in (
        (Stay.days.includes(date(2026, 5, 5)), [2]),
        (Stay.days.includes(may(21, 22)), [3]),
        (Stay.days.overlaps(may(4, 6)), [1, 2]),
        (Stay.days.within(may(1, 9)), [1, 2]),
        (Stay.days.before(may(9, 10)), [1, 2]),
        (Stay.days.after(may(6, 9)), [3]),
        (Stay.days.touches(may(9, 20)), [2, 3]),
        (Stay.days == may(1, 5), [1]),
        (Stay.seats.includes(21), [3]),
        (Stay.days.lower_end() > date(2026, 5, 5), [3]),
        (Stay.seats.upper_end() == 9, [2]),
    ):
        assert await found.where(condition).values(Stay.id) == ids, condition
    with pytest.raises(TypeError, match="no range"):
        Stay.room.before(3)


@pytest.fixture
async def postgres(postgresql_url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(postgresql_url, models=[Hall], migrations=tmp_path / "migrations") as db:
        yield db
        await db.drop_all()
        await db.execute("DROP TABLE IF EXISTS segue_migrations")


@pytest.mark.requires("postgresql")
async def test_extensions_and_types_come_with_migrations(postgres: Database) -> None:
    """The schema is what the model says, written as a revision that another database runs too."""
    for name in ("btree_gist", "pg_trgm", "hstore"):
        await postgres.execute(f"DROP EXTENSION IF EXISTS {name} CASCADE")
    migrations = Migrations(postgres)
    [path] = await migrations.diff("halls")
    text = path.read_text()
    assert 'types.range_of("date")' in text
    assert "types.hstore()" in text
    await migrations.migrate()
    assert await migrations.check() == []
    await Hall.create(room=1, name="Olympia", days=may(1, 5), facts={"a": "b"})
    with pytest.raises(IntegrityError):
        await Hall.create(room=1, name="Olympia", days=may(4, 6))
    await Hall.create(room=1, name="Olympic", days=may(5, 6))
    await Hall.create(room=2, name="Salle Pleyel", days=may(4, 6))
    assert await Hall.where(similar(Hall.name, "Olympi")).order_by(
        similarity(Hall.name, "Olympi").desc()
    ).values(Hall.name) == ["Olympia", "Olympic"]
    [row] = await postgres.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_range_hall_name'")
    assert "gin_trgm_ops" in row[0]


def test_a_range_knows_what_is_in_it() -> None:
    assert 1 in Range(1, 5)
    assert 5 not in Range(1, 5)
    assert 5 in Range(1, 5, "[]")
    assert 1 not in Range(1, 5, "()")
    assert 10**9 in Range(3, None)
    assert 3 not in Range[int](empty=True)
    assert Range(1, 1).canonical().empty
    with pytest.raises(ValueError, match="lesser value"):
        Range(5, 1)
