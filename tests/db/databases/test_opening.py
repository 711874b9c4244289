"""Databases that several open at the same time, and tables that others keep while they are to be changed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from segue.db import ConnectionLost, Database, DatabaseError, Field, LockTimeout, Model, field
from segue.db.databases import engines

pytestmark = pytest.mark.anyio


class Ticket(Model, table="opening_ticket"):
    name: Field[str] = field(max_length=20)


async def test_whoever_opens_it_second_finds_it_open(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    make = engines.engine_for

    def slow(*args: Any, **options: Any) -> Any:
        engine = make(*args, **options)
        made.append(engine)
        connect = engine.open

        async def later() -> None:
            await asyncio.sleep(0.05)
            await connect()

        engine.open = later
        return engine

    monkeypatch.setattr(engines, "engine_for", slow)
    database = Database(url, models=[Ticket])

    all_of_them = asyncio.Barrier(5)

    async def use() -> bool:
        async with database:
            await all_of_them.wait()
            return bool((await database.execute("select 1"))[0][0])

    assert await asyncio.gather(*(use() for _ in range(5))) == [True] * 5
    assert len(made) == 1
    assert not database.is_open


async def test_who_waited_for_one_that_failed_tries_it_too(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/x.db", models=[Ticket])
    failed = await asyncio.gather(*(database.open() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, DatabaseError) for one in failed)
    (tmp_path / "missing").mkdir()
    async with database:
        await database.create_all()
        assert await Ticket.all().count() == 0


@pytest.mark.requires("postgresql")
@pytest.mark.parametrize("change", ["drop_all", "create_all"])
async def test_tables_are_not_waited_for_without_end(postgresql_url: str, change: str) -> None:
    await _kept_waiting(postgresql_url, change)


@pytest.mark.requires("mariadb")
async def test_tables_of_mariadb_are_not_waited_for_without_end(mariadb_url: str) -> None:
    await _kept_waiting(mariadb_url, "drop_all")


async def _kept_waiting(url: str, change: str) -> None:
    class Later(Model, table="opening_later"):
        ticket: Field[int]

    async with Database(url, models=[Ticket], statement_timeout=2.0) as database:
        await database.create_all()
        async with database.transaction(own=True):
            if change == "create_all":
                # Who makes a table that is there already waits for nobody: a name that is taken, and not yet committed, keeps it.
                await database.execute("create table opening_later (id bigint)")
            else:
                await Ticket.create(name="x")
            async with Database(url, name="other", models=[Ticket, Later], statement_timeout=2.0) as other:
                with pytest.raises((LockTimeout, DatabaseError)) as failed:
                    async with asyncio.timeout(30):
                        await getattr(other, change)()
                assert not isinstance(failed.value, ConnectionLost)
        await database.drop_all()
        await database.execute("drop table if exists opening_later")


def test_where_it_is_may_stand_in_the_environment_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert Database().url == "sqlite:///app.db"
    Path(".env").write_text("SECURITY_KEY=x\nDATABASE_URL=sqlite:///club.db\n")
    assert Database().url == "sqlite:///club.db"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    assert Database().url == "sqlite:///other.db"
    assert Database("sqlite://").url == "sqlite://"
