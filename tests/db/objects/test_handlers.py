"""A model is the body, the reply and the description of a handler; clients say only what is theirs to say."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from msgspec import Struct
from shop import Opened

from segue import App
from segue.core.binding.drafts import Draft, Partial
from segue.core.binding.roles import Shape
from segue.db import Database, Field, Many, Model, Ref, field
from segue.openapi import OpenAPI
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Person(Model, table="handlers_person"):
    name: Field[str] = field(max_length=20)
    email: Field[str] = field(unique=True, max_length=60)
    password: Field[str] = field(write_only=True, min_length=8)
    is_admin: Field[bool] = field(default=False, read_only=True)
    token: Field[str] = field(private=True, default="t0ken")
    films: Many[Film] = field(other="director")


class Film(Model, table="handlers_film"):
    title: Field[str] = field(max_length=20)
    year: Field[int] = field(ge=1895, default=2000)
    director: Ref[Person] = field(on_delete="cascade", read_only=True)
    version: Field[int] = field(default=1, version=True)


def site() -> App:
    app = App()

    @app.post("/people")
    async def add(draft: Draft[Person]) -> tuple[Person, int]:
        return await draft.create().save(), 201

    @app.get("/people")
    async def people() -> list[Person]:
        return await Person.order_by(Person.id)

    @app.get("/people/{id}")
    async def person(id: int) -> Person:
        return await Person.get(id)

    @app.patch("/people/{id}")
    async def change(id: int, changes: Partial[Person]) -> Person:
        return await changes.update(await Person.get(id)).save()

    @app.post("/people/{id}/films")
    async def film(id: int, draft: Draft[Film]) -> Film:
        return await draft.create(director=await Person.get(id)).save()

    @app.get("/films")
    async def films() -> list[Film]:
        return await Film.order_by(Film.id).load(Film.director)

    @app.get("/raw")
    async def raw() -> Any:
        return {"people": await Person.all()}

    @app.patch("/films/{id}")
    async def edit(id: int, changes: Partial[Film]) -> Film:
        return await changes.update(await Film.get(id)).save()

    return app


DJANGO = {"name": "Django", "email": "django@example.org", "password": "long enough"}


@pytest.mark.row("SEC-62")
async def test_clients_set_only_what_is_theirs(url: str) -> None:
    database = Database(url, models=[Person, Film])
    app = site()
    outer = App(plugins=[database])
    outer.include(app)
    async with AsyncClient(outer) as client:
        await database.drop_all()
        await database.create_all()
        try:
            forged = {"is_admin": True, "id": 77, "token": "mine", "films": [1], "deleted_at": "2020-01-01"}
            reply = await client.post("/people", json={**DJANGO, **forged})
            assert reply.status == 201, reply.text
            made = reply.json()
            assert made["id"] != 77
            assert (made["name"], made["is_admin"]) == ("Django", False)
            assert {"password", "token"}.isdisjoint(made)
            other = (await client.post("/people", json={**DJANGO, "email": "x@example.org"})).json()

            reply = await client.patch(f"/people/{made['id']}", json={"name": "Jean", **forged})
            assert reply.status == 200, reply.text
            stored = await Person.order_by(Person.id)
            assert [(one.id, one.name, one.is_admin, one.token) for one in stored] == [
                (made["id"], "Jean", False, "t0ken"),
                (other["id"], "Django", False, "t0ken"),
            ]
            reply = await client.post(
                f"/people/{made['id']}/films",
                json={"title": "x", "director_id": other["id"], "director": other},
            )
            assert reply.status == 200, reply.text
            film = await Film.get(reply.json()["id"])
            assert film.director.id == made["id"]
            reply = await client.patch(
                f"/films/{film.id}", json={"title": "y", "director_id": other["id"], "id": 99}
            )
            await film.refresh()
            assert (film.title, film.director.id) == ("y", made["id"])
            for path in ("/people", "/raw", f"/people/{made['id']}", "/films"):
                text = (await client.get(path)).text
                assert "long enough" not in text
                assert "t0ken" not in text
        finally:
            await database.drop_all()


async def test_errors_have_their_status_and_name_their_fields(url: str) -> None:
    database = Database(url, models=[Person, Film])
    outer = App(plugins=[database])
    outer.include(site())
    async with AsyncClient(outer) as client:
        await database.drop_all()
        await database.create_all()
        try:
            reply = await client.post("/people", json={"name": "x" * 21, "password": "short"})
            assert reply.status == 422
            assert {one["loc"][-1] for one in reply.json()["errors"]} == {"name", "email", "password"}
            assert (await client.get("/people/7")).status == 404
            made = (await client.post("/people", json=DJANGO)).json()
            reply = await client.post("/people", json=DJANGO)
            assert reply.status == 409
            assert "django@example.org" not in reply.text
            if not url.startswith("mariadb"):  # which tells the name of the constraint only
                assert [one["loc"] for one in reply.json()["errors"]] == [["email"]]
            film = (await client.post(f"/people/{made['id']}/films", json={"title": "x"})).json()
            assert (
                await client.patch(f"/films/{film['id']}", json={"title": "y", "version": 1})
            ).status == 200
            assert (
                await client.patch(f"/films/{film['id']}", json={"title": "z", "version": 1})
            ).status == 409
            assert (await client.get("/films")).json()[0]["director"]["name"] == "Django"
            assert "director" not in (await client.patch(f"/films/{film['id']}", json={})).json()
        finally:
            await database.drop_all()


async def test_a_model_is_described_as_it_comes_and_goes() -> None:
    described = App(plugins=[OpenAPI("Films", "1")])
    described.include(site())
    async with AsyncClient(described) as client:
        document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/people"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    text = str(document)
    assert body
    assert "t0ken" not in text
    schemas = document["components"]["schemas"]
    shown = next(one for name, one in schemas.items() if name == "Person")
    assert {"id", "name", "email", "is_admin"} <= set(shown["properties"])
    assert {"password", "token"}.isdisjoint(shown["properties"])
    taken = schemas[body["$ref"].rpartition("/")[2]]
    assert {"id", "is_admin", "token"}.isdisjoint(taken["properties"])
    assert taken["properties"]["name"]["maxLength"] == 20
    assert set(taken["required"]) == {"name", "email", "password"}


class Answer(Struct):
    people: list[Person]
    count: int


async def test_views_of_models_and_models_in_other_structs(opened: Opened) -> None:
    await opened(Person, Film)
    app = App()

    @app.get("/public")
    async def public() -> list[Annotated[Person, Shape(exclude=("email",))]]:
        return await Person.all().load(Person.films)

    @app.get("/answer")
    async def answer() -> Answer:
        return Answer(await Person.all(), 1)

    @app.get("/film")
    async def film() -> Annotated[Film, Shape(rename="camel")]:
        return await Film.all().one()

    django = await Person.create(**DJANGO)
    await Film.create(title="x", director=django)
    async with AsyncClient(app) as client:
        [shown] = (await client.get("/public")).json()
        assert (set(shown), shown["films"][0]["title"]) == ({"id", "name", "is_admin", "films"}, "x")
        found = (await client.get("/answer")).json()
        assert set(found["people"][0]) == {"id", "name", "email", "is_admin"}
        shown = (await client.get("/film")).json()
        assert (shown["directorId"], shown["director"]) == (django.id, {"id": django.id})
