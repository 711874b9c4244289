"""Tables that follow the models by themselves, and revisions that are run when an app starts."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.db import Database, Field, Model, Ref, field
from segue.db.migrations import Migrations
from segue.testing import AsyncClient

pytestmark = pytest.mark.anyio


def first() -> Any:
    class Thing(Model):
        name: Field[str] = field(max_length=50)
        gone: Field[str] = field(max_length=50)

    return Thing


def second() -> tuple[Any, Any]:
    class Owner(Model):
        name: Field[str] = field(max_length=50)

    class Thing(Model):
        name: Field[str] = field(max_length=80, index=True)
        weight: Field[int] = field(default=7)
        owner: Ref[Owner | None] = field(default=None)

    return Thing, Owner


@pytest.mark.row("W-07")
async def test_edited_models_change_tables_with_the_next_request(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO, logger="segue.db.migrations")

    def served(*models: Any, migrate: bool = True) -> App:
        app = App(plugins=[Database(url, models=models, migrate=migrate)])

        @app.get("/things")
        async def things() -> list[str]:
            return await models[0].order_by(models[0].id).values(models[0].name)

        return app

    thing = first()
    async with AsyncClient(served(thing)) as client:
        assert (await client.get("/things")).json() == []
        await thing.create(name="lamp", gone="x")
    assert any("CREATE TABLE thing" in one.getMessage() for one in caplog.records)

    thing, owner = second()
    caplog.clear()
    async with AsyncClient(served(thing, owner, migrate=False)) as client:
        # Nobody said that it may.
        assert (await client.get("/things")).json() == ["lamp"]
    assert caplog.records == []

    async with AsyncClient(served(thing, owner)) as client:
        assert (await client.get("/things")).json() == ["lamp"]
        made = await thing.create(name="chair", owner=await owner.create(name="Ada"))
        assert made.weight == 7
        assert await thing.order_by(thing.id).values(thing.weight) == [7, 7]
    assert any("weight" in one.getMessage() for one in caplog.records)

    # What would lose data stayed, and is in nobody's way.
    async with Database(url, models=[thing, owner]) as db:
        assert [row[0] for row in await db.execute("SELECT gone FROM thing ORDER BY id")] == ["x", None]
    caplog.clear()
    async with AsyncClient(served(thing, owner)) as client:
        await client.get("/things")
    assert caplog.records == []

    # Made without us: only noted.
    database = Database(url, models=[thing, owner], migrations=str(tmp_path / "faked"))
    async with database as db:
        await db.execute("DROP TABLE thing")
        await db.execute("DROP TABLE owner")
        migrations = Migrations(db)
        await migrations.diff("first")
        await db.create_all()
        assert await migrations.migrate(fake=True) == ["0001_first"]
        assert await migrations.check() == []


async def test_revisions_in_the_folder_are_run(url: str, tmp_path: Path) -> None:
    thing = first()
    folder = str(tmp_path / "migrations")
    async with Database(url, models=[thing], migrations=folder) as db:
        await Migrations(db).diff("first")
    async with Database(url, models=[thing], migrations=folder, migrate=True) as db:
        assert [one.state for one in await Migrations(db).status()] == ["applied"]
        await thing.create(name="lamp", gone="")
