"""References to a row of any of several models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop import Opened

from segue import App
from segue.db import (
    AnyRef,
    Field,
    Keyed,
    Many,
    Missing,
    Model,
    NotLoaded,
    Query,
    Ref,
    ValidationError,
    field,
    related,
)
from segue.db.migrations import Migrations
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Song(Model, table="any_song"):
    title: Field[str] = field(max_length=40)
    remarks: Many[Remark] = related(rule=lambda song, remark: remark.about == song)


class Photo(Keyed, table="any_photo"):
    id: Field[UUID] = field(key=True, default_factory=uuid4)
    title: Field[str] = field(max_length=40)


class Seat(Keyed, table="any_seat"):
    row: Field[int] = field(key=True)
    number: Field[int] = field(key=True)


class Remark(Model, table="any_remark"):
    text: Field[str] = field(max_length=40)
    about: AnyRef[Song | Photo | Seat]
    beside: AnyRef[Model | None] = field(default=None)
    song: Ref[Song | None] = field(default=None)


class Stranger(Model, table="any_stranger"):
    pass


MODELS = (Song, Photo, Seat, Remark, Stranger)


async def filled() -> tuple[Song, Photo, Seat]:
    song, photo = await Song.create(title="Nuages"), await Photo.create(title="Django")
    seat = await Seat.create(row=3, number=4)
    for text, about in (("a", song), ("b", photo), ("c", seat), ("d", song)):
        await Remark.create(text=text, about=about)
    return song, photo, seat


async def test_they_are_loaded_in_one_statement_for_each_model(
    opened: Opened, counted: Callable[[Any], Any]
) -> None:
    db = await opened(*MODELS)
    song, photo, seat = await filled()
    statements = counted(db)
    found = await Remark.order_by(Remark.text).load(Remark.about)
    assert [one.about for one in found] == [song, photo, seat, song]
    assert len(statements) == 4
    assert (await Remark.get(1)).beside is None
    found = await Remark.order_by(Remark.text)
    with pytest.raises(NotLoaded, match=r"load\(Remark.about\)"):
        found[0].about  # noqa: B018 -- asked
    before = len(statements)
    await found[0].load(Remark.about)
    assert [one.about for one in found] == [song, photo, seat, song]
    assert len(statements) == before + 3
    await Remark.load_all(await Remark.all(), Remark.about)


async def test_queries_compare_them(opened: Opened) -> None:
    await opened(*MODELS)
    song, photo, seat = await filled()
    texts = Remark.order_by(Remark.text)
    assert await texts.where(Remark.about == song).values(Remark.text) == ["a", "d"]
    assert await texts.where(Remark.about != song).values(Remark.text) == ["b", "c"]
    assert await texts.where(Remark.about.is_in([photo, seat])).values(Remark.text) == ["b", "c"]
    assert await texts.where(Remark.about.is_a(Photo)).values(Remark.text) == ["b"]
    assert await texts.where(Remark.beside.is_null()).count() == 4
    assert await Remark.where(Remark.about == seat).update(about=photo) == 1
    assert await texts.where(Remark.about == photo).values(Remark.text) == ["b", "c"]
    [loaded] = await Song.all().load(Song.remarks.order_by(Remark.text))
    assert [one.text for one in loaded.remarks] == ["a", "d"]
    assert await Song.where(Song.remarks.any(Remark.text == "d")).count() == 1
    assert await Song.select(Song.title, Song.remarks.count()) == [("Nuages", 2)]
    for wrong in (lambda: Remark.about == Stranger(), lambda: Remark.about.is_a(Stranger)):
        with pytest.raises((TypeError, ValueError), match=r"leads to|Expected one of"):
            wrong()
    with pytest.raises(ValueError, match="not saved"):
        Remark.about == Song(title="x")  # noqa: B015 -- it is refused


async def test_they_are_assigned_and_saved(opened: Opened) -> None:
    db = await opened(*MODELS)
    song, photo, _ = await filled()
    remark = await Remark.get(1)
    remark.about = photo
    await remark.save()
    remark = await Remark.all().load(Remark.about).where(Remark.id == 1).one()
    assert remark.about == photo
    remark.beside = stranger = await Stranger.create()
    await remark.save()
    assert (await Remark.all().load(Remark.beside).where(Remark.id == 1).one()).beside == stranger
    remark.beside = None
    await remark.save()
    with pytest.raises(TypeError, match="leads to Song, Photo, Seat"):
        remark.about = stranger
    with pytest.raises(TypeError, match="cannot be None"):
        remark.about = None
    with pytest.raises(ValidationError, match="about"):
        await Remark.create(text="x")
    with pytest.raises(ValidationError):
        await Remark.create(text="x", about_type="any_stranger", about_id="1")
    with pytest.raises(ValueError, match="not saved yet"):
        await Remark.create(text="x", about=Song(title="y"))
    await Remark.create_many([Remark(text="m", about=song), Remark(text="n", about=photo)])
    assert await Remark.where(Remark.about == song, Remark.text == "m").count() == 1
    await photo.delete()
    gone = await Remark.all().load(Remark.about).where(Remark.text == "n").one()
    with pytest.raises(Missing, match="not there any more"):
        gone.about  # noqa: B018 -- asked
    assert await Migrations(db).check() == []


async def test_replies_have_them_if_they_were_loaded(opened: Opened) -> None:
    db = await opened(*MODELS)
    song, _, _ = await filled()
    app = App(plugins=[db])

    @app.get("/remarks")
    async def remarks() -> Query[Remark]:
        return Remark.order_by(Remark.text).limit(2).load(Remark.about)

    @app.get("/plain")
    async def plain() -> Query[Remark]:
        return Remark.order_by(Remark.text).limit(1)

    @app.post("/remarks")
    async def add(remark: Remark) -> Remark:
        return await remark.save()

    async with AsyncClient(app) as client:
        rows = (await client.get("/remarks")).json()
        assert [row["about"]["title"] for row in rows] == ["Nuages", "Django"]
        [row] = (await client.get("/plain")).json()
        assert (row["about_type"], row["about_id"], "about" in row) == ("any_song", str(song.id), False)
        made = {"text": "x", "about_type": "any_song", "about_id": str(song.id)}
        assert (await client.post("/remarks", json=made)).status == 200
        assert (await client.post("/remarks", json={**made, "about_type": "pg_class"})).status == 422
        assert (await client.post("/remarks", json={"text": "x"})).status == 422
