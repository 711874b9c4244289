"""Configuration per path: tools that a file switches on, without code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from segue import App, Next, Request, Response, WebSocket
from segue.core.plan import FreezeError
from segue.testing import Client


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], App]:
    """An app in a folder with this ``segue.toml``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEGUE_ENV", raising=False)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "x.css").write_text("a{}")

    def make(text: str) -> App:
        (tmp_path / "segue.toml").write_text(text)
        app = App()

        @app.get("/")
        @app.get("/films")
        @app.get("/films/{id}")
        async def show(request: Request) -> str:
            return request.headers.get("x-who", "nobody")

        @app.get("/bad")
        async def bad() -> str:
            raise ValueError("it broke")

        return app

    return make


def test_a_folder_is_served_without_code(configured: Callable[[str], App]) -> None:
    with Client(configured('[path."/static"]\nstatic = "public"\nheaders = { x-a = "1" }\n')) as client:
        response = client.get("/static/x.css")
        assert (response.status, response.text, response.headers["x-a"]) == (200, "a{}", "1")
        assert "x-a" not in client.get("/films").headers
        assert client.get("/static/no.css").status == 404


def test_deeper_paths_say_it_otherwise_and_names_end_at_slashes(configured: Callable[[str], App]) -> None:
    app = configured(
        '[path."/"]\nexpires = 60\nheaders = {x-a = "1"}\n[path."/films"]\nexpires = 0\n[path."/films/7"]\nexpires = false\n'
    )
    with Client(app) as client:
        for path, control in (
            ("/", "max-age=60"),
            ("/films", "no-cache"),
            ("/films/8", "no-cache"),
            ("/films/7", None),
        ):
            response = client.get(path)
            assert (response.headers.get("cache-control"), response.headers["x-a"]) == (control, "1")
        assert "cache-control" not in client.get("/filmsx").headers  # an error is not kept


def test_the_tools_do_what_they_say(
    configured: Callable[[str], App], caplog: pytest.LogCaptureFixture
) -> None:
    app = configured("""
[path."/films"]
accept = ["application/json"]
params = { i = "int" }
allow = ["GET", "HEAD"]
autovary = true
ignore_headers = ["x-ignored"]
referer = 'https://example\\.com/.*|'
trailing_slash = "remove"
[path."/bad"]
log_headers = true
[path."/old"]
redirect = "/films"
[path."/"]
headers = { x-frame-options = "SAMEORIGIN" }
""")
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/films", headers={"accept": "text/html"}).status == 406
        response = client.get("/films", headers={"x-who": "django"})
        assert (response.status, response.text) == (200, "django")
        assert "x-who" in response.headers["vary"]
        assert response.headers["x-frame-options"] == "SAMEORIGIN"
        assert client.get("/films?i=7").status == 200
        assert client.get("/films?i=abc").status == 400
        refused = client.post("/films")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
        assert client.get("/films", headers={"referer": "https://other.example/"}).status == 403
        assert client.get("/films", headers={"referer": "https://example.com/a"}).status == 200
        moved = client.get("/films/?a=1", follow_redirects=False)
        assert (moved.status, moved.headers["location"]) == (301, "/films?a=1")
        moved = client.get("/old/x", follow_redirects=False)
        assert (moved.status, moved.headers["location"]) == (307, "/films")
        client.get("/bad", headers={"x-who": "django", "cookie": "session=hunter2"})
    [record] = [one for one in caplog.records if one.name == "segue.tools"]
    assert "x-who: django" in record.getMessage()
    assert "hunter2" not in record.getMessage()


@pytest.mark.row("CP14")
def test_proxies_are_believed_where_the_file_says_so(configured: Callable[[str], App]) -> None:
    told = {"x-forwarded-host": "films.example", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
    for text, expected in (
        ("", "http://localhost/where"),
        (
            '[path."/"]\nproxies = { trusted = ["*"], hops = 1, host = true }\n',
            "https://films.example/where",
        ),
    ):
        app = configured(text)

        @app.get("/where")
        async def where(request: Request) -> str:
            client = request.client[0] if request.client else ""
            return f"{request.url} {client}"

        @app.get("/leave")
        async def leave(request: Request) -> Response:
            return Response(b"", 303, {"location": request.url_for("show", _external=True)})

        with Client(app) as client:
            said = client.get("/where", headers=told).text.split()
            assert said[0] == expected
            assert (said[1:] == ["192.0.2.7"]) is bool(text)
            location = client.get("/leave", headers=told, follow_redirects=False).headers["location"]
            assert location.startswith("https://films.example/" if text else "http://localhost/")


def test_tools_and_middleware_of_ones_own(
    configured: Callable[[str], App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gates_of_test.py").write_text(
        "from segue import Response\nasync def members(request, next):\n    return Response('members only', 403)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    app = configured(
        '[path."/films"]\nmaintenance = "noon"\n[path."/bad"]\nmiddleware = ["gates_of_test:members"]\n'
    )

    @app.tool("maintenance")
    def maintenance(until: str) -> Callable[[Request, Next], object]:
        async def closed(request: Request, next: Next) -> Response:
            return Response(f"back at {until}", 503)

        return closed

    with Client(app) as client:
        assert client.get("/films").text == "back at noon"
        assert client.get("/bad").text == "members only"
        assert client.get("/").status == 200


def test_all_that_is_wrong_is_told_with_its_line(configured: Callable[[str], App]) -> None:
    app = configured(
        '[path."/a"]\nheadres = {}\nexpires = "soon"\n[path."b"]\nexpires = 1\n[path."/c"]\nallow = "GET"\nzzz = 1\n'
    )
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 5
    assert "segue.toml:2: 'headres' of [path.'/a'] is no tool; did you mean 'headers'?" in told
    assert "segue.toml:3: expires of [path.'/a'] cannot be 'soon'" in told
    assert "has to begin with a slash" in told
    assert "segue.toml:7: allow of [path.'/c'] cannot be 'GET': it is a list of texts" in told
    assert "segue.toml:8: 'zzz'" in told
    assert "there are: accept, allow, autovary" in told


def test_production_has_no_tracebacks_and_tables_of_its_own(
    configured: Callable[[str], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        'debug = true\n[production]\ndebug = false\n[production.path."/"]\nheaders = {x-env = "production"}\n'
    )
    with Client(configured(text), raise_server_exceptions=False) as client:
        response = client.get("/bad")
        assert "it broke" in response.text
        assert "x-env" not in response.headers
    monkeypatch.setenv("SEGUE_ENV", "production")
    with Client(configured(text), raise_server_exceptions=False) as client:
        response = client.get("/bad")
        assert "it broke" not in response.text
        assert response.headers["x-env"] == "production"


def test_without_a_file_nothing_is_around_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = App()
    app.freeze()
    assert app.declared.middleware == []


def test_a_failure_is_logged_only_where_it_is_asked_for(
    configured: Callable[[str], App], caplog: pytest.LogCaptureFixture
) -> None:
    with Client(configured("[path.'/films']\nlog_headers = true\n"), raise_server_exceptions=False) as client:
        client.get("/bad")
    assert [one for one in caplog.records if one.name == "segue.tools" and one.levelno == logging.ERROR] == []


# --- options of routes -----------------------------------------------------------------------------------------------


def test_options_of_routes_are_given_by_the_file_and_longer_paths_stand_above(
    configured: Callable[[str], App],
) -> None:
    app = configured(
        '[path."/".options]\nmax_body = 100\n'
        '[path."/uploads".options]\nmax_body = 10\ntimeout = 0.05\ncache = 60\n'
        '[path."/uploads/large".options]\nmax_body = false\n'
    )
    inner = App("uploads")

    @inner.post("/", timeout=30)
    @inner.post("/large", name="large")
    async def take(request: Request) -> str:
        return str(len(await request.body()))

    @inner.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(20)
        return "late"

    @app.post("/uploads-of-others")
    @app.post("/films")
    async def film(request: Request) -> str:
        return str(len(await request.body()))

    app.include(inner, at="/uploads")
    with Client(app) as client:
        for path, size, status in (
            ("/films", 100, 200),
            ("/films", 101, 413),
            ("/uploads-of-others", 100, 200),
            ("/uploads/", 10, 200),
            ("/uploads/", 11, 413),
            ("/uploads/large", 5_000_000, 200),
        ):
            assert client.post(path, content=b"x" * size).status == status, path
        assert client.get("/uploads/slow").status == 503
    timeouts = {one.name: one.timeout for one in app.plan.endpoints if one.name.startswith("uploads.")}
    assert timeouts == {"uploads.take": 0.05, "uploads.large": 0.05, "uploads.slow": 0.05}


def test_a_profile_says_it_otherwise_and_sockets_have_no_such_limits(
    configured: Callable[[str], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGUE_ENV", "production")
    app = configured(
        '[path."/".options]\ntimeout = 5\n[production.path."/".options]\ntimeout = false\non_disconnect = "cancel"\n'
    )

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.send("hello")

    app.mount("/old", lambda environ, start_response: [])
    plan = app.plan
    by_name = {one.name: one for one in plan.endpoints}
    assert (by_name["test_pathconfig.bad"].timeout, by_name["test_pathconfig.bad"].on_disconnect) == (
        None,
        "cancel",
    )
    with Client(app) as client, client.websocket("/talk") as socket:
        assert socket.receive() == "hello"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "timout = 3",
            r"segue.toml:2: options of \[path.'/x'\]: 'timout' is no option .* did you mean 'timeout'",
        ),
        ('host = "x"', "there are: timeout, max_body"),
        ('timeout = "soon"', "Expected"),
        ("timeout = 0", "a number above 0, or false"),
        ("max_body = true", "a number above 0, or false"),
        ('errors = "pink"', "pink"),
    ],
)
def test_what_is_wrong_with_options_is_told(configured: Callable[[str], App], text: str, told: str) -> None:
    with pytest.raises(FreezeError, match=told):
        configured(f'[path."/x"]\noptions = {{ {text} }}\n').freeze()


def test_options_are_a_table(configured: Callable[[str], App]) -> None:
    with pytest.raises(FreezeError, match="is a table"):
        configured('[path."/x"]\noptions = 3\n').freeze()
