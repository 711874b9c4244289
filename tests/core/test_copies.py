"""Copies of apps, plugins that come and go, and those that installed packages bring."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, AppKey, Next, Request, Response, Setup, discovered
from segue.testing import Client

TITLE = AppKey[str]("title")


class Stopwatch:
    """Says in each response that it was there."""

    name = "stopwatch"

    def setup(self, to: Setup) -> None:
        @to.middleware
        async def measure(request: Request, next: Next) -> Response:
            response = await next(request)
            response.headers.add("x-measured", to.app.name)
            return response


def api() -> App:
    app = App("api", plugins=[Stopwatch()])

    @app.get("/ip")
    async def ip() -> str:
        return "ip"

    @app.get("/bare", skip=["stopwatch"])
    async def bare() -> str:
        return "bare"

    return app


@pytest.mark.row("SA5")
def test_a_copy_serves_another_version_beside_the_first(tmp_path: Path) -> None:
    log: list[str] = []
    (tmp_path / "a.txt").write_text("a")
    first = App("api", version=1)

    @first.get("/ip")
    async def ip() -> str:
        raise LookupError("gone")

    @first.middleware
    async def count(request: Request, next: Next) -> Response:
        log.append(request.path)
        return await next(request)

    @first.error_handler(LookupError)
    async def gone(request: Request, error: LookupError) -> str:
        return f"handled {error}"

    @first.lifespan
    async def life(app: App) -> AsyncIterator[None]:
        log.append(app.name)
        yield

    first.static("/files", tmp_path)
    second = first.copy("api_2", version=2)

    @second.get("/new")
    async def new() -> str:
        return "new"

    group = App("group")
    group.include(first)
    group.include(second)
    app = App("app")
    app.include(group, at="/group")
    with Client(app) as client:
        for version in ("v1", "v2"):
            assert client.get(f"/{version}/group/ip").text == "handled gone"
            assert client.get(f"/{version}/group/files/a.txt").text == "a"
        assert client.get("/v2/group/new").text == "new"
        assert client.get("/v1/group/new").status == 404
    assert log == [
        "api",
        "api_2",
        "/v1/group/ip",
        "/v1/group/files/a.txt",
        "/v2/group/ip",
        "/v2/group/files/a.txt",
        "/v2/group/new",
    ]


@pytest.mark.row("BO10")
def test_a_plugin_is_around_the_routes_that_do_not_skip_it_until_it_is_taken_away() -> None:
    app = App("app")
    app.install(Stopwatch())

    @app.get("/x")
    async def x() -> str:
        return "x"

    @app.get("/bare", skip=["stopwatch"])
    async def bare() -> str:
        return "bare"

    with Client(app) as client:
        assert client.get("/x").headers.get_all("x-measured") == ["app"]
        assert client.get("/bare").headers.get_all("x-measured") == []


@pytest.mark.row("BO10")
def test_without_its_plugin_a_route_is_as_it_was() -> None:
    app = App("app")
    app.install(Stopwatch())

    @app.get("/x")
    async def x() -> str:
        return "x"

    app.freeze()
    without = app.copy()
    without.uninstall("stopwatch")
    with pytest.raises(LookupError, match="the app 'app' has no plugin 'stopwatch'; it has: none"):
        without.uninstall("stopwatch")
    with Client(without) as client:
        assert client.get("/x").headers.get_all("x-measured") == []
    with Client(app) as client:
        assert client.get("/x").headers.get_all("x-measured") == ["app"]


@pytest.mark.row("PY-06")
def test_two_instances_of_one_app_are_configured_differently_in_one_process() -> None:
    base = App("base", plugins=[Stopwatch()])

    @base.get("/")
    async def index(request: Request) -> str:
        return str(request.app[TITLE])

    first, second = base.copy("first"), base.copy("second", headers={"x-own": "1"})
    first[TITLE], second[TITLE] = "Nuages", "Minor Swing"
    with Client(first) as one, Client(second) as two:
        for _ in range(2):
            assert (one.get("/").text, two.get("/").text) == ("Nuages", "Minor Swing")
        assert one.get("/").headers.get_all("x-measured") == ["first"]
        assert (one.get("/").headers.get("x-own"), two.get("/").headers.get("x-own")) == (None, "1")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes installed packages that offer plugins."""
    monkeypatch.syspath_prepend(tmp_path)

    def package(name: str, code: str, **offers: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{key} = {name}:{value}" for key, value in offers.items()]
        (info / "entry_points.txt").write_text("[segue.plugins]\n" + "\n".join(lines) + "\n")
        monkeypatch.delitem(sys.modules, name, raising=False)

    return package


def test_plugins_of_installed_packages_are_discovered_when_they_are_asked_for(packages: Any) -> None:
    packages(
        "segue_hello",
        "class Hello:\n"
        "    def __init__(self, name='hello'): self.name = name\n"
        "    def setup(self, to): to.get('/' + self.name)(lambda: self.name)\n"
        "ready = Hello('ready')\n"
        "def make(): return Hello('made')\n",
        hello="Hello",
        ready="ready",
        made="make",
    )
    assert [plugin.name for plugin in discovered("ready", "hello")] == ["ready", "hello"]
    with Client(App(plugins=[*discovered()])) as client:
        assert [client.get(f"/{name}").text for name in ("hello", "ready", "made")] == [
            "hello",
            "ready",
            "made",
        ]


def test_what_is_not_offered_or_is_no_plugin_is_named_with_its_package(packages: Any) -> None:
    packages("segue_odd", "odd = 3\n", odd="odd")
    with pytest.raises(
        LookupError, match="no installed package offers the plugin 'sessions'; there are: odd"
    ):
        discovered("sessions")
    with pytest.raises(TypeError, match=r"segue_odd \(segue_odd:odd\) offers no plugin: 3 has no name"):
        discovered()
    packages("segue_even", "even = 3\n", odd="even")
    with pytest.raises(LookupError, match="two packages offer a plugin 'odd': "):
        discovered()
