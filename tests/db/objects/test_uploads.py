"""Fields that name files in a storage; scopes of models."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop import Opened

from segue import App
from segue.db import Database, Field, Model, Query, SoftDelete, field, scope
from segue.storage import Storage
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio

STORAGE = Storage("memory:")


class Poster(Model, table="upload_poster"):
    title: Field[str] = field(max_length=40)
    picture: Field[str | None] = field(default=None, max_length=200, upload=STORAGE, folder="posters")
    stars: Field[int] = field(default=0)

    @scope
    def good(query: Query[Poster]) -> Query[Poster]:  # noqa: N805 -- of a query
        return query.where(Poster.stars >= 4)

    @scope
    def best(query: Query[Poster], count: int) -> Query[Poster]:  # noqa: N805 -- of a query
        """The best ones."""
        return query.order_by(Poster.stars.desc()).limit(count)


class Kept(SoftDelete, table="upload_kept"):
    picture: Field[str | None] = field(default=None, max_length=200, upload=STORAGE)


async def names() -> set[str]:
    return {one.name async for one in STORAGE.names()}


@pytest.fixture(autouse=True)
async def empty_storage(anyio_backend: str) -> None:
    for name in await names():
        await STORAGE.delete(name)


async def undone(db: Database, poster: Poster) -> None:
    async with db.transaction():
        await poster.delete()
        1 / 0  # noqa: B018 -- it fails


async def test_files_go_with_what_names_them(opened: Opened, tmp_path: Path) -> None:
    db = await opened(Poster, Kept)
    poster = Poster(title="Cleo")
    name = await poster.attach(Poster.picture, b"first")
    assert name.startswith("posters/")
    await poster.save()
    assert await STORAGE.read((await Poster.get(poster.id)).picture or "") == b"first"
    second = await poster.attach(Poster.picture, b"second")
    assert await names() == {name, second}
    await poster.save()
    assert await names() == {second}
    with pytest.raises(ZeroDivisionError):
        await undone(db, poster)
    assert await names() == {second}
    poster = await Poster.get(poster.id)
    poster.title = "other"
    await poster.save()
    assert await names() == {second}
    await Poster.all().update(picture=None)
    assert await names() == set()
    third = await poster.attach(Poster.picture, b"third")
    await poster.save()
    assert await names() == {third}
    await Poster.where(Poster.id == poster.id).delete()
    assert await names() == set()
    kept = Kept()
    await kept.attach(Kept.picture, b"kept")
    await kept.save()
    await kept.delete()
    assert len(await names()) == 1
    with pytest.raises(TypeError, match="names no files"):
        await poster.attach(Poster.title, b"x")


async def test_clients_do_not_name_files(opened: Opened) -> None:
    db = await opened(Poster)
    app = App(plugins=[db])

    @app.post("/posters")
    async def add(poster: Poster) -> Poster:
        return await poster.save()

    async with AsyncClient(app) as client:
        reply = await client.post("/posters", json={"title": "x", "picture": "posters/of-others.png"})
        assert reply.json()["picture"] is None


async def test_scopes_are_queries_and_narrow_queries(opened: Opened) -> None:
    await opened(Poster)
    await Poster.create_many([Poster(title=str(stars), stars=stars) for stars in range(6)])
    assert await Poster.good().order_by(Poster.id).values(Poster.stars) == [4, 5]
    assert await Poster.best(2).values(Poster.stars) == [5, 4]
    assert await Poster.where(Poster.stars < 5).scope(Poster.good).values(Poster.stars) == [4]
    assert await Poster.where(Poster.stars < 5).scope(Poster.best, 1).scope(Poster.good).values(
        Poster.stars
    ) == [4]
    with pytest.raises(TypeError, match="is a scope of Poster"):
        Kept.all().scope(Poster.good)
