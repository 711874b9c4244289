"""Requests of a class of one's own: given to all that asks for them, whatever carries them, and typed through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segue import App, Body, Next, Request, Response, WebSocket, subrequest
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[Any], Any]

STRICT = """
from collections.abc import AsyncIterator

from segue import App, Next, NotFound, Query, Request, Response, Struct
from segue.testing import Client


class Film(Struct):
    id: int
    title: str


class Store:
    def __init__(self) -> None:
        self.films = {1: Film(1, "Nuages")}


class FilmRequest(Request):
    user: str = ""

    @property
    def page(self) -> int:
        return int(self.query.get("page", "1"))


def make() -> App[FilmRequest]:
    app = App("films", request=FilmRequest)

    @app.provide
    async def store(request: FilmRequest) -> AsyncIterator[Store]:
        yield Store()

    @app.middleware
    async def who(request: FilmRequest, next: Next) -> Response:
        request.user = request.headers.get("x-user", "")
        return await next(request)

    @app.before
    def only(request: FilmRequest) -> Response | None:
        return None if request.user else Response("who?", 401)

    @app.get("/films/{id:int}")
    async def show(request: FilmRequest, store: Store, id: int, upper: Query[bool] = False) -> Film:
        if id not in store.films:
            raise NotFound(f"{request.user}: there is no film {id} on page {request.page}")
        return store.films[id]

    return app


with Client(make()) as client:
    assert client.get("/films/1", headers={"x-user": "django"}).json() == {"id": 1, "title": "Nuages"}
    assert client.get("/films/1").status == 401
    told = client.get("/films/2?page=4", headers={"x-user": "django"}).json()["detail"]
    assert told == "django: there is no film 2 on page 4"
"""
WRONG = """
from segue import App, Next, Request, Response
from use import FilmRequest, make


async def who(request: FilmRequest, next: Next) -> Response:
    reveal_type(request.page)
    return await next(request)


plain = App("plain")
plain.middleware(who)
make().middleware(who)
reveal_type(make().copy())
App(request=str)
"""


@pytest.mark.row("FC24")
@pytest.mark.requires("mypy")
def test_user_code_with_requests_of_its_own_type_is_strictly_typed_and_runs(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text(STRICT, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    done = subprocess.run([sys.executable, "use.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = [
        line for line in checked.stdout.splitlines() if "note: This is" not in line and "See http" not in line
    ]
    assert [line.split(":")[:3] for line in told] == [
        ["wrong.py", "7", " note"],
        ["wrong.py", "12", " error"],
        ["wrong.py", "14", " note"],
        ["wrong.py", "15", " error"],
    ], checked.stdout + checked.stderr
    assert 'Revealed type is "int"' in told[0]
    assert '"Callable[[FilmRequest, ' in told[1]
    assert "App[use.FilmRequest]" in told[2]


class Visited(Request):
    """With an attribute, and a constructor."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.steps = [type(self).__name__]


class Slotted(Request):
    __slots__ = ()

    @property
    def lang(self) -> str:
        return self.query.get("lang", "en")


def visiting() -> App[Visited]:
    app = App("visiting", request=Visited)

    @app.middleware
    async def outer(request: Visited, next: Next) -> Response:
        request.steps.append("middleware")
        response = await next(request)
        response.headers["x-steps"] = " ".join(request.steps)
        return response

    @app.before
    def before(request: Visited) -> None:
        request.steps.append("before")

    @app.after
    def after(request: Visited, response: Response) -> None:
        request.steps.append("after")

    @app.get("/steps/{id}")
    async def steps(request: Visited, id: str) -> str:
        return " ".join([*request.steps, id])

    @app.get("/plain")
    def plain(request: Request) -> str:
        return type(request).__name__

    @app.get("/inner")
    async def inner(request: Visited) -> Response:
        request.steps.append("outer")
        return await subrequest(request, "/steps/inner")

    @app.post("/body")
    async def body(request: Visited, given: Body[dict[str, int]]) -> dict[str, int]:
        return {**given, "steps": len(request.steps)}

    @app.get("/fails")
    async def fails(request: Visited) -> None:
        raise LookupError

    @app.error_handler(LookupError)
    async def lost(request: Visited, error: LookupError) -> tuple[str, int]:
        return " ".join(request.steps), 404

    @app.websocket("/socket")
    async def socket(request: Visited, socket: WebSocket) -> None:
        await socket.send(" ".join(request.steps))

    return app


def test_all_that_asks_for_a_request_gets_that_one(serve: Serve) -> None:
    ask = serve(visiting())
    answer = ask.get("/steps/7")
    assert answer.text == "Visited middleware before 7"
    assert answer.headers["x-steps"] == "Visited middleware before after"
    assert ask.get("/plain").text == "Visited"
    # A request within a request is one of these too, and another.
    assert ask.get("/inner").text == "Visited middleware before inner"
    assert ask("POST", "/body", {"content-type": "application/json"}, b'{"a": 1}').text == '{"a":1,"steps":3}'
    answer = ask.get("/fails")
    assert (answer.status, answer.text) == (404, "Visited middleware before")
    # A head that the server reads on its long way.
    assert ask.get("http://localhost/steps/7").text == "Visited middleware before 7"


def test_sockets_made_up_requests_and_other_carriers() -> None:
    app = visiting()
    with Client(app) as client, client.websocket("/socket") as socket:
        assert socket.receive() == "Visited middleware before after"
    with app.test_request("/steps/3") as request:
        assert request.steps == ["Visited"]
    around = App()
    around.mount("/below", visiting())
    with Client(around) as client:
        assert client.get("/below/steps/7").text == "Visited middleware before 7"
    # ASGI and WSGI, as another framework's server hands them on.
    from segue.server.mount import mounted

    outer = App()
    asgi = mounted(visiting().__call__, "asgi")
    wsgi = mounted(visiting().wsgi, "wsgi")
    outer.mount("/asgi", asgi)
    outer.mount("/wsgi", wsgi)
    with Client(outer) as client:
        assert client.get("/asgi/steps/7").text == "Visited middleware before 7"
        assert client.get("/wsgi/steps/7").text == "Visited middleware before 7"


def test_a_class_without_attributes_costs_no_dictionary(serve: Serve) -> None:
    app = App(request=Slotted)

    @app.get("/")
    async def index(request: Slotted) -> str:
        return f"{request.lang} {hasattr(request, '__dict__')}"

    assert serve(app).get("/?lang=fr").text == "fr False"


def test_what_does_not_fit_is_told_at_freeze() -> None:
    app = App("site")

    @app.get("/")
    async def index(request: Slotted) -> str:
        return request.lang

    api = App("api", request=Visited)
    app.include(api, at="/api")
    with pytest.raises(FreezeError) as caught:
        app.freeze()
    first, second = caught.value.problems
    assert "'request' is a Slotted, but the requests of this app are of the class Request" in first
    assert "App(request=Slotted)" in first
    assert "the app 'api' wants requests of the class Visited, but those of the app 'site'" in second
    # An app for any request is part of any app; a class that is both does for both.

    class Both(Visited, Slotted):
        pass

    whole = App("whole", request=Both)
    whole.include(App("any"), at="/any")
    whole.include(App("api", request=Visited), at="/api")
    whole.freeze()


def test_an_app_is_asked_for_by_its_class_with_that_of_its_requests(serve: Serve) -> None:
    app = App("films", request=Slotted)

    @app.get("/")
    async def index(films: App[Slotted]) -> str:
        return films.name

    assert serve(app).get("/").text == "films"
