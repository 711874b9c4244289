"""An app that grows: a new version with other attributes, names and parts; branches that meet; tables that others use."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from segue.db import Database, Field, Model, field
from segue.db.migrations import MigrationError, Migrations

Segue = Callable[..., Result]

ONE = """
from segue import App
from segue.db import Database, Field, Model, field

class Film(Model):
    title: Field[str] = field(max_length=80)

app = App(plugins=[Database({url!r})])

@app.command
async def fill() -> None:
    await Film.create_many([Film(title="Alien"), Film(title="Draft: Brazil")])
"""

REVIEWS = """
from segue import App
from segue.db import Field, Model, field

class Review(Model):
    text: Field[str] = field(max_length=80)

reviews = App()

@reviews.command
async def review(text: str) -> int:
    await Review.create(text=text)
    return await Review.all().count()
"""

TWO = """
from reviews import reviews
from segue import App
from segue.db import Database, Field, Model, field
from segue.db.models.rules import row_rule

class Movie(Model):
    title: Field[str] = field(max_length=80)
    rating: Field[int] = field(default=3)

@row_rule(Movie)
def public():
    return ~Movie.title.startswith("Draft")

app = App(plugins=[Database({url!r})])
app.include(reviews, at="/reviews")

@app.command
async def listed() -> str:
    return ", ".join(f"{one.title} {one.rating}" for one in await Movie.order_by(Movie.id))
"""


@pytest.mark.row("CW-20")
def test_a_new_version_brings_attributes_names_parts_and_permissions(
    tmp_path: Path, url: str, segue: Segue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    run_in_process = segue

    def typed(*words: str, code: int = 0) -> Result:
        # As in a process of its own: the part is loaded anew, with its models.
        sys.modules.pop("reviews", None)
        return run_in_process(*words, code=code)

    (tmp_path / "app.py").write_text(ONE.replace("{url!r}", repr(url)))
    typed("db", "diff", "-m", "0.1.0")
    typed("db", "migrate")
    typed("fill")

    # Version 0.2.0: a column more, another name, a part that another app brings, and who may see what.
    (tmp_path / "reviews.py").write_text(REVIEWS)
    (tmp_path / "app.py").write_text(TWO.replace("{url!r}", repr(url)))
    differences = typed("db", "check", code=1).stdout
    for told in ("create the table movie", "create the table review", "drop the table film"):
        assert told in differences
    typed("db", "diff", "-m", "0.2.0", "--rename", "film:movie")
    assert [one.stem for one in sorted((tmp_path / "migrations").glob("*.py"))] == [
        "0001_0_1_0",
        "0002_0_2_0",
    ]
    plan = typed("db", "migrate", "--plan").stdout
    assert "rename the table film" in plan
    typed("db", "migrate")
    assert typed("db", "check").stdout == ""
    # What was there is there, under its new name; permissions are those of the program, in every query at once.
    assert typed("listed").stdout == "Alien 3\n"
    assert typed("reviews", "review", "good").stdout == "1\n"

    # A revision by hand is a script of the same operations.
    typed("db", "diff", "-m", "0.3.0", "--empty")
    [script] = (tmp_path / "migrations").glob("0003*.py")
    text = script.read_text()
    script.write_text(
        text[: text.index("def upgrade")]
        + "from segue.db.migrations import op\n\n\n"
        + "async def better() -> None:\n    await Movie.all().unscoped().update(rating=5)\n\n\n"
        + "def upgrade() -> None:\n    data(better)\n    op.drop_table('review')\n\n\n"
        + "def downgrade() -> None:\n    pass\n"
    )
    assert typed("db", "migrate").stdout == f"{script.stem}\n"
    assert typed("listed").stdout == "Alien 5\n"
    assert "create the table review" in typed("db", "check", code=1).stdout
    sys.modules.pop("reviews", None)


def shelf(**more: bool) -> type[Model]:
    class Shelf(Model, table="upg_shelf"):
        name: Field[str] = field(max_length=40)
        if "depth" in more:
            depth: Field[int] = field(default=1)
        if "width" in more:
            width: Field[int] = field(default=1)

    return Shelf


@pytest.mark.anyio
@pytest.mark.row("U-DJ-08")
async def test_branches_meet_and_the_second_deploy_finds_it_done(url: str, tmp_path: Path) -> None:
    async with Database(url, models=[shelf()], migrations=str(tmp_path / "m")) as db:
        migrations = Migrations(db)
        await migrations.diff("first")
        await migrations.migrate()
        # Two people, each on a branch of their own.
        db.models = [shelf(depth=True)]
        [depth] = await migrations.diff("depth")
        text = depth.read_text()
        depth.unlink()
        db.models = [shelf(width=True)]
        await migrations.diff("width")
        depth.write_text(text)
        db.models = [shelf(depth=True, width=True)]
        assert any("side by side" in one for one in await migrations.check())
        with pytest.raises(MigrationError, match="segue db merge"):
            await migrations.migrate()
        # No revision that merges: one of them comes after the other.
        migrations.merge(onto="0002_width")
        async with Database(url, name="second", models=db.models, migrations=str(tmp_path / "m")) as other:
            done = await asyncio.gather(migrations.migrate(), Migrations(other).migrate())
        assert sorted(map(len, done)) == [0, 2]
        assert await migrations.check() == []


@pytest.mark.anyio
@pytest.mark.row("U-DJ-08")
async def test_a_change_that_waits_for_a_lock_lets_others_pass(url: str, kind: str, tmp_path: Path) -> None:
    if kind == "sqlite":
        pytest.skip("readers of SQLite do not keep it from changing tables")
    old, new = shelf(), shelf(depth=True)
    async with (
        Database(url, models=[old], migrations=str(tmp_path / "m")) as db,
        Database(url, name="users", models=[old]) as users,
    ):
        migrations = Migrations(db)
        await migrations.diff("first")
        await migrations.migrate()
        db.models = [new]
        await migrations.diff("depth")
        # Somebody reads for long: the table cannot be changed until they are done.
        async with users.transaction():
            await old.all().using(users).count()
            change = asyncio.create_task(migrations.migrate(wait=60))
            for number in range(10):
                # Whoever comes later would wait behind the change for as long as that waits.
                async with asyncio.timeout(20):
                    async with users.transaction(own=True):
                        await old.all().using(users).count()
                        await users.execute("insert into upg_shelf (name) values (:name)", name=str(number))
                await asyncio.sleep(0.05)
            assert not change.done()
        assert await change == ["0002_depth"]
        assert await new.all().using(db).count() == 10
        assert await migrations.check() == []
