"""The contract of stores, for each of them."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue.cache import Cache
from segue.stores import FileStore, MemoryStore, Namespace, SQLiteStore, Store, StoreDown, open_store
from segue.stores.store import Unkept

Run = Callable[[Callable[[Cache], Any]], Any]


@pytest.fixture
def stored(make_store: Callable[[], Store]) -> Callable[[Callable[[Store], Any]], Any]:
    def start(work: Callable[[Store], Any]) -> Any:
        async def bounded() -> Any:
            store = make_store()
            try:
                return await work(store)
            finally:
                await store.clear()
                await store.close()

        return asyncio.run(bounded())

    return start


def test_what_is_kept_is_there_until_it_is_over(stored: Any) -> None:
    async def work(store: Store) -> None:
        assert await store.get_many(["a", "b"]) == [None, None]
        await store.set("a", b"1", None)
        await store.set("b", b"\x00\xff", 60)
        await store.set("c", b"3", 0.05)
        assert await store.get_many(["b", "x", "a", "a"]) == [b"\x00\xff", None, b"1", b"1"]
        await asyncio.sleep(0.2)
        assert await store.get_many(["c"]) == [None]
        assert await store.delete(["a", "b", "c"]) == 2
        assert await store.delete([]) == 0
        assert await store.get_many(["a"]) == [None]

    stored(work)


def test_of_several_that_add_one_does(stored: Any) -> None:
    async def work(store: Store) -> None:
        added = await asyncio.gather(*(store.add("k", b"%d" % number, 60) for number in range(20)))
        assert sum(added) == 1
        [value] = await store.get_many(["k"])
        assert value == b"%d" % added.index(True)
        assert not await store.delete_if("k", b"other")
        assert await store.delete_if("k", value)
        assert await store.add("k", b"x", 0.05)
        await asyncio.sleep(0.2)
        assert await store.add("k", b"y", None)

    stored(work)


def test_time_can_be_added(stored: Any) -> None:
    async def work(store: Store) -> None:
        await store.set("k", b"1", 0.3)
        assert await store.touch("k", 60)
        assert not await store.touch("x", 60)
        await store.set("n", b"1", 0.3)
        assert await store.touch("n", None)
        await asyncio.sleep(0.5)
        assert await store.get_many(["k", "n"]) == [b"1", b"1"]

    stored(work)


def test_numbers_are_counted_at_once(stored: Any) -> None:
    async def work(store: Store) -> None:
        await asyncio.gather(*(store.increment("n", 1, 60) for _ in range(50)))
        assert await store.increment("n", 0, 60) == 50
        assert await store.increment("n", -60, None) == -10
        assert await store.increment("brief", 5, 0.1) == 5
        await asyncio.sleep(0.3)
        assert await store.increment("brief", 1, 60) == 1

    stored(work)


def test_all_of_it_can_be_forgotten(stored: Any, kind: str) -> None:
    # More than Redis is asked to take away at a time.
    count = 2500 if kind == "redis" else 150

    async def work(store: Store) -> None:
        for number in range(count):
            await store.set(f"k{number}", b"x", 60)
        await store.clear()
        assert await store.get_many(["k0", f"k{count - 1}"]) == [None, None]

    stored(work)


@pytest.mark.row("LI7")
def test_what_was_looked_at_lives_on(stored: Any) -> None:
    async def work(store: Store) -> None:
        await store.set("k", b"1", 0.4)
        assert await store.get("k") == b"1"
        assert await store.get("k", 60) == b"1"
        assert await store.get("x", 60) is None
        await asyncio.sleep(0.6)
        assert await store.get("k") == b"1"

    stored(work)


def test_of_several_that_change_it_none_is_lost(stored: Any) -> None:
    async def work(store: Store) -> None:
        assert not await store.swap("k", b"", b"1", 60)
        await store.set("k", b"0", 60)
        lost = 0

        async def add() -> None:
            nonlocal lost
            while True:
                [before] = await store.get_many(["k"])
                assert before is not None
                if await store.swap("k", before, b"%d" % (int(before) + 1), 60):
                    return
                lost += 1
                await asyncio.sleep(0.01)

        await asyncio.gather(*(add() for _ in range(12)))
        assert await store.get("k") == b"12"
        assert await store.swap("k", b"12", b"13", 0.05)
        await asyncio.sleep(0.2)
        assert not await store.swap("k", b"13", b"14", 60)
        assert await store.get("k") is None

    stored(work)


@pytest.mark.row("LI7")
def test_what_is_over_gives_up_its_room(stored: Any) -> None:
    async def work(store: Store) -> None:
        for number in range(5):
            await store.set(f"k{number}", b"x", 0.05 if number else 60)
        await asyncio.sleep(0.2)
        await store.delete_expired()
        assert await store.delete_expired() == 0
        assert await store.get_many(["k0", "k1"]) == [b"x", None]

    stored(work)


@pytest.mark.row("LI7")
def test_what_is_cleared_is_one_namespace_and_those_in_it(stored: Any) -> None:
    async def work(store: Store) -> None:
        one, two, odd = (Namespace(store, name) for name in ("one", "on*e_%", "e\u00e9/3f"))
        inner = Namespace(one, "3f")
        for space in (store, one, two, odd, inner):
            await space.set("k", b"1", 60)
            assert await space.increment("n", 2, None) == 2
        await one.clear()
        assert [await space.get("k") for space in (store, one, two, odd, inner)] == [
            b"1",
            None,
            b"1",
            b"1",
            None,
        ]
        assert await one.increment("n", 1, None) == 1
        await one.set("k", b"2", None)
        await odd.clear()
        assert [await space.get("k") for space in (one, two, odd)] == [b"2", b"1", None]
        await store.clear()
        assert [await space.get("k") for space in (store, one, two)] == [None] * 3

    stored(work)


def test_memory_is_bounded_and_what_was_used_stays() -> None:
    async def work() -> None:
        store = MemoryStore(size=10_000)
        await store.set("kept", b"x" * 100, None)
        for number in range(200):
            await store.set(f"k{number}", b"x" * 100, None)
            assert await store.get_many(["kept"]) == [b"x" * 100]
        assert await store.get_many(["k0", "k199"]) == [None, b"x" * 100]
        await store.set("huge", b"x" * 20_000, None)
        assert await store.get_many(["huge", "kept"]) == [None, b"x" * 100]

    asyncio.run(work())


def test_a_file_is_bounded_private_and_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache.db"

    async def work() -> None:
        os.umask(before := os.umask(0))
        try:
            os.umask(0)
            store = SQLiteStore(path, size=300_000)
            for number in range(1024):
                await store.set(f"k{number}", b"x" * 1000, 0.001 if number < 100 else 60)
            await store.close()
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        again = SQLiteStore(path)
        assert await again.get_many(["k1023"]) == [b"x" * 1000]
        assert await again.get_many(["k0", "k100"]) == [None, None]
        await again.close()

    asyncio.run(work())


def test_a_store_that_is_away_is_a_miss_and_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache.db").mkdir()

    async def work() -> None:
        from segue.stores.redis import RedisStore

        for store in (SQLiteStore(tmp_path / "cache.db"), RedisStore("redis://127.0.0.1:1/0")):
            cache = Cache(store)
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                assert await cache.get("k") is None
                await cache.set("k", 1, tags=["a"])
                await cache.invalidate("a")
                assert await cache.delete("k") == 0
                made = 0

                def make() -> int:
                    nonlocal made
                    made += 1
                    return made

                assert [await cache.get_or("k", make) for _ in range(2)] == [1, 2]
            assert len([one for one in caplog.records if "is away" in one.message]) == 1
            with pytest.raises(StoreDown):
                await cache.increment("n")
            await cache.close()

    asyncio.run(work())


def test_none_keeps_nothing_and_a_bad_place_is_told() -> None:
    async def work() -> None:
        cache = Cache("none:")
        await cache.set("k", 1)
        assert await cache.get("k") is None
        assert await cache.get_or("k", lambda: 2) == 2

    asyncio.run(work())
    with pytest.raises(ValueError, match="sqlite:///path"):
        Cache("mongo://x")


def test_a_place_is_a_url() -> None:
    from segue.stores.redis import RedisStore

    kinds = {
        "memory:": MemoryStore,
        "none:": Unkept,
        "files:///kept": FileStore,
        "sqlite:///kept.db": SQLiteStore,
        "redis://localhost": RedisStore,
        "rediss://localhost": RedisStore,
        "valkey://localhost:6380/1": RedisStore,
    }
    for url, kind in kinds.items():
        assert type(open_store(url)) is kind
    valkey = open_store("valkey://localhost:6380/1")
    assert isinstance(valkey, RedisStore)
    assert valkey._url == "redis://localhost:6380/1"


def test_two_caches_of_one_store_are_apart(make_store: Callable[[], Store]) -> None:
    async def work() -> None:
        store = make_store()
        one, two = Cache(store, namespace="one"), Cache(store, namespace="two")
        await one.set("k", 1)
        await two.set("k", 2)
        assert (await one.get("k"), await two.get("k")) == (1, 2)
        await store.clear()
        await store.close()

    asyncio.run(work())


def test_a_command_empties_it(tmp_path: Path) -> None:
    program = tmp_path / "shop.py"
    place = f"sqlite:///{tmp_path / 'cache.db'}"
    program.write_text(
        f"from segue import App\nfrom segue.cache import Caching\napp = App(plugins=[Caching({place!r})])\n"
    )

    async def found(value: int | None = None) -> Any:
        cache = Cache(place)
        if value is not None:
            await cache.set("k", value)
        seen = await cache.get("k")
        await cache.close()
        return seen

    assert asyncio.run(found(7)) == 7
    done = subprocess.run(
        [sys.executable, "-m", "segue", "exec", f"{program}:app", "cache-clear"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (0, "The cache is empty.\n"), done.stderr
    assert asyncio.run(found()) is None
