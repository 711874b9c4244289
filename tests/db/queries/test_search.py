"""Full-text search: the same words on every database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from segue.db import ConfigurationError, Database, Field, Model, UnusableValue, field, search, searchable
from segue.db.migrations import Migrations

pytestmark = pytest.mark.anyio


class Song(Model):
    title: Field[str] = field(max_length=200)
    notes: Field[str] = field(text=True, default="")
    label: Field[str] = field(max_length=40, default="")

    constraints = (searchable("title", "notes"),)


@pytest.fixture
async def songs(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    database = Database(url, models=[Song])
    await database.open()
    await database.create_all()
    try:
        await Song.create(title="Minor Swing", notes="Guitar and violin in Paris")
        await Song.create(
            title="Nuages", notes="A slow piece for guitar, with clarinet; it does not swing much"
        )
        await Song.create(title="Drum Boogie", notes="Drums and brass, violin too")
        await Song.create(title="Élégie", notes="Cello alone")
        yield database
    finally:
        await database.drop_all()
        await database.close()


async def titles(words: str) -> list[str]:
    return sorted(await Song.search(words, Song.title, Song.notes).values(Song.title))


async def test_words(songs: Database) -> None:
    assert await titles("guitar") == ["Minor Swing", "Nuages"]
    assert await titles("GUITAR swing") == ["Minor Swing", "Nuages"]
    assert await titles("guitar -clarinet") == ["Minor Swing"]
    assert await titles('"minor swing"') == ["Minor Swing"]
    assert await titles('"swing minor"') == []
    assert await titles("clarinet or brass") == ["Drum Boogie", "Nuages"]
    assert await titles("clar*") == ["Nuages"]
    assert await titles("élégie") == ["Élégie"]
    assert await titles("nothing") == []


async def test_the_best_is_first(songs: Database) -> None:
    found = search("swing", Song.title, Song.notes)
    rows = await Song.where(found).order_by(found.rank.desc(), Song.id).select(Song.title, found.rank)
    assert [title for title, _ in rows] == ["Minor Swing", "Nuages"]
    assert rows[0][1] > rows[1][1] > 0 or songs.engine.name == "mariadb"
    assert [song.title for song in await Song.search("swing", Song.title, Song.notes)] == [
        "Minor Swing",
        "Nuages",
    ]


async def test_excerpts(songs: Database) -> None:
    found = search("violin", Song.title, Song.notes)
    query = Song.where(found, Song.title == "Minor Swing").values(
        found.headline(Song.notes, before="[", after="]")
    )
    if songs.engine.name == "mariadb":
        with pytest.raises(ConfigurationError, match="no counterpart in mariadb"):
            await query
        return
    assert await query == ["Guitar and [violin] in Paris"]
    with pytest.raises(ValueError, match="no mark"):
        found.headline(Song.notes, before='"')
    with pytest.raises(TypeError, match="was searched"):
        found.headline(Song.label)


async def test_the_index_follows_the_rows(songs: Database) -> None:
    song = await Song.get(title="Nuages")
    song.notes = "Now with piano"
    await song.save()
    assert await titles("clarinet") == []
    assert await titles("piano") == ["Nuages"]
    await song.delete()
    assert await titles("piano") == []
    await Song.where(Song.title == "Minor Swing").update(notes="tuba")
    assert await titles("tuba") == ["Minor Swing"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        '"',
        "' or 1=1 --",
        "(",
        ")",
        "a AND",
        "NOT",
        "* *",
        "-",
        "-guitar",
        ":*",
        "title:x",
        "<->",
        "&|!",
        "\\",
        "+-~><()",
        "@",
        '""',
        "^x",
        "NEAR(a b)",
        "or or or",
    ],
)
async def test_words_of_anybody(songs: Database, words: str) -> None:
    assert isinstance(await titles(words), list)
    assert len(await titles("guitar " + words)) <= 2


async def test_what_cannot_be_searched(songs: Database) -> None:
    with pytest.raises(ConfigurationError, match=r"searchable\('label'\)"):
        Song.search("x", Song.label)
    with pytest.raises(TypeError, match="columns of one model"):
        Song.search("x")
    with pytest.raises(UnusableValue, match="NUL"):
        Song.search("\0", Song.title, Song.notes)
    with pytest.raises(ValueError, match="at most"):
        Song.search("x " * 1000, Song.title, Song.notes)


class Opera(Model, table="search_opera"):
    title: Field[str] = field(max_length=200)
    plot: Field[str] = field(text=True, default="")

    constraints = (searchable("title", "plot", language="english", stored=True),)


async def test_words_may_be_kept_in_a_column(url: str) -> None:
    async with Database(url, models=[Opera], migrations="none") as db:
        await db.create_all()
        try:
            # MariaDB ranks by how often a word is in a row, and in how few rows: in all of them it is worth nothing.
            await Opera.create(title="The Flying Dutchman", plot="A Dutchman sails his ship for ever")
            await Opera.create(title="Peter Grimes", plot="The Dutchman is not in it; ships are")
            await Opera.create(title="Tosca", plot="She lived for art")
            found = search("dutchman", Opera.title, Opera.plot)
            assert await Opera.where(found).order_by(found.rank.desc()).values(Opera.title) == [
                "The Flying Dutchman",
                "Peter Grimes",
            ]
            if db.engine.name == "postgresql":
                # Other forms of a word are found too, over the index of the column.
                assert await Opera.search("ship", Opera.title, Opera.plot).count() == 2
                async with db.transaction():
                    await db.execute("SET LOCAL enable_seqscan = off")
                    plan = await Opera.where(search("ship", Opera.title, Opera.plot)).explain()
                assert "search_opera_search_words" in plan
            if db.engine.name != "mariadb":
                assert await Opera.where(found).order_by(Opera.id).values(
                    found.headline(Opera.title, before="<", after=">")
                ) == ["The Flying <Dutchman>", "Peter Grimes"]
            assert await Migrations(db).check() == []
        finally:
            await db.drop_all()
