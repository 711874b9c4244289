"""Whole responses: what is kept, for whom, for how long, and what takes it back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App, Compression, Forbidden, Header, Request, Response, SetCookie
from segue.cache import Cache, Caching, Expires, Pages, Store
from segue.client import Http
from segue.testing import AsyncClient, Client


class Counted:
    """An app whose handlers count how often they run."""

    def __init__(self, *plugins: Any, cache: Cache | None = None, **options: Any) -> None:
        self.cache = cache or Cache()
        self.app = App(plugins=[Caching(self.cache), *plugins])
        self.runs = 0
        self.options = options

    def page(self, path: str, make: Callable[[Request], Any] | None = None, **more: Any) -> None:
        options = {**self.options, **more}

        async def answer(request: Request) -> Response:
            self.runs += 1
            made = make(request) if make is not None else f"run {self.runs}"
            return made if isinstance(made, Response) else Response(made)

        self.app.get(path, middleware=[Pages(**options)])(answer)


def test_the_second_one_is_the_first_one_and_says_its_age() -> None:
    counted = Counted()
    counted.page("/a")
    with Client(counted.app) as client:
        first, second = client.get("/a?x=1"), client.get("/a?x=1")
        assert (first.text, second.text) == ("run 1", "run 1")
        assert "age" not in first.headers
        assert second.headers["age"] == "0"
        assert first.headers["etag"] == second.headers["etag"]
        assert first.headers["cache-control"] == "no-cache"
        assert first.headers["content-type"] == second.headers["content-type"]
        assert client.get("/a?x=2").text == "run 2"
        assert client.get("/a").text == "run 3"
        assert client.get("/a", headers={"host": "other.example"}).text == "run 4"
        assert client.head("/a").headers["age"] == "0"
        assert client.head("/a").content == b""
        same = client.get("/a", headers={"if-none-match": client.get("/a").headers["etag"]})
        assert (same.status, same.content) == (304, b"")


COOKIES: dict[str, Callable[[Request], Response]] = {
    "set-cookie": lambda _: Response("x", headers={"set-cookie": "session=secret"}),
    "set-cookie and public": lambda _: Response(
        "x", headers={"set-cookie": "session=secret", "cache-control": "public, max-age=600"}
    ),
    "a cookie of the framework": lambda _: _with_cookie(),
}


def _with_cookie() -> Response:
    response = Response("x")
    response.set_cookie(SetCookie("session", "secret"))
    return response


@pytest.mark.row("SEC-67")
@pytest.mark.parametrize("make", COOKIES.values(), ids=COOKIES)
@pytest.mark.parametrize("sent", [{}, {"cookie": "unrelated=1"}, {"cookie": "session=other"}])
@pytest.mark.parametrize("placed", ["route", "app"])
def test_what_sets_a_cookie_is_never_kept(make: Any, sent: dict[str, str], placed: str) -> None:
    counted = Counted()
    if placed == "app":
        counted.app.middleware(Pages(60, public=True))

    async def answer(request: Request) -> Response:
        counted.runs += 1
        response: Response = make(request)
        return response

    counted.app.get("/", middleware=[Pages(60, public=True)] if placed == "route" else [])(answer)
    with Client(counted.app) as client:
        for number in range(1, 4):
            reply = client.get("/", headers=sent, cookies={})
            assert "age" not in reply.headers
            assert counted.runs == number
            client.cookies.clear()


PRIVATE: dict[str, Callable[[Request], Response]] = {
    "private": lambda _: Response("x", headers={"cache-control": "Private"}),
    "private with a field": lambda _: Response("x", headers={"cache-control": 'max-age=60, PRIVATE="x-y"'}),
    "no-store": lambda _: Response("x", headers={"cache-control": "no-store"}),
    "no-cache": lambda _: Response("x", headers={"cache-control": "no-cache"}),
    "max-age=0": lambda _: Response("x", headers={"cache-control": "public, max-age=0"}),
    "max-age of nonsense": lambda _: Response("x", headers={"cache-control": "max-age=-1"}),
    "vary: *": lambda _: Response("x", headers={"vary": "*"}),
    "vary: * with blanks": lambda _: Response("x", headers={"vary": " accept ,\t* "}),
    "vary: cookie": lambda _: Response("x", headers={"vary": "Accept, Cookie"}),
    "vary: authorization": lambda _: Response("x", headers={"vary": "AUTHORIZATION"}),
    "a nonce": lambda _: Response("x", headers={"content-security-policy": "script-src 'nonce-abc'"}),
    "an error": lambda _: Response("x", 500),
    "a partial one": lambda _: Response("x", 206, {"content-range": "bytes 0-0/5"}),
}


@pytest.mark.parametrize("make", PRIVATE.values(), ids=PRIVATE)
def test_what_is_not_for_everyone_is_not_kept(make: Any) -> None:
    counted = Counted()
    counted.page("/", make)
    with Client(counted.app) as client:
        for number in range(1, 4):
            assert "age" not in client.get("/").headers
            assert counted.runs == number


def test_who_has_credentials_neither_leaves_nor_takes_a_page() -> None:
    counted = Counted()
    counted.page("/", lambda request: request.headers.get("authorization", "nobody"))
    with Client(counted.app) as client:
        assert client.get("/", headers={"authorization": "Bearer 1"}).text == "Bearer 1"
        assert client.get("/").text == "nobody"
        assert client.get("/").headers["age"] == "0"
        assert client.get("/", headers={"authorization": "Bearer 2"}).text == "Bearer 2"


def test_a_page_behind_a_guard_is_not_given_to_those_without(caplog: pytest.LogCaptureFixture) -> None:
    app = App(plugins=[Caching()])

    async def members_only(x_member: Header[str] = "") -> None:
        if not x_member:
            raise Forbidden

    @app.get("/", requires=[members_only], middleware=[Pages(60)])
    async def page() -> str:
        return "for members"

    with Client(app) as client:
        assert client.get("/", headers={"x-member": "1"}).status == 200
        assert client.get("/").status == 403


def test_streams_pass_as_they_are() -> None:
    app = App(plugins=[Caching()])
    app.middleware(Pages(60))

    @app.get("/")
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    with Client(app) as client:
        for _ in range(2):
            reply = client.get("/")
            assert (reply.content, "age" in reply.headers) == (b"ab", False)


def test_variants_are_kept_apart() -> None:
    counted = Counted(vary=["X-Theme"])

    def make(request: Request) -> Response:
        language = request.headers.get("accept-language", "none")
        theme = request.headers.get("x-theme", "")
        return Response(f"{language} {theme}", headers={"vary": "accept-language"})

    counted.page("/", make)
    with Client(counted.app) as client:
        for _ in range(2):
            for language in ("de", "fr"):
                for theme in ("dark", "light"):
                    reply = client.get("/", headers={"accept-language": language, "x-theme": theme})
                    assert reply.text == f"{language} {theme}"
            assert client.get("/").text == "none "
        assert counted.runs == 5
        assert client.get("/").headers["vary"] == "accept-language, x-theme"


def test_compression_outside_and_inside() -> None:
    app = App(plugins=[Caching()])
    app.middleware(Pages(60))
    app.middleware(Compression())

    @app.get("/")
    async def page() -> str:
        return "swing " * 1000

    with Client(app) as client:
        for _ in range(2):
            packed = client.get("/", headers={"accept-encoding": "gzip"})
            plain = client.get("/", headers={"accept-encoding": "identity"})
            assert packed.headers["content-encoding"] == "gzip"
            assert "content-encoding" not in plain.headers
            assert plain.text == "swing " * 1000


def test_a_change_takes_back_what_is_kept_of_its_path() -> None:
    counted = Counted()
    counted.page("/films")
    counted.page("/films/7")

    @counted.app.post("/films", middleware=[Pages()])
    async def make() -> Response:
        return Response(b"", 201, {"location": "/films/7"})

    @counted.app.put("/films", middleware=[Pages()])
    async def fail() -> Response:
        return Response(b"", 409)

    with Client(counted.app) as client:
        for path in ("/films", "/films?page=2", "/films/7"):
            client.get(path)
        client.put("/films")
        assert [client.get(path).text for path in ("/films", "/films?page=2", "/films/7")] == [
            "run 1",
            "run 2",
            "run 3",
        ]
        client.post("/films")
        assert client.get("/films").text == "run 4"
    assert counted.runs == 4


def test_a_change_is_seen_where_the_app_keeps_all_pages() -> None:
    app = App(plugins=[Caching()])
    app.middleware(Pages(60))
    titles = ["Nuages"]

    @app.get("/films")
    async def films() -> list[str]:
        return titles

    @app.post("/films")
    async def add(title: str) -> Response:
        titles.append(title)
        return Response(b"", 201, {"location": "http://testserver/films"})

    with Client(app) as client:
        assert client.get("/films").json() == ["Nuages"]
        client.post("/films", params={"title": "Minor Swing"})
        assert client.get("/films").json() == ["Nuages", "Minor Swing"]
        assert client.get("/films").headers["age"] == "0"


@pytest.mark.row("CP7")
def test_all_that_a_caching_tool_does(make_store: Callable[[], Store]) -> None:
    """Age, variants, invalidation by methods, directives of the client, 304, one run for many, expires."""
    counted = Counted(cache=Cache(make_store()))
    counted.page(
        "/page", lambda request: Response(f"run {counted.runs}", headers={"vary": "accept-language"})
    )

    @counted.app.route("/page", methods=["POST", "PUT", "DELETE"], middleware=[Pages()])
    async def change() -> None:
        return None

    @counted.app.get("/old", middleware=[Expires(0)])
    async def old() -> str:
        return "old"

    @counted.app.get("/forced", middleware=[Expires(0, force=True)])
    async def forced() -> Response:
        return Response("x", headers={"cache-control": "public, max-age=60"})

    @counted.app.get("/hour", middleware=[Expires(3600, public=True)])
    async def hour() -> str:
        return "hour"

    with Client(counted.app) as client:
        assert client.get("/page").text == "run 1"
        second = client.get("/page")
        assert (second.text, second.headers["age"]) == ("run 1", "0")
        assert client.get("/page", headers={"accept-language": "fr"}).text == "run 2"
        for run, method in enumerate(("POST", "PUT", "DELETE"), start=3):
            client.request(method, "/page")
            assert client.get("/page").text == f"run {run}"
        for run, fields in enumerate(
            ({"cache-control": "no-cache"}, {"cache-control": "max-age=0"}, {"pragma": "no-cache"}), start=6
        ):
            assert client.get("/page", headers=fields).text == f"run {run}"
            assert client.get("/page").text == f"run {run}"
        assert client.get("/page", headers={"cache-control": "no-store"}).text == "run 9"
        assert client.get("/page", headers={"cache-control": "max-age=60"}).text == "run 8"
        assert client.get("/page", headers={"cache-control": "only-if-cached"}).text == "run 8"
        nowhere = client.get("/page?new", headers={"cache-control": "only-if-cached"})
        assert nowhere.status == 504
        etag = client.get("/page").headers["etag"]
        assert client.get("/page", headers={"if-none-match": etag}).status == 304
        assert counted.runs == 9
        reply = client.get("/old").headers
        assert (reply["cache-control"], reply["pragma"]) == ("no-cache, must-revalidate", "no-cache")
        assert reply["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
        assert client.get("/forced").headers["cache-control"] == "no-cache, must-revalidate"
        assert client.get("/hour").headers["cache-control"] == "public, max-age=3600"

    async def at_once() -> None:
        slow = Counted(cache=Cache(make_store()))
        started = asyncio.Event()

        @slow.app.get("/slow", middleware=[Pages(60)])
        async def page() -> str:
            slow.runs += 1
            started.set()
            await asyncio.sleep(0.2)
            return "slow"

        async with AsyncClient(slow.app) as client:
            replies = await asyncio.gather(*(client.get("/slow") for _ in range(1000)))
            assert {one.text for one in replies} == {"slow"}
            assert slow.runs == 1
            await slow.cache.clear()

    asyncio.run(at_once())


def test_many_that_want_different_variants_at_once_get_their_own() -> None:
    async def work() -> None:
        counted = Counted()
        runs: list[str] = []

        @counted.app.get("/", middleware=[Pages(60)])
        async def page(accept_language: Header[str]) -> Response:
            runs.append(accept_language)
            await asyncio.sleep(0.1)
            return Response(accept_language, headers={"vary": "accept-language"})

        async with AsyncClient(counted.app) as client:
            languages = [("de", "fr", "en")[number % 3] for number in range(300)]
            replies = await asyncio.gather(
                *(client.get("/", headers={"accept-language": language}) for language in languages)
            )
            assert [one.text for one in replies] == languages
            assert sorted(runs) == ["de", "en", "fr"]

    asyncio.run(work())


def test_those_that_cannot_be_kept_do_not_wait_for_each_other() -> None:
    async def work() -> None:
        counted = Counted()
        together = most = 0

        @counted.app.get("/", middleware=[Pages(60)])
        async def page() -> Response:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.5)
            together -= 1
            return Response("x", headers={"set-cookie": "a=1"})

        async with AsyncClient(counted.app) as client:
            await asyncio.gather(*(client.get("/") for _ in range(50)))
            assert most >= 40
            most = 0
            await asyncio.gather(*(client.get("/") for _ in range(50)))
            assert most >= 40

    asyncio.run(work())


@pytest.mark.row("FLX6")
def test_kept_by_time_keys_and_tags_and_forgotten_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    counted.page("/user", key=lambda request: request.headers.get("x-tenant"))
    counted.page("/tagged/{n}", tags=lambda request: [f"film {request.params['n']}", "films"])
    counted.page("/brief", seconds=0.2)
    cache = counted.cache

    @cache.memo(60)
    async def squared(number: int) -> int:
        counted.runs += 1
        return number * number

    @counted.app.post("/forget")
    async def forget(cache: Cache, tag: str) -> None:
        await cache.invalidate(tag)

    with Client(counted.app) as client:
        assert client.get("/user", headers={"x-tenant": "a"}).text == "run 1"
        assert client.get("/user", headers={"x-tenant": "b"}).text == "run 2"
        assert client.get("/user", headers={"x-tenant": "a"}).text == "run 1"
        assert [client.get(f"/tagged/{n}").text for n in (1, 2, 1, 2)] == ["run 3", "run 4", "run 3", "run 4"]
        client.post("/forget", params={"tag": "film 1"})
        assert [client.get(f"/tagged/{n}").text for n in (1, 2)] == ["run 5", "run 4"]
        client.post("/forget", params={"tag": "films"})
        assert [client.get(f"/tagged/{n}").text for n in (1, 2)] == ["run 6", "run 7"]
        first = client.get("/brief").text
        for _ in range(200):
            if client.get("/brief").text != first:
                break
            __import__("time").sleep(0.05)
        else:
            pytest.fail("it was kept for ever")

    async def functions() -> None:
        before = counted.runs
        assert [await squared(3), await squared(3)] == [9, 9]
        await squared.forget(3)
        assert await squared(3) == 9
        assert counted.runs - before == 2

    asyncio.run(functions())


def test_browsers_and_caches_between_are_told_what_was_chosen() -> None:
    counted = Counted()
    counted.page("/browser", browser=30)
    counted.page("/public", browser=30, public=True)
    counted.page("/own", lambda _: Response("x", headers={"cache-control": "public, max-age=5"}))
    with Client(counted.app) as client:
        for _ in range(2):
            assert client.get("/browser").headers["cache-control"] == "private, max-age=30"
            assert client.get("/public").headers["cache-control"] == "public, max-age=30"
            assert client.get("/own").headers["cache-control"] == "public, max-age=5"


def test_clients_may_be_kept_from_asking_for_a_new_one() -> None:
    counted = Counted(obey=False)
    counted.page("/")
    with Client(counted.app) as client:
        for fields in (
            {},
            {"cache-control": "no-cache"},
            {"cache-control": "no-store"},
            {"pragma": "no-cache"},
        ):
            assert client.get("/", headers=fields).text == "run 1"


def test_an_app_without_the_plugin_is_told_when_it_starts() -> None:
    app = App()

    @app.get("/", middleware=[Pages(60)])
    async def page() -> str:
        return "x"

    with pytest.raises(Exception, match="Cache"):
        app.freeze()


PROGRAM = """
import asyncio, os, sys
from segue import App
from segue.cache import Caching, Pages

app = App(plugins=[Caching("sqlite:///" + os.environ["CACHE"])])


@app.get("/pid")
async def pid() -> str:
    return str(os.getpid())


@app.get("/", middleware=[Pages(60)])
async def page() -> str:
    with open(os.environ["RUNS"], "a") as runs:
        runs.write(f"{os.getpid()}\\\\n")
    await asyncio.sleep(0.5)
    return "rendered"
"""


def test_a_thousand_misses_in_several_workers_render_once(tmp_path: Path) -> None:
    program, output, runs = tmp_path / "app.py", tmp_path / "output", tmp_path / "runs"
    program.write_text(PROGRAM.replace("\\\\n", "\\n"))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "CACHE": str(tmp_path / "cache.db"),
        "RUNS": str(runs),
    }
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "segue", "serve", str(program), "--bind", "127.0.0.1:0", "--workers", "2"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        asyncio.run(_storm(output, process))
        assert len(runs.read_text().splitlines()) == 1
    finally:
        process.terminate()
        process.wait(20)


async def _storm(output: Path, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while "http://127.0.0.1:" not in (text := output.read_text()):  # noqa: ASYNC240 -- of another process
            assert process.poll() is None, text
            await asyncio.sleep(0.05)
        url = "http://127.0.0.1:" + text.partition("http://127.0.0.1:")[2].split()[0].strip("/,")
        async with Http(base_url=url) as http:
            replies = await asyncio.gather(*(http.get("/") for _ in range(1000)))
            assert {one.text for one in replies} == {"rendered"}


def test_to_empty_the_cache_takes_back_whole_pages_too() -> None:
    made = 0
    app = App(plugins=[Caching()])

    @app.get("/", middleware=[Pages(60)])
    async def page() -> str:
        nonlocal made
        made += 1
        return str(made)

    @app.post("/clear")
    async def clear(cache: Cache) -> None:
        await cache.clear()

    with Client(app) as client:
        assert [client.get("/").text for _ in range(2)] == ["1", "1"]
        client.post("/clear")
        assert client.get("/").text == "2"
