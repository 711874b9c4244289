"""Who has written something is known where somebody has signed in; rows that are guarded are so when they are related to others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from people import PASSWORD

from segue import App
from segue.auth import Accounts, Auth, User, Who, acting_for, grant, protect, unrestricted
from segue.core.identity import identity_of
from segue.db import (
    Audited,
    Condition,
    Database,
    Field,
    Many,
    Model,
    Undoable,
    acting_as,
    field,
    transactions,
)
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Record(Undoable, Audited, table="wrote_record"):
    title: Field[str] = field(max_length=40)


class Badge(Model, table="wrote_badge"):
    name: Field[str] = field(max_length=40)
    posters: Many[Placard]


class Placard(Model, table="wrote_placard"):
    title: Field[str] = field(max_length=40)
    owner: Field[int | None] = field(default=None)
    badges: Many[Badge]


def _own(who: Who) -> Condition | bool:
    return who.owns(Placard.owner)


protect(Placard, view=lambda who: True, add=_own, change=_own, delete=_own)


async def test_who_signs_in_is_who_writes(make_app: Callable[..., App]) -> None:
    app = make_app(models=[Record])

    @app.post("/set-up", skip=["csrf"])
    async def set_up(accounts: Accounts) -> list[int]:
        ann = await accounts.create(email="ann@example.org", password=PASSWORD)
        ben = await accounts.create(email="ben@example.org", password=PASSWORD)
        await grant(ann, "impersonate")
        return [ann.id, ben.id]

    @app.post("/records")
    async def add(title: str = "a") -> dict[str, int]:
        return {"id": (await Record.create(title=title)).id}

    @app.post("/records/{id:int}")
    async def change(id: int) -> list[str | None]:
        record = await Record.get(id)
        record.title += "!"
        await record.save()
        [version, *_] = await record.history()
        last = (await transactions())[0]
        return [record.created_by, record.updated_by, version.by, last.by]

    @app.post("/jobs")
    async def job() -> list[str | None]:
        with acting_as("the job"):
            one = await Record.create(title="b")
        with acting_as(None):
            other = await Record.create(title="c")
        return [one.created_by, other.created_by]

    async with AsyncClient(app) as client:
        ann, ben = (await client.post("/set-up")).json()
        number = (await client.post("/records")).json()["id"]
        assert (await client.post(f"/records/{number}")).json() == [None] * 4
        await client.post("/login", data={"login": "ann@example.org", "password": PASSWORD})
        number = (await client.post("/records")).json()["id"]
        assert (await client.post(f"/records/{number}")).json() == [str(ann)] * 4
        # What the app says itself counts more.
        assert (await client.post("/jobs")).json() == ["the job", None]
        assert (await client.post(f"/impersonate/{ben}", follow_redirects=False)).status == 303
        assert (await client.post(f"/records/{number}")).json() == [str(ann), *[f"{ann} as {ben}"] * 3]


async def test_any_app_that_knows_who_sends_its_requests(url: str) -> None:
    class Somebody:
        id = "machine-7"
        principals = ()

    database = Database(url, models=[Record])
    app = App(plugins=[database])

    @app.identifies
    async def who(request: Request) -> Any:
        return Somebody() if "x-machine" in request.headers else None

    @app.post("/")
    async def add() -> list[str | None]:
        return [(await Record.create(title="x")).created_by]

    @app.get("/seen/{known:int}")
    async def seen(request: Request, known: int) -> list[str | None]:
        if known:
            await identity_of(request)
        return [(await Record.create(title="d")).created_by]

    async with AsyncClient(app) as client:
        await database.drop_all()
        await database.create_all()
        assert (await client.post("/", headers={"x-machine": "1"})).json() == ["machine-7"]
        assert (await client.post("/")).json() == [None]
        # What only reads asks nobody by itself.
        read = [await client.get(f"/seen/{known}", headers={"x-machine": "1"}) for known in (0, 1)]
        assert [one.json() for one in read] == [[None], ["machine-7"]]


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    async with Database(url, models=[*Auth().models, Record, Badge, Placard]) as database:
        await database.create_all()
        yield database


async def test_acting_for_somebody_is_acting_as_them(db: Database) -> None:
    ann = await User.create(email="ann@example.org")
    loaded = await User.where(User.id == ann.id).load(User.groups).one()
    with acting_for(loaded):
        assert (await Record.create(title="x")).created_by == str(ann.id)
    with acting_for(None):
        assert (await Record.create(title="x")).created_by is None


async def test_to_relate_a_row_to_others_is_to_change_it(db: Database) -> None:
    ann = await User.create(email="ann@example.org")
    ann = await User.where(User.id == ann.id).load(User.groups).one()
    red, blue = await Badge.create(name="red"), await Badge.create(name="blue")
    with unrestricted():
        his = await Placard.create(title="his", owner=77, badges=[red])
    with acting_for(ann):
        mine = await Placard.create(title="mine", owner=ann.id, badges=[red])
        await mine.add(Placard.badges, blue)
        await mine.remove(Placard.badges, red)
        await blue.add(Badge.posters, mine)
        for refused in (
            lambda: his.add(Placard.badges, blue),
            lambda: his.remove(Placard.badges, red),
            lambda: his.assign(Placard.badges, []),
            lambda: blue.add(Badge.posters, his),
            lambda: red.remove(Badge.posters, his),
            lambda: Badge.create(name="new", posters=[his]),
        ):
            with pytest.raises(Forbidden, match="You may not change this Placard"):
                await refused()
        with pytest.raises(Forbidden, match="add"):
            await Placard.create(title="x", owner=77, badges=[red])
    with unrestricted():
        rows = await Placard.order_by(Placard.id).load(Placard.badges)
        assert [[one.name for one in row.badges] for row in rows] == [["red"], ["blue"]]
        assert await Badge.all().count() == 2
