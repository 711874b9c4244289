"""What a rule hides is hidden as a related object too, however it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from shop import Opened

from segue import App
from segue.db import Condition, Field, Model, NotLoaded, One, Query, Ref, SoftDelete, field
from segue.db.models.rules import row_rule
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio

reader: ContextVar[str] = ContextVar("reader")


class Office(SoftDelete, table="hidden_office"):
    name: Field[str] = field(max_length=20)
    head: Ref[Person | None] = field(default=None)


class Person(Model, table="hidden_person"):
    name: Field[str] = field(max_length=20)
    office: Ref[Office]
    other: Ref[Office | None] = field(default=None)
    diary: One[Diary]


class Diary(Model, table="hidden_diary"):
    person: Ref[Person] = field(unique=True)
    text: Field[str] = field(max_length=20)


@row_rule(Diary)
def own() -> Condition:
    """It says something of another table."""
    return Diary.person.name == reader.get()


MODELS = (Office, Person, Diary)


async def filled() -> None:
    paris, rome = await Office.create(name="Paris"), await Office.create(name="Rome")
    ada = await Person.create(name="Ada", office=paris, other=rome)
    bob = await Person.create(name="Bob", office=rome)
    await Diary.create(person=ada, text="A")
    await Diary.create(person=bob, text="B")
    rome.head = ada
    await rome.save()
    await rome.delete()


async def test_joined_and_late_loaded_objects_obey_alike(
    opened: Opened, counted: Callable[[Any], Any]
) -> None:
    db = await opened(*MODELS)
    reader.set("Bob")
    await filled()
    statements = counted(db)
    joined = await Person.order_by(Person.id).load(Person.office, Person.other, Person.diary)
    assert len(statements) == 1
    late = await Person.order_by(Person.id)
    await Person.load_all(late, Person.office, Person.other, Person.diary)
    for ada, bob in (joined, late):
        assert ada.office.name == "Paris"
        assert bob.office.id == 2
        with pytest.raises(NotLoaded, match="a rule of Office hides it"):
            bob.office.name  # noqa: B018 -- asked
        assert ada.other is not None
        with pytest.raises(NotLoaded):
            ada.other.name  # noqa: B018 -- asked
        assert bob.other is None
        assert ada.diary is None
        assert bob.diary is not None
        assert bob.diary.text == "B"
    reader.set("Ada")
    ada, bob = await Person.order_by(Person.id).load(Person.diary)
    assert ada.diary is not None
    assert bob.diary is None
    found = await Person.order_by(Person.id).load(Person.other.head, Person.diary).unscoped()
    assert [one.other.name for one in found if one.other is not None] == ["Rome"]
    assert [one.diary is None for one in found] == [False, False]
    [(person, name)] = await Person.where(Person.id == 2).load(Person.office).select(Person, Person.name)
    assert (person.office.id, name) == (2, "Bob")
    with pytest.raises(NotLoaded):
        person.office.name  # noqa: B018 -- asked


async def test_replies_do_not_have_what_is_hidden(opened: Opened) -> None:
    db = await opened(*MODELS)
    reader.set("Bob")
    await filled()
    app = App(plugins=[db])

    @app.get("/people")
    async def people() -> Query[Person]:
        return Person.order_by(Person.id).limit(5).load(Person.office, Person.diary)

    async with AsyncClient(app) as client:
        ada, bob = (await client.get("/people")).json()
        assert ada["office"]["name"] == "Paris"
        assert (bob["office_id"], "office" in bob) == (2, False)
        assert (ada["diary"], bob["diary"]["text"]) == (None, "B")
