"""What a document says of an app: paths, names, groups, texts."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

from segue import App, Conflict, HTTPError, NotFound, Query, Response, SeeOther, Struct, WebSocket

Described = Callable[..., dict[str, Any]]


class Film(Struct):
    id: int
    title: str


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

    @app.websocket("/live")
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
