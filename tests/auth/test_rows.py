"""One rule for the rows of a model, whatever asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from papers import Note, Paper, Shelf
from people import PASSWORD

from segue import App
from segue.auth import (
    Accounts,
    Auth,
    User,
    accessible,
    acting_for,
    current_user,
    grant,
    may,
    revoke,
    unrestricted,
)
from segue.auth.models.group import Group
from segue.db import ConfigurationError, Database, Missing
from segue.formats import CSV, JSON
from segue.html import FormOf
from segue.http.errors import Forbidden
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio
MODELS = [*Auth().models, Paper, Shelf, Note]


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    async with Database(url, models=MODELS) as database:
        await database.create_all()
        yield database


async def people() -> tuple[Any, Any]:
    ann = await User.create(email="ann@example.org")
    ben = await User.create(email="ben@example.org")
    loaded = await User.where(User.id.is_in([ann.id, ben.id])).order_by(User.id).load(User.groups)
    return loaded[0], loaded[1]


async def papers(ann: Any, ben: Any) -> None:
    with unrestricted():
        shelf = await Shelf.create(label="s")
        for title, owner, public in (
            ("a", ann.id, False),
            ("b", ben.id, False),
            ("n", None, False),  # nobody's, so nobody unknown sees it either
            ("p", ben.id, True),
        ):
            await Paper.create(title=title, owner=owner, public=public, shelf=shelf)


async def titles(query: Any) -> list[str]:
    return sorted(one.title for one in await query)


async def test_queries_show_what_the_rule_says(db: Database) -> None:
    ann, ben = await people()
    await papers(ann, ben)
    with pytest.raises(ConfigurationError, match="who asks"):
        await Paper.all()
    for who, seen in ((ann, "ap"), (ben, "bp"), (None, "p")):
        with acting_for(who):
            assert await titles(Paper.all()) == list(seen)
            assert await Paper.all().count() == len(seen)
            rows = await Paper.select(Paper.title)
            assert sorted(row[0] for row in rows) == list(seen)
            shelf = await Shelf.all().load(Shelf.papers).first()
            assert shelf is not None
            assert sorted(one.title for one in shelf.papers) == list(seen)
    with acting_for(ann):
        with pytest.raises(Missing):
            await Paper.get(title="b")
        assert len(await Paper.all().unscoped()) == 4
    ann.is_admin = True
    with acting_for(ann):
        assert await titles(Paper.all()) == ["a", "b", "n", "p"]


async def test_writes_obey_too_and_nothing_is_left_of_what_was_refused(db: Database) -> None:
    ann, ben = await people()
    await papers(ann, ben)
    with acting_for(ann):
        mine = await Paper.create(title="m", owner=ann.id)
        with pytest.raises(Forbidden, match="You may not add this Paper"):
            await Paper.create(title="x", owner=ben.id)
        with pytest.raises(Forbidden):
            await Paper.create_many([Paper(title="x", owner=ann.id), Paper(title="y", owner=ben.id)])
        public = await Paper.get(title="p")
        public.title = "stolen"
        with pytest.raises(Forbidden, match="change"):
            await public.save()
        with pytest.raises(Forbidden, match="delete"):
            await public.delete()
        mine.owner = ben.id  # nobody gives away what would not be theirs any more
        with pytest.raises(Forbidden, match="change"):
            await mine.save()
        # By query: what one may not is left out.
        assert await Paper.all().update(title="mine") == 2
        with pytest.raises(Forbidden):
            await Paper.where(Paper.title == "mine").update(owner=ben.id)
        assert await Paper.all().delete() == 2
    with unrestricted():
        assert await titles(Paper.all()) == ["b", "n", "p"]


async def test_many_at_once_go_no_other_way(db: Database) -> None:
    ann, ben = await people()
    await papers(ann, ben)
    with unrestricted():
        everything = {one.title: one for one in await Paper.all()}
    with acting_for(ann):
        mine, his = everything["a"], everything["b"]
        mine.title = "new"
        assert await Paper.update_many([mine], "title") == 1
        his.title = "stolen"
        with pytest.raises(Forbidden, match="all of these"):
            await Paper.update_many([mine, his], "title")
        mine.owner = ben.id
        with pytest.raises(Forbidden):  # to where she could not change it any more
            await Paper.update_many([mine], "owner")
        with pytest.raises(Forbidden, match="whose they are"):
            await Paper.upsert([Paper(id=his.id, title="stolen", owner=ann.id)], on=["id"])
        with pytest.raises(Forbidden):
            await Paper.create_or_update({"title": "stolen"}, id=everything["p"].id)
    with unrestricted():
        assert await titles(Paper.all()) == ["b", "n", "new", "p"]
        assert len(await Paper.upsert([Paper(id=his.id, title="again", owner=ben.id)], on=["id"])) == 1


async def test_a_refusal_undoes_the_whole_transaction(db: Database) -> None:
    ann, ben = await people()
    await papers(ann, ben)
    with acting_for(ann):

        async def both() -> None:
            async with db.transaction():
                await Paper.create(title="z", owner=ann.id)
                await Paper.create(title="z", owner=ben.id)

        with pytest.raises(Forbidden):
            await both()
        assert not await Paper.where(Paper.title == "z").exists()


@pytest.mark.row("W-20", "U-DJ-12")
async def test_what_was_granted_for_a_table_or_a_record(db: Database) -> None:
    ann, ben = await people()
    group = await Group.create(name="staff/editors")
    await ben.add(User.groups, group)
    ben = await User.where(User.id == ben.id).load(User.groups).one()
    with unrestricted():
        one, two = await Note.create(text="1"), await Note.create(text="2")
    await grant(ann, "view", two)
    await grant(ann, "view", two)
    await grant("group:staff", "view", Note)  # ben is an editor, and so staff
    with unrestricted():
        assert await accessible(Note, "view", None) == []
        assert [n.text for n in await accessible(Note.order_by(Note.id), "view", ann)] == ["2"]
        assert [n.text for n in await accessible(Note.order_by(Note.id), "view", ben)] == ["1", "2"]
        assert await accessible(Note, "publish", ben) == []
    assert await may(ann, "view", two)
    assert not await may(ann, "view", one)
    assert not await may(ann, "view", Note)
    assert await may(ben, "view", Note)
    assert not await may(ben, "change", one)
    with acting_for(ann):
        assert [n.text for n in await Note.all()] == ["2"]
        with pytest.raises(Forbidden):
            await Note.create(text="3")
    await grant("everyone", "add", Note)
    with acting_for(None):
        await Note.create(text="4")
        assert await Note.all() == []  # it may be written, not read
    assert await revoke(ann, "view", two)
    assert not await revoke(ann, "view", two)
    with acting_for(ann):
        assert await Note.all() == []


async def test_what_was_granted_to_an_account_goes_with_it(db: Database) -> None:
    ann, ben = await people()
    await grant(ann, "view", Note)
    await grant(ben, "view", Note)
    await ann.delete()
    again = await User.create(id=ann.id, email="somebody@else.example")
    again = await User.where(User.id == again.id).load(User.groups).one()
    assert not await may(again, "view", Note)
    assert await may(ben, "view", Note)
    assert await User.where(User.email.startswith("ben")).delete() == 1
    assert not await may(ben, "view", Note)


async def test_one_rule_for_pages_forms_replies_and_exports(make_app: Callable[..., App]) -> None:
    app = make_app(models=[Paper, Shelf, Note])

    @app.get("/papers", formats=[JSON, CSV], suffixes=True)
    async def listed() -> Any:
        return Paper.order_by(Paper.title)  # a query is a reply

    @app.get("/papers/{id:int}")
    async def one(id: int) -> Paper:
        return await Paper.get(id)

    @app.route("/papers/{id:int}/edit", methods=["GET", "POST"])
    async def edit(id: int, form: FormOf[Paper]) -> Any:
        form.edit(await Paper.get(id))
        return {"saved": await form.save() is not None} if form.sent else form

    @app.get("/mine")
    async def mine() -> dict[str, Any]:
        user = current_user()
        return {"user": None if user is None else user.email, "count": await Paper.all().count()}

    @app.post("/set-up", skip=["csrf"])
    async def set_up(accounts: Accounts) -> None:
        ann = await accounts.create(email="ann@example.org", password=PASSWORD)
        ben = await accounts.create(email="ben@example.org", password=PASSWORD)
        await papers(ann, ben)

    async with AsyncClient(app) as client:
        await client.post("/set-up")
        nobody = [one["title"] for one in (await client.get("/papers")).json()]
        assert nobody == ["p"]
        assert (await client.get("/papers/1")).status == 404
        assert (await client.get("/mine")).json() == {"user": None, "count": 1}
        await client.post("/login", data={"login": "ann@example.org", "password": PASSWORD})
        assert [one["title"] for one in (await client.get("/papers")).json()] == ["a", "p"]
        csv = (await client.get("/papers.csv")).text
        assert (csv.count("\n") >= 3, "b," in csv) == (True, False)
        assert (await client.get("/papers/1")).json()["title"] == "a"
        assert (await client.get("/papers/2")).status == 404
        assert (await client.get("/papers/2/edit")).status == 404
        assert (await client.get("/papers/4/edit")).status == 200
        changed = {"title": "stolen", "owner": "1", "public": "on"}
        assert (await client.post("/papers/4/edit", data=changed)).status == 403
        assert (await client.post("/papers/1/edit", data=changed)).json() == {"saved": True}
        assert (await client.get("/mine")).json() == {"user": "ann@example.org", "count": 2}
