"""Rows in several databases, each where its key says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue import App
from segue.db import ConfigurationError, Database, Field, Model, count, field
from segue.db.databases.shards import Shards, by_hash
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Order(Model, database="orders"):
    customer: Field[int] = field(index=True)
    total: Field[int]
    note: Field[str | None] = field(default=None, max_length=40)


class Shop(Model):
    name: Field[str] = field(max_length=40)


@pytest.fixture(params=["sqlite", pytest.param("mixed", marks=pytest.mark.requires("postgresql"))])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    found = [f"sqlite:///{tmp_path}/{name}.db" for name in "abc"]
    if request.param == "mixed":
        found[1] = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
async def shards(urls: list[str], anyio_backend: str) -> AsyncIterator[Shards]:
    async with Shards(urls, name="orders", by=lambda key, count: key % count, models=[Order]) as shards:
        await shards.create_all()
        for number in range(30):
            with shards.of(number):
                await Order.create(customer=number, total=(number * 7) % 30)
        yield shards
        await shards.drop_all()


async def test_each_row_is_where_its_key_says(shards: Shards) -> None:
    assert [await Order.all().using(one).count() for one in shards.databases] == [10, 10, 10]
    with shards.of(4) as db:
        assert db is shards.databases[1]
        found = await Order.where(Order.customer == 4).one()
        async with db.transaction():
            found.total = 100
            await found.save()
            assert (await Order.get(found.id)).total == 100
        assert not await Order.where(Order.customer == 5).exists()
    with pytest.raises(ConfigurationError, match=r"3 shards called 'orders'.*shards\.of"):
        await Order.all()
    with pytest.raises(ConfigurationError, match="0 to 2"):
        Shards(["sqlite://"] * 3, name="x", by=lambda key, count: 7).database(1)


async def test_all_shards_answer_as_one(shards: Shards) -> None:
    query = Order.order_by(Order.total.desc())
    assert [one.total for one in await shards.all(query)] == list(range(29, -1, -1))
    assert [one.total for one in await shards.all(query.limit(5))] == [29, 28, 27, 26, 25]
    assert [one.total for one in await shards.all(query.limit(5).offset(10))] == [19, 18, 17, 16, 15]
    assert [one.total for one in await shards.all(query.offset(27))] == [2, 1, 0]
    assert [one.total for one in await shards.all(Order.order_by(Order.total).limit(3))] == [0, 1, 2]
    first = await shards.first(Order.where(Order.total > 10).order_by(Order.total))
    assert first is not None
    assert first.total == 11
    assert len(await shards.all(Order.where(Order.customer < 6))) == 6
    assert await shards.count(query) == 30
    assert await shards.exists(Order.where(Order.total == 12))
    assert not await shards.exists(Order.where(Order.total == 99))
    assert await shards.update(Order.where(Order.total < 10), note="small") == 10
    notes = await shards.all(Order.order_by(Order.note.asc(nulls="last"), Order.total))
    assert [one.note for one in notes] == ["small"] * 10 + [None] * 20
    assert await shards.delete(Order.where(Order.note == "small")) == 10
    assert await shards.count(Order.all()) == 20


async def test_what_cannot_be_put_together_says_so(shards: Shards) -> None:
    with pytest.raises(TypeError, match="select"):
        await shards.all(Order.select(Order.customer, count(Order.id)).group_by(Order.customer))
    with pytest.raises(TypeError, match="columns of the model"):
        await shards.all(Order.order_by(Order.total + 1))
    with pytest.raises(TypeError, match="may be missing"):
        await shards.all(Order.order_by(Order.note))


async def test_an_app_has_shards_beside_its_database(tmp_path: Path) -> None:
    shards = Shards([f"sqlite:///{tmp_path}/{name}.db" for name in "ab"], name="orders", models=[Order])
    db = Database(f"sqlite:///{tmp_path}/shop.db", models=[Shop])
    app = App(plugins=[db, shards])

    @app.post("/orders/{customer}")
    async def order(customer: int) -> Order:
        await Shop.create(name="here")
        with shards.of(customer):
            return await Order.create(customer=customer, total=1)

    @app.get("/orders")
    async def orders() -> list[Order]:
        return await shards.all(Order.order_by(Order.customer))

    async with AsyncClient(app) as client:
        await db.create_all()
        await shards.create_all()
        for customer in range(8):
            await client.post(f"/orders/{customer}")
        assert [one["customer"] for one in (await client.get("/orders")).json()] == list(range(8))
        assert await Shop.all().count() == 8
        assert all([await Order.all().using(one).count() for one in shards.databases])
    assert {by_hash(key, 4) for key in range(100)} == {0, 1, 2, 3}
