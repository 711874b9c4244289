"""Relations to many are added to, taken from and set, over link tables and the other side's key."""

from __future__ import annotations

import pytest
from shop import Opened

from segue.db import Field, Many, Model, Ref, field

pytestmark = pytest.mark.anyio


class Member(Model, table="linking_member"):
    name: Field[str] = field(max_length=30)
    bands: Many[Band] = field(through="Playing")
    friends: Many[Member] = field(symmetric=True)
    instruments: Many[Instrument]


class Band(Model, table="linking_band"):
    name: Field[str] = field(max_length=30)
    members: Many[Member] = field(through="Playing")
    records: Many[Record]


class Playing(Model, table="linking_playing"):
    member: Ref[Member] = field(on_delete="cascade")
    band: Ref[Band] = field(on_delete="cascade")
    since: Field[int] = field(default=0)


class Record(Model, table="linking_record"):
    title: Field[str] = field(max_length=30)
    band: Ref[Band | None] = field(default=None)


class Instrument(Model, table="linking_instrument"):
    name: Field[str] = field(max_length=30)
    players: Many[Member]


MODELS = (Member, Band, Playing, Record, Instrument)


async def test_link_rows_are_made_and_dropped(opened: Opened) -> None:
    await opened(*MODELS)
    django = await Member.create(name="Django")
    guitar, banjo = await Instrument.create(name="guitar"), await Instrument.create(name="banjo")
    await django.add(Member.instruments, guitar, banjo, guitar)
    await django.add(Member.instruments, guitar)
    await django.load(Member.instruments.order_by(Instrument.name))
    assert [one.name for one in django.instruments] == ["banjo", "guitar"]
    await django.remove(Member.instruments, banjo)
    assert django.instruments == [guitar]
    await guitar.load(Instrument.players)
    assert guitar.players == [django]
    await django.assign(Member.instruments, [banjo])
    assert django.instruments == [banjo]
    assert await Member.where(Member.instruments.any(Instrument.name == "banjo")).count() == 1
    assert await Member.where(Member.instruments.any(Instrument.name == "guitar")).count() == 0
    await guitar.add(Instrument.players, django)
    assert await Member.select(Member.instruments.count()) == [(2,)]


async def test_an_object_is_made_with_its_related_objects(opened: Opened) -> None:
    await opened(*MODELS)
    guitar = await Instrument.create(name="guitar")
    django = await Member.create(name="Django", instruments=[guitar, Instrument(name="violin")])
    found = await Member.where(Member.id == django.id).load(Member.instruments)
    assert sorted(one.name for one in found[0].instruments) == ["guitar", "violin"]
    band = await Band.create(name="Hot Club", records=[Record(title="Nuages")])
    assert await Record.where(Record.band == band).values(Record.title) == ["Nuages"]


async def test_rows_between_have_columns_of_their_own(opened: Opened) -> None:
    await opened(*MODELS)
    django, hot = await Member.create(name="Django"), await Band.create(name="Hot Club")
    await hot.add(Band.members, django, since=1934)
    assert (await Playing.where(Playing.band == hot).one()).since == 1934
    await hot.add(Band.members, django, since=1933)
    assert [one.since for one in await Playing.all()] == [1933]
    found = await Band.all().load(Band.members)
    assert found[0].members == [django]


async def test_the_other_sides_key_is_set(opened: Opened) -> None:
    await opened(*MODELS)
    hot = await Band.create(name="Hot Club")
    one, two = await Record.create(title="one"), Record(title="two")
    await hot.add(Band.records, one, two)
    assert await Record.where(Record.band == hot).count() == 2
    await hot.load(Band.records)
    await hot.remove(Band.records, one)
    assert hot.records == [two]
    assert (await Record.get(one.id)).band is None
    await hot.assign(Band.records, [])
    assert await Record.where(Record.band == None).count() == 2  # noqa: E711 -- SQL


async def test_friends_are_friends_both_ways(opened: Opened) -> None:
    await opened(*MODELS)
    ann, bob = await Member.create(name="Ann"), await Member.create(name="Bob")
    await ann.add(Member.friends, bob)
    assert (await Member.where(Member.friends.any(Member.name == "Ann"))) == [bob]
    found = await Member.order_by(Member.name).load(Member.friends)
    assert [one.friends for one in found] == [[bob], [ann]]
    await bob.remove(Member.friends, ann)
    assert await Member.where(Member.friends.any()).count() == 0


async def test_what_cannot_be_related_says_so(opened: Opened) -> None:
    await opened(*MODELS)
    hot = await Band.create(name="Hot Club")
    with pytest.raises(TypeError, match="leads to Record"):
        await hot.add(Band.records, hot)  # type: ignore[arg-type] # the wrong kind
    with pytest.raises(ValueError, match="not saved yet"):
        await Band(name="x").add(Band.records, Record(title="x"))
    with pytest.raises(TypeError, match="no row between"):
        await hot.add(Band.records, Record(title="x"), since=3)
