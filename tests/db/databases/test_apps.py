"""A database as a plugin of an app: which one a query asks, transactions of requests, sync code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from shop import Author

import segue
from segue import App, Body, Response
from segue.db import Database, RequestTransaction, transactional
from segue.db.engine import Deadlock, SerializationFailure, UniqueViolation
from segue.testing import AsyncClient, Client

pytestmark = pytest.mark.anyio


def author(name: str) -> Author:
    return Author(name=name, email=f"{name}@example.org")


async def test_the_database_is_given_to_handlers_and_its_errors_are_replies(closed: str) -> None:
    app = App(plugins=[Database(closed, models=[Author])])

    @app.get("/count")
    async def count(db: Database) -> list[int]:
        return [int((await db.execute("select count(*) from author"))[0][0])]

    @app.post("/authors/{name}")
    async def add(name: str) -> Author:
        return await author(name).save()

    @app.get("/authors/{id}")
    async def show(id: int) -> Author:
        return await Author.get(id)

    async with AsyncClient(app) as client:
        made = (await client.post("/authors/Django")).json()
        assert (await client.get("/count")).json() == [1]
        assert (await client.get(f"/authors/{made['id']}")).json()["name"] == "Django"
        again = await client.post("/authors/Django")
        assert again.status == 409
        assert "author" not in again.text
        assert (await client.get("/authors/999999")).status == 404


@pytest.mark.row("PY-21")
async def test_a_request_is_a_transaction(closed: str) -> None:
    db = Database(closed, models=[Author], transaction="request", retries=3)
    app = App(plugins=[db])
    sent: list[str] = []
    attempts: list[str] = []

    @app.post("/ok/{name}")
    async def ok(name: str) -> list[int]:
        await author(name).save()
        db.on_commit(lambda: sent.append(name))
        return [1]

    @app.post("/fails/{name}")
    async def fails(name: str) -> list[int]:
        await author(name).save()
        db.on_commit(lambda: sent.append(name))
        raise LookupError(name)

    @app.post("/refuses/{name}")
    async def refuses(name: str) -> Response:
        await author(name).save()
        return Response(b"no", 403)

    @app.post("/conflicts/{name}")
    async def conflicts(name: str, body: Body[dict[str, int]]) -> dict[str, int]:
        attempts.append(name)
        await author(name).save()
        db.on_commit(lambda: sent.append(name))
        if len(attempts) < 3:
            await _conflict(db)
        return body

    @app.get("/nothing", skip=[RequestTransaction])
    async def nothing() -> list[bool]:
        return [db.current_transaction is None]

    async with AsyncClient(app, raise_server_exceptions=False) as client:
        assert (await client.post("/ok/a")).status == 200
        assert (await client.post("/fails/b")).status == 500
        assert (await client.post("/refuses/c")).status == 403
        tried = await client.post("/conflicts/d", json={"number": 7})
        assert (tried.status, tried.json()) == (200, {"number": 7})
        assert len(attempts) == 3
        assert (await client.get("/nothing")).json() == [True]
        assert await Author.all().order_by(Author.name).values(Author.name) == ["a", "d"]
        assert sent == ["a", "d"]


async def _conflict(db: Database) -> None:
    """Fails in the transaction as a database does that finds somebody else in the way."""
    transaction = db.current_transaction
    assert transaction is not None
    error = SerializationFailure("could not serialize access")
    transaction._failed(error)
    raise error


async def test_a_transaction_that_nobody_needs_is_not_begun(closed: str) -> None:
    db = Database(closed, models=[Author], transaction="request")
    app = App(plugins=[db])
    said: list[str] = []

    @app.get("/")
    async def nothing() -> list[int]:
        return [1]

    @app.get("/one")
    async def one() -> list[int]:
        return [await Author.all().count()]

    @app.get("/write")
    async def write() -> list[int]:
        before = await Author.all().count()
        await author("a").save()
        return [before, await Author.all().count()]

    @app.get("/fails")
    async def fails() -> None:
        await Author.all().count()
        await author("b").save()
        raise LookupError

    async with AsyncClient(app, raise_server_exceptions=False) as client:
        db.query_log().hears_control.append(lambda ran: said.append(ran.sql))
        await client.get("/")
        assert said == []
        await client.get("/one")
        # On SQLite who only reads does not take the connection that writes.
        began = ["BEGIN", "COMMIT"]
        assert said == ([] if db.engine.name == "sqlite" else began)
        said.clear()
        assert (await client.get("/write")).status == 200
        assert said == began
        assert (await client.get("/fails")).status == 500
        assert await Author.all().values(Author.name) == ["a"]


async def test_readers_do_not_wait_for_a_writer(closed: str) -> None:
    db = Database(closed, models=[Author], transaction="request")
    app = App(plugins=[db])
    writing, done = asyncio.Event(), asyncio.Event()

    @app.post("/")
    async def write() -> list[int]:
        await author("a").save()
        writing.set()
        await done.wait()
        return [1]

    @app.get("/")
    async def read() -> list[int]:
        return [await Author.all().count()]

    async with AsyncClient(app) as client:
        task = asyncio.create_task(client.post("/"))
        await writing.wait()
        assert (await client.get("/")).json() == [0]
        done.set()
        await task
        assert (await client.get("/")).json() == [1]


@pytest.mark.row("DJ-09")
async def test_blocks_are_savepoints_and_what_waits_for_the_commit_is_called_then(closed: str) -> None:
    async with Database(closed, models=[Author]) as db:
        told: list[str] = []
        async with db.transaction():
            await author("a").save()
            db.on_commit(lambda: told.append("a"))
            with suppress(LookupError):
                async with db.transaction():
                    await author("b").save()
                    db.on_commit(lambda: told.append("b"))
                    raise LookupError
            async with db.transaction():
                await author("c").save()
                db.on_commit(lambda: told.append("c"))
            assert told == []
        assert told == ["a", "c"]
        with suppress(LookupError):
            async with db.transaction():
                await author("d").save()
                raise LookupError
        assert await Author.all().order_by(Author.name).values(Author.name) == ["a", "c"]
        # One locks the first row, so another one takes the second.
        locked = asyncio.Event()
        done = asyncio.Event()

        async def hold() -> None:
            async with db.transaction():
                await Author.where(Author.name == "a").for_update().all()
                locked.set()
                await done.wait()

        if db.engine.name != "sqlite":
            task = asyncio.create_task(hold())
            await locked.wait()
            async with db.transaction():
                free = await Author.order_by(Author.name).for_update(skip_locked=True).limit(1)
                assert [one.name for one in free] == ["c"]
            done.set()
            await task
    app = App(plugins=[Database(closed, models=[Author], transaction="request")])

    @app.post("/")
    async def fails() -> list[int]:
        await author("e").save()
        raise LookupError

    async with AsyncClient(app, raise_server_exceptions=False) as client:
        assert (await client.post("/")).status == 500
        assert await Author.all().count() == 2


async def test_functions_are_transactions_that_are_tried_again(closed: str) -> None:
    async with Database(closed, models=[Author]) as db:
        tried: list[int] = []

        @transactional(retries=3)
        async def rename(name: str) -> str:
            tried.append(1)
            await author(name).save()
            if len(tried) < 3:
                raise Deadlock("deadlock found")
            return name

        assert await rename("a") == "a"
        assert len(tried) == 3
        assert await Author.all().count() == 1
        tried.clear()
        with pytest.raises(Deadlock):
            # The outer one is what has to be tried again.
            async with db.transaction():
                await rename("b")
        assert len(tried) == 1

        @transactional
        async def twice() -> None:
            await author("x").save()
            await author("x").save()

        with pytest.raises(UniqueViolation):
            await twice()
        assert await Author.all().count() == 1

        with pytest.raises(TypeError, match="generator"):

            @transactional
            async def many() -> AsyncIterator[int]:
                yield 1


async def test_transactions_that_collide_are_tried_until_all_are_done(closed: str) -> None:
    async with Database(closed, models=[Author], pool_timeout=20) as db:
        first = await Author.create(name="a", email="a", born=0)

        @transactional(retries=50, isolation="serializable")
        async def count_up() -> None:
            one = await Author.get(first.id)
            assert one.born is not None
            one.born += 1
            await one.save()

        await asyncio.gather(*[count_up() for _ in range(8)])
        assert (await Author.get(first.id)).born == 8
        assert db.engine.statistics.waiting == 0


async def test_a_cancelled_request_is_undone(closed: str) -> None:
    db = Database(closed, models=[Author])
    app = App(plugins=[db])
    inside = asyncio.Event()

    @app.post("/", on_disconnect="cancel")
    async def slow() -> list[int]:
        async with db.transaction():
            await author("a").save()
            inside.set()
            await asyncio.sleep(60)
        return [1]

    async with AsyncClient(app) as client:
        task = asyncio.create_task(client.post("/"))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await Author.all().count() == 0
        await author("b").save()
        assert await Author.all().values(Author.name) == ["b"]


def test_def_handlers_wait_for_the_loop_of_their_app(closed_sqlite: str) -> None:
    db = Database(closed_sqlite, models=[Author], transaction="request")
    app = App(plugins=[db])
    threads: set[int] = set()

    @app.post("/{name}")
    def add(name: str) -> list[int]:
        threads.add(threading.get_ident())
        with db.transaction():
            segue.wait(author(name).save())
        if name == "c":
            raise LookupError
        return [len(segue.wait(Author.all()))]

    @app.get("/names")
    def names() -> list[str]:
        @transactional
        def rename() -> None:
            one = segue.wait(Author.get(name="a"))
            one.name = "z"
            segue.wait(one.save())

        rename()
        return segue.wait(Author.order_by(Author.name).values(Author.name))

    with Client(app, raise_server_exceptions=False) as client:
        assert client.post("/a").json() == [1]
        assert client.post("/b").json() == [2]
        assert client.post("/c").status == 500
        assert client.get("/names").json() == ["b", "z"]
    assert threading.get_ident() not in threads


def test_scripts_need_no_coroutine(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/a.db", models=[Author]) as db:
        segue.wait(db.create_all())
        with db.transaction():
            segue.wait(author("a").save())
        with suppress(LookupError), db.transaction():
            segue.wait(author("b").save())
            raise LookupError
        assert segue.wait(Author.all().values(Author.name)) == ["a"]


async def test_two_apps_ask_their_own_databases(tmp_path: Path) -> None:
    apps: list[App] = []
    for name in ("one", "two"):
        db = Database(f"sqlite:///{tmp_path}/{name}.db", models=[Author])
        archive = Database(f"sqlite:///{tmp_path}/{name}-archive.db", name="archive", models=[Author])
        app = App(name, plugins=[db, archive])
        app.get("/names")(_names)
        app.post("/{name}")(_add)
        apps.append(app)
    async with AsyncClient(apps[0]) as one, AsyncClient(apps[1]) as two:
        for client in (one, two):
            for name in ("database", "archive"):
                found = next(d for d in apps[client is two].declared.plugins if d.plugin.name == name).plugin
                assert isinstance(found, Database)
                await found.create_all()
        await one.post("/a")
        await two.post("/b")
        assert (await one.get("/names")).json() == {"here": ["a"], "archive": ["a old"]}
        assert (await two.get("/names")).json() == {"here": ["b"], "archive": ["b old"]}


async def _names() -> dict[str, Any]:
    return {
        "here": await Author.all().values(Author.name),
        "archive": await Author.all().using("archive").values(Author.name),
    }


async def _add(name: str, db: Database) -> list[int]:
    await author(name).save()
    assert db.name == "database"
    archive = next(one for one in db.beside if one.name == "archive")
    await archive.execute("insert into author (name, email) values (:name, :name)", name=f"{name} old")
    return [1]
