"""What there is beside diff and migrate: SQL to read, revisions merged and squashed, rows changed, notes without deeds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from segue.db import Database, Field, Model, Ref, field, now
from segue.db.migrations import Irreversible, MigrationError, Migrations

# All of them together are what the row asks for.
pytestmark = [pytest.mark.anyio, pytest.mark.row("DJ-03")]


def film(**more: Any) -> Any:
    """A model of films as it is at some time."""

    class Film(Model):
        title: Field[str] = field(max_length=100)
        if "rating" in more:
            rating: Field[int] = field(default=3, index=True)
        if "slug" in more:
            slug: Field[str | None] = field(default=None, max_length=120)

    return Film


def studio() -> Any:
    class Studio(Model):
        name: Field[str] = field(max_length=60, unique=True)

    return Studio


@pytest.fixture
async def db(url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    database = Database(url, models=[film()], migrations=str(tmp_path / "migrations"))
    async with database:
        yield database


async def tables(db: Database) -> set[str]:
    import sqlalchemy as sa

    return set(await db.engine.run_sync(lambda c: sa.inspect(c).get_table_names())) - {"segue_migration"}


async def columns(db: Database, table: str) -> set[str]:
    import sqlalchemy as sa

    found = await db.engine.run_sync(lambda c: sa.inspect(c).get_columns(table))
    return {one["name"] for one in found}


async def test_sql_can_be_read_before_it_is_run(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    db.models = [film(rating=True)]
    told = await migrations.sql()
    assert "CREATE TABLE film" in told
    assert "-- 0001_first: first" in told
    assert await tables(db) == set()
    await migrations.migrate()
    await migrations.diff("rating")
    assert "rating" in await migrations.sql("0002")
    assert "CREATE TABLE film" not in await migrations.sql("0002")
    assert "rating" in await migrations.sql("0002", backwards=True)
    assert "rating" not in await columns(db, "film")


async def test_what_is_there_already_is_only_noted(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    await db.create_all()
    assert await migrations.migrate(fake=True) == ["0001_first"]
    assert await migrations.migrate() == []
    assert await migrations.check() == []
    assert await migrations.stamp("zero") == []
    assert [one.state for one in await migrations.status()] == ["pending"]
    await migrations.stamp()
    assert [one.state for one in await migrations.status()] == ["applied"]


async def two_branches(db: Database) -> Migrations:
    """Two revisions after the first one, as two people write them."""
    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    db.models = [film(rating=True)]
    [rating] = await migrations.diff("rating")
    text = rating.read_text()
    rating.unlink()
    db.models = [film(), studio()]
    await migrations.diff("studios")
    rating.write_text(text)
    db.models = [film(rating=True), studio()]
    return migrations


async def test_two_branches_are_merged(db: Database) -> None:
    migrations = await two_branches(db)
    with pytest.raises(MigrationError, match="segue db merge"):
        await migrations.migrate()
    with pytest.raises(MigrationError, match="side by side"):
        await migrations.diff("more")
    assert any("side by side" in one for one in await migrations.check())
    path = migrations.merge()
    assert path is not None
    assert 'after = ("0002_rating", "0002_studios")' in path.read_text()
    assert await migrations.migrate() == ["0002_rating", "0002_studios", "0003_merge"]
    assert await migrations.check() == []
    assert await migrations.diff("nothing") == []
    assert migrations.merge() is None
    assert await migrations.migrate("0001") == ["0003_merge", "0002_studios", "0002_rating"]


async def test_two_branches_become_one_line(db: Database) -> None:
    migrations = await two_branches(db)
    migrations.merge(onto="0002_studios")
    assert [one.id for one in await migrations.plan()] == ["0002_studios", "0002_rating"]
    assert migrations.folder.heads() == ["0002_rating"]
    await migrations.migrate()
    assert await migrations.check() == []


async def test_many_revisions_become_one(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    db.models = [film(rating=True, slug=True), studio()]
    await migrations.diff("more")
    await migrations.migrate()
    db.models = [film(rating=True)]
    await migrations.diff("less")
    old = sorted(migrations.path.glob("*.py"))
    path = await migrations.squash("0001", "0003", "films")
    text = path.read_text()
    assert "studio" not in text
    assert "slug" not in text
    assert text.count("op.create_table") == 1
    assert "op.add_column" not in text
    # Two of three were run here: the third is run, and then the one that replaces them counts as run.
    assert await migrations.migrate() == ["0003_less"]
    assert await migrations.check() == []
    assert {one.state for one in await migrations.status()} == {"applied"}
    for one in old:
        one.unlink()
    assert await migrations.migrate() == []
    assert await migrations.rollback() == ["0004_films"]
    assert await tables(db) == set()
    assert await migrations.migrate() == ["0004_films"]
    assert await migrations.check() == []
    db.models = [film(rating=True, slug=True)]
    await migrations.diff("slugs")
    assert await migrations.migrate() == ["0005_slugs"]


FILL = """
class Film(Model):
    title: Field[str] = field(max_length=100)
    slug: Field[str | None] = field(default=None, max_length=120)


async def fill() -> None:
    for film in await Film.where(Film.slug == None):
        film.slug = film.title.lower().replace(" ", "-")
        await film.save()


async def empty() -> None:
    await Film.all().update(slug=None)
"""


async def test_rows_are_changed_with_models_of_that_time(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    await db.execute("INSERT INTO film (title) VALUES ('Le Bonheur'), ('La Pointe Courte')")
    db.models = [film(slug=True)]
    await migrations.diff("slugs")
    await migrations.migrate()
    [path] = await migrations.diff("fill slugs", empty=True)
    text = path.read_text()
    assert "class Film(Model):" in text
    assert "slug: Field[str | None] = field(max_length=120, default=None)" in text
    start, end = text.index("class Film"), text.index("\n\n\ndef upgrade")
    path.write_text(text[:start] + FILL.strip() + text[end:])
    assert await migrations.migrate() == ["0003_fill_slugs"]
    found = sorted(row[0] for row in await db.execute("SELECT slug FROM film"))
    assert found == ["la-pointe-courte", "le-bonheur"]
    await migrations.rollback()
    assert [row[0] for row in await db.execute("SELECT slug FROM film")] == [None, None]
    # The models of the revision are seen by nobody else.
    assert await db.models[0].all().count() == 2
    with pytest.raises(MigrationError, match="changes rows"):
        await migrations.squash("0001", "0003")


async def test_state_without_deeds_and_deeds_without_state(db: Database) -> None:
    """A table may be made by hand, with all that follows of it in the revisions."""
    await db.execute("CREATE TABLE film (id INTEGER PRIMARY KEY, title VARCHAR(100) NOT NULL)")
    migrations = Migrations(db)
    migrations.path.mkdir(parents=True)
    (migrations.path / "0001_by_hand.py").write_text(
        '"""By hand."""\n\nfrom segue.db.migrations import op\n\nafter = ()\n\n\ndef upgrade() -> None:\n'
        "    op.execute(\"INSERT INTO film (id, title) VALUES (1, 'Cleo')\")\n"
    )
    assert await migrations.migrate() == ["0001_by_hand"]
    assert await db.execute("SELECT title FROM film") == [("Cleo",)]
    with pytest.raises(Irreversible, match="no downgrade"):
        await migrations.rollback()


async def test_a_revision_that_fails_leaves_nothing(db: Database, kind: str) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    path = migrations.path / "0001_first.py"
    good = path.read_text()
    path.write_text(
        good.replace(
            "\n\n\ndef downgrade", '\n    op.execute("SELECT nothing FROM nowhere")\n\n\ndef downgrade'
        )
    )
    with pytest.raises(Exception, match="nowhere"):
        await migrations.migrate()
    assert await tables(db) == (set() if kind != "mariadb" else {"film"})
    path.write_text(good)
    assert await migrations.migrate() == ["0001_first"]
    assert await migrations.check() == []


async def test_new_columns_are_filled(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    await db.execute("INSERT INTO film (title) VALUES ('Cleo')")

    class Film(Model):
        title: Field[str] = field(max_length=100)
        kind: Field[str] = field(max_length=20)

    db.models = [Film]
    with pytest.raises(MigrationError, match=r"--fill film\.kind=VALUE"):
        await migrations.diff("kinds")
    await migrations.diff("kinds", fills=["film.kind=drama"])
    await migrations.migrate()
    assert await Film.all().values(Film.kind) == ["drama"]
    assert await migrations.check() == []


async def test_what_is_planned_says_whom_it_keeps_waiting(db: Database, kind: str) -> None:
    from segue.db.migrations.planner import described

    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    db.models = [film(rating=True)]
    await migrations.diff("rating")
    lines = described(await migrations.plan(), db.engine.dialect)
    assert lines[0] == "0002_rating: rating"
    index = next(line for line in lines if "create the index" in line)
    assert ("online" if kind == "mariadb" else "locks") in index
    assert any("instant" in line and "add the column film.rating" in line for line in lines)


async def test_models_are_written_from_tables(db: Database, tmp_path: Path) -> None:
    from segue.db.migrations.inspection import models_of

    class Studio(Model):
        name: Field[str] = field(max_length=60, unique=True)

    class Movie(Model):
        title: Field[str] = field(max_length=100, index=True)
        plot: Field[str | None] = field(text=True, default=None)
        good: Field[bool]
        made: Field[datetime] = field(default=now)
        studio: Ref[Studio] = field(on_delete="cascade")

    db.models = [Studio, Movie]
    await db.create_all()
    text = await models_of(db)
    assert "studio: Ref[\"Studio\"] = field(on_delete='cascade')" in text
    assert "name: Field[str] = field(max_length=60, unique=True)" in text
    assert "made: Field[datetime] = field(default=now)" in text
    assert "plot: Field[str | None] = field(text=True, default=None)" in text
    module: dict[str, Any] = {"__name__": "inspected"}
    exec(compile(text, "inspected.py", "exec", dont_inherit=True), module)
    db.models = [module["Studio"], module["Movie"]]
    migrations = Migrations(db, tmp_path / "none")
    assert await migrations.check() == []
    with pytest.raises(Exception, match="no table 'cinema'"):
        await models_of(db, ["cinema"])


async def test_tables_are_renamed(db: Database) -> None:
    migrations = Migrations(db)
    await migrations.diff("first")
    await migrations.migrate()
    await db.execute("INSERT INTO film (title) VALUES ('Cleo')")

    class Movie(Model):
        title: Field[str] = field(max_length=100, index=True)
        made: Field[int | None] = field(default=None)

    db.models = [Movie]
    asked: list[str] = []
    [path] = await migrations.diff("movies", ask=lambda rename: asked.append(str(rename)) or True)
    assert asked == ["film -> movie"]
    assert 'op.rename_table("film", "movie")' in path.read_text()
    await migrations.migrate()
    assert await migrations.check() == []
    assert await Movie.all().values(Movie.title) == ["Cleo"]
    await migrations.rollback()
    assert await db.execute("SELECT title FROM film") == [("Cleo",)]
