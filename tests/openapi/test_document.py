"""What a document says of an app: paths, names, groups, texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pytest
from msgspec import Struct

from segue import (
    App,
    Conflict,
    Draft,
    EventStream,
    Forbidden,
    Header,
    HTTPError,
    JSONLines,
    NotFound,
    Partial,
    Query,
    ReadOnly,
    Response,
    SeeOther,
    Shape,
    UnprocessableContent,
    WebSocket,
    WriteOnly,
    expose,
)  # fmt: skip
from segue.formats import CSV, JSON, YAML
from segue.testing import Client

Described = Callable[..., dict[str, Any]]


class Film(Struct):
    id: int
    title: str


class Sorry(Struct):
    hint: str


def operation(document: dict[str, Any], path: str, method: str = "get") -> dict[str, Any]:
    return dict(document["paths"][path][method])


def test_the_films_example_is_described(films: ModuleType, described: Described) -> None:
    document = described(films.app)
    assert list(document["paths"]) == [
        "/films",
        "/films/{id}",
        "/films/export.jsonl",
        "/films/export.csv",
        "/feed",
        "/search",  # a WebSocket
        "/healthz",
        "/",
    ]
    search = operation(document, "/films")
    assert [one["name"] for one in search["parameters"]] == [
        "q",
        "genre",
        "year",
        "rating_min",
        "sort",
        "page",
        "size",
    ]
    assert search["parameters"][2]["schema"] == {"type": "integer", "minimum": 1900, "maximum": 2100}
    assert search["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Page"
    }
    page = document["components"]["schemas"]["Page"]
    assert page["properties"]["films"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Film"},
    }


def test_paths_are_written_without_converters(described: Described) -> None:
    app = App()

    @app.get("/a/{id:int}/{day:date}/{rest:path}")
    async def show(id: int, rest: str, request_day: Query[str] = "", **more: Any) -> str:
        return ""

    document = described(app)
    one = operation(document, "/a/{id}/{day}/{rest}")
    assert [
        (p["name"], p["in"], p.get("required", False), p["schema"].get("format", p["schema"]["type"]))
        for p in one["parameters"]
    ] == [
        ("id", "path", True, "integer"),
        ("day", "path", True, "date"),
        ("rest", "path", True, "string"),
        ("request_day", "query", False, "string"),
    ]


def test_docstrings_names_and_apps_are_summaries_ids_and_tags(described: Described) -> None:
    app, blog = App("shop"), App("blog")

    @app.get("/films")
    async def films() -> list[str]:
        """All films.

        In no order.
        """
        return []

    @blog.get("/posts", deprecated=True, summary="Posts", tags=["texts"])
    async def posts() -> list[str]:
        return []

    app.include(blog, at="/blog")
    document = described(app)
    assert operation(document, "/films") == {
        "operationId": "films",
        "tags": ["shop"],
        "summary": "All films.",
        "description": "In no order.",
        "responses": {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"type": "array", "items": {"type": "string"}}}},
            }
        },
    }
    told = operation(document, "/blog/posts")
    assert (told["operationId"], told["tags"], told["summary"], told["deprecated"]) == (
        "blog.posts",
        ["texts"],
        "Posts",
        True,
    )
    assert document["tags"] == [{"name": "shop"}, {"name": "texts"}]


def test_every_operation_has_an_id_of_its_own(described: Described) -> None:
    app = App("shop")

    @app.route("/item", methods=["GET", "POST"])
    async def item() -> str:
        return ""

    @app.get("/a", name="same")
    async def first() -> str:
        return ""

    @app.get("/b", name="same")
    async def second() -> str:
        return ""

    document = described(app)
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert ids == ["item.get", "item.post", "same.get", "same.get.2"]


def test_what_is_no_part_of_the_api_is_left_out(described: Described, tmp_path: Any) -> None:
    app = App()
    app.static("/files", tmp_path)
    app.mount("/old", lambda environ, start_response: [])

    @app.get("/inner", documented=False)
    async def inner() -> str:
        return ""

    @app.get("/elsewhere", build_only=True)
    async def elsewhere() -> str:
        return ""

    @app.websocket("/live", documented=False)
    async def live(socket: WebSocket) -> None: ...

    assert described(app)["paths"] == {}


def test_only_what_is_below_a_path_is_described(described: Described) -> None:
    app = App()

    @app.get("/v1/films")
    async def films() -> str:
        return ""

    @app.get("/v10/films")
    async def others() -> str:
        return ""

    assert list(described(app, under="/v1")["paths"]) == ["/v1/films"]


def test_a_route_for_one_host_says_where_it_is(described: Described) -> None:
    app = App()

    @app.get("/", host="{tenant}.example.com")
    async def home(tenant: str) -> str:
        return tenant

    (server,) = operation(described(app), "/")["servers"]
    assert server == {"url": "//{tenant}.example.com", "variables": {"tenant": {"default": "tenant"}}}


def test_errors_that_a_handler_raises_are_read_in_it(described: Described) -> None:
    app = App()

    @app.post("/films")
    async def add() -> Film:
        if app.debug:
            raise HTTPError(507, "full")
        if app.name:
            raise Conflict("there is one")
        if app.threads:
            raise SeeOther("/")
        raise NotFound

    document = described(app)
    assert list(operation(document, "/films", "post")["responses"]) == ["200", "303", "404", "409", "507"]
    assert document["components"]["responses"]["Error409"]["description"] == "Conflict"


def test_two_handlers_of_one_path_become_one_operation(described: Described) -> None:
    app = App()

    @app.get("/films/{id:int}")
    async def by_id(id: int, full: bool = False) -> Film:
        return Film(id, "")

    @app.get("/films/{id}")
    async def by_title(id: str, page: int) -> str:
        return id

    one = operation(described(app), "/films/{id}")
    assert [(p["name"], p.get("required", False)) for p in one["parameters"]] == [
        ("id", True),
        ("full", False),
        ("page", False),
    ]
    assert set(one["responses"]["200"]["content"]) == {"application/json", "text/plain"}


def test_what_happened_elsewhere_can_be_said(described: Described) -> None:
    app = App()

    @app.get("/films/{id}", responses={410: "It was taken away.", 202: Film, 404: None})
    async def show(id: int) -> Response:
        return Response()

    responses = operation(described(app), "/films/{id}")["responses"]
    assert responses["410"] == {"description": "It was taken away."}
    assert responses["202"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Film"}
    assert responses["404"] == {"description": "Not Found"}
    assert responses["default"] == {"description": "The reply."}


def test_examples_stand_where_they_belong(described: Described) -> None:
    app = App()

    @app.post("/films/{id}", examples={"id": 7, "body": Film(7, "Slam"), "result": {"ok": True}})
    async def add(id: int, film: Film) -> dict[str, bool]:
        return {"ok": True}

    one = operation(described(app), "/films/{id}", "post")
    assert one["parameters"][0]["example"] == 7
    assert one["requestBody"]["content"]["application/json"]["example"] == {"id": 7, "title": "Slam"}
    assert one["responses"]["200"]["content"]["application/json"]["example"] == {"ok": True}


def test_security_schemes_are_asked_for_by_name(described: Described) -> None:
    app = App()

    @app.get("/", security=[])
    async def home() -> str:
        return ""

    @app.get("/own", security=["key", {"login": ["read"]}])
    async def own() -> str:
        return ""

    key = {"type": "apiKey", "in": "header", "name": "x-key"}
    document = described(app, security={"key": key})
    assert document["components"]["securitySchemes"] == {"key": key}
    assert document["security"] == [{"key": []}]
    assert operation(document, "/")["security"] == []
    assert operation(document, "/own")["security"] == [{"key": []}, {"login": ["read"]}]


def test_webhooks_and_callbacks_are_apps_of_those_who_are_asked(described: Described) -> None:
    app, hooks, told = App(), App("hooks"), App("told")

    @hooks.post("/film-added")
    async def film_added(film: Film) -> None:
        """A film was added."""

    @told.post("/")
    async def ready(film: Film) -> tuple[None, Literal[202]]:
        return None, 202

    @app.post("/orders", callbacks={"{$request.query.url}": told})
    async def order(url: str) -> None: ...

    document = described(app, webhooks=hooks)
    hook = document["webhooks"]["film-added"]["post"]
    assert hook["summary"] == "A film was added."
    assert set(hook["responses"]) >= {"204"}
    back = operation(document, "/orders", "post")["callbacks"]["told"]["{$request.query.url}"]["post"]
    assert "202" in back["responses"]
    assert back["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Film"
    }


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(document["components"]["schemas"][name])


def test_what_comes_in_may_leave_out_what_goes_out_has(described: Described) -> None:
    class Reel(Struct):
        number: int
        length: int = 300

    app = App()

    @app.post("/reels")
    async def add(reel: Reel) -> list[Reel]:
        return [reel]

    @app.get("/lengths")
    async def only_in(reel: Query[Film]) -> Film:
        return reel

    document = described(app)
    assert schema_of(document, "ReelInput")["required"] == ["number"]
    assert schema_of(document, "Reel")["required"] == ["number", "length"]
    assert "FilmInput" not in document["components"]["schemas"]


def test_fields_that_go_one_way_are_described_that_way(described: Described) -> None:
    class User(Struct, kw_only=True):
        id: ReadOnly[int] = 0
        name: str
        password: WriteOnly[str]

    app = App()

    @app.post("/users")
    async def add(draft: Draft[User]) -> User:
        return draft.create(id=1)

    @app.patch("/users")
    async def change(changes: Partial[User]) -> None: ...

    @app.get("/names")
    async def names() -> Annotated[User, Shape(exclude=("id",))]:
        return User(name="", password="")

    document = described(app)
    assert list(schema_of(document, "User")["properties"]) == ["id", "name"]
    assert list(schema_of(document, "UserInput")["properties"]) == ["name", "password"]
    assert "required" not in schema_of(document, "UserPartial")
    assert list(schema_of(document, "User2")["properties"]) == ["name"]


def test_results_in_several_formats(described: Described) -> None:
    app = App()

    @app.get("/films", formats=[JSON, CSV, YAML], suffixes=True)
    async def films() -> list[Film]:
        return []

    @app.post("/films", accepts=[JSON, YAML])
    async def add(film: Film) -> None: ...

    document = described(app)
    assert list(document["paths"]) == ["/films"]
    responses = operation(document, "/films")["responses"]
    films_schema = {"type": "array", "items": {"$ref": "#/components/schemas/Film"}}
    assert responses["200"]["content"] == {
        "application/json": {"schema": films_schema},
        "text/csv": {"schema": {"type": "string"}},
        "application/yaml": {"schema": films_schema},
    }
    assert "406" in responses
    assert list(operation(document, "/films", "post")["requestBody"]["content"]) == [
        "application/json",
        "application/yaml",
    ]


def test_what_is_provided_asks_and_fails_for_the_handler(described: Described) -> None:
    class User(Struct):
        name: str

    def user(x_user: Header[str]) -> User:
        if not x_user:
            raise Forbidden
        return User(x_user)

    app = App()
    app.provide(User, user)

    @app.get("/me")
    async def me(user: User) -> Film:
        return Film(1, user.name)

    one = operation(described(app), "/me")
    assert one["parameters"] == [
        {"name": "x-user", "in": "header", "required": True, "schema": {"type": "string"}}
    ]
    assert set(one["responses"]) == {"200", "403", "422"}


def test_the_methods_of_objects_take_a_query_or_a_form(described: Described) -> None:
    class Root:
        @expose
        def search(self, q: str, page: int = 1) -> str:
            return q

    app = App()
    app.tree("/", Root())
    document = described(app)
    assert [
        (one["name"], one.get("required", False)) for one in operation(document, "/search")["parameters"]
    ] == [("q", True), ("page", False)]
    form = operation(document, "/search", "post")["requestBody"]["content"][
        "application/x-www-form-urlencoded"
    ]["schema"]
    assert form["required"] == ["q"]


def test_handlers_that_ask_for_more_are_one_operation(described: Described) -> None:
    app = App()

    @app.get("/films")
    async def films() -> list[Film]:
        return []

    @app.get("/films", param={"format": "text"}, header="x-plain")
    async def as_text() -> str:
        return ""

    one = operation(described(app), "/films")
    assert one["operationId"] == "films"
    assert [(p["in"], p["name"], p["schema"], "required" in p) for p in one["parameters"]] == [
        ("query", "format", {"type": "string", "examples": ["text"]}, False),
        ("header", "x-plain", {"type": "string"}, False),
    ]
    assert set(one["responses"]["200"]["content"]) == {"application/json", "text/plain"}


def test_results_of_every_kind(described: Described) -> None:
    def answers(kind: Any, **options: Any) -> dict[str, list[str]]:
        app = App()

        async def handler() -> Any: ...

        handler.__annotations__["return"] = kind
        app.get("/", **options)(handler)
        return {
            status: list(one.get("content", ()))
            for status, one in operation(described(app), "/")["responses"].items()
        }

    assert answers(None) == {"204": []}
    assert answers(str) == {"200": ["text/plain"]}
    assert answers(bytes) == {"200": ["application/octet-stream"]}
    assert answers(Path) == {"200": ["*/*"]}
    assert answers(Film | None) == {"200": ["application/json"], "204": []}
    assert answers(Film, status=201) == {"201": ["application/json"]}
    assert answers(tuple[Film, Literal[201, 202]]) == {
        "201": ["application/json"],
        "202": ["application/json"],
    }
    assert answers(tuple[Film, int]) == {"2XX": ["application/json"]}
    assert answers(tuple[None, Literal[202]]) == {"202": []}
    assert answers(JSONLines[Film]) == {"200": ["application/jsonl"]}
    assert answers(EventStream[Film]) == {"200": ["text/event-stream"]}
    assert answers(str, content_type="text/csv; charset=utf-8") == {"200": ["text/csv"]}
    assert answers(Response) == {"default": []}
    assert answers(Any) == {"default": []}


def test_a_handler_that_has_no_annotation_is_described(described: Described) -> None:
    app = App()

    @app.get("/{id}")
    def show(id):  # type: ignore[no-untyped-def]
        raise UnprocessableContent("no")

    assert set(operation(described(app), "/{id}")["responses"]) == {"default", "404", "422"}


@pytest.mark.row("U18")
def test_resources_with_typed_bodies_in_groups_and_beside_mounted_apps(described: Described) -> None:
    group = App("films")

    @group.resource("/{id:int}")
    class FilmResource:
        async def put(self, id: int, film: Film) -> Film:
            return film

    def old(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("content-type", "text/plain")])
        return [b"old " + environ["PATH_INFO"].encode()]

    app = App("shop")
    app.include(group, at="/films", name="films")
    app.include(group, at="/archive/films", name="archive")
    app.mount("/old", old)
    document = described(app)
    assert list(document["paths"]) == ["/films/{id}", "/archive/films/{id}"]
    for path in document["paths"]:
        body = operation(document, path, "put")["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": "#/components/schemas/Film"}
    with Client(app) as client:
        film = {"id": 7, "title": "Slam"}
        assert client.put("/films/7", json=film).json() == film
        assert client.put("/archive/films/7", json={"id": "x"}).json()["errors"] == [
            {"loc": ["body", "id"], "msg": "Expected `int`, got `str`"},
            {"loc": ["body", "title"], "msg": "is missing"},
        ]
        assert client.get("/old/page").text == "old /page"


def test_errors_that_an_app_answers_itself_are_described_as_it_answers_them(described: Described) -> None:
    app, plain = App("own"), App("plain")

    @app.error_handler(NotFound)
    async def lost(request: Any, error: NotFound) -> Sorry:
        return Sorry("look elsewhere")

    @app.error_handler(422)
    async def bad(request: Any, error: HTTPError) -> tuple[dict[str, str], Literal[400]]:
        return {"error": "bad"}, 400

    @app.error_handler(Conflict)
    def taken(request, error):  # type: ignore[no-untyped-def]
        return "taken"

    async def show(id: int, page: int = 1) -> Film:
        raise Conflict

    for one in (app, plain):
        one.get("/films/{id}")(show)

    responses = operation(described(app), "/films/{id}")["responses"]
    assert responses["404"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Sorry"}
    assert responses["400"]["content"]["application/json"]["schema"]["type"] == "object"
    assert "422" not in responses
    assert responses["409"] == {"description": "Conflict"}
    assert operation(described(plain), "/films/{id}")["responses"]["404"] == {
        "$ref": "#/components/responses/Error404"
    }
