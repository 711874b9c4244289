"""Models that derive from models with a table: in one table, in joined ones, and as proxies."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from shop import Opened

from segue import App
from segue.db import (
    Field,
    IntegrityError,
    Many,
    Model,
    NotLoaded,
    Query,
    Ref,
    Stale,
    ValidationError,
    check,
    count,
    field,
    related,
    unique,
)
from segue.db.data.fixtures import Form, dump, load
from segue.db.migrations import Migrations
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Keeper(Model, table="zoo_keeper"):
    name: Field[str] = field(max_length=40)
    charges: Many[Animal] = field(other="keeper")
    dogs: Many[Dog] = field(other="walker")


class Animal(Model, table="zoo_animal", kinds="kind"):
    name: Field[str] = field(max_length=40)
    weight: Field[int] = field(default=1)
    keeper: Ref[Keeper | None] = field(default=None)

    def sound(self) -> str:
        return "..."


class Dog(Animal):
    tricks: Field[int] = field(default=0, ge=0)
    walker: Ref[Keeper | None] = field(default=None, on_delete="set null")

    constraints = (check(lambda dog: dog.tricks <= dog.weight * 100, name="zoo_not_too_many_tricks"),)

    def sound(self) -> str:
        return "wuff"


class Puppy(Dog):
    weeks: Field[int]
    toys: Many[Toy] = related()


class Toy(Model, table="zoo_toy"):
    name: Field[str] = field(max_length=20)


class Whale(Animal, joined=True, kind="cetacean"):
    depth: Field[int] = field(index=True)
    pod: Field[str | None] = field(default=None, max_length=20)

    constraints = (unique("pod", "depth"),)


class Orca(Whale, joined=True):
    teeth: Field[int]


class Ticket(Model, table="zoo_ticket"):
    animal: Ref[Animal]
    whale: Ref[Whale | None] = field(default=None)


class Heavy(Animal, proxy=True):
    def tons(self) -> float:
        return self.weight / 1000


MODELS = (Keeper, Toy, Animal, Dog, Puppy, Whale, Orca, Ticket)


async def filled() -> list[Animal]:
    joan = await Keeper.create(name="Joan")
    return [
        await Animal.create(name="Ant"),
        await Dog.create(name="Rex", tricks=3, keeper=joan, walker=joan),
        await Puppy.create(name="Tim", weeks=7),
        await Whale.create(name="Moby", depth=900, weight=5000, keeper=joan),
        await Orca.create(name="Free", depth=100, teeth=48, weight=4000),
    ]


async def test_a_query_of_the_model_at_the_top_gives_objects_of_their_classes(opened: Opened) -> None:
    await opened(*MODELS)
    made = await filled()
    found = await Animal.order_by(Animal.id)
    assert [type(one) for one in found] == [Animal, Dog, Puppy, Whale, Orca]
    assert found == made
    assert hash(found[3]) == hash(made[3])
    assert [one.kind for one in found] == ["animal", "dog", "puppy", "cetacean", "orca"]
    assert [one.sound() for one in found] == ["...", "wuff", "wuff", "...", "..."]
    rex, tim, moby, free = found[1:]
    assert isinstance(rex, Dog)
    assert rex.tricks == 3
    assert isinstance(tim, Puppy)
    assert (tim.weeks, tim.tricks) == (7, 0)
    assert isinstance(moby, Whale)
    assert (moby.depth, moby.pod, moby.weight) == (900, None, 5000)
    assert isinstance(free, Orca)
    assert (free.depth, free.teeth) == (100, 48)
    assert type(await Animal.get(moby.id)) is Whale
    assert type(await Animal.all().last()) is Orca
    assert [type(one) async for one in Animal.order_by(Animal.id).stream(2)] == [type(one) for one in found]
    assert [type(row[0]) for row in await Animal.select(Animal, Animal.weight).order_by(Animal.id)] == [
        type(one) for one in found
    ]


async def test_a_query_of_a_class_gives_those_of_it(opened: Opened) -> None:
    await opened(*MODELS)
    await filled()
    assert [one.name for one in await Dog.order_by(Dog.name)] == ["Rex", "Tim"]
    assert [type(one) for one in await Dog.order_by(Dog.name)] == [Dog, Puppy]
    assert [type(one) for one in await Whale.order_by(Whale.depth)] == [Orca, Whale]
    assert (await Orca.all().one()).teeth == 48
    assert await Dog.all().count() == 2
    assert await Whale.where(Whale.weight > 4500, Whale.depth > 1).count() == 1
    assert await Puppy.get_or_none((await Dog.where(Dog.name == "Rex").one()).id) is None
    # Columns of a class that derives from the one that is asked.
    assert [one.name for one in await Animal.where(Whale.depth > 500)] == ["Moby"]
    assert [
        one.name for one in await Animal.where((Dog.tricks == 3) | (Orca.teeth > 1)).order_by(Animal.name)
    ] == [
        "Free",
        "Rex",
    ]
    assert await Animal.select(Animal.keeper.name, count(Animal.id)).group_by(Animal.keeper.name).order_by(
        count(Animal.id)
    ) == [("Joan", 2), (None, 3)]
    assert await Animal.where(Animal.id.is_in(Whale.where(Whale.depth > 1).values(Whale.id))).count() == 2


async def test_every_way_to_ask_gives_each_its_class(opened: Opened) -> None:
    await opened(*MODELS)
    made = await filled()
    kinds = [type(one) for one in made]
    for query in (
        Animal.all().only(Animal.name),
        Animal.all().defer(Animal.weight),
        Animal.where(Animal.weight < 3).union(Animal.where(Animal.weight > 2)),
        Animal.where(Animal.id > 0).intersection(Animal.all()),
        Animal.all().distinct(),
        Animal.all().load(Animal.keeper),
    ):
        assert [type(one) for one in await query.order_by(Animal.id)] == kinds, query
    by_key = await Animal.all().in_bulk([one.id for one in made])
    assert [type(by_key[one.id]) for one in made] == kinds
    assert (await Animal.order_by(Animal.id).page(2, 2)).items == made[2:4]
    [whale] = await Animal.where(Animal.name == "Moby").only(Animal.name)
    assert isinstance(whale, Whale)
    assert whale.depth == 900
    with pytest.raises(NotLoaded):
        whale.weight  # noqa: B018 -- asked
    for again in (pickle.loads(pickle.dumps(made[3])), copy.deepcopy(made[3])):
        assert (type(again), again, again.depth) == (Whale, made[3], 900)
    tim = made[2]
    assert isinstance(tim, Puppy)
    await tim.add(Puppy.toys, await Toy.create(name="ball"))
    assert [one.name for one in (await Puppy.all().load(Puppy.toys).one()).toys] == ["ball"]
    assert (await Dog.upsert([Dog(id=tim.id, name="Tom", tricks=9)], on=("id",), update=("name", "tricks")))[
        0
    ]
    found = await Animal.get(tim.id)
    assert (type(found), found.name) == (Puppy, "Tom")


async def test_relations_lead_to_objects_of_their_classes(opened: Opened) -> None:
    await opened(*MODELS)
    _, rex, _, moby, free = await filled()
    for animal in (rex, moby, free):
        await Ticket.create(animal=animal, whale=moby)
    tickets = await Ticket.order_by(Ticket.id).load(Ticket.animal, Ticket.whale)
    assert [type(one.animal) for one in tickets] == [Dog, Whale, Orca]
    assert [one.whale.depth for one in tickets if one.whale is not None] == [900, 900, 900]
    late = await Ticket.order_by(Ticket.id)
    await late[0].load(Ticket.animal)
    assert [type(one.animal) for one in late] == [Dog, Whale, Orca]
    assert (await Ticket.where(Ticket.animal == free).one()).animal == free
    assert await Ticket.where(Ticket.whale.depth > 500, Ticket.animal.name == "Rex").count() == 1
    joan = await Keeper.all().load(Keeper.charges.order_by(Animal.name), Keeper.dogs).one()
    assert [(type(one), one.name) for one in joan.charges] == [(Whale, "Moby"), (Dog, "Rex")]
    assert joan.dogs == [rex]
    assert await Keeper.where(Keeper.charges.any(Animal.weight > 4500)).count() == 1
    assert await Keeper.where(Keeper.dogs.any(Dog.tricks > 4)).count() == 0
    [dog] = await Dog.where(Dog.walker.name == "Joan").load(Dog.walker, Dog.keeper)
    assert dog.walker is not None
    assert dog.walker.name == "Joan"
    everybody = await Animal.order_by(Animal.id).load(Animal.keeper)
    assert [one.keeper and one.keeper.name for one in everybody] == [None, "Joan", None, "Joan", None]


async def test_each_object_is_written_where_it_is(opened: Opened) -> None:
    db = await opened(*MODELS)
    _, _rex, tim, moby, free = await filled()
    found = {one.id: one for one in await Animal.all()}
    whale = found[moby.id]
    assert isinstance(whale, Whale)
    whale.weight, whale.depth = 6000, 950
    await whale.save()
    assert (await Whale.get(moby.id)).depth == 950
    assert (await Animal.get(moby.id)).weight == 6000
    whale.kind = "dog"
    await whale.save()
    assert type(await Animal.get(moby.id)) is Whale
    assert await Whale.where(Whale.depth > 500).update(depth=Whale.depth + 1, weight=1) == 1
    assert (await Whale.get(moby.id)).depth == 951
    assert (await Animal.get(moby.id)).weight == 1
    assert await Dog.all().update(tricks=5) == 2
    assert (await Puppy.get(tim.id)).tricks == 5
    assert await Animal.all().update(weight=9) == 5
    assert await Dog.where(Dog.name == "Rex").delete() == 1
    await free.delete()
    assert await db.execute("SELECT * FROM orca") == []
    assert [type(one) for one in await Animal.order_by(Animal.id)] == [Animal, Puppy, Whale]
    assert await Whale.all().delete() == 1
    assert await db.execute("SELECT * FROM whale") == []
    many = await Whale.create_many([Whale(name=f"W{at}", depth=at) for at in range(5)])
    assert [one.depth for one in await Whale.order_by(Whale.id)] == [0, 1, 2, 3, 4]
    for one in many:
        one.depth, one.weight = one.depth + 10, 77
    assert await Whale.update_many(many, "depth", "weight") == 5
    assert await Whale.where(Whale.weight == 77).values(Whale.depth.max()) == [14]
    assert (await Whale.get_or_create({"depth": 3}, name="new"))[1]
    with pytest.raises(TypeError, match="spread over the tables"):
        await Whale.upsert(many, on=("id",))


async def test_what_each_class_says_holds(opened: Opened) -> None:
    db = await opened(*MODELS)
    await filled()
    with pytest.raises(IntegrityError):
        await Dog.create(name="Bad", tricks=101, weight=1)
    with pytest.raises(ValidationError):
        await Dog.create(name="Bad", tricks=-1)
    await Whale.create(name="a", depth=1, pod="p")
    with pytest.raises(IntegrityError):
        await Whale.create(name="b", depth=1, pod="p")
    # Nothing is left of an object whose second row was refused.
    assert await Animal.where(Animal.name == "b").count() == 0
    assert await Migrations(db).check() == []


async def test_a_proxy_is_another_class_for_the_same_rows(opened: Opened) -> None:
    db = await opened(*MODELS, Heavy)
    await filled()
    assert len([one for one in db.mappings() if one.table == "zoo_animal"]) == 1
    found = await Heavy.where(Heavy.weight > 1000).order_by(Heavy.weight)
    assert [type(one) for one in found] == [Orca, Whale]
    ant = await Heavy.where(Heavy.name == "Ant").one()
    assert type(ant) is Heavy
    assert ant.tons() == 0.001
    assert ant == await Animal.get(ant.id)
    ant.weight = 2
    await ant.save()
    assert (await Animal.get(ant.id)).weight == 2
    bee = await Heavy.create(name="Bee")
    assert type(await Animal.get(bee.id)) is Animal


async def test_replies_have_the_fields_of_each_class(opened: Opened) -> None:
    db = await opened(*MODELS)
    await filled()
    app = App(plugins=[db])

    @app.get("/animals")
    async def animals() -> Query[Animal]:
        return Animal.order_by(Animal.id)

    @app.get("/objects")
    async def objects() -> list[Any]:
        return list(await Animal.order_by(Animal.id))

    @app.get("/whales")
    async def whales() -> Query[Orca]:
        return Orca.order_by(Orca.id).limit(5)

    @app.post("/dogs")
    async def add(dog: Dog) -> Dog:
        return await dog.save()

    async with AsyncClient(app) as client:
        rows = (await client.get("/animals")).json()
        assert rows == (await client.get("/objects")).json()
        assert [row["kind"] for row in rows] == ["animal", "dog", "puppy", "cetacean", "orca"]
        assert [row.get("depth") for row in rows] == [None, None, None, 900, 100]
        [orca] = (await client.get("/whales")).json()
        assert (orca["teeth"], orca["depth"], orca["name"], orca["kind"]) == (48, 100, "Free", "orca")
        reply = await client.post("/dogs", json={"name": "Pu", "tricks": 1, "kind": "cetacean"})
        assert (reply.json()["kind"], reply.json()["tricks"]) == ("dog", 1), reply.text


async def test_locks_and_versions(opened: Opened) -> None:
    class Doc(Model, kinds="sort", table="inherited_doc"):
        title: Field[str] = field(max_length=20)
        version: Field[int] = field(default=1, version=True)

    class Letter(Doc, joined=True, table="inherited_letter"):
        to: Field[str] = field(max_length=20)

    db = await opened(Doc, Letter)
    letter = await Letter.create(title="a", to="b")
    other = await Letter.get(letter.id)
    other.to = "c"
    await other.save()
    letter.to = "d"
    with pytest.raises(Stale):
        await letter.save()
    assert (await Letter.get(letter.id)).to == "c"
    async with db.transaction():
        [locked] = await Doc.all().for_update()
        assert isinstance(locked, Letter)


async def test_mistakes_are_told_when_the_class_is_made() -> None:
    class Thing(Model, kinds="kind", table="inherited_thing"):
        pass

    class Plain(Model, table="inherited_plain"):
        pass

    def joined_without_kinds() -> None:
        class Bad(Plain, joined=True):
            pass

    def proxy_with_field() -> None:
        class Bad(Plain, proxy=True):
            x: Field[int]

    def nothing_above() -> None:
        class Bad(Model, proxy=True):
            pass

    def twice() -> None:
        class One(Thing, kind="x"):
            pass

        class Two(Thing, kind="x"):
            pass

    for define, told in (
        (joined_without_kinds, "kinds="),
        (proxy_with_field, "no field"),
        (nothing_above, "derives from none"),
        (twice, "stands for One already"),
    ):
        with pytest.raises(TypeError, match=told):
            define()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_fixtures_have_each_object_once_with_all_its_fields(
    opened: Opened, form: Form, tmp_path: Path
) -> None:
    db = await opened(*MODELS)
    _, _, _, moby, free = await filled()
    await Ticket.create(animal=free, whale=moby)
    await Puppy.create(name="Pat", weeks=1, keeper=await Keeper.all().first())
    before = [one.__reduce__()[1][1] for one in await Animal.order_by(Animal.id)]
    await dump(db, tmp_path / f"zoo.{form}")
    await Ticket.all().delete()
    await Animal.all().delete()
    await Keeper.all().delete()
    await load(db, tmp_path / f"zoo.{form}")
    assert [one.__reduce__()[1][1] for one in await Animal.order_by(Animal.id)] == before
    assert type((await Ticket.all().load(Ticket.animal).one()).animal) is Orca
