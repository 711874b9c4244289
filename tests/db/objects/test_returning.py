"""Changes that give back what they wrote, in one statement or in one transaction."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shop import Opened

from segue.db import (
    DeletingMany,
    Field,
    Keyed,
    Model,
    Ref,
    SoftDelete,
    UpdatingMany,
    ValidationError,
    Versioned,
    field,
)

pytestmark = pytest.mark.anyio


async def test_objects_and_columns_come_back(opened: Opened) -> None:
    class Theatre(Model, table="ret_theatre"):
        name: Field[str] = field(max_length=40)

    class Seat(Model, table="ret_seat"):
        theatre: Ref[Theatre]
        number: Field[int]
        free: Field[bool] = field(default=True)
        secret: Field[str] = field(max_length=10, default="s", private=True)

    told: list[str] = []

    @Seat.on(UpdatingMany)
    @Seat.on(DeletingMany)
    def many(change: UpdatingMany[Seat] | DeletingMany[Seat]) -> None:
        told.append(type(change).__name__)

    db = await opened(Theatre, Seat)
    theatre = await Theatre.create(name="Odeon")
    await Seat.create_many([Seat(theatre=theatre, number=number) for number in range(1, 6)])
    taken = await Seat.where(Seat.number <= 2).returning().update(free=False, number=Seat.number * 10)
    assert sorted((one.number, one.free, one.secret) for one in taken) == [
        (10, False, "s"),
        (20, False, "s"),
    ]
    # They are objects as those of a query are.
    taken[0].number = 30
    await taken[0].save()
    assert (await taken[0].load(Seat.theatre)).theatre.name == "Odeon"
    # What is joined, ordered and limited too.
    [row] = (
        await Seat.where(Seat.theatre.name == "Odeon", Seat.free == True)  # noqa: E712 -- SQL
        .order_by(Seat.number.desc())
        .limit(1)
        .returning(Seat.number, Seat.theatre_id)
        .update(free=False)
    )
    assert row == (5, theatre.id)
    gone = await Seat.where(Seat.free == True).returning(Seat.number).delete()  # noqa: E712 -- SQL
    assert sorted(gone) == [(3,), (4,)]
    assert await Seat.all().count() == 3
    [last] = await Seat.where(Seat.number == 5).returning().delete()
    assert (last.number, last.free) == (5, False)
    assert await Seat.where(Seat.number == 77).returning().update(free=True) == []
    assert await Seat.where(Seat.number == 77).returning(Seat.id).delete() == []
    assert told == [
        "UpdatingMany",
        "UpdatingMany",
        "DeletingMany",
        "DeletingMany",
        "UpdatingMany",
        "DeletingMany",
    ]
    assert db.current_transaction is None
    with pytest.raises(TypeError, match="columns of Seat itself"):
        Seat.all().returning(Seat.theatre.name)
    with pytest.raises(ValidationError):
        await Seat.all().returning().update(secret="much too long")
    # Another database has the same answer under another shape.
    assert sorted(await Seat.all().returning(Seat.secret, Seat.free).update(secret="t")) == [
        ("t", False),
        ("t", False),
    ]


async def test_what_is_only_marked_and_what_has_versions(opened: Opened) -> None:
    class Page(SoftDelete, Versioned, table="ret_page"):
        text: Field[str] = field(max_length=20)

    await opened(Page, Page.__mapping__.kept["versions"])
    page = await Page.create(text="a")
    [one] = await Page.all().returning().delete()
    assert (one.id, one.text) == (page.id, "a")
    assert one.deleted_at is not None
    assert await Page.all().count() == 0
    assert [version.action for version in await page.history()] == ["delete"]
    [gone] = await Page.all().unscoped()._then("for good", None).returning(Page.text).delete()
    assert gone == ("a",)
    assert await Page.all().unscoped().count() == 0


async def test_keys_of_two_columns(opened: Opened) -> None:
    class Place(Keyed, table="ret_place"):
        row: Field[int] = field(key=True)
        column: Field[int] = field(key=True)
        guest: Field[str] = field(max_length=10, default="")

    await opened(Place)
    await Place.create_many([Place(row=row, column=column) for row in (1, 2) for column in (1, 2)])
    found = (
        await Place.where(Place.row == 2).returning(Place.row, Place.column, Place.guest).update(guest="x")
    )
    assert sorted(found) == [(2, 1, "x"), (2, 2, "x")]
    assert await Place.where(Place.guest == "x").count() == 2


async def test_two_who_take_the_next_one_take_different_ones(opened: Opened) -> None:
    class Job(Model, table="ret_job"):
        done: Field[bool] = field(default=False)

    await opened(Job)
    await Job.create_many([Job() for _ in range(20)])

    async def take() -> list[Any]:
        waiting = Job.where(Job.done == False)  # noqa: E712 -- SQL
        return await waiting.order_by(Job.id).limit(1).for_update().returning(Job.id).update(done=True)

    found = [row for rows in await asyncio.gather(*(take() for _ in range(10))) for row in rows]
    assert len(found) == len(set(found))
    assert await Job.where(Job.done == True).count() == len(found)  # noqa: E712 -- SQL
