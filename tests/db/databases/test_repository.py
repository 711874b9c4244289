"""Repositories and services: lists with filters and pages, reading and writing, over HTTP and over each database."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, Struct, UnsetType

from segue import App, Request
from segue.db import Condition, Database, Field, Keyed, Missing, Model, Query, Ref, ValidationError, field
from segue.db.repository import Listed, Repository
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Maker(Model, table="repo_maker"):
    name: Field[str] = field(max_length=40)


class Guitar(Model, table="repo_guitar"):
    name: Field[str] = field(max_length=40)
    slug: Field[str] = field(max_length=40, unique=True)
    maker: Ref[Maker]
    year: Field[int] = field(ge=1800)
    kind: Field[str] = field(max_length=10, default="jazz")
    sold: Field[bool] = field(default=False)


class Place(Keyed, table="repo_place"):
    row: Field[int] = field(key=True)
    column: Field[int] = field(key=True)


class NewGuitar(Struct):
    name: str
    maker_id: int
    year: int


class GuitarChange(Struct):
    name: str | UnsetType = UNSET
    year: int | UnsetType = UNSET
    sold: bool | UnsetType = UNSET


class Guitars(Repository[Guitar]):
    filters = (Guitar.year, Guitar.kind, Guitar.maker.name)
    orders = (Guitar.name, Guitar.year)
    searched = (Guitar.name, Guitar.maker.name)
    order = (Guitar.year.asc(),)
    loads = (Guitar.maker,)
    largest = 50

    def query(self) -> Query[Guitar]:
        return super().query().where(Guitar.sold == False)  # noqa: E712 -- SQL

    async def values(self, given: dict[str, Any], present: Guitar | None) -> dict[str, Any]:
        return {**given, "slug": given["name"].lower().replace(" ", "-")} if "name" in given else given


class Makers(Repository[Maker]):
    pass


class Places(Repository[Place]):
    pass


class Workshop:
    """A service: work on several models, with the repositories that it is given."""

    def __init__(self, guitars: Guitars, makers: Makers) -> None:
        self.guitars = guitars
        self.makers = makers

    async def move(self, old: int, new: int) -> int:
        there = await self.makers.get(new)
        found = await self.guitars.all(Guitar.maker.id == old)
        for one in found:
            await self.guitars.update(one.id, {"maker": there})
        return len(found)


MODELS = [Maker, Guitar, Place]


def app_of(db: Database) -> App:
    app = App(plugins=[db])
    for one in (Guitars, Makers, Workshop):
        app.provide(one)

    @app.get("/guitars")
    async def listed(guitars: Guitars, request: Request) -> Listed[Guitar]:
        return await guitars.listed(request.query)

    @app.post("/guitars")
    async def create(guitars: Guitars, given: NewGuitar) -> tuple[Guitar, int]:
        return await guitars.create(given), 201

    @app.get("/guitars/{id:int}")
    async def show(guitars: Guitars, id: int) -> Guitar:
        return await guitars.get(id)

    @app.patch("/guitars/{id:int}")
    async def change(guitars: Guitars, id: int, given: GuitarChange) -> Guitar:
        return await guitars.update(id, given)

    @app.delete("/guitars/{id:int}")
    async def delete(guitars: Guitars, id: int) -> Guitar:
        return await guitars.delete(id)

    @app.post("/makers/{old:int}/move/{new:int}")
    async def move(workshop: Workshop, old: int, new: int) -> list[int]:
        return [await workshop.move(old, new)]

    return app


@pytest.mark.row("LI13")
async def test_a_list_with_pages_and_filters(url: str) -> None:
    db = Database(url, models=MODELS)
    async with AsyncClient(app_of(db)) as client:
        await db.drop_all()
        await db.create_all()
        selmer, gibson = await Maker.create_many([Maker(name="Selmer"), Maker(name="Gibson")])
        for number in range(45):
            reply = await client.post(
                "/guitars",
                json={
                    "name": f"No {number:02}",
                    "maker_id": (selmer, gibson)[number % 2].id,
                    "year": 1900 + number // 3,
                },
            )
            assert reply.status == 201
        assert reply.json()["slug"] == "no-44"

        async def names(query: str) -> list[str]:
            return [one["name"] for one in (await client.get(f"/guitars?{query}")).json()["items"]]

        first = (await client.get("/guitars")).json()
        assert (first["page"], first["size"], first["pages"], first["total"]) == (1, 20, 3, 45)
        assert len(first["items"]) == 20
        assert first["items"][0]["maker"]["name"] == "Selmer"
        # Every object is on one page, though many are alike in the order.
        everything = [name for page in (1, 2, 3) for name in await names(f"page={page}")]
        assert sorted(everything) == [f"No {number:02}" for number in range(45)]
        assert await names("page=9") == []
        assert await names("year=1914&order=-name") == ["No 44", "No 43", "No 42"]
        assert await names("year.ge=1913&maker.name=Gibson") == ["No 39", "No 41", "No 43"]
        assert await names("q=no 0&size=3&order=name") == ["No 00", "No 01", "No 02"]
        assert (await client.get("/guitars?q=gibs")).json()["total"] == 22
        for wrong in (
            "size=51",
            "size=0",
            "page=x",
            "page=-1",
            "sold=true",
            "order=slug",
            "year=x",
            "nothing=1",
        ):
            assert (await client.get(f"/guitars?{wrong}")).status == 400, wrong
        # What is sold is not there any more, for nobody who goes through the repository.
        key = first["items"][0]["id"]
        assert (await client.patch(f"/guitars/{key}", json={"year": 1950})).json()["year"] == 1950
        renamed = await client.patch(f"/guitars/{key}", json={"name": "Busato Grand"})
        assert (renamed.json()["slug"], renamed.json()["year"]) == ("busato-grand", 1950)
        assert (await client.patch(f"/guitars/{key}", json={"sold": True})).status == 200
        for method in (client.get, client.delete):
            assert (await method(f"/guitars/{key}")).status == 404
        assert (await client.get("/guitars?size=1")).json()["total"] == 44
        key = first["items"][1]["id"]
        assert (await client.delete(f"/guitars/{key}")).json()["name"] == "No 01"
        assert (await client.patch("/guitars/999", json={})).status == 404
        bad = await client.post("/guitars", json={"name": "x" * 41, "maker_id": selmer.id, "year": 3})
        assert bad.status == 422
        assert {one["loc"][-1] for one in bad.json()["errors"]} == {"name", "slug", "year"}
        twice = {"name": "No 05", "maker_id": selmer.id, "year": 1900}
        assert (await client.post("/guitars", json=twice)).status == 409
        # A service works with several.
        assert (await client.post(f"/makers/{gibson.id}/move/{selmer.id}")).json() == [21]
        assert (await client.get("/guitars?maker.name=Gibson")).json()["total"] == 0
        assert (await client.post("/makers/1/move/99")).status == 404
        await db.drop_all()


async def test_without_http(url: str) -> None:
    async with Database(url, models=MODELS) as db:
        await db.drop_all()
        await db.create_all()
        maker = await Makers().create({"name": "Selmer"})
        guitars = Guitars()
        made = await guitars.create_many(
            [NewGuitar("A", maker.id, 1950), {"name": "B", "maker": maker, "year": 1940}]
        )
        assert [one.slug for one in made] == ["a", "b"]
        assert [one.name for one in await guitars.all()] == ["B", "A"]
        assert (await guitars.first()).name == "B"  # type: ignore[union-attr] # there is one
        condition: Condition = Guitar.year > 1945
        assert (await guitars.count(), await guitars.count(condition), await guitars.exists(condition)) == (
            2,
            1,
            True,
        )
        assert await guitars.get_or_none(99) is None
        with pytest.raises(Missing):
            await guitars.get(99)
        with pytest.raises(ValidationError):
            await guitars.update(made[0].id, {"year": 3})
        with pytest.raises(TypeError, match="given conditions"):
            await guitars.delete_many()
        assert await guitars.delete_many(condition) == 1
        with pytest.raises(TypeError, match="a mapping or a Struct"):
            await guitars.create(7)
        places = Places()
        await places.create({"row": 1, "column": 2})
        assert (await places.get((1, 2))).column == 2
        with pytest.raises(TypeError, match="2 parts"):
            await places.get(1)
        await db.drop_all()
