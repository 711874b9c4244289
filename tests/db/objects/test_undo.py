"""The log of transactions, and one of them undone: what a person did, and did not mean."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from shop import Opened

from segue import App, Request, Response
from segue.core.records import Next
from segue.db import (
    CannotUndo,
    Database,
    Field,
    Many,
    Missing,
    Model,
    Ref,
    SoftDelete,
    Undoable,
    acting_as,
    field,
    transactions,
    undo,
    undo_last,
)
from segue.html import h
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


class Label(Model, table="undo_label"):
    name: Field[str] = field(max_length=20)


class Sheet(Undoable, table="undo_sheet"):
    text: Field[str] = field(max_length=40, unique=True)
    secret: Field[str] = field(max_length=40, default="s", private=True)
    labels: Many[Label]


class Remark(Undoable, table="undo_remark"):
    sheet: Ref[Sheet] = field(on_delete="cascade")
    answers: Ref[Remark | None] = field(default=None, on_delete="cascade")
    text: Field[str] = field(max_length=40)


class Draft(SoftDelete, Undoable, table="undo_draft"):
    text: Field[str] = field(max_length=40)


MODELS = [Label, Sheet, Remark, Draft]


@pytest.fixture
async def db(opened: Opened) -> Database:
    return await opened(*MODELS)


async def state() -> Any:
    """All there is, keys included."""
    sheets = await Sheet.order_by(Sheet.id).load(Sheet.labels)
    return (
        [(one.id, one.text, one.secret, sorted(label.name for label in one.labels)) for one in sheets],
        await Remark.order_by(Remark.id).select(Remark.id, Remark.sheet_id, Remark.answers_id, Remark.text),
        await Draft.order_by(Draft.id).select(Draft.id, Draft.text),
    )


async def test_all_of_a_transaction_is_undone_and_done_again(db: Database) -> None:
    jazz, swing = await Label.create_many([Label(name="jazz"), Label(name="swing")])
    with acting_as("ann"):
        async with db.transaction():
            one = await Sheet.create(text="one", labels=[jazz])
            two = await Sheet.create(text="two")
            first = await Remark.create(sheet=one, text="first")
            await Remark.create(sheet=one, text="answer", answers=first)
            draft = await Draft.create(text="draft")
        before = await state()
        async with db.transaction():
            two.text = "zwei"
            await two.save()
            await Sheet.where(Sheet.id == two.id).update(secret="t")
            await two.add(Sheet.labels, swing, jazz)
            await two.remove(Sheet.labels, jazz)
            # With all that hangs on it, two levels deep, and its labels.
            await one.delete()
            await draft.delete()
            three = await Sheet.create(text="one")
            await three.add(Sheet.labels, swing)
            await Remark.create(sheet=three, text="new")
        after = await state()
    assert len(after[0]) == 2
    log = await transactions(by="ann")
    assert len(log) == 2
    assert log[0].by == "ann"
    assert {one.kind for one in log[0].actions} == {"insert", "update", "delete", "link", "unlink"}
    assert {one.kind for one in log[1].actions} == {"insert", "link"}
    with acting_as("ann"):
        done = await undo_last("ann")
        assert done is not None
        assert done.name == log[0].name
        assert await state() == before
        # That may be undone as well.
        log = await transactions()
        assert (log[0].undoes, len(log)) == (log[1].name, 3)
        await undo(log[0].name)
        assert await state() == after
        # What was done again may be undone again.
        assert (await undo_last("ann") or done).name == done.name
        assert await state() == before
        # And one more step back: what was undone is passed over.
        assert await undo_last("ann") is not None
        assert await state() == ([], [], [])
        assert await undo_last("ann") is None


async def test_what_others_changed_since_is_not_overwritten(db: Database) -> None:
    with acting_as("ann"):
        sheet = await Sheet.create(text="a")
        sheet.text = "b"
        await sheet.save()
    mine = (await transactions(by="ann"))[0]
    with acting_as("bob"):
        sheet.text = "c"
        await sheet.save()
    with pytest.raises(CannotUndo, match="changed by bob"):
        await undo(mine.name)
    assert (await Sheet.get(sheet.id)).text == "c"
    # Bob takes his back: then Ann may.
    assert await undo_last("bob") is not None
    await undo(mine.name)
    assert (await Sheet.get(sheet.id)).text == "a"
    with pytest.raises(Missing):
        await undo("nothing")
    with pytest.raises(Missing):
        await undo(mine.name, by="bob")


async def test_what_cannot_be_undone_changes_nothing(db: Database) -> None:
    with acting_as("ann"):
        async with db.transaction():
            await Sheet.create(text="kept")
            gone = await Sheet.create(text="gone")
        async with db.transaction():
            await gone.delete()
            await Sheet.create(text="other")
    with acting_as("bob"):
        await Sheet.create(text="gone")
    before = await state()
    with pytest.raises(CannotUndo):
        await undo_last("ann")
    assert await state() == before
    assert len(await transactions()) == 3


async def test_two_who_undo_the_same_do_it_once(db: Database) -> None:
    with acting_as("ann"):
        await Sheet.create(text="a")
        name = (await transactions())[0].name

        async def attempt() -> bool:
            try:
                await undo(name)
            except CannotUndo:
                return False
            return True

        assert sorted(await asyncio.gather(*(attempt() for _ in range(4)))) == [False, False, False, True]
    assert await state() == ([], [], [])


async def test_what_was_rolled_back_is_not_in_the_log(db: Database) -> None:
    async def fail() -> None:
        async with db.transaction():
            await Sheet.create(text="a")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with db.transaction():
        sheet = await Sheet.create(text="b")
        with pytest.raises(LookupError):
            await fail()
    [only] = await transactions()
    assert [one.kind for one in only.actions] == ["insert"]
    assert await only.actions[0].before() is None
    sheet.text = "c"
    await sheet.save()
    change = (await transactions())[0].actions[0]
    assert (change.names, (await change.before()).text) == (["text"], "b")
    pages = [await transactions(limit=1), await transactions(limit=1, before=(await transactions())[0].name)]
    assert [one[0].actions[0].kind for one in pages] == ["update", "insert"]


@pytest.mark.row("CW-19")
async def test_a_user_looks_at_the_history_and_undoes_the_last_transaction(url: str) -> None:
    db = Database(url, models=MODELS)
    app = App(plugins=[db])

    @app.middleware
    async def who(request: Request, next: Next) -> Response:
        with acting_as(request.headers.get("x-user")):
            return await next(request)

    @app.post("/rename/{old}/{new}")
    async def rename(old: str, new: str) -> None:
        async with db.transaction():
            sheet = await Sheet.get(text=old)
            sheet.text = new
            await sheet.save()
            await Remark.create(sheet=sheet, text=f"was {old}")

    @app.get("/history")
    async def history(request: Request) -> Any:
        log = await transactions(by=request.headers["x-user"])
        return h.ul(
            h.li(f"{one.at:%Y} {one.by}: " + ", ".join(f"{a.kind} {a.model} {a.record}" for a in one.actions))
            for one in log
        )

    @app.post("/undo")
    async def take_back(request: Request) -> dict[str, int]:
        done = await undo_last(request.headers["x-user"])
        return {"actions": 0 if done is None else len(done.actions)}

    @app.get("/sheets")
    async def sheets() -> list[str]:
        return await Sheet.order_by(Sheet.id).values(Sheet.text)

    async with AsyncClient(app) as client:
        await db.drop_all()
        await db.create_all()
        await Sheet.create_many([Sheet(text="one"), Sheet(text="two")])
        ann, bob = {"x-user": "ann"}, {"x-user": "bob"}
        assert (await client.post("/rename/one/eins", headers=ann)).status == 204
        assert (await client.post("/rename/two/zwei", headers=bob)).status == 204
        page = (await client.get("/history", headers=ann)).text
        assert re.findall(r"ann: ([^<]*)", page) == ["update Sheet 1, insert Remark 1"]
        assert "bob" not in page
        assert (await client.post("/undo", headers=ann)).json() == {"actions": 2}
        assert (await client.get("/sheets")).json() == ["one", "zwei"]
        assert await Remark.all().values(Remark.text) == ["was two"]
        assert (await client.get("/history", headers=ann)).text.count("<li>") == 2
        assert (await client.post("/undo", headers=ann)).json() == {"actions": 0}
        # Somebody else goes on where bob was: his is not undone any more, and he is told.
        assert (await client.post("/rename/zwei/deux", headers=ann)).status == 204
        refused = await client.post("/undo", headers=bob)
        assert refused.status == 409
        assert "changed by ann" in refused.json()["problems"][0]
        await db.drop_all()
