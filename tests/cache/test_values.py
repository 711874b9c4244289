"""Values, keys, tags, and one that makes it for all."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from markupsafe import Markup

from segue import App, Struct, wait
from segue.cache import Cache, Caching, Store
from segue.cache.keys import digest
from segue.testing import Client

Run = Callable[[Callable[[Cache], Any]], Any]


class Film(Struct):
    id: int
    title: str


def test_values_come_back_as_what_they_were(run: Run) -> None:
    async def work(cache: Cache) -> None:
        day = datetime.date(1937, 4, 30)
        await cache.set("film", Film(7, "Nuages"))
        await cache.set_many({"a": [1, 2.5, None, "é"], ("b", 1): {"day": day}, "none": None}, 60)
        assert await cache.get("film", Film) == Film(7, "Nuages")
        assert await cache.get(("b", 1), dict[str, datetime.date]) == {"day": day}
        assert await cache.get("none", Any, "default") is None
        assert await cache.get("missing", int, 5) == 5
        assert await cache.get_many(["a", "missing", "film"]) == {
            "a": [1, 2.5, None, "é"],
            "film": {"id": 7, "title": "Nuages"},
        }
        # What is of another type by now is made anew.
        assert await cache.get("film", int) is None
        assert await cache.get_or("film", lambda: 3, type=int) == 3
        assert await cache.add("new", 1)
        assert not await cache.add("new", 2)
        assert await cache.get("new") == 1
        await cache.set("brief", 1, 0.3)
        assert await cache.touch("brief", 60)
        assert await cache.delete("a", "film", "missing") == 2
        assert (await cache.increment("n"), await cache.increment("n", 4), await cache.increment("n", 0)) == (
            1,
            5,
            5,
        )
        with pytest.raises(TypeError, match="cannot be kept"):
            await cache.set("k", object())
        with pytest.raises(TypeError, match="no part of a key"):
            await cache.get(object())

    run(work)


def test_escaped_html_stays_escaped_html(run: Run) -> None:
    async def work(cache: Cache) -> None:
        def side() -> Markup:
            return Markup("<b>%s</b>") % "<x>"

        for _ in range(2):
            found = await cache.get_or(("side", 7), side, 60)
            assert isinstance(found, Markup)
            assert found == "<b>&lt;x&gt;</b>"
        await cache.set("plain", "<b>")
        assert type(await cache.get("plain")) is str

    run(work)


TWINS: list[Any] = [
    "a b", "ab", "a  b", "a\tb", "a\nb", "a\x00b", "a", ("a", "b"), ("ab",), ("a", ("b",)), ["a", "b", ""],
    "-", "45", 45, 45.0, "%2d", "é", unicodedata.normalize("NFKD", "é"), "ﬁ", "fi", "１", "1",  # noqa: RUF001 -- a twin
    1, True, b"1",
    None, "None", "", (), "\ud800", "\ud801", "a" * 300, "a" * 301, {"a": 1}, "a:1", ("a", 1),
]  # fmt: skip


@pytest.mark.row("SEC-69")
def test_no_two_keys_are_one(run: Run) -> None:
    """Blanks, control characters, twins of normalisation, signs and their numbers, parts that join: all apart."""

    async def work(cache: Cache) -> None:
        names = [cache.key(one) for one in TWINS]
        assert len(set(names)) == len(TWINS)
        assert all(name.startswith("cache/") for name in names)
        assert all(name[6:].isascii() and name[6:].isalnum() and len(name) == 54 for name in names)
        for number, key in enumerate(TWINS):
            await cache.set(key, number)
        assert [await cache.get(key) for key in TWINS] == list(range(len(TWINS)))

    run(work)
    assert digest("a", "b") != digest(("a", "b"))


def test_a_tag_takes_back_all_that_has_it(run: Run) -> None:
    async def work(cache: Cache) -> None:
        await cache.set("a", 1, tags=["films", "list"])
        await cache.set("b", 2, tags=["films"])
        await cache.set("c", 3, tags=["other"])
        await cache.invalidate("list")
        assert await cache.get_many(["a", "b", "c"]) == {"b": 2, "c": 3}
        await cache.invalidate("films", "nobody has this one")
        assert await cache.get_many(["a", "b", "c"]) == {"c": 3}
        await cache.set("a", 4, tags=["films"])
        assert await cache.get("a") == 4

    run(work)


def test_what_is_invalidated_while_it_is_made_is_not_kept(run: Run) -> None:
    async def work(cache: Cache) -> None:
        async def stale() -> str:
            await cache.invalidate("films")
            return "of before"

        assert await cache.get_or("top", stale, tags=["films"]) == "of before"
        assert await cache.get_or("top", lambda: "of now", tags=["films"]) == "of now"
        assert await cache.get_or("top", lambda: "not asked", tags=["films"]) == "of now"

    run(work)


def test_a_thousand_that_miss_at_once_make_it_once(run: Run) -> None:
    async def work(cache: Cache) -> None:
        made = 0

        async def make() -> int:
            nonlocal made
            made += 1
            await asyncio.sleep(0.2)
            return made

        found = await asyncio.gather(*(cache.get_or("k", make, 60) for _ in range(1000)))
        assert (set(found), made) == ({1}, 1)

        async def fails() -> int:
            nonlocal made
            made += 1
            await asyncio.sleep(0.1)
            raise LookupError("not today")

        failed = await asyncio.gather(*(cache.get_or("f", fails) for _ in range(100)), return_exceptions=True)
        assert {str(one) for one in failed} == {"not today"}
        assert made == 2
        # Who makes it leaves: somebody else takes over, and nobody is cancelled with it.
        first = asyncio.ensure_future(cache.get_or("c", make))
        await asyncio.sleep(0.05)
        others = [asyncio.ensure_future(cache.get_or("c", make)) for _ in range(10)]
        await asyncio.sleep(0.05)
        first.cancel()
        assert len(set(await asyncio.gather(*others))) == 1

    run(work)


WORKER = """
import asyncio, os, sys
from segue.cache import Cache, SQLiteStore

kind, place = sys.argv[1:]


async def main():
    if kind == "sqlite":
        store = SQLiteStore(place)
    else:
        from segue.stores.redis import RedisStore
        store = RedisStore(os.environ.get("SEGUE_TEST_REDIS", "redis://127.0.0.1:6379/15"), place)
    cache = Cache(store)
    made = 0

    async def make():
        nonlocal made
        made += 1
        await asyncio.sleep(0.3)
        return 7

    await cache.get("warm")
    print("ready", flush=True)
    sys.stdin.readline()
    found = await asyncio.gather(*(cache.get_or("k", make, 60) for _ in range(250)))
    print(set(found), made, flush=True)
    await cache.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("redis", marks=pytest.mark.requires("redis"))])
def test_a_thousand_in_four_workers_make_it_once(kind: str, tmp_path: Path, make_store: Any) -> None:
    place = str(tmp_path / "cache.db") if kind == "sqlite" else make_store()._prefix
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, kind, place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        out, _ = worker.communicate(timeout=60)
        said.append(out.split())
    assert [one[0] for one in said] == ["{7}"] * 4
    assert sum(int(one[1]) for one in said) == 1


def test_a_function_remembers_by_its_arguments(run: Run) -> None:
    async def work(cache: Cache) -> None:
        asked: list[Any] = []

        @cache.memo(60, tags=["films"])
        async def top(year: int, *, size: int = 10) -> list[Film]:
            """The best."""
            asked.append((year, size))
            return [Film(year, str(size))]

        @cache.memo(60, key=lambda film: film.id)
        async def by_id(film: Film) -> str:
            asked.append(film.id)
            return film.title

        for _ in range(2):
            assert await top(1937) == [Film(1937, "10")]
            assert await top(year=1937, size=10) == [Film(1937, "10")]
            assert await top(1938) == [Film(1938, "10")]
        assert asked == [(1937, 10), (1938, 10)]
        assert top.__name__ == "top"  # type: ignore[attr-defined] # of a function, which it stands for
        await top.forget(1937)
        await top(1937)
        await top(1938)
        assert asked[2:] == [(1937, 10)]
        await top.forget()
        await top(1938)
        assert asked[3:] == [(1938, 10)]
        await cache.invalidate("films")
        await top(1938)
        assert asked[4:] == [(1938, 10)]
        assert await by_id(Film(1, "a")) == await by_id(Film(1, "b")) == "a"

        class Shelf:
            def __init__(self, name: str) -> None:
                self.name = name

            @cache.memo(60, key=lambda self: self.name)
            async def size(self) -> int:
                asked.append(self.name)
                return len(self.name)

        shelf = Shelf("swing")
        assert [await shelf.size(), await shelf.size()] == [5, 5]
        assert asked.count("swing") == 1

    run(work)


def test_a_sync_function_remembers_too() -> None:
    cache = Cache()
    asked: list[int] = []

    @cache.memo(60)
    def square(number: int) -> int:
        asked.append(number)
        return number * number

    assert [square(3), square(3), square(4)] == [9, 9, 16]
    assert asked == [3, 4]
    app = App()

    @app.get("/{number}")
    def show(number: int) -> dict[str, int]:
        return {"square": square(number)}

    with Client(app) as client:
        assert client.get("/5").json() == {"square": 25}
    wait(cache.close())


@pytest.mark.row("EM-11")
def test_ram_disk_and_redis_for_values_and_whole_apps(kind: str, make_store: Callable[[], Store]) -> None:
    from segue.cache import Pages

    runs: list[str] = []
    module = App("module")

    @module.get("/a")
    async def a() -> str:
        runs.append("a")
        return "a"

    @module.get("/b/{n}")
    async def b(n: int, cache: Cache) -> str:
        runs.append("b")
        return await cache.get_or(("n", n), lambda: f"b{n}", 60)

    app = App(plugins=[Caching(Cache(make_store()))])
    app.include(module, at="/module", middleware=[Pages(60)])

    @app.get("/free")
    async def free() -> str:
        runs.append("free")
        return "free"

    with Client(app) as client:
        for _ in range(3):
            assert [client.get(path).text for path in ("/module/a", "/module/b/1", "/free")] == [
                "a",
                "b1",
                "free",
            ]
    assert sorted(runs) == ["a", "b", "free", "free", "free"]


def test_nothing_that_is_read_can_run(run: Run) -> None:
    """No pickle: what somebody has written into the store is a miss, or data."""

    async def work(cache: Cache) -> None:
        import pickle

        class Evil:
            def __reduce__(self) -> Any:
                return (exec, ("raise SystemExit('ran')",))

        for data in (pickle.dumps(Evil()), b"", b"\xff", msgspec.msgpack.encode([1, 2])):
            await cache.store.set(cache.key("k"), data, 60)
            assert await cache.get("k") is None

    run(work)
