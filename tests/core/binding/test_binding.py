"""Where the parameters of a handler come from, and what is said when one is bad."""

import enum
import functools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, TypedDict

import pytest
from msgspec import field

from segue import (
    App,
    Body,
    Cookie,
    File,
    Form,
    FormData,
    Header,
    Meta,
    Named,
    Query,
    Request,
    Struct,
    UploadFile,
    WebSocket,
)
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[App], Any]
Handler = Callable[..., Any]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)


class Page(Struct):
    page: Annotated[int, Meta(ge=1)] = 1
    size: Annotated[int, Meta(le=100)] = 20
    tag: list[str] = field(default_factory=list)


@dataclass
class Range:
    low: int
    high: int = 10


class Filters(TypedDict, total=False):
    title: str
    year: int


class Avatar(Struct):
    name: str
    picture: File
    more: list[File] = field(default_factory=list)


def asked(handler: Handler, url: str = "/", *, path: str = "/", method: str = "GET", **options: Any) -> Any:
    """The answer of an app with this handler alone: its JSON, or its status and the places of bad fields."""
    app = App()
    app.route(path, methods=[method])(handler)
    with Client(app) as client:
        response = client.request(method, url, **options)
        if response.status >= 400:
            problem = response.json()
            return response.status, [tuple(error["loc"]) for error in problem.get("errors", ())]
        return response.json()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "x", "x"), (int, "7", 7), (int, "-7", -7), (float, "2.5", 2.5), (float, "1e3", 1000.0),
        (bool, "true", True), (bool, "1", True), (bool, "on", True), (bool, "TRUE", True),
        (bool, "false", False), (bool, "0", False), (bool, "off", False),
        (Decimal, "1.50", "1.50"), (date, "2026-11-20", "2026-11-20"),
        (datetime, "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"), (timedelta, "PT5S", "PT5S"),
        (uuid.UUID, "0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11", "0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11"),
        (Color, "blue", "blue"), (Level, "2", 2), (Literal["a", "b"], "b", "b"), (UserId, "9", 9),
        (int | None, "7", 7), (int | None, "", None), (str | None, "", ""), (int | str, "x", "x"),
        (Annotated[int, Meta(ge=1)], "1", 1), (list[int], "7", [7]), (set[str], "x", ["x"]),
        (tuple[int, ...], "7", [7]), (bool | None, "on", True), (bool | None, "", None),
        (Annotated[str, Meta(max_length=2)], "ab", "ab"),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value_of_the_type(kind: Any, text: str, value: Any) -> None:
    async def handler(value: Any) -> Any:
        return {"value": value}

    handler.__annotations__["value"] = Query[kind]
    assert asked(handler, "/", params={"value": text}) == {"value": value}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "x"), (int, ""), (int, "1.5"), (int, "1.0"), (int, "1e3"), (int | None, "1e3"), (int, "٣"), (int, " 1"), (int, "9" * 5000), (float, "nan"), (float, "inf"),
        (float, "9" * 5000), (float, "1e999"), (bool, "perhaps"), (date, "2026-02-30"), (uuid.UUID, "x"), (Color, "green"),
        (Level, "3"), (Literal["a", "b"], "c"), (Annotated[int, Meta(ge=1)], "0"), (Decimal, "x" * 5000),
        (Annotated[str, Meta(max_length=2)], "abc"), (list[int], "x"), (datetime, "yesterday"), (int | None, "x"),
        (Annotated[list[int], Meta(min_length=2)], "1"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_value_is_a_bad_field(kind: Any, text: str) -> None:
    async def handler(value: Any) -> Any:
        return {"value": value}

    handler.__annotations__["value"] = Query[kind]
    status, places = asked(handler, "/", params={"value": text})
    assert status == 422
    assert places[0][:2] == ("query", "value")


def test_unmarked_parameters_come_from_the_path_the_query_and_the_body(serve: Serve) -> None:
    class Film(Struct):
        title: str

    app = App()

    @app.put("/films/{id}")
    async def update(id: int, film: Film, dry: bool = False, tags: list[str] = []) -> list[Any]:  # noqa: B006
        return [id, film, dry, tags]

    @app.put("/ranges")
    async def ranges(between: Range) -> Range:
        return between

    @app.put("/filters")
    async def filters(filters: Filters, other: Film | None = None) -> Any:
        return filters

    ask = serve(app)
    as_json = {"content-type": "application/json"}
    assert json.loads(ask("PUT", "/films/3?dry=1&tags=a&tags=b", as_json, b'{"title":"x"}').body) == [
        3, {"title": "x"}, True, ["a", "b"],
    ]  # fmt: skip
    assert json.loads(ask("PUT", "/films/3", as_json, b'{"title":"x"}').body) == [
        3,
        {"title": "x"},
        False,
        [],
    ]
    assert ask("PUT", "/films/x", as_json, b'{"title":"x"}').status == 404
    assert (
        ask("PUT", "/ranges", {"content-type": "application/vnd.range+json"}, b'{"low":1}').text
        == '{"low":1,"high":10}'
    )


def test_markers_name_the_origin() -> None:
    async def handler(
        user_agent: Header[str],
        token: Header[Annotated[str, Named("X_Token")]],
        accepted: Header[Annotated[list[str], Named("X-Many")]],
        session: Cookie[str],
        visits: Cookie[int] = 0,
        q: Query[str] = "none",
        *,
        sort: Query[Annotated[str, Named("order-by")]] = "title",
    ) -> dict[str, Any]:
        return dict(locals())

    headers = [
        ("user-agent", "ua"),
        ("X_Token", "t"),
        ("X-Many", "a, b"),
        ("x-many", "c"),
        ("cookie", "session=s; visits=3"),
    ]
    assert asked(handler, "/?order-by=year", headers=headers) == {
        "user_agent": "ua",
        "token": "t",
        "accepted": ["a, b", "c"],
        "session": "s",
        "visits": 3,
        "q": "none",
        "sort": "year",
    }
    assert asked(handler, "/") == (
        422,
        [("header", "user-agent"), ("header", "X_Token"), ("header", "X-Many"), ("cookie", "session")],
    ) or asked(handler, "/")[1][-3:] == [("header", "X_Token"), ("header", "X-Many"), ("cookie", "session")]


def test_a_model_takes_its_fields_from_where_it_is_marked() -> None:
    class Client(Struct, rename="kebab"):
        accept_language: str
        x_request_id: int | None = None

    class Visit(Struct):
        session: str
        count: int = 1

    async def handler(
        page: Query[Page], between: Query[Range], client: Header[Client], visit: Cookie[Visit]
    ) -> Any:
        return [page, between, client, visit]

    headers = {"accept-language": "de", "x-request-id": "5", "cookie": "session=s; count=2"}
    assert asked(handler, "/?page=2&tag=a&tag=b&low=1", headers=headers) == [
        {"page": 2, "size": 20, "tag": ["a", "b"]},
        {"low": 1, "high": 10},
        {"accept-language": "de", "x-request-id": 5},
        {"session": "s", "count": 2},
    ]
    assert asked(handler, "/?page=0&size=x", headers={"x-request-id": "y"}) == (
        422,
        [
            ("query", "page"), ("query", "size"), ("query", "low"), ("header", "accept-language"),
            ("header", "x-request-id"), ("cookie", "session"),
        ],
    )  # fmt: skip


def test_a_typed_dict_and_a_default_model() -> None:
    async def handler(filters: Query[Filters], page: Query[Page] = Page(page=9)) -> Any:  # noqa: B008 -- what a user writes
        return [filters, page.page]

    assert asked(handler, "/?year=1953") == [{"year": 1953}, 9]
    assert asked(handler, "/") == [{}, 9]
    assert asked(handler, "/?page=2") == [{}, 2]


def test_a_default_that_a_handler_changes_is_fresh_for_the_next_request() -> None:
    app = App()

    @app.get("/")
    async def handler(
        tags: list[str] = [],  # noqa: B006
        page: Query[Page] = Page(tag=[]),  # noqa: B008
        many: Header[list[str]] = [],  # noqa: B006
        data: Body[dict[str, int]] = {},  # noqa: B006
    ) -> list[int]:
        tags.append("x")
        page.tag.append("x")
        many.append("x")
        data[str(len(data))] = 1
        return [len(tags), len(page.tag), len(many), len(data)]

    with Client(app) as client:
        for url in ("/", "/", "/?other=1", "/?other=1"):
            assert client.get(url).json() == [1, 1, 1, 1]


def test_every_bad_field_is_named_in_one_reply(serve: Serve) -> None:
    class Film(Struct):
        title: str
        year: Annotated[int, Meta(ge=1888)]

    app = App()

    @app.post("/films/{id:int}")
    async def create(
        id: int,
        film: Film,
        n: Query[int],
        tags: Query[list[int]] = [],  # noqa: B006
        token: Header[int] = 0,
        s: Cookie[int] = 0,
    ) -> None: ...

    headers = {"content-type": "application/json", "token": "t", "cookie": "s=x"}
    answer = serve(app)("POST", "/films/1?n=x&tags=1&tags=y&tags=z", headers, b'{"year": 1}')
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["detail"] == "7 fields of the request are not valid."
    assert {tuple(error["loc"]): error["msg"] for error in problem["errors"]} == {
        ("body", "title"): "is missing",
        ("body", "year"): "Expected `int` >= 1888",
        ("query", "n"): "Expected `int`, got `str`",
        ("query", "tags", 1): "Expected `int`, got `str`",
        ("query", "tags", 2): "Expected `int`, got `str`",
        ("header", "token"): "Expected `int`, got `str`",
        ("cookie", "s"): "Expected `int`, got `str`",
    }


def test_the_reply_to_many_or_long_bad_fields_is_short() -> None:
    async def handler(tags: Query[list[int]] = [], data: Body[dict[str, int]] = {}) -> None: ...  # noqa: B006

    app = App()
    app.post("/")(handler)
    with Client(app) as client:
        many = client.post("/?" + "&".join(["tags=x"] * 900))
        assert (many.status, len(many.json()["errors"])) == (422, 100)
        long = client.post("/", json={"x" * 500_000: "y"})
        assert (long.status, len(long.content) < 1000) == (422, True)


def test_a_form_is_taken_field_by_field_or_as_a_model(serve: Serve) -> None:
    class Entry(Struct):
        name: str
        age: int | None = None
        news: bool = False
        tags: list[str] = field(default_factory=list)

    app = App()

    @app.post("/fields")
    async def fields(name: Form[str], age: Form[int] = 1, tags: Form[list[str]] = []) -> list[Any]:  # noqa: B006
        return [name, age, tags]

    @app.post("/model")
    async def model(entry: Form[Entry]) -> Entry:
        return entry

    @app.post("/whole")
    async def whole(form: FormData) -> list[Any]:
        return form.multi_items()

    ask = serve(app)
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    assert ask("POST", "/fields", urlencoded, b"name=%C3%84&age=3&tags=a&tags=b").text == '["Ä",3,["a","b"]]'
    assert ask("POST", "/model", urlencoded, b"name=x&age=&news=on&tags=a").text == (
        '{"name":"x","age":null,"news":true,"tags":["a"]}'
    )
    assert ask("POST", "/whole", urlencoded, b"a=1&a=2").text == '[["a","1"],["a","2"]]'
    bad = ask("POST", "/model", urlencoded, b"age=x&news=perhaps")
    assert [error["loc"] for error in json.loads(bad.body)["errors"]] == [
        ["form", "name"], ["form", "age"], ["form", "news"],
    ]  # fmt: skip
    assert ask("POST", "/fields", {"content-type": "application/json"}, b"{}").status == 415


def test_files_of_a_form() -> None:
    app = App()

    @app.post("/one")
    async def one(picture: File, name: Form[str] = "?") -> list[Any]:
        return [picture.filename, picture.content_type, picture.read().decode(), name]

    @app.post("/many")
    async def many(pictures: list[File]) -> list[Any]:
        return [picture.filename for picture in pictures]

    @app.post("/optional")
    async def optional(picture: UploadFile | None = None) -> Any:
        return {"there": picture is not None}

    @app.post("/model")
    async def model(avatar: Form[Avatar]) -> list[Any]:
        return [avatar.name, avatar.picture.filename, len(avatar.more)]

    @app.post("/text")
    async def text(picture: Form[str]) -> str:
        return picture

    file = ("a.txt", b"content", "text/plain")
    with Client(app) as client:
        assert client.post("/one", data={"name": "x"}, files={"picture": file}).json() == [
            "a.txt",
            "text/plain",
            "content",
            "x",
        ]
        assert client.post("/many", files={"pictures": [file, ("b.txt", b"")]}).json() == ["a.txt", "b.txt"]
        assert client.post("/optional", data={"x": "y"}).json() == {"there": False}
        assert client.post(
            "/model", data={"name": "x"}, files={"picture": file, "more": [file, file]}
        ).json() == ["x", "a.txt", 2]
        missing = client.post("/one", data={"picture": "a text where a file should be"})
        assert (missing.status, missing.json()["errors"][0]["loc"]) == (422, ["form", "picture"])
        assert client.post("/text", files={"picture": file}).status == 422


def test_what_is_injected_by_its_type() -> None:
    class OwnApp(App):
        pass

    app = OwnApp("own")

    @app.get("/{a}")
    async def handler(request: Request, app: App, own: OwnApp, a: str) -> list[Any]:
        return [request.path, app.name, own is app, a]

    @app.get("/")
    def bare(request) -> str:  # type: ignore[no-untyped-def]
        return str(request.path)

    with Client(app) as client:
        assert client.get("/x").json() == ["/x", "own", True, "x"]
        assert client.get("/").text == "/"


def test_any_callable_can_be_a_handler() -> None:
    class Greeter:
        def __init__(self, greeting: str) -> None:
            self.greeting = greeting

        async def __call__(self, name: str) -> str:
            return f"{self.greeting} {name}"

        def method(self, name: str) -> str:
            return f"{self.greeting}, {name}"

    async def greet(greeting: str, name: str) -> str:
        return f"{greeting} {name}!"

    def logged(function: Handler) -> Handler:
        @functools.wraps(function)
        async def wrapper(*args: Any, **named: Any) -> Any:
            return "logged " + await function(*args, **named)

        return wrapper

    async def everything(**params: Any) -> str:
        return json.dumps(params)

    app = App()
    app.get("/object/{name}")(Greeter("hello"))
    app.get("/method/{name}")(Greeter("hello").method)
    app.get("/partial/{name}")(functools.partial(greet, "hi"))
    app.get("/named/{name}")(functools.partial(greet, greeting="ho"))
    app.get("/logged/{greeting}/{name}")(logged(greet))
    app.get("/lambda/{name}")(lambda name: name)
    app.get("/all/{a}/{b:int}")(everything)
    with Client(app) as client:
        assert client.get("/object/x").text == "hello x"
        assert client.get("/method/x").text == "hello, x"
        assert client.get("/partial/x").text == "hi x!"
        assert client.get("/named/x").text == "ho x!"
        assert client.get("/logged/a/b").text == "logged a b!"
        assert client.get("/lambda/x").text == "x"
        assert client.get("/all/x/3").json() == {"a": "x", "b": 3}


def test_names_that_the_binding_uses_itself_are_free() -> None:
    async def handler(
        form: str,
        value: str,
        rule: str,
        error: str,
        handler: str,
        p_form: str,
        response: str,
        new: str,
        self: str,
    ) -> dict[str, str]:
        return {"form": form, "value": value, "p_form": p_form, "new": new, "self": self}

    names = ("form", "value", "rule", "error", "handler", "p_form", "response", "new", "self")
    assert asked(handler, "/?" + "&".join(f"{name}={name}" for name in names)) == {
        "form": "form", "value": "value", "p_form": "p_form", "new": "new", "self": "self",
    }  # fmt: skip


def test_a_body_may_be_anything_that_json_is() -> None:
    async def handler(body: Body[list[dict[str, int]]]) -> Any:
        return body

    async def raw(data: Body[bytes], text: Body[str]) -> list[Any]:
        return [len(data), text]

    async def optional(film: Body[dict[str, int]] = {}) -> Any:  # noqa: B006
        return film

    assert asked(handler, method="POST", json=[{"a": 1}]) == [{"a": 1}]
    assert asked(handler, method="POST", json=[{"a": "x"}, {"b": 1}, {"c": None}]) == (
        422,
        [("body", 0, "a"), ("body", 2, "c")],
    )
    assert asked(raw, method="POST", content="ä".encode()) == [2, "ä"]
    assert asked(optional, method="POST") == {}
    assert asked(optional, method="POST", json={"a": 1}) == {"a": 1}


def problem_of(handler: Handler, path: str = "/") -> str:
    app = App("app")
    app.get(path)(handler)
    with pytest.raises(FreezeError) as failure:
        app.freeze()
    assert "test_binding.py:" in str(failure.value)
    return str(failure.value)


def test_a_parameter_that_cannot_be_bound_is_told_with_the_cure() -> None:
    class Thing:
        pass

    async def unknown(thing: Thing) -> None: ...
    async def untyped(name) -> None: ...  # type: ignore[no-untyped-def]
    async def mapping(data: dict[str, int]) -> None: ...
    async def objects(pages: list[Page]) -> None: ...
    async def both(id: Query[int]) -> None: ...
    async def star(*args: int) -> None: ...
    async def none() -> None: ...
    async def text_of_dict(data: Query[dict[str, int]]) -> None: ...

    assert "where does 'thing' of type Thing come from? Mark it: thing: Body[Thing] for JSON" in problem_of(
        unknown
    )
    assert "the parameter 'name' has no annotation. Say its type, name: str" in problem_of(untyped)
    assert "Mark it: data: Body[dict[str, int]]" in problem_of(mapping)
    assert "'pages' is a list of Page, which one text cannot be; take it as Body[...]" in problem_of(objects)
    assert "'id' is in the path; take the marker away" in problem_of(both, "/{id}")
    assert "*args cannot be bound; name each parameter" in problem_of(star)
    assert "the path has {id}, but the handler has no parameter of this name" in problem_of(none, "/{id}")
    assert "'data' is a dict[str, int], which one text cannot be" in problem_of(text_of_dict)


def test_all_that_is_wrong_is_told_at_once() -> None:
    app = App()

    @app.get("/a/{x")
    async def a() -> None: ...

    @app.get("/b")
    async def b(x) -> None: ...  # type: ignore[no-untyped-def]

    @app.websocket("/c")
    def c(socket: WebSocket) -> None: ...

    @app.get("/d", nonsense=True)  # type: ignore[call-arg]
    async def d() -> None: ...

    @app.error_handler("404")  # type: ignore[arg-type]
    async def lost(request: Request, error: Exception) -> None: ...

    with pytest.raises(FreezeError) as failure:
        app.freeze()
    assert len(failure.value.problems) == 5
    assert all("test_binding.py:" in problem for problem in failure.value.problems)


def test_the_source_of_an_endpoint_can_be_read() -> None:
    app = App("app")

    @app.get("/hello/{name}")
    async def hello(name: str, times: int = 1) -> dict[str, str]:
        return {"hello": name * times}

    endpoint = app.plan.routes["hello"][0].endpoint
    assert 'p_name = request.params["name"]' in endpoint.source.replace("'", '"')
    assert "value = await handler(p_name, p_times)" in endpoint.source
    assert str(endpoint).startswith("app.hello (test_binding.py:")
    assert [(one.name, one.origin) for one in endpoint.parameters] == [("name", "path"), ("times", "query")]


@pytest.mark.parametrize(
    ("kind", "text"), [(datetime, "0.5"), (datetime | None, "1"), (timedelta, "5"), (int | None, "null")]
)
def test_what_looks_like_another_kind_is_refused(serve: Serve, kind: Any, text: str) -> None:
    app = App()

    @app.get("/")
    async def take(value: kind) -> str:
        return repr(value)

    assert serve(app).get(f"/?value={text}").status == 422


@pytest.mark.row("FX1")
def test_each_origin_is_bound_by_type_and_named_when_it_is_bad(serve: Serve) -> None:
    class Page(Struct):
        size: int = 10

    class Film(Struct):
        year: int

    app = App()

    @app.post("/films/{id}")
    async def take(
        id: int,
        film: Film,
        n: int,
        page: Query[Page],
        x_count: Header[int],
        visits: Cookie[int],
    ) -> list[int]:
        return [id, film.year, n, page.size, x_count, visits]

    @app.post("/form")
    async def form(file: File, stars: Form[int]) -> int | list[int]:
        return [file.size, stars]

    ask = serve(app)
    json_headers = {"content-type": "application/json"}
    good = ask(
        "POST",
        "/films/7?n=1&size=2",
        {**json_headers, "x-count": "3", "cookie": "visits=4"},
        b'{"year": 1999}',
    )
    assert json.loads(good.body) == [7, 1999, 1, 2, 3, 4]
    bad = ask(
        "POST",
        "/films/7?n=x&size=x",
        {**json_headers, "x-count": "x", "cookie": "visits=x"},
        b'{"year": "x"}',
    )
    assert bad.status == 422
    assert [error["loc"] for error in json.loads(bad.body)["errors"]] == [
        ["body", "year"], ["query", "n"], ["query", "size"], ["header", "x-count"], ["cookie", "visits"],
    ]  # fmt: skip
    parts = (
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nabc\r\n'
        b'--b\r\ncontent-disposition: form-data; name="stars"\r\n\r\n%s\r\n--b--\r\n'
    )
    multipart = {"content-type": "multipart/form-data; boundary=b"}
    assert json.loads(ask("POST", "/form", multipart, parts % b"5").body) == [3, 5]
    wrong = ask("POST", "/form", multipart, parts % b"x")
    assert [error["loc"] for error in json.loads(wrong.body)["errors"]] == [["form", "stars"]]
