"""Transactions over several databases: PostgreSQL, MariaDB and SQLite do all of it or nothing, also when the process is killed."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from private_cluster import Cluster

from segue import App, wait
from segue.db import ConfigurationError, Database, Field, Model, UniqueViolation, field
from segue.db.databases.distributed import distributed, recover
from segue.db.databases.twophase import Decisions, prepared_in
from segue.testing import AsyncClient

pytestmark = [pytest.mark.anyio, pytest.mark.requires("pg_ctl", "mariadb")]


class Purchase(Model, table="dist_purchase", database="shop"):
    cents: Field[int] = field(unique=True)


class Entry(Model, table="dist_entry", database="ledger"):
    cents: Field[int] = field(unique=True)


class Note(Model, table="dist_note", database="notes"):
    text: Field[str] = field(max_length=20)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(prepared=5) as cluster:
        yield cluster


def three(postgresql: str, mariadb: str, folder: Path) -> tuple[Database, Database, Database]:
    return (
        Database(f"{postgresql}?sslmode=disable", name="shop", models=[Purchase]),
        Database(mariadb, name="ledger", models=[Entry]),
        Database(f"sqlite:///{folder}/notes.db", name="notes", models=[Note]),
    )


@pytest.fixture
async def databases(
    cluster: Cluster, mariadb_url: str, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[tuple[Database, Database, Database]]:
    found = three(cluster.url, mariadb_url, tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        for one in found:
            await stack.enter_async_context(one)
            await one.drop_all()
            await one.create_all()
        yield found
        await recover(*found, older_than=0)
        for one in found:
            await one.drop_all()
            await one.execute("drop table if exists segue_distributed")


async def counts() -> tuple[int, int, int]:
    return (await Purchase.all().count(), await Entry.all().count(), await Note.all().count())


async def left(*databases: Database) -> int:
    """How many transactions of theirs are prepared. A server of MariaDB tells of everybody's."""
    known = {one._identity or await Decisions(one).identity() for one in databases}
    names = [name for one in databases for name in await prepared_in(one)]
    return len([name for name in names if "-".join(name.split("-")[:2]) in known])


async def write(number: int) -> None:
    await Purchase.create(cents=number)
    await Entry.create(cents=number)
    await Note.create(text=str(number))


async def together(databases: Sequence[Database], *works: Coroutine[Any, Any, Any]) -> None:
    async with distributed(*databases):
        for work in works:
            await work


@pytest.mark.row("W-12")
async def test_all_of_it_or_nothing(databases: tuple[Database, Database, Database]) -> None:
    shop, ledger, _ = databases
    told: list[str] = []
    async with distributed(*databases):
        await write(1)
        shop.on_commit(lambda: told.append("shop"))
        ledger.on_commit(lambda: told.append("ledger"))
        with pytest.raises(UniqueViolation):
            async with ledger.transaction():
                await Entry.create(cents=1)
        assert told == []
    assert await counts() == (1, 1, 1)
    assert sorted(told) == ["ledger", "shop"]

    async def divide() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await together(databases, write(2), divide())
    assert await counts() == (1, 1, 1)

    # What is found wrong only before the commit undoes the others too.
    async def fail() -> None:
        raise LookupError

    async def fail_later() -> None:
        ledger.before_commit(fail)

    with pytest.raises(LookupError):
        await together(databases, write(3), fail_later())
    assert await counts() == (1, 1, 1)
    assert await left(*databases) == 0
    # Who wrote in one only, or nowhere, is committed as ever.
    async with distributed(shop, ledger):
        await Entry.create(cents=5)
    async with distributed(shop, ledger):
        pass
    assert await counts() == (1, 2, 1)
    assert [row[0] for row in await shop.execute("select name from segue_distributed")] == ["identity"]


async def test_what_cannot_be_promised_undoes_the_others(
    databases: tuple[Database, Database, Database],
) -> None:
    shop, ledger, notes = databases
    # Looked at when it is committed, which is when it is prepared.
    await shop.execute("create table dist_later (id int unique deferrable initially deferred)")
    try:
        twice = "insert into dist_later values (1), (1)"
        with pytest.raises(UniqueViolation):
            await together(databases, Entry.create(cents=1), Note.create(text="x"), shop.execute(twice))
        assert await counts() == (0, 0, 0)
        # The same in the database that decides: the others have promised already.
        with pytest.raises(UniqueViolation):
            await together((shop, ledger), Entry.create(cents=1), shop.execute(twice))
        assert await counts() == (0, 0, 0)
        assert await left(*databases) == 0
        assert {one.statistics.waiting for one in (shop, ledger, notes)} == {0}
    finally:
        await shop.execute("drop table dist_later")


async def test_many_at_a_time_from_tasks_and_threads(
    databases: tuple[Database, Database, Database],
) -> None:
    shop, ledger, _ = databases

    async def one(number: int) -> None:
        async with distributed(shop, ledger):
            await Purchase.create(cents=number)
            await Entry.create(cents=number)
            if number % 3 == 0:
                raise LookupError

    app = App(plugins=[shop, ledger])

    @app.post("/{number:int}")
    def in_a_thread(number: int) -> None:
        with distributed(shop, ledger):
            wait(Purchase.create(cents=number))
            wait(Entry.create(cents=number))

    await asyncio.gather(*(one(number) for number in range(12)), return_exceptions=True)
    async with AsyncClient(app) as client:
        replies = await asyncio.gather(*(client.post(f"/{number}") for number in (100, 101)))
    assert {one.status for one in replies} == {204}
    assert await counts() == (10, 10, 0)
    assert await Purchase.order_by(Purchase.cents).values(Purchase.cents) == await Entry.order_by(
        Entry.cents
    ).values(Entry.cents)
    assert await left(*databases) == 0


async def test_who_is_cancelled_leaves_all_or_nothing(
    databases: tuple[Database, Database, Database],
) -> None:
    shop, ledger, _ = databases
    for steps in range(1, 14):

        async def work(number: int) -> None:
            async with distributed(shop, ledger):
                await Purchase.create(cents=number)
                await Entry.create(cents=number)

        task = asyncio.create_task(work(steps))
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for _ in range(100):  # what was decided goes on by itself
        if await left(*databases) == 0:
            break
        await asyncio.sleep(0.05)
        await recover(shop, ledger, older_than=0)
    assert await left(*databases) == 0
    purchases = await Purchase.order_by(Purchase.cents).values(Purchase.cents)
    assert purchases == await Entry.order_by(Entry.cents).values(Entry.cents)


_KILLED = """
import asyncio, contextlib, os, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_distributed import distributed, three, write
from segue.db.databases import distributed as module

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

point = {point!r}
if point == "promised":
    module.Distributed._decide = die
else:
    module.Distributed._end_branches = die

async def main():
    found = three({postgresql!r}, {mariadb!r}, Path({folder!r}))
    async with contextlib.AsyncExitStack() as stack:
        for one in found:
            await stack.enter_async_context(one)
        async with distributed(*found):
            await write(7)

asyncio.run(main())
"""


@pytest.mark.row("W-12")
@pytest.mark.parametrize(("point", "outcome"), [("promised", "rolled back"), ("decided", "committed")])
async def test_a_killed_process_leaves_what_is_finished_later(
    databases: tuple[Database, Database, Database],
    cluster: Cluster,
    mariadb_url: str,
    tmp_path: Path,
    point: str,
    outcome: str,
) -> None:
    program = _KILLED.format(
        path=sys.path, point=point, postgresql=cluster.url, mariadb=mariadb_url, folder=str(tmp_path)
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert await left(*databases) == 2
    assert await counts() == ((0, 0, 1) if point == "decided" else (0, 0, 0))
    # One that may be under way is left alone.
    assert await recover(*databases) == []
    found = await recover(*databases, older_than=0)
    assert {one.database for one in found} == {"shop", "ledger"}
    assert {one.outcome for one in found} == {outcome}
    assert await left(*databases) == 0
    assert await counts() == ((1, 1, 1) if point == "decided" else (0, 0, 0))
    assert await recover(*databases, older_than=0) == []
    # Nothing keeps a lock.
    await write(8)


async def test_one_that_was_given_up_is_not_committed_afterwards(
    databases: tuple[Database, Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looks after what was left over and who is only slow cannot both be right."""
    decide = Decisions.decide
    shop, ledger, notes = databases
    entered: list[str] = []

    async def slow(self: Decisions, connection: object, name: str, outcome: str) -> None:
        if outcome == "committed" and not entered:
            entered.append(name)
            # As if another process looked after it.
            assert {one.outcome for one in await recover(shop, ledger, notes, older_than=0)} == {
                "rolled back"
            }
        await decide(self, connection, name, outcome)  # type: ignore[arg-type] # as it was given

    monkeypatch.setattr(Decisions, "decide", slow)
    with pytest.raises(UniqueViolation):
        await together((ledger, shop), Purchase.create(cents=1), Entry.create(cents=1))
    assert await counts() == (0, 0, 0)
    assert await left(*databases) == 0


async def test_what_is_not_possible_says_so(
    databases: tuple[Database, Database, Database], servers: dict[str, str], tmp_path: Path
) -> None:
    shop, ledger, notes = databases
    async with Database(f"sqlite:///{tmp_path}/more.db", name="more", models=[]) as more:
        with pytest.raises(ConfigurationError, match="cannot prepare"):
            async with distributed(notes, more):
                pass
    with pytest.raises(ValueError, match="two databases"):
        distributed(shop)
    async with shop.transaction():
        with pytest.raises(ConfigurationError, match="let it be the outer"):
            async with distributed(shop, ledger):
                pass
    with Cluster() as without:
        async with Database(without.url, name="shop", models=[Purchase]) as plain:
            await plain.create_all()
            with pytest.raises(ConfigurationError, match="max_prepared_transactions"):
                async with distributed(plain, notes):
                    await Purchase.create(cents=1)
            assert await Purchase.all().count() == 0
