"""The same models and questions on every database: run on those that are here, compared as SQL for those that are not."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.schema import CreateIndex, CreateTable

sys.path.insert(0, str(Path(__file__).parent))

from library import MODELS, QUERIES, Book, Genre, Topic, Writer

from segue.db import CheckViolation, Database, ForeignKeyViolation, Missing, UniqueViolation
from segue.db.compiling.dialects import dialect_named
from segue.db.compiling.statementtexts import insert_text
from segue.db.schema.schema import metadata_of

pytestmark = pytest.mark.anyio

ANSWERS: dict[str, Any] = {
    "equal": ["Middlemarch"],
    "case of letters": ["Middlemarch"],
    "prefix": ["Orlando"],
    "no prefix": ["The Waves", "Goblin Market"],
    "either": ["Goblin Market"],
    "join": ["Orlando", "The Waves"],
    "outer join": [
        ("Middlemarch", 1819),
        ("Orlando", 1882),
        ("The Waves", 1882),
        ("Goblin Market", None),
    ],
    "to many": ["George Eliot"],
    "over a link": ["The Waves"],
    "missing last": ["George Eliot", "Virginia Woolf", "Christina Rossetti", "Nobody"],
    "a page": ["Orlando", "The Waves"],
    "group": [("Christina Rossetti", 1, 80), ("George Eliot", 1, 880), ("Virginia Woolf", 2, 600)],
    "case": [
        ("Middlemarch", "long"),
        ("Orlando", "short"),
        ("The Waves", "short"),
        ("Goblin Market", "short"),
    ],
    "coalesce": [1819, 1882, 0, 0],
    "among": ["Middlemarch", "Goblin Market"],
    "subquery": ["Orlando", "The Waves"],
    "exists": ["Virginia Woolf"],
    "distinct": [(Genre.NOVEL,), (Genre.POEM,)],
    "union": [(3, "The Waves"), (4, "Goblin Market")],
    "decimals": [Decimal("12.50")],
    "times": [datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)] * 3,
}

#: Those that are here: SQLite twice, the second time through SQLAlchemy's own engine, as any of its databases is.
HERE = [
    "sqlite",
    "sqlalchemy",
    pytest.param("postgresql", marks=pytest.mark.requires("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.requires("mariadb")),
]
#: Those that are not.
ELSEWHERE = ["mysql", "oracle", "mssql", "firebird", "cubrid"]


@pytest.fixture(params=HERE)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind: str = request.param
    if kind in ("sqlite", "sqlalchemy"):
        return f"{'sqlite' if kind == 'sqlite' else 'sqlite+pysqlite'}:///{tmp_path}/library.db"
    found: str = request.getfixturevalue(f"{kind}_url")
    return found


@pytest.fixture
async def db(here: str, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(here, models=MODELS) as database:
        await database.create_all()
        yield database
        await database.drop_all()


async def fill() -> None:
    eliot, woolf, rossetti, _ = await Writer.create_many(
        [
            Writer(name="George Eliot", born=1819),
            Writer(name="Virginia Woolf", born=1882),
            Writer(name="Christina Rossetti"),
            Writer(name="Nobody"),
        ]
    )
    sea = await Topic.create(name="sea")
    await Book.create(title="Middlemarch", writer=eliot, pages=880, price=Decimal("12.50"))
    await Book.create(title="Orlando", writer=woolf, pages=330, added=datetime(2026, 7, 1, tzinfo=UTC))
    waves = await Book.create(title="The Waves", writer=woolf, pages=270, lent=True)
    await waves.add(Book.topics, sea)
    await Book.create(title="Goblin Market", writer=rossetti, pages=80, genre=Genre.POEM)


@pytest.mark.row("DJ-01")
@pytest.mark.row("W-05")
async def test_the_same_models_and_questions_give_the_same_answers(db: Database) -> None:
    await fill()
    for name, query in QUERIES.items():
        assert await query() == ANSWERS[name], name


@pytest.mark.row("DJ-01")
@pytest.mark.row("W-05")
async def test_values_come_back_as_they_were(db: Database) -> None:
    writer = await Writer.create(name="Ñandú 漢字 😀 'quoted' \"twice\" %s ? :x \\")
    values: dict[str, Any] = {
        "title": "Ünï",
        "text": "lines\nand more" * 500,
        "genre": Genre.POEM,
        "pages": 2**53 + 1,
        "price": Decimal("12345678.91"),
        "weight": 0.1,
        "lent": True,
        "added": datetime(2026, 11, 20, 12, 30, 1, 123456, tzinfo=UTC),
        "day": date(1815, 6, 18),
        "hour": time(23, 59, 58, 999999),
        "lasts": timedelta(days=-3, microseconds=7),
        "isbn": UUID("12345678-1234-5678-1234-567812345678"),
        "cover": bytes(range(256)),
        "facts": {"a": [1, 2.5, None, True, {"b": "ß"}], "n": 2**40},
    }
    book = await Book.create(writer=writer, **values)
    found = await Book.where(Book.id == book.id).load(Book.writer).one()
    for name, value in values.items():
        assert getattr(found, name) == value, name
        assert isinstance(getattr(found, name), type(value)), name
    assert found.writer.name == writer.name
    for name in ("title", "pages", "price", "added", "day", "isbn"):
        asked = Book.where(Book.__mapping__.expression(name) == values[name])
        assert await asked.count() == 1, name
    nothing = await Book.create(title="Nothing", writer=writer)
    nothing = await Book.get(nothing.id)
    assert (nothing.day, nothing.cover, nothing.isbn, nothing.text, nothing.facts) == (
        None,
        None,
        None,
        "",
        {},
    )


@pytest.mark.row("DJ-01")
@pytest.mark.row("W-05")
async def test_writes_transactions_and_rules(db: Database) -> None:
    await fill()
    woolf = await Writer.get(name="Virginia Woolf")
    with pytest.raises(UniqueViolation):
        await Writer.create(name="George Eliot")
    with pytest.raises(UniqueViolation):
        await Book.create(title="Orlando", writer=woolf)
    # Letters of another case are other letters.
    assert (await Writer.create(name="george eliot")).id > 4
    assert await Book.where(Book.title == "ORLANDO").count() == 0
    assert await Writer.where(Writer.name == "george eliot").delete() == 1
    with pytest.raises(CheckViolation):
        await Book.create(title="Empty", writer=woolf, pages=0)
    foreign_keys = "pysqlite" not in db.url  # SQLAlchemy's own engine does not ask SQLite for them
    if foreign_keys:
        with pytest.raises(ForeignKeyViolation):
            await Book.create(title="Lost", writer_id=9_999)

    async def two_topics() -> None:
        async with db.transaction():
            await Topic.create(name="land")
            await Topic.create(name="sea")

    async def half() -> None:
        async with db.transaction():
            await Book.all().update(pages=Book.pages + 1)
            with pytest.raises(UniqueViolation):
                await two_topics()
            assert await Topic.all().count() == 1
            raise Missing("half way")

    with pytest.raises(Missing):
        await half()
    assert await Book.where(Book.title == "Orlando").values(Book.pages) == [330]
    assert await Book.where(Book.writer.name == "Virginia Woolf").update(pages=Book.pages * 2) == 2
    assert await Book.all().aggregate(Book.pages.sum()) == 880 + 660 + 540 + 80
    found, created = await Writer.create_or_update({"born": 1830}, name="Christina Rossetti")
    assert (found.born, created) == (1830, False)
    found.born = None
    await found.save()
    assert (await Writer.get(found.id)).born is None
    pages = await Book.order_by(Book.id).page(2, size=3)
    assert ([one.title for one in pages.items], pages.total) == (["Goblin Market"], 4)
    titles = [one.title async for one in Book.order_by(Book.title).stream(2)]
    assert titles == ["Goblin Market", "Middlemarch", "Orlando", "The Waves"]
    if foreign_keys:
        await woolf.delete()
        assert await Book.all().count() == 2


@pytest.mark.row("DJ-01")
@pytest.mark.row("W-05")
@pytest.mark.parametrize("dialect", ELSEWHERE)
def test_tables_and_statements_of_databases_that_are_not_here(dialect: str) -> None:
    """What each would be told, word for word as it was read and found right. SEGUE_WRITE=1 writes the files anew."""
    path = Path(__file__).parent / f"{dialect}.sql"
    text = "\n".join(f"-- {name}\n{sql};\n" for name, sql in _statements(dialect))
    if os.environ.get("SEGUE_WRITE"):
        path.write_text(text)
    assert text == path.read_text()


def _statements(dialect: str) -> list[tuple[str, str]]:
    compiler = dialect_named(dialect)
    metadata = metadata_of(Database("sqlite://", models=MODELS).mappings(), dialect)
    found: list[tuple[str, str]] = []
    for table in metadata.sorted_tables:
        found.append((f"table {table.name}", str(CreateTable(table).compile(dialect=compiler)).strip()))
        found += [
            (f"index {one.name}", str(CreateIndex(one).compile(dialect=compiler)))
            for one in sorted(table.indexes, key=lambda one: str(one.name))
        ]
    found += [(name, query().sql(dialect)[0]) for name, query in QUERIES.items()]
    book = Book(title="Orlando", writer_id=1)
    some = Book.where(Book.title == "Orlando")
    found.append(("insert", insert_text(book, dialect)[0]))
    found.append(("update", some.update_sql(dialect, pages=Book.pages + 1, lent=True)[0]))
    found.append(("delete", some.delete_sql(dialect)[0]))
    found.append(("lock", some.for_update().values(Book.id).sql(dialect)[0]))
    return [
        (name, "\n".join(line.rstrip() for line in sql.splitlines() if line.strip())) for name, sql in found
    ]
