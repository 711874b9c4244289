"""What `searchable` of a model needs comes and goes with revisions, and with tables that follow their models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from segue.db import Database, Field, Model, field, searchable
from segue.db.migrations import Migrations

pytestmark = pytest.mark.anyio


def tale(*fields: str, stored: bool = False) -> Any:
    class Tale(Model):
        title: Field[str] = field(max_length=80)
        body: Field[str] = field(text=True, default="")
        constraints = (searchable(*fields, stored=stored),) if fields else ()

    return Tale


async def found(model: Any, words: str, *columns: str) -> list[str]:
    made = [getattr(model, one) for one in columns]
    return [one.title for one in await model.search(words, *made).order_by(model.id)]


async def test_an_index_of_words_comes_changes_and_goes(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    plain, titles, texts = tale(), tale("title"), tale("title", "body")

    async def moved(model: Any, message: str) -> str:
        async with Database(url, models=[model], migrations=str(folder)) as db:
            [path] = await Migrations(db).diff(message)
            await Migrations(db).migrate()
            assert await Migrations(db).check() == []
            return path.read_text()

    await moved(plain, "tales")
    async with Database(url, models=[plain]) as db:
        await plain.create(title="Nuages", body="A slow piece")
    text = await moved(titles, "words")
    assert 'op.create_word_index("tale", ["title"])' in text
    assert 'op.drop_word_index("tale", ["title"])' in text
    async with Database(url, models=[titles]) as db:
        assert await found(titles, "nuages", "title") == ["Nuages"]  # a row of before
        await titles.create(title="Minor Swing", body="A quick piece")
        assert await found(titles, "swing", "title") == ["Minor Swing"]
    await moved(texts, "more words")
    async with Database(url, models=[texts]) as db:
        assert await found(texts, "piece -slow", "title", "body") == ["Minor Swing"]
    await moved(tale(), "no words")
    async with Database(url, models=[texts], migrations=str(folder)) as db:
        # And the whole way back.
        assert (await Migrations(db).rollback())[0] == "0004_no_words"
        assert await found(texts, "piece -slow", "title", "body") == ["Minor Swing"]
        await Migrations(db).migrate("zero")
        await Migrations(db).migrate("0002")


async def test_a_revision_of_one_database_is_for_the_others_too(url: str, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    model = tale("title", stored=True)
    async with Database(f"sqlite:///{tmp_path}/other.db", models=[model], migrations=str(folder)) as db:
        await Migrations(db).diff("tales")
    async with Database(url, models=[model], migrations=str(folder)) as db:
        await Migrations(db).migrate()
        assert await Migrations(db).check() == []
        await model.create(title="Nuages")
        assert await found(model, "nuag*", "title") == ["Nuages"]
        await Migrations(db).rollback()
        assert await db.execute("SELECT count(*) FROM segue_migration") == [(0,)]


async def test_what_create_all_has_made_is_what_a_revision_makes(url: str, tmp_path: Path) -> None:
    for stored in (False, True):
        model = tale("title", "body", stored=stored)
        async with Database(url, models=[model], migrations=str(tmp_path / "none")) as db:
            await db.create_all()
            assert await Migrations(db).check() == []
            await db.drop_all()


async def test_tables_that_follow_their_models_have_it(url: str, tmp_path: Path) -> None:
    plain, titles = tale(), tale("title")
    nowhere = str(tmp_path / "none")
    async with Database(url, models=[plain], migrate=True, migrations=nowhere):
        await plain.create(title="Nuages")
    for _ in range(2):
        async with Database(url, models=[titles], migrate=True, migrations=nowhere):
            assert await found(titles, "nuages", "title") == ["Nuages"]


async def test_a_table_has_another_name(url: str, tmp_path: Path) -> None:
    class Saga(Model):
        title: Field[str] = field(max_length=80)
        body: Field[str] = field(text=True, default="")
        constraints = (searchable("title"),)

    folder = str(tmp_path / "migrations")
    tales = tale("title")
    async with Database(url, models=[tales], migrations=folder) as db:
        await Migrations(db).diff("tales")
        await Migrations(db).migrate()
        await tales.create(title="Nuages")
    async with Database(url, models=[Saga], migrations=folder) as db:
        await Migrations(db).diff("sagas", renames=["tale:saga"])
        await Migrations(db).migrate()
        assert await Migrations(db).check() == []
        assert await found(Saga, "nuages", "title") == ["Nuages"]
        await Migrations(db).rollback()
    async with Database(url, models=[tales], migrations=folder) as db:
        assert await found(tales, "nuages", "title") == ["Nuages"]
