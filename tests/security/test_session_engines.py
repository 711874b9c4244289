"""Sessions over each engine, messages that survive one redirect, and signals of models whose receivers await, in one site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App, SeeOther
from segue.db import (
    Database,
    Deleted,
    Deleting,
    Field,
    Inserted,
    Inserting,
    Linked,
    Linking,
    Many,
    Model,
    Unlinked,
    Updated,
    Updating,
    field,
)
from segue.db.sessions import DatabaseSessions, SessionLock, SessionRow
from segue.db.store import DatabaseStore, StoreEntry
from segue.security import Flash, Session, Sessions, StoredSessions
from segue.stores import FileStore, LayeredStore, SQLiteStore
from segue.testing import Client

KEY = "an-old-and-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"


class Tune(Model, table="engine_tune"):
    title: Field[str] = field(max_length=40)
    players: Many[Guitarist]


class Guitarist(Model, table="engine_guitarist"):
    name: Field[str] = field(max_length=40)
    tunes: Many[Tune]


told: list[str] = []


async def hear(change: Any) -> None:
    await asyncio.sleep(0)
    told.append(type(change).__name__)


for signal in (Inserting, Inserted, Updating, Updated, Deleting, Deleted, Linking, Linked, Unlinked):
    Tune.on(signal)(hear)


ENGINES: dict[str, Callable[[Path], Any]] = {
    "database": lambda folder: DatabaseSessions(),
    "database store": lambda folder: "database:",
    "cache": lambda folder: StoredSessions(SQLiteStore(folder / "cache.db")),
    "cached database": lambda folder: StoredSessions(
        LayeredStore(SQLiteStore(folder / "cache.db"), DatabaseStore())
    ),
    "files": lambda folder: StoredSessions(FileStore(folder / "visits")),
    "signed cookie": lambda folder: "cookie:signed",
}


@pytest.mark.row("DJ-25")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_site_with_sessions_messages_and_signals(engine: str, tmp_path: Path) -> None:
    database = Database(
        f"sqlite:///{tmp_path}/app.db", models=[Tune, Guitarist, SessionRow, SessionLock, StoreEntry]
    )
    app = App(plugins=[database, Sessions(ENGINES[engine](tmp_path), key=KEY)])

    @app.lifespan
    async def tables() -> AsyncIterator[None]:
        await database.create_all()
        yield

    @app.post("/tunes")
    async def add(title: str, session: Session, flash: Flash) -> None:
        tune = await Tune.create(title=title)
        session["last"] = tune.id
        flash("Kept.")
        raise SeeOther("/")

    @app.post("/change")
    async def change(session: Session) -> None:
        tune = await Tune.get(session["last"])
        tune.title = "Minor Swing"
        await tune.save()
        django = await Guitarist.create(name="Django")
        await tune.add(Tune.players, django)
        await tune.remove(Tune.players, django)
        await tune.delete()

    @app.get("/")
    async def index(session: Session, flash: Flash) -> dict[str, Any]:
        return {"last": session.get("last"), "messages": [one.text for one in flash]}

    @app.post("/out")
    async def out(session: Session) -> None:
        session.clear()

    told.clear()
    with Client(app, follow_redirects=True) as client:
        assert client.get("/").json() == {"last": None, "messages": []}
        assert client.post("/tunes?title=Nuages").json() == {"last": 1, "messages": ["Kept."]}
        assert client.get("/").json() == {"last": 1, "messages": []}
        client.post("/change")
        client.post("/out")
        assert client.get("/").json() == {"last": None, "messages": []}
    assert told == [
        *("Inserting", "Inserted"),
        *("Updating", "Updated"),
        *("Linking", "Linked", "Unlinked"),
        *("Deleting", "Deleted"),
    ]
