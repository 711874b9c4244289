"""What happens around writes: signals, validation, locks, and what a rollback takes back."""

from __future__ import annotations

from typing import Any

import pytest
from shop import Opened

from segue.db import Field, Model, Ref, Stale, ValidationError, field
from segue.db.writing.writesignals import (
    Change,
    Deleted,
    Deleting,
    DeletingMany,
    Inserted,
    Inserting,
    Updated,
    Updating,
    UpdatingMany,
)

pytestmark = pytest.mark.anyio


async def test_signals_are_told_in_order_and_may_change_the_object(opened: Opened) -> None:
    class Film(Model):
        title: Field[str] = field(max_length=80)
        slug: Field[str] = field(max_length=80, default="")

    told: list[Any] = []

    @Film.on(Inserting)
    async def slug(change: Inserting[Film]) -> None:
        change.target.slug = change.target.title.lower()

    @Film.on(Change)
    def every(change: Change[Film]) -> None:
        told.append((type(change).__name__, sorted(change.names)))

    @Film.on(Inserted, when="after commit")
    def committed(change: Inserted[Film]) -> None:
        told.append("committed")

    @Film.on(UpdatingMany)
    @Film.on(DeletingMany)
    def many(change: UpdatingMany[Film] | DeletingMany[Film]) -> None:
        told.append((type(change).__name__, dict(change.values)))

    await opened(Film)
    film = await Film.create(title="Alien")
    assert film.slug == "alien"
    assert (await Film.get(film.id)).slug == "alien"
    film.title = "Aliens"
    assert film.changes() == {"title"}
    await film.save()
    assert film.changes() == frozenset()
    await Film.all().update(title="X")
    await film.delete()
    await Film.all().delete()
    assert told == [
        ("Inserting", []),
        ("Inserted", []),
        "committed",
        ("Updating", ["title"]),
        ("Updated", ["title"]),
        ("UpdatingMany", {"title": "X"}),
        ("Deleting", []),
        ("Deleted", []),
        ("DeletingMany", {}),
    ]


async def test_what_a_receiver_raises_rolls_back(opened: Opened) -> None:
    class Film(Model):
        title: Field[str] = field(max_length=80)

    @Film.on(Inserted)
    @Film.on(Updated)
    @Film.on(Deleted)
    async def refuse(change: Change[Film]) -> None:
        if change.target.title == "refused" or isinstance(change, Deleted):
            raise ValueError("refused")

    db = await opened(Film)
    film = Film(title="refused")
    with pytest.raises(ValueError, match="refused"):
        await film.save()
    assert await Film.all().count() == 0
    film.title = "taken"
    await film.save()
    assert (await Film.get(film.id)).title == "taken"
    film.title = "refused"
    with pytest.raises(ValueError, match="refused"):
        await film.save()
    assert film.changes() == {"title"}
    with pytest.raises(ValueError, match="refused"):
        await film.delete()
    assert (await Film.get(film.id)).title == "taken"
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 -- the block is what is tested
        async with db.transaction():
            other = await Film.create(title="other")
            raise ZeroDivisionError
    await other.save()
    assert await Film.all().count() == 2


async def test_before_commit_is_the_last_word(opened: Opened) -> None:
    class Entry(Model):
        amount: Field[int]

    @Entry.on(Inserted, when="before commit")
    async def balance(_: Inserted[Entry]) -> None:
        if await Entry.all().aggregate(Entry.amount.sum()) != 0:
            raise ValueError("the books do not balance")

    db = await opened(Entry)
    async with db.transaction():
        await Entry.create(amount=5)
        await Entry.create(amount=-5)
    with pytest.raises(ValueError, match="balance"):
        await Entry.create(amount=1)
    assert await Entry.all().count() == 2


async def test_receivers_of_a_base_hear_of_all_that_derive_from_it(opened: Opened) -> None:
    class Named(Model, abstract=True):
        name: Field[str] = field(max_length=80)

    class Cat(Named):
        pass

    class Dog(Named):
        pass

    heard: list[str] = []
    Named.on(Inserted)(lambda change: heard.append(change.target.name))
    Dog.on(Deleting)(lambda change: heard.append(f"-{change.target.name}"))
    Cat.on(Updating)(lambda change: heard.append("no"))
    await opened(Cat, Dog)
    await Cat.create_many([Cat(name="Tom"), Cat(name="Kit")])
    dog = await Dog.create(name="Rex")
    await dog.delete()
    assert heard == ["Tom", "Kit", "Rex", "-Rex"]


async def test_nobody_overwrites_what_somebody_else_changed(opened: Opened) -> None:
    class Page(Model):
        text: Field[str] = field(text=True)
        version: Field[int] = field(default=1, version=True)

    await opened(Page)
    page = await Page.create(text="one")
    mine, theirs = await Page.get(page.id), await Page.get(page.id)
    theirs.text = "theirs"
    await theirs.save()
    assert theirs.version == 2
    mine.text = "mine"
    with pytest.raises(Stale, match="changed or deleted by somebody else") as caught:
        await mine.save()
    assert caught.value.status == 409
    with pytest.raises(Stale):
        await mine.delete()
    await mine.refresh()
    mine.text = "mine"
    await mine.save()
    assert (mine.version, (await Page.get(page.id)).text) == (3, "mine")
    await Page.all().update(text="all")
    assert (await Page.get(page.id)).version == 4


async def test_validators_may_ask_and_every_bad_field_is_told(opened: Opened) -> None:
    class Club(Model):
        name: Field[str] = field(max_length=20)
        open: Field[bool] = field(default=True)

    async def unused(name: str) -> None:
        if await Member.where(Member.name == name).exists():
            raise ValueError("This name is taken")

    class Member(Model):
        name: Field[str] = field(max_length=20, validate=unused)
        club: Ref[Club] = field(among=lambda member: Club.where(Club.open == True))  # noqa: E712 -- SQL
        age: Field[int] = field(ge=0)

        async def validate(self) -> None:
            if self.age < 3 and not await Member.where(Member.club == self.club).exists():
                raise ValueError("A club begins with somebody who can walk")

    await opened(Club, Member)
    swing, closed = await Club.create(name="Swing"), await Club.create(name="Closed", open=False)
    with pytest.raises(ValidationError) as caught:
        await Member.create(name="Ann", club=swing, age=1)
    assert caught.value.problems == [{"loc": [], "msg": "A club begins with somebody who can walk"}]
    await Member.create(name="Ann", club=swing, age=30)
    with pytest.raises(ValidationError) as caught:
        await Member.create(name="Ann", club=closed, age=2)
    assert caught.value.problems == [
        {"loc": ["name"], "msg": "This name is taken"},
        {"loc": ["club"], "msg": "This Club cannot be chosen here"},
    ]
    bob = await Member.create(name="Bob", club=swing, age=2)
    bob.club = closed
    with pytest.raises(ValidationError, match=r"Member\.club"):
        await bob.save()
    assert await bob.choices(Member.club) == [swing]
