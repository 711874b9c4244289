"""Objects that may be there already, many changes at once, and what a deletion does."""

from __future__ import annotations

import asyncio

import pytest
from shop import Opened

from segue.db import Field, Many, Model, Ref, field
from segue.db.engine import ForeignKeyViolation

pytestmark = pytest.mark.anyio


class Label(Model, table="upsert_label"):
    name: Field[str] = field(max_length=30, unique=True)
    size: Field[int] = field(default=0)
    color: Field[str] = field(max_length=10, default="red")
    version: Field[int] = field(default=1, version=True)


async def test_what_is_there_is_found_and_what_is_not_is_made(opened: Opened) -> None:
    await opened(Label)
    one, created = await Label.get_or_create({"size": 3}, name="jazz")
    assert (one.size, created) == (3, True)
    two, created = await Label.get_or_create({"size": 4}, name="jazz")
    assert (two, two.size, created) == (one, 3, False)
    three, created = await Label.create_or_update({"size": 5}, name="jazz")
    assert (three.id, three.size, created) == (one.id, 5, False)
    assert (await Label.create_or_update({"size": 6}, name="swing"))[1]
    made = await asyncio.gather(*(Label.get_or_create(name="bop") for _ in range(8)))
    assert len({label.id for label, _ in made}) == 1
    assert sum(created for _, created in made) == 1


async def test_many_are_inserted_or_updated_in_one_statement(opened: Opened) -> None:
    await opened(Label)
    await Label.create(name="jazz", size=1, color="blue")
    labels = await Label.upsert(
        [Label(name="jazz", size=2), Label(name="swing", size=3)], on=("name",), update=("size",)
    )
    assert [label.name for label in labels] == ["jazz", "swing"]
    assert await Label.select(Label.name, Label.size, Label.color, Label.version).order_by(Label.name) == [
        ("jazz", 2, "blue", 2),
        ("swing", 3, "red", 1),
    ]
    found = {label.name: label.id for label in await Label.all()}
    assert {label.name: label.id for label in labels} == found
    await Label.upsert([Label(name="swing", size=9)], on=("name",))
    assert (await Label.get(name="swing")).size == 9
    with pytest.raises(TypeError, match="no column 'nmae'"):
        await Label.upsert(labels, on=("nmae",))


async def test_many_are_changed_in_one_statement(opened: Opened) -> None:
    await opened(Label)
    labels = await Label.create_many([Label(name=str(n)) for n in range(450)])
    for label in labels:
        label.size = label.id * 2
        label.color = "green"
    assert await Label.update_many(labels, "size") == 450
    found = await Label.order_by(Label.id)
    assert [label.size for label in found] == [label.id * 2 for label in found]
    assert {label.color for label in found} == {"red"}
    assert labels[0].changes() == {"color"}
    assert found[0].version == 2


class Whole(Model, table="deletion_whole"):
    name: Field[str] = field(max_length=30)
    parts: Many[Part]


class Part(Model, table="deletion_part"):
    whole: Ref[Whole] = field(on_delete="cascade")
    screws: Many[Screw]


class Screw(Model, table="deletion_screw"):
    part: Ref[Part] = field(on_delete="cascade")


class Note(Model, table="deletion_note"):
    about: Ref[Whole | None] = field(default=None)


class Order(Model, table="deletion_order"):
    whole: Ref[Whole] = field(on_delete="restrict")


@pytest.mark.row("CW-03")
async def test_a_whole_goes_with_its_parts(opened: Opened) -> None:
    await opened(Whole, Part, Screw, Note, Order)
    whole, other = await Whole.create(name="car"), await Whole.create(name="other")
    for _ in range(2):
        part = await Part.create(whole=whole)
        await Screw.create_many([Screw(part=part) for _ in range(3)])
    await Screw.create(part=await Part.create(whole=other))
    note = await Note.create(about=whole)
    order = await Order.create(whole=whole)
    told = await whole.deletion()
    assert (told.deleted, told.cleared, told.kept_by) == ({Part: 2, Screw: 6}, {Note: 1}, {Order: 1})
    assert not told.allowed
    with pytest.raises(ForeignKeyViolation):
        await whole.delete()
    await order.delete()
    assert (await whole.deletion()).allowed
    await whole.delete()
    assert (await Part.all().count(), await Screw.all().count()) == (1, 1)
    await note.refresh()
    assert note.about is None
