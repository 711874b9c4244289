"""Row rules and tenants: what holds for every query of a model."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest

from segue import App
from segue.db import Condition, ConfigurationError, Database, Field, Many, Missing, Model, Ref, field
from segue.db.models.rules import row_rule
from segue.db.models.tenancy import Tenancy
from segue.http.errors import Forbidden
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio

tenancy = Tenancy()
reader: ContextVar[str | None] = ContextVar("reader", default=None)


class Customer(Model):
    tenant: Field[str] = field(default_factory=tenancy.current, read_only=True, max_length=40, index=True)
    name: Field[str] = field(max_length=40)
    bills: Many[Bill] = field(other="customer")


class Bill(Model):
    tenant: Field[str] = field(default_factory=tenancy.current, read_only=True, max_length=40, index=True)
    customer: Ref[Customer]
    total: Field[int]


class Shelf(Model):
    name: Field[str] = field(max_length=20)
    books: Many[Book] = field(other="shelf")


class Book(Model):
    shelf: Ref[Shelf]
    owner: Field[str] = field(max_length=20)


tenancy.owns(Customer.tenant, Bill.tenant)


@row_rule(Book)
def own() -> Condition | None:
    name = reader.get()
    return None if name is None else Book.owner == name


@pytest.fixture
async def db(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(url, models=[Customer, Bill, Shelf, Book]) as db:
        await db.drop_all()
        await db.create_all()
        yield db
        await db.drop_all()


@pytest.mark.row("W-11")
async def test_each_tenant_has_its_own_rows(url: str, db: Database) -> None:
    app = App(plugins=[Database(url, name="app", models=[]), tenancy])

    @app.post("/customers/{name}")
    async def add(name: str) -> Customer:
        customer = await Customer.create(name=name)
        await Bill.create(customer=customer, total=7)
        return customer

    @app.get("/customers")
    async def names() -> object:
        return Customer.order_by(Customer.name).load(Customer.bills)

    @app.get("/customers/{id}")
    async def show(id: int) -> Customer:
        return await Customer.get(id)

    @app.get("/all")
    async def everything() -> list[str]:
        return await Customer.all().unscoped().order_by(Customer.name).values(Customer.name)

    @app.delete("/customers")
    async def empty() -> list[int]:
        await Bill.all().delete()
        return [await Customer.all().delete()]

    async with AsyncClient(app) as client:
        acme, zeta = {"host": "acme.test"}, {"host": "zeta.test"}
        one = (await client.post("/customers/a", headers=acme)).json()
        assert one["tenant"] == "acme.test"
        await client.post("/customers/z", headers=zeta)
        listed = (await client.get("/customers", headers=acme)).json()
        assert [one["name"] for one in listed] == ["a"]
        assert len(listed[0]["bills"]) == 1
        assert (await client.get(f"/customers/{one['id']}", headers=acme)).status == 200
        assert (await client.get(f"/customers/{one['id']}", headers=zeta)).status == 404
        assert (await client.get("/all", headers=zeta)).json() == ["a", "z"]
        assert (await client.delete("/customers", headers=zeta)).json() == [1]
        assert (await client.get("/all", headers=zeta)).json() == ["a"]


async def test_who_says_nothing_sees_nothing(db: Database) -> None:
    with pytest.raises(ConfigurationError, match="whose rows"):
        await Customer.all()
    with tenancy.of("acme"):
        mine = await Customer.create(name="a")
        assert await Customer.all().count() == 1
    with tenancy.of("zeta"):
        assert await Customer.all().exists() is False
        with pytest.raises(Missing):
            await Customer.get(mine.id)
        with pytest.raises(Forbidden):
            await Customer.create(name="b", tenant="acme")
        mine.name = "stolen"
        with pytest.raises(Forbidden):
            await mine.save()
    with tenancy.everybody():
        assert [one.name for one in await Customer.all()] == ["a"]
        await Customer.create(name="c", tenant="zeta")
        with pytest.raises(ConfigurationError, match="no tenant to fill in"):
            await Customer.create(name="d")


async def test_rules_hold_for_what_relations_load(db: Database) -> None:
    shelf = await Shelf.create(name="top")
    for owner in ("ann", "bob"):
        await Book.create(shelf=shelf, owner=owner)
    reader.set("ann")
    found = (await Shelf.all().load(Shelf.books))[0]
    assert [one.owner for one in found.books] == ["ann"]
    await shelf.load(Shelf.books)
    assert [one.owner for one in shelf.books] == ["ann"]
    assert await Book.all().unscoped().count() == 2
    assert await Book.all().update(owner="eve") == 1
    app = App(plugins=[])
    app.get("/")(lambda: Shelf.all().load(Shelf.books))
    async with AsyncClient(app) as client:
        reader.set("bob")
        books = (await client.get("/")).json()[0]["books"]
        assert [one["owner"] for one in books] == ["bob"]


def test_a_block_of_another_tenant_lasts_through_all_steps_of_a_request() -> None:
    import asyncio

    from segue import App
    from segue.testing import LiveServer

    app = App("tenants of steps", plugins=[Tenancy(lambda request: "the host's", name="steps")])
    (listed,) = app.declared.plugins
    steps: Any = listed.plugin

    @app.get("/")
    async def home() -> list[str]:
        seen = [steps.current()]
        with steps.of("acme"):
            for _ in range(3):
                seen.append(steps.current())
                await asyncio.sleep(0.001)
        return [*seen, steps.current()]

    with LiveServer(app) as server:
        for _ in range(2):
            with urllib.request.urlopen(server.url) as answer:
                assert json.load(answer) == ["the host's", "acme", "acme", "acme", "the host's"]
