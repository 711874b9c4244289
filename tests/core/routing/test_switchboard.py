"""Sites that come and go in a running process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, Request, Switchboard
from segue.core.plan import FreezeError
from segue.testing import AsyncClient, Client

REMOTE = ("203.0.113.9", 4711)


def site(name: str, log: list[str] | None = None) -> App:
    app = App(name)

    @app.get("/")
    async def index(request: Request) -> dict[str, str]:
        return {"site": name, "show": request.url_for("show", function="f")}

    @app.get("/c/{function}")
    async def show(function: str) -> str:
        return f"{name}.{function}"

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        if log is not None:
            log.append(f"{name} starts")
        yield
        if log is not None:
            log.append(f"{name} ends")

    return app


def hosting(board: Switchboard) -> App:
    app = App("host")
    app.mount("/", board)

    @app.error_handler(404)
    async def lost(request: Request, error: Exception) -> str:
        return "no such site"

    return app


def test_sites_are_installed_replaced_disabled_and_removed_while_it_runs() -> None:
    async def main() -> None:
        log: list[str] = []
        board = Switchboard()
        await board.install("a", site("first", log))
        async with AsyncClient(hosting(board), client=REMOTE) as client:
            text = (await client.get("/a/c/f")).text
            assert (text, log) == ("first.f", ["first starts"])
            assert (await client.get("/b/c/f")).text == "no such site"
            await board.install("b", site("second", log))
            assert (await client.get("/b/c/f")).text == "second.f"
            assert (await client.get("/b/")).json() == {"site": "second", "show": "/b/c/f"}
            await board.replace("b", site("third", log))
            assert (await client.get("/b/c/f")).text == "third.f"
            board.disable("b")
            refused = await client.get("/b/c/f")
            assert (refused.status, refused.headers["retry-after"]) == (503, "300")
            assert (await client.get("/a/c/f")).text == "first.f"
            board.enable("b")
            assert (await client.get("/b/c/f")).text == "third.f"
            await board.remove("b")
            assert (await client.get("/b/c/f")).status == 404
            assert [one.name for one in board.sites] == ["a"]
        assert log == [
            "first starts",
            "second starts",
            "third starts",
            "second ends",
            "third ends",
            "first ends",
        ]

    asyncio.run(main())


def test_a_disabled_site_works_for_who_sits_at_the_machine_and_for_nobody_behind_a_proxy() -> None:
    board = Switchboard()
    asyncio.run(board.install("a", site("a")))
    board.disable("a")
    with Client(hosting(board)) as local:
        assert local.get("/a/c/f").text == "a.f"
        assert local.get("/a/c/f", headers={"x-forwarded-for": "127.0.0.1"}).status == 503
        assert local.get("/a/c/f", headers={"host": "a.example"}).status == 503
        assert local.get("/a/c/f", headers={"host": "127.0.0.1:8000"}).status == 200
    with Client(hosting(board), client=REMOTE) as remote:
        assert remote.get("/a/c/f", headers={"host": "localhost"}).status == 503


@pytest.mark.row("W-02")
def test_a_folder_of_sites_is_followed_without_a_restart(tmp_path: Path) -> None:
    def write(name: str, text: str, file: str = "") -> None:
        path = tmp_path / (file or f"{name}.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "from segue import App\n"
            f"app = App({name!r})\n"
            "@app.get('/c/{f}')\n"
            f"async def show(f: str) -> str:\n    return {text!r} + f\n"
        )

    async def main() -> None:
        write("a", "one ")
        board = Switchboard(tmp_path, every=3600)
        async with AsyncClient(hosting(board), client=REMOTE) as client:

            async def get(path: str) -> Any:
                answer = await client.get(path)
                return answer.text if answer.status == 200 else answer.status

            assert await get("/a/c/f") == "one f"
            # Two copies of one app under two names, one of them a package.
            write("b", "two ", "b/views.py")
            (tmp_path / "b" / "__init__.py").write_text("from .views import app\n")
            write("a", "edited one ")
            await board.refresh()
            assert [await get("/a/c/f"), await get("/b/c/f")] == ["edited one f", "two f"]
            (tmp_path / "b.disabled").touch()
            await board.refresh()
            assert await get("/b/c/f") == 503
            (tmp_path / "b.disabled").unlink()
            write("b", "two, edited ", "b/views.py")
            await board.refresh()
            assert await get("/b/c/f") == "two, edited f"
            board.disable("a")
            assert (tmp_path / "a.disabled").exists()
            board.enable("a")
            await board.refresh()
            assert await get("/a/c/f") == "edited one f"
            (tmp_path / "a.py").unlink()
            await board.refresh()
            assert await get("/a/c/f") == 404

    asyncio.run(main())


def test_a_site_that_does_not_load_leaves_the_one_before_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = "from segue import App\napp = App('x')\n@app.get('/')\nasync def index() -> str: return 'good'\n"
    (tmp_path / "x.py").write_text(good)
    (tmp_path / "y.py").write_text("nothing = 1\n")
    (tmp_path / "_private.py").write_text(good)

    async def main() -> None:
        board = Switchboard(tmp_path, every=3600)
        async with AsyncClient(hosting(board), raise_server_exceptions=False) as client:
            assert (await client.get("/y/")).status == 503
            assert "y.py has no `app`: write app = App()" in caplog.text
            (tmp_path / "x.py").write_text("def broken(:\n")
            await board.refresh()
            assert "the site x (" in caplog.text
            assert (await client.get("/x/")).text == "good"
            assert (await client.get("/_private/")).status == 404
            (tmp_path / "y.py").write_text(good)
            await board.refresh()
            assert (await client.get("/y/")).text == "good"

    asyncio.run(main())


def test_the_folder_is_looked_at_by_itself(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    board = Switchboard(tmp_path / "sites", every=0.02)
    with Client(hosting(board)) as client:
        assert client.get("/late/").status == 404
        text = (
            "from segue import App\napp = App('x')\n@app.get('/')\nasync def index() -> str: return 'here'\n"
        )
        (tmp_path / "new.py").write_text(text)
        (tmp_path / "new.py").rename(tmp_path / "sites" / "late.py")
        for _ in range(500):
            if (answer := client.get("/late/")).status == 200:
                break
        assert answer.text == "here"


def test_hosts_and_a_default_site_leave_the_name_out_of_urls() -> None:
    board = Switchboard(domains={"A.example": "a"}, default="welcome")

    async def install() -> None:
        for name in ("a", "b", "welcome"):
            await board.install(name, site(name))

    asyncio.run(install())
    with Client(hosting(board), follow_redirects=True) as client:
        at_a = {"host": "a.example:8000"}
        assert client.get("/", headers=at_a).json() == {"site": "a", "show": "/c/f"}
        assert client.get("/b/c/f", headers=at_a).status == 404
        assert client.get("/").json() == {"site": "welcome", "show": "/c/f"}
        assert client.get("/b/").json() == {"site": "b", "show": "/b/c/f"}
        assert client.get("/a/c/f").text == "a.f"


def test_a_start_that_fails_changes_nothing() -> None:
    async def main() -> None:
        broken = App("broken")
        broken.get("/{x}")(lambda: "x")

        async with AsyncClient(hosting(board := Switchboard())) as client:
            await board.install("a", site("a"))
            with pytest.raises(FreezeError):
                await board.install("broken", broken)
            with pytest.raises(FreezeError):
                await board.replace("a", broken)
            assert [one.name for one in board.sites] == ["a"]
            assert (await client.get("/a/c/f")).text == "a.f"

    asyncio.run(main())


def test_the_old_app_of_a_site_ends_when_its_requests_have(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        log: list[str] = []
        old = site("old", log)
        go_on, begun = asyncio.Event(), asyncio.Event()

        @old.get("/slow")
        async def slow() -> AsyncIterator[str]:
            begun.set()
            await go_on.wait()
            yield "done"

        board = Switchboard()
        await board.install("a", old)
        async with AsyncClient(hosting(board)) as client:
            slowly = asyncio.create_task(client.get("/a/slow"))
            await begun.wait()
            await board.replace("a", site("new", log))
            assert (await client.get("/a/c/f")).text == "new.f"
            assert log == ["old starts", "new starts"]
            go_on.set()
            assert (await slowly).text == "done"
        assert log == ["old starts", "new starts", "old ends", "new ends"]

        hasty = Switchboard(grace=0.01)
        stuck, ended = site("stuck"), asyncio.Event()

        @stuck.lifespan
        async def life() -> AsyncIterator[None]:
            yield
            ended.set()

        stuck.get("/slow")(slow)
        begun.clear()
        go_on.clear()
        await hasty.install("a", stuck)
        async with AsyncClient(hosting(hasty)) as client:
            slowly = asyncio.create_task(client.get("/a/slow"))
            await begun.wait()
            await hasty.remove("a")
            await asyncio.wait_for(ended.wait(), 20)
            go_on.set()
            await slowly

    asyncio.run(main())
    assert "<App 'stuck'> ends, though 1 of its requests are still open after 0.01 s" in caplog.text


def test_what_cannot_be_is_said() -> None:
    async def main() -> None:
        board = Switchboard()
        app = site("a")
        await board.install("a", app)
        with pytest.raises(ValueError, match=r"app\.copy"):
            await board.install("b", app)
        with pytest.raises(ValueError, match="there is a site 'a' already; replace"):
            await board.install("a", site("b"))
        with pytest.raises(ValueError, match="cannot be the name of a site"):
            await board.install("a/b", site("b"))
        with pytest.raises(LookupError, match="there is no site 'x'; there are: a"):
            board.disable("x")
        with pytest.raises(RuntimeError, match=r"Switchboard\('sites'\) has one"):
            await board.refresh()
        await board.install("copy", app.copy())
        assert len(board.sites) == 2

    asyncio.run(main())
