"""The other side of a unique reference: one object or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shop import Opened

from segue import App
from segue.db import Field, Keyed, Model, NotLoaded, One, Query, Ref, field, related
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Member(Model, table="one_member"):
    name: Field[str] = field(max_length=40)
    profile: One[Profile]
    badge: One[Badge] = related(other="member")


class Profile(Model, table="one_profile"):
    city: Field[str] = field(max_length=40)
    member: Ref[Member] = field(unique=True, on_delete="cascade")


class Badge(Keyed, table="one_badge"):
    """Its key is that of the member."""

    member: Ref[Member] = field(key=True)
    level: Field[int]


MODELS = (Member, Profile, Badge)


async def filled() -> tuple[Member, Member]:
    ada, bob = await Member.create(name="Ada"), await Member.create(name="Bob")
    await Profile.create(city="Paris", member=ada)
    await Badge.create(member=bob, level=3)
    return ada, bob


async def test_it_is_loaded_with_the_query_or_later(opened: Opened, counted: Callable[[Any], Any]) -> None:
    db = await opened(*MODELS)
    await filled()
    statements = counted(db)
    ada, bob = await Member.order_by(Member.id).load(Member.profile, Member.badge)
    assert len(statements) == 1
    assert ada.profile is not None
    assert ada.profile.city == "Paris"
    assert (bob.profile, ada.badge) == (None, None)
    assert bob.badge is not None
    assert bob.badge.level == 3
    ada, bob = await Member.order_by(Member.id)
    with pytest.raises(NotLoaded, match=r"load\(Member.profile\)"):
        ada.profile  # noqa: B018 -- asked
    await bob.load(Member.profile)
    assert bob.profile is None
    before = len(statements)
    assert ada.profile is not None
    assert ada.profile.city == "Paris"
    assert len(statements) == before
    await ada.profile.load(Profile.member)
    assert ada.profile.member == ada
    with pytest.raises(AttributeError, match="assign there"):
        ada.profile = None


async def test_queries_reach_over_it(opened: Opened) -> None:
    await opened(*MODELS)
    ada, bob = await filled()
    assert await Member.where(Member.profile.city == "Paris") == [ada]
    assert await Member.where(Member.profile == None) == [bob]  # noqa: E711 -- SQL
    assert await Member.where(Member.badge != None) == [bob]  # noqa: E711 -- SQL
    profile = await Profile.all().one()
    assert await Member.where(Member.profile == profile) == [ada]
    assert await Member.select(Member.name, Member.profile.city).order_by(Member.id) == [
        ("Ada", "Paris"),
        ("Bob", None),
    ]
    [found] = await Profile.all().load(Profile.member.badge)
    assert found.member.badge is None


async def test_replies_have_it(opened: Opened) -> None:
    db = await opened(*MODELS)
    await filled()
    app = App(plugins=[db])

    @app.get("/members")
    async def members() -> Query[Member]:
        return Member.order_by(Member.id).limit(9).load(Member.profile)

    @app.get("/plain")
    async def plain() -> list[Member]:
        return await Member.order_by(Member.id).load(Member.profile)

    async with AsyncClient(app) as client:
        rows = (await client.get("/members")).json()
        assert rows == (await client.get("/plain")).json()
        assert [row["profile"] and row["profile"]["city"] for row in rows] == ["Paris", None]


async def test_it_needs_a_reference_that_is_unique(opened: Opened) -> None:
    class Car(Model, table="one_car"):
        wheel: One[Wheel]
        horn: One[Horn]

    class Wheel(Model, table="one_wheel"):
        car: Ref[Car]

    class Horn(Model, table="one_horn"):
        pass

    await opened(Car, Wheel, Horn)
    with pytest.raises(TypeError, match="unique=True"):
        await Car.all().load(Car.wheel)
    with pytest.raises(TypeError, match="Horn does not have"):
        await Car.all().load(Car.horn)
