"""Stores by names, that caches, sessions, limits and handlers share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App
from segue.cache import Cache, Caching
from segue.core.plan import FreezeError
from segue.db import Database
from segue.db.store import StoreEntry
from segue.security import Limiter, Session, Sessions
from segue.stores import FileStore, LayeredStore, MemoryStore, SQLiteStore, StoreDown, Stores, key_of
from segue.stores.store import Unkept
from segue.testing import Client

KEY = "an-old-and-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"


def shop(*plugins: Any, limit: Limiter | None = None) -> App:
    app = App("store shop", plugins=list(plugins))
    made = 0

    @app.get("/cached")
    async def cached(cache: Cache) -> list[int]:
        async def make() -> int:
            nonlocal made
            made += 1
            return made

        return [await cache.get_or("made", make)]

    @app.post("/clear")
    async def clear(cache: Cache) -> None:
        await cache.clear()

    @app.post("/visit")
    async def visit(session: Session) -> dict[str, int]:
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    if limit is not None:

        @app.get("/limited", middleware=[limit.limit("2 per minute")])
        async def limited() -> str:
            return "in"

    return app


@pytest.mark.row("LI7")
def test_one_registry_serves_the_cache_sessions_limits_and_handlers(
    make_store: Any,
) -> None:
    """Memory, files, SQLite, Redis, memcached and databases; namespaces; time that is renewed; what is over is given up."""
    stores = Stores(default=make_store(), local="memory:")
    limiter = Limiter("store:default")
    app = shop(stores, Caching("store:default"), Sessions("store:default", key=KEY), limiter, limit=limiter)

    @app.put("/draft/{name}")
    async def put(name: str, stores: Stores) -> None:
        await stores["drafts"].set(key_of(name), b"a", 0.5)
        await stores["other"].set(key_of(name), b"b", None)
        await stores["local"].set(key_of(name), b"c", None)

    @app.get("/draft/{name}")
    async def get(name: str, stores: Stores) -> list[str]:
        found = [await stores[space].get(key_of(name), 60) for space in ("drafts", "other", "local")]
        return ["" if one is None else one.decode() for one in found]

    @app.delete("/drafts")
    async def delete(stores: Stores) -> None:
        await stores["drafts"].clear()

    with Client(app) as client:
        assert [client.get("/cached").json() for _ in range(2)] == [[1], [1]]
        assert [client.post("/visit").json()["visits"] for _ in range(2)] == [1, 2]
        assert [client.get("/limited").status for _ in range(3)] == [200, 200, 429]
        client.put("/draft/an odd näme")
        assert client.get("/draft/an odd näme").json() == [
            "a",
            "b",
            "c",
        ]  # and lives for a minute from now on
        client.post("/clear")
        assert client.get("/cached").json() == [2]
        assert client.post("/visit").json() == {"visits": 3}, "to empty the cache ends no session"
        assert client.get("/limited").status == 429
        assert client.get("/draft/an odd näme").json() == ["a", "b", "c"]
        client.delete("/drafts")
        assert client.get("/draft/an odd näme").json() == ["", "b", "c"]
        assert client.post("/visit").json() == {"visits": 4}


@pytest.mark.row("P4-11")
@pytest.mark.parametrize(
    "where",
    [
        "cookie:signed",
        "cookie:encrypted",
        "files:///visits",
        "sqlite:///visits.db",
        "memory:",
        "database:",
        "visits-file.db",
        "store:mine",
        pytest.param("redis", marks=pytest.mark.requires("redis")),
        pytest.param("memcached", marks=pytest.mark.requires("memcached")),
    ],
)
def test_where_sessions_are_kept_is_one_setting(
    where: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    servers: dict[str, str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    if where == "memcached":
        where = request.getfixturevalue("memcached")
    monkeypatch.setenv("SECURITY_SESSIONS", servers.get(where, where))
    stores = Stores(mine=FileStore(tmp_path / "mine"))
    database = Database(f"sqlite:///{tmp_path}/app.db", models=[StoreEntry])
    app = shop(Sessions(key=KEY), Caching(), stores, database)

    @app.lifespan
    async def tables() -> AsyncIterator[None]:
        await database.create_all()
        yield

    with Client(app) as client:
        assert [client.post("/visit").json()["visits"] for _ in range(2)] == [1, 2]
        assert (client.cookies["__Host-session"].count(".") > 0) == (where == "cookie:signed")


def test_what_no_plugin_has_is_told() -> None:
    for plugin, told in (
        (Sessions("store:x", key=KEY), "does not list"),
        (Caching("store:x"), "plugin Stores"),
        (Limiter("database:"), "plugin Database"),
        (Caching("mongo://x"), "is no place for a store"),
    ):
        with pytest.raises(FreezeError, match=told):
            App("untold", plugins=[plugin]).freeze()


def test_places_may_be_said_in_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "segue.toml").write_text(
        '[stores]\ndefault = "files:///kept"\n[stores.places]\nquick = "memory:"\n'
    )
    monkeypatch.chdir(tmp_path)
    stores = Stores()
    App("settled", plugins=[stores]).freeze()
    assert isinstance(stores["default"], FileStore)
    assert isinstance(stores["quick"], MemoryStore)
    assert "quick" in stores
    monkeypatch.setenv("STORES_DEFAULT", "none:")
    other = Stores()
    App("settled otherwise", plugins=[other]).freeze()
    assert isinstance(other["default"], Unkept)


def test_the_near_store_never_says_what_is_over(tmp_path: Path) -> None:
    async def work() -> None:
        near, far = SQLiteStore(tmp_path / "near.db"), SQLiteStore(tmp_path / "far.db")
        one, two = LayeredStore(near, far, settle=0.3), LayeredStore(near, far, settle=0.3)
        await one.set("k", b"1", 60)
        assert await two.get("k") == b"1"
        await asyncio.sleep(0.4)
        assert await two.get("k") == b"1"
        await far.set("k", b"behind its back", 60)
        assert await two.get("k") == b"1", "it comes from the near one"
        # Whoever read before it was deleted, and now leaves what there was, leaves it in vain.
        before = await far.get("k")
        assert before is not None
        assert await one.delete(["k"]) == 1
        await two._keep("k", before)
        assert await two.get("k") is None
        await near.clear()
        await far.set("k", b"2", 60)
        assert await one.get_many(["k", "x"]) == [b"2", None]
        await one.close()

    asyncio.run(work())
    with pytest.raises(ValueError, match="of one process"):
        LayeredStore(MemoryStore(), SQLiteStore(tmp_path / "far.db"))


def test_a_near_store_that_is_away_takes_time_and_nothing_else(tmp_path: Path) -> None:
    from segue.stores.redis import RedisStore

    async def work() -> None:
        far = SQLiteStore(tmp_path / "far.db")
        store = LayeredStore(RedisStore("redis://127.0.0.1:1/0"), far)
        await far.set("k", b"1", 60)
        assert await store.get("k") == b"1"
        with pytest.raises(StoreDown):  # it might come back with what was before
            await store.set("k", b"2", 60)
        await far.close()

    asyncio.run(work())


def test_files_are_private_whole_and_bounded(tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    async def work() -> None:
        store = FileStore(folder, size=200_000)
        for number in range(1024):
            await store.set(f"a/{number}", b"x" * 1000, 60)
        files = [one for one in folder.rglob("*") if one.is_file() and ".locks" not in one.parts]
        assert 50 < len(files) < 800
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700
        assert await store.get("a/1023") == b"x" * 1000
        files[0].write_bytes(b"torn")
        await store.get_many([f"a/{number}" for number in range(1024)])
        # No name leads out of the folder.
        await store.set("../../out", b"1", None)
        await store.set("/etc/x", b"1", None)
        assert await store.get_many(["../../out", "/etc/x"]) == [b"1", b"1"]
        await store.clear("../")
        assert folder.is_dir()
        assert not (tmp_path / "out").exists()

    asyncio.run(work())


def test_keys_are_made_of_any_text() -> None:
    assert key_of("plain-1") == "plain-1"
    odd = ["", "a b", "a/b", "=x", "é", "x" * 201, "\ud800", "\n"]
    made = [key_of(one) for one in odd]
    assert len(set(made)) == len(odd)
    assert all(one.isascii() and 0 < len(one) <= 200 and "/" not in one for one in made)
    json.dumps(made)
