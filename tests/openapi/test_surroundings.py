"""What guards, hooks and middleware answer instead of the handler, and WebSockets, in the description."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from segue import (
    App,
    Forbidden,
    Header,
    HTTPError,
    Query,
    Request,
    Response,
    SeeOther,
    Struct,
    Unauthorized,
    WebSocket,
    after,
    answers,
    around,
    before,
)
from segue.openapi import About, describe
from segue.openapi.clients import python_client
from segue.openapi.page import page

Next = Callable[[Request], Awaitable[Response]]
Described = Callable[..., dict[str, Any]]


class Bill(Struct):
    cents: int


async def signed_in(authorization: Header[str] = "") -> None:
    if not authorization:
        raise Unauthorized("who are you?")


async def owner(request: Request) -> None:
    raise Forbidden


@answers(responses={402: Bill, 503: "We are closed for a moment."})
class Closed:
    async def __call__(self, request: Request, next: Next) -> Response:
        return await next(request)


@answers(429)
async def limited(request: Request, next: Next) -> Response:
    return await next(request)


def statuses(document: dict[str, Any], path: str, method: str = "get") -> list[str]:
    return list(document["paths"][path][method]["responses"])


def test_guards_hooks_and_middleware_of_each_layer(described: Described) -> None:
    app, films = App("app", requires=[signed_in]), App("films")
    films.middleware(limited)
    app.middleware(Closed())

    @app.before
    def moved(request: Request) -> None:
        if request.path == "/old":
            raise SeeOther("/new")

    @films.get("/")
    async def index() -> list[str]:
        return []

    @films.get("/one", middleware=[limited], skip=[Closed])
    @before(owner)
    async def one() -> Bill:
        return Bill(1)

    app.include(films, at="/films")
    document = described(app)
    assert statuses(document, "/films/") == ["200", "303", "401", "402", "429", "503"]
    assert statuses(document, "/films/one") == ["200", "303", "401", "403", "429"]
    told = document["paths"]["/films/"]["get"]["responses"]
    assert told["402"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Bill"}
    assert told["503"] == {"description": "We are closed for a moment."}
    assert told["429"] == {"$ref": "#/components/responses/Error429"}
    assert "Error429" in document["components"]["responses"]


def test_what_the_route_says_itself_stands_above(described: Described) -> None:
    app = App()

    @app.get("/", middleware=[Closed()], responses={402: "Pay first."})
    async def index() -> str:
        return ""

    assert described(app)["paths"]["/"]["get"]["responses"]["402"] == {"description": "Pay first."}


def test_hooks_around_and_after_count_and_those_for_the_end_do_not(described: Described) -> None:
    app = App()

    @app.teardown
    def late(request: Request) -> None:
        raise HTTPError(507)

    def checked(response: Response) -> None:
        raise HTTPError(502)

    @app.get("/")
    @after(checked)
    @around(limited)
    async def index() -> str:
        return ""

    assert statuses(described(app), "/") == ["200", "429", "502"]


def test_a_status_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="from 200 to 599"):
        answers(42)


def test_a_subclass_and_a_second_statement_add_up() -> None:
    from segue.core.documentation import answers_of

    @answers(418)
    class Teapot(Closed): ...

    assert sorted(answers_of(Teapot())) == [402, 418, 503]
    assert sorted(answers_of(Closed)) == [402, 503]


def test_websockets_are_an_extension_beside_the_operations_of_their_path(described: Described) -> None:
    app = App("talk", requires=[signed_in])

    @app.get("/rooms/{room}")
    async def show(room: str) -> str:
        return room

    @app.websocket("/rooms/{room}")
    async def chat(socket: WebSocket, room: str, since: Query[int] = 0) -> None:
        """Talk with all who are there.

        Messages are text.
        """

    @app.websocket("/inner/{id:int}")
    async def inner(socket: WebSocket, id: int) -> None: ...

    document = described(app)
    told = document["paths"]["/rooms/{room}"]["x-websocket"]
    assert list(document["paths"]["/rooms/{room}"]) == ["get", "x-websocket"]
    assert (told["operationId"], told["tags"], told["summary"], told["description"]) == (
        "talk.chat",
        ["talk"],
        "Talk with all who are there.",
        "Messages are text.",
    )
    assert [(one["in"], one["name"]) for one in told["parameters"]] == [("path", "room"), ("query", "since")]
    assert list(told["responses"]) == ["101", "401", "403", "404", "422", "426"]
    assert list(document["paths"]["/inner/{id}"]) == ["x-websocket"]
    assert "WEBSOCKET" in page(document)
    assert "chat" not in python_client(document)
    assert describe(app.plan, About(title="T", version="1", under="/inner"))["paths"].keys() == {
        "/inner/{id}"
    }


def test_a_query_of_a_database_is_described_as_the_list_that_it_gives() -> None:
    from segue.db import Field, Model, Query as Asked, field
    from segue.openapi import OpenAPI
    from segue.testing import Client

    class Reel(Model, table="openapi_reel"):
        title: Field[str] = field(default="")

    app = App(plugins=[OpenAPI("Reels", "1")])

    @app.get("/reels")
    async def reels() -> Asked[Reel]:
        return Reel.all()

    described = Client(app).get("/openapi.json").json()["paths"]["/reels"]["get"]["responses"]["200"]
    assert described["content"]["application/json"]["schema"]["type"] == "array"
