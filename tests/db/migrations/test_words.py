"""Indexes of words in revisions, where they are most work: the tables of words of SQLite."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue.db import Database, Field, Model, field, search, searchable
from segue.db.migrations import Migrations

pytestmark = pytest.mark.anyio


def plain() -> Any:
    class Tale(Model, table="words_tale"):
        title: Field[str] = field(max_length=60)
        text: Field[str] = field(text=True, default="")

    return Tale


def worded(*fields: str, more: bool = False, name: str = "words_tale") -> Any:
    class Tale(Model, table=name):
        title: Field[str] = field(max_length=60)
        text: Field[str] = field(text=True, default="")
        if more:
            stars: Field[int] = field(default=3, ge=0)

        constraints = (searchable(*fields),)

    return Tale


async def found(tale: Any, words: str) -> list[str]:
    columns = [tale.__mapping__.expression(name) for name in tale.constraints[0].fields]
    return sorted(await tale.where(search(words, *columns)).values(tale.title))


@pytest.fixture
async def db(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(
        f"sqlite:///{tmp_path}/w.db", models=[plain()], migrations=str(tmp_path / "m")
    ) as database:
        yield database


async def step(db: Database, name: str, *models: Any, **options: Any) -> str:
    db.models = list(models)
    migrations = Migrations(db)
    [path] = await migrations.diff(name, **options)
    await migrations.migrate()
    assert await migrations.check() == []
    return path.read_text()


async def test_words_come_change_and_go_with_revisions(db: Database) -> None:
    old = plain()
    await step(db, "tales", old)
    await old.create(title="The Wolf", text="and the kids")
    one = worded("title")
    text = await step(db, "words", one)
    assert 'op.create_word_index("words_tale", ["title"])' in text
    assert 'op.drop_word_index("words_tale", ["title"])' in text
    # Those that were there, and those that come.
    await one.create(title="A Fox", text="and grapes")
    assert (await found(one, "wolf"), await found(one, "fox"), await found(one, "kids")) == (
        ["The Wolf"],
        ["A Fox"],
        [],
    )
    both = worded("title", "text")
    text = await step(db, "both", both)
    assert text.index("op.drop_word_index") < text.index("op.create_word_index")
    assert await found(both, "kids or grapes") == ["A Fox", "The Wolf"]
    # A table that is made anew, for a constraint, keeps its words up to date.
    more = worded("title", "text", more=True)
    await step(db, "stars", more)
    await more.create(title="A Crow", text="and cheese")
    tale = await more.get(title="The Wolf")
    tale.text = "and a grandmother"
    await tale.save()
    await more.where(more.title == "A Fox").delete()
    assert await found(more, "cheese or kids or grandmother or grapes") == ["A Crow", "The Wolf"]
    migrations = Migrations(db)
    await migrations.migrate("0002")
    assert await found(one, "crow") == ["A Crow"]
    await migrations.migrate("0004")
    await step(db, "no words", plain())
    left = await db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'words_tale_search%'")
    assert left == []
    await migrations.migrate("0004")
    assert await found(more, "crow") == ["A Crow"]
    await step_back(db)


async def step_back(db: Database) -> None:
    await Migrations(db).migrate("0001")
    left = await db.execute("SELECT name FROM sqlite_master WHERE name LIKE 'words_tale_search%'")
    assert left == []


async def test_a_table_that_is_renamed_and_one_that_goes(db: Database) -> None:
    one = worded("title")
    text = await step(db, "tales", one)
    assert text.index("op.create_table") < text.index("op.create_word_index")
    await one.create(title="The Wolf")
    other = worded("title", name="words_story")
    await step(db, "stories", other, renames=["words_tale:words_story"])
    await other.create(title="The Fox")
    assert await found(other, "wolf or fox") == ["The Fox", "The Wolf"]
    await step(db, "nothing")
    assert await db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%_search%'") == []


async def test_what_is_missing_is_told_and_mended(db: Database) -> None:
    one = worded("title")
    await step(db, "tales", one)
    await db.execute('DROP TRIGGER "words_tale_search_update"')
    assert any("words_tale_search" in told for told in await Migrations(db).check())
    text = await step(db, "mend", one)
    assert "op.create_word_index" in text


async def test_tables_that_follow_the_models_follow_with_their_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "segue.db.migrations")
    from segue.db.migrations.automatic import follow_models

    async with Database(
        f"sqlite:///{tmp_path}/f.db", models=[plain()], migrations=str(tmp_path / "none")
    ) as db:
        await follow_models(db)
        await plain().create(title="The Wolf")
        tale = worded("title")
        db.models = [tale]
        await follow_models(db)
        assert await found(tale, "wolf") == ["The Wolf"]
        assert "fts5" in caplog.text
        caplog.clear()
        await follow_models(db)
        assert not caplog.records
