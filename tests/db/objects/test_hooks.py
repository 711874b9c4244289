"""Hooks around objects and their relations, work before and after the commit, and categories that are switched off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shop import Opened

from segue.db import (
    Change,
    Deleted,
    Deleting,
    Field,
    Inserted,
    Inserting,
    LinkChange,
    Linked,
    Linking,
    Many,
    Model,
    Ref,
    Unlinked,
    Unlinking,
    Updated,
    Updating,
    Versioned,
    field,
    muted,
)

pytestmark = pytest.mark.anyio


class Band(Model, table="hook_band"):
    name: Field[str] = field(max_length=40)
    players: Many[Player]
    records: Many[Record]


class Player(Model, table="hook_player"):
    name: Field[str] = field(max_length=40)
    bands: Many[Band]


class Record(Model, table="hook_record"):
    title: Field[str] = field(max_length=40)
    band: Ref[Band | None] = field(default=None)


MODELS = [Band, Player, Record]


class Told:
    """What receivers were told, in order; while it is closed, nothing is noted."""

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.open = False

    def __call__(self, *what: Any) -> None:
        if self.open:
            self.found.append(what)

    def take(self) -> list[Any]:
        found, self.found = self.found, []
        return found


told = Told()


@Band.on(Change)
@Record.on(Change)
def entity(change: Change[Any]) -> None:
    told(type(change).__name__, type(change.target).__name__)


@Band.on(LinkChange)
@Player.on(LinkChange)
async def relation(change: LinkChange[Any]) -> None:
    told(
        type(change).__name__,
        change.target.name,
        change.relation,
        sorted(getattr(one, "name", "") or getattr(one, "title", "") for one in change.others),
    )


@Player.on(Linking)
def nobody(change: Linking[Player]) -> None:
    if change.target.name == "nobody":
        raise LookupError("nobody plays in no band")


@Record.on(Inserted, when="before commit", category="checks")
async def counted(change: Inserted[Record]) -> None:
    told("before commit", await Record.all().count())
    if change.target.title == "wrong":
        raise LookupError("wrong")


@Record.on(Inserted, when="after commit", category="mail")
async def mailed(change: Inserted[Record]) -> None:
    told("after commit", change.database.current_transaction)


@pytest.fixture(autouse=True)
def listening() -> Any:
    told.open = True
    yield
    told.open = False
    told.take()


@pytest.mark.row("CW-17")
async def test_before_and_after_entities_and_relations(opened: Opened) -> None:
    await opened(*MODELS)
    band = await Band.create(name="Quintette")
    band.name = "Quintette du Hot Club"
    await band.save()
    assert told.take() == [
        ("Inserting", "Band"),
        ("Inserted", "Band"),
        ("Updating", "Band"),
        ("Updated", "Band"),
    ]
    django, stephane = await Player.create_many([Player(name="Django"), Player(name="Stéphane")])
    told.take()
    await band.add(Band.players, django, stephane)
    whole = "Quintette du Hot Club"
    assert told.take() == [
        ("Linking", whole, "players", ["Django", "Stéphane"]),
        ("Linking", "Django", "bands", [whole]),
        ("Linking", "Stéphane", "bands", [whole]),
        ("Linked", whole, "players", ["Django", "Stéphane"]),
        ("Linked", "Django", "bands", [whole]),
        ("Linked", "Stéphane", "bands", [whole]),
    ]
    # Those that are related already are not told again, from either side.
    await band.add(Band.players, django)
    await django.add(Player.bands, band)
    assert told.take() == []
    await django.remove(Player.bands, band)
    assert told.take() == [
        ("Unlinking", "Django", "bands", [whole]),
        ("Unlinking", whole, "players", ["Django"]),
        ("Unlinked", "Django", "bands", [whole]),
        ("Unlinked", whole, "players", ["Django"]),
    ]
    await band.assign(Band.players, [django])
    kinds = [(one[0], one[1]) for one in told.take() if one[1] == whole]
    assert kinds == [("Unlinking", whole), ("Unlinked", whole), ("Linking", whole), ("Linked", whole)]
    # What a receiver raises stops it, and all that came before it.
    with pytest.raises(LookupError):
        await band.add(Band.players, stephane, Player(name="nobody"))
    assert [one.name for one in (await Band.where(Band.id == band.id).load(Band.players))[0].players] == [
        "Django"
    ]
    assert await Player.where(Player.name == "nobody").count() == 0
    told.take()
    # A relation to one is a column of the other side: both are told.
    record = await Record.create(title="Nuages")
    told.take()
    await band.add(Band.records, record)
    assert told.take() == [
        ("Linking", whole, "records", ["Nuages"]),
        ("Updating", "Record"),
        ("Updated", "Record"),
        ("Linked", whole, "records", ["Nuages"]),
    ]
    await band.delete()
    assert told.take()[-2:] == [("Deleting", "Band"), ("Deleted", "Band")]


@pytest.mark.row("CW-17")
async def test_operations_before_and_after_the_commit(opened: Opened) -> None:
    db = await opened(*MODELS)
    async with db.transaction():
        await Record.create(title="a")
        await Record.create(title="b")
        assert [one for one in told.take() if "commit" in one[0]] == []
    assert told.take() == [
        ("before commit", 2),
        ("before commit", 2),
        ("after commit", None),
        ("after commit", None),
    ]
    with pytest.raises(LookupError):
        await _two("c", "wrong")
    assert [one for one in told.take() if one[0] == "after commit"] == []
    assert await Record.all().count() == 2
    # Operations of one's own, which may add others.
    order: list[str] = []
    async with db.transaction():
        db.on_commit(lambda: order.append("after"))
        db.before_commit(lambda: (order.append("before"), db.before_commit(lambda: order.append("last"))))
    assert order == ["before", "last", "after"]


async def _two(first: str, second: str) -> None:
    from segue.db.databases.database import database_of

    async with database_of(Record).transaction():
        await Record.create(title=first)
        await Record.create(title=second)


@pytest.mark.row("CW-17")
async def test_categories_are_switched_off(opened: Opened) -> None:
    await opened(*MODELS)

    def kinds() -> set[str]:
        return {one[0] for one in told.take()}

    await Record.create(title="a")
    assert kinds() == {"Inserting", "Inserted", "before commit", "after commit"}
    with muted("mail"):
        await Record.create(title="b")
    assert kinds() == {"Inserting", "Inserted", "before commit"}
    with muted("mail"), muted("checks"):
        await Record.create(title="wrong")
    assert kinds() == {"Inserting", "Inserted"}
    with muted(all_but=["mail"]):
        await Record.create(title="wrong")
        with muted(all_but=["checks"]):
            await Record.create(title="wrong")
    assert kinds() == {"after commit"}
    # It is the task's own, and ends with the block.
    with muted(all_but=[]):
        other = asyncio.create_task(Record.create(title="c"))
    await other
    assert kinds() == set()
    await Record.create(title="d")
    assert kinds() == {"Inserting", "Inserted", "before commit", "after commit"}
    assert await Record.all().count() == 7
    with pytest.raises(TypeError, match="several"), muted(all_but="mail"):
        pass


async def test_versions_are_kept_unless_they_are_named(opened: Opened) -> None:
    class Leaf(Versioned, table="hook_leaf"):
        text: Field[str] = field(max_length=10)

    await opened(Leaf, Leaf.__mapping__.kept["versions"])
    leaf = await Leaf.create(text="a")
    for text in ("b", "c"):
        leaf.text = text
        with muted(all_but=[]):
            await leaf.save()
    assert len(await leaf.history()) == 2
    leaf.text = "d"
    with muted("versions"):
        await leaf.save()
    assert len(await leaf.history()) == 2


def test_kinds_of_signals_are_told_apart() -> None:
    kinds = {Inserting, Inserted, Updating, Updated, Deleting, Deleted}
    assert all(issubclass(one, Change) for one in kinds)
    assert all(issubclass(one, LinkChange) for one in (Linking, Linked, Unlinking, Unlinked))
    with pytest.raises(TypeError, match="what to hear of"):
        Band.on(int)(print)  # type: ignore[arg-type] # what it refuses
