"""Paths to handlers and back, over a client in process and over a socket."""

import json
import time
import uuid
import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from segue import App, Converter, Request
from segue.core.plan import FreezeError, UnknownRoute
from segue.testing import Client

Serve = Callable[[App], Any]


def echo_app() -> App:
    app = App("echo")

    @app.get("/int/{n:int}")
    async def integer(n: int) -> list[Any]:
        return ["int", n]

    @app.get("/float/{x:float}")
    async def floating(x: float) -> list[Any]:
        return ["float", x]

    @app.get("/uuid/{u:uuid}")
    async def unique(u: uuid.UUID) -> list[Any]:
        return ["uuid", str(u)]

    @app.get("/date/{d:date}")
    async def day(d: date) -> list[Any]:
        return ["date", d.isoformat()]

    @app.get("/f/{p:path}")
    async def path(p: str) -> list[Any]:
        return ["path", p]

    @app.get("/re/{code:re:[a-z]{2}-[0-9]{3}}")
    async def regex(code: str) -> list[Any]:
        return ["re", code]

    @app.get("/pair/{name}.{ending}")
    async def pair(name: str, ending: str) -> list[Any]:
        return [name, ending]

    @app.get("/version/v{major:int}.{minor:int}")
    async def version(major: int, minor: int) -> list[Any]:
        return [major, minor]

    app.converter(
        "hex", Converter("[0-9a-f]{1,8}", lambda text: int(text, 16), lambda value: f"{value:x}", kind=int)
    )

    @app.get("/hex/{n:hex}")
    async def hexadecimal(n: int) -> list[Any]:
        return ["hex", n]

    return app


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/int/7", ["int", 7]),
        ("/int/-7", ["int", -7]),
        ("/float/2.5", ["float", 2.5]),
        ("/uuid/0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11", ["uuid", "0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11"]),
        ("/date/2026-11-20", ["date", "2026-11-20"]),
        ("/f/a/b.txt", ["path", "a/b.txt"]),
        ("/f/a//b", ["path", "a//b"]),
        ("/re/ab-123", ["re", "ab-123"]),
        ("/pair/jquery.min.js", ["jquery", "min.js"]),
        ("/version/v1.20", [1, 20]),
        ("/hex/ff", ["hex", 255]),
    ],
)
def test_a_converter_takes_what_is_its_own(serve: Serve, path: str, result: list[Any]) -> None:
    assert serve(echo_app()).get(path).text.replace(" ", "") == json.dumps(result).replace(" ", "")


@pytest.mark.parametrize(
    "path",
    [
        "/int/x", "/int/", "/int/1.5", "/int/%D9%A3", "/int/+1", "/int/1_0", "/float/nan", "/float/1e5", "/float/inf",
        "/uuid/0b3a1f8e", "/date/2026-02-30", "/date/26-1-1", "/f/", "/re/abc-123", "/re/ab-1234", "/pair/.js",
        "/pair/name.", "/pair/name", "/version/v1", "/version/v1.x", "/hex/xyz", "/hex/fffffffff",
    ],
)  # fmt: skip
def test_a_converter_refuses_the_rest(serve: Serve, path: str) -> None:
    assert serve(echo_app()).get(path).status == 404


def precedence_app() -> App:
    app = App()

    def route(template: str) -> None:
        @app.get(template)
        async def handler(request: Request) -> str:
            return template

    # Declared from the most general to the most special: the order plays no part.
    for template in (
        "/{rest:path}", "/{a}", "/{a:int}", "/new", "/x/{a}", "/x/{a:int}", "/x/{a:int}/edit", "/x/{a}/show",
        "/x/new/show/{b}", "/x/{a}.{b}", "/x/{a}.json", "/y/{p:path}/raw", "/y/{p:path}",
    ):  # fmt: skip
        route(template)
    return app


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/new", "/new"),
        ("/7", "/{a:int}"),
        ("/seven", "/{a}"),
        ("/x/7", "/x/{a:int}"),
        ("/x/seven", "/x/{a}"),
        ("/x/7/edit", "/x/{a:int}/edit"),
        ("/x/7/show", "/x/{a}/show"),
        ("/x/new/show", "/x/{a}/show"),
        ("/x/new/show/1", "/x/new/show/{b}"),
        ("/x/a.json", "/x/{a}.json"),
        ("/x/a.xml", "/x/{a}.{b}"),
        ("/x/7/nothing", "/{rest:path}"),
        ("/x/", "/{rest:path}"),
        ("/y/a/b/raw", "/y/{p:path}/raw"),
        ("/y/raw", "/y/{p:path}"),
        ("/y/a/raw/raw", "/y/{p:path}/raw"),
    ],
)
def test_static_text_comes_before_a_converter_a_plain_parameter_and_a_path(path: str, template: str) -> None:
    with Client(precedence_app()) as client:
        assert client.get(path).text == template


@pytest.mark.row("BO3")
def test_routes_as_bottle_has_them(serve: Serve) -> None:
    app = App("bottle")

    @app.get("/n/{id:int}")
    async def number(id: int) -> dict[str, int]:
        return {"id": id}

    @app.get("/n/new")
    async def new() -> str:
        return "static"

    @app.get("/f/{p:path}")
    async def file(p: str) -> str:
        return p

    @app.get("/x/{x:float}")
    async def decimal(x: float) -> dict[str, float]:
        return {"x": x}

    @app.get("/re/{tag:re:[a-z]+}")
    async def tag(tag: str) -> str:
        return tag

    app.converter("list", Converter("[a-z]+(?:,[a-z]+)*", lambda text: text.split(","), ",".join))

    @app.get("/list/{names:list}")
    async def names(names: list[str]) -> list[str]:
        return names

    for at in range(120):  # more than the 99 groups of the old `re`

        def add(at: int = at) -> None:
            @app.get(f"/many/{at}/{{a}}-{{b:int}}/{{c{at}}}", name=f"many{at}")
            async def handler(request: Request) -> dict[str, Any]:
                return {"at": at, **request.params}

        add()

    ask = serve(app)
    assert ask.get("/n/x").status == 404
    assert ask.get("/n/7").text == '{"id":7}'
    assert ask.get("/n/new").text == "static"
    assert ask.get("/f/a/b.txt").text == "a/b.txt"
    assert ask.get("/x/2.5").text == '{"x":2.5}'
    assert (ask.get("/re/abc").text, ask.get("/re/ABC").status) == ("abc", 404)
    assert ask.get("/list/a,b").text == '["a","b"]'
    assert ask.get("/many/119/x-5/y").text == '{"at":119,"a":"x","b":5,"c119":"y"}'
    assert app.url_for("number", id=3) == "/n/3"
    assert app.url_for("names", names=["a", "b"]) == "/list/a,b"
    assert app.url_for("many7", a="x", b=1, c7="z") == "/many/7/x-1/z"


def slash_app(**defaults: Any) -> App:
    app = App(**defaults)

    @app.route("/a/", methods=["GET", "POST"])
    async def with_slash() -> str:
        return "a"

    @app.get("/b")
    async def without() -> str:
        return "b"

    @app.get("/p/{name}/")
    async def parameter(name: str) -> str:
        return name

    @app.get("/strict/", slashes="strict")
    async def strict() -> str:
        return "strict"

    @app.get("/either", slashes="ignore")
    async def either() -> str:
        return "either"

    @app.get("/either/{n:int}/", slashes="ignore")
    async def either_number(n: int) -> dict[str, int]:
        return {"n": n}

    @app.get("/{rest:path}/end/")
    async def end(rest: str) -> str:
        return rest

    return app


def test_a_missing_slash_is_redirected_and_one_too_many_is_not_found(serve: Serve) -> None:
    ask = serve(slash_app())
    redirected = ask.get("/a?q=1&r=%2F")
    assert (redirected.status, redirected.headers["location"]) == (308, "/a/?q=1&r=%2F")
    assert ask("POST", "/a").status == 308
    assert ask.get("/b/").status == 404
    assert ask.get("/p/caf%C3%A9").headers["location"] == "/p/caf%C3%A9/"
    assert ask.get("/strict").status == 404
    assert [ask.get(path).status for path in ("/either", "/either/", "/either/3", "/either/3/")] == [200] * 4


def test_the_slash_policy_of_an_app_is_that_of_its_routes() -> None:
    with Client(slash_app(slashes="strict")) as client:
        assert client.get("/a").status == 404
    with Client(slash_app(slashes="ignore")) as client:
        assert [client.get(path).status for path in ("/a", "/a/", "/b", "/b/")] == [200] * 4


@pytest.mark.parametrize(
    "path", ["//evil.example/end", "/%5Cevil.example/end", "/%5cevil.example/end", "///evil/end"]
)
def test_the_slash_redirect_stays_on_the_origin(serve_raw: Serve, path: str) -> None:
    answer = serve_raw(slash_app()).get(path)
    assert answer.status == 404
    assert "location" not in answer.headers


def host_app() -> App:
    app = App("sites")

    @app.get("/")
    async def anywhere() -> str:
        return "anywhere"

    @app.get("/only")
    async def only() -> str:
        return "only"

    @app.get("/", host="api.example.com")
    async def api() -> str:
        return "api"

    @app.get("/", host="{tenant}.example.com")
    async def tenant(tenant: str) -> str:
        return tenant

    @app.get("/{page}", host="{tenant}.example.com", name="page")
    async def tenant_page(tenant: str, page: str) -> str:
        return f"{tenant}/{page}"

    return app


@pytest.mark.parametrize(
    ("host", "path", "text"),
    [
        ("localhost", "/", "anywhere"),
        ("api.example.com", "/", "api"),
        ("API.Example.COM", "/", "api"),
        ("api.example.com:8443", "/", "api"),
        ("api.example.com.", "/", "api"),
        ("blue.example.com", "/", "blue"),
        ("blue.example.com", "/about", "blue/about"),
        ("a.b.example.com", "/", "anywhere"),
        ("example.com", "/", "anywhere"),
        ("example.com.evil.org", "/", "anywhere"),
        ("xexample.com", "/", "anywhere"),
        ("[::1]:80", "/", "anywhere"),
        ("blue.example.org", "/only", "only"),
    ],
)
def test_a_host_is_matched_label_by_label(serve: Serve, host: str, path: str, text: str) -> None:
    assert serve(host_app()).get(path, {"host": host}).text == text


@pytest.mark.row("FL3")
def test_routing_as_flask_has_it(serve: Serve) -> None:
    app = App("flask")

    @app.get("/s/{text}")
    async def text(text: str) -> str:
        return text

    @app.get("/users/{id:int}/", name="users.show")
    async def show(id: int, request: Request) -> dict[str, str]:
        return {
            "here": request.url_for("users.show", id=id),
            "outside": request.url_for("users.show", id=id, _external=True, _anchor="top"),
            "secure": request.url_for("users.show", id=id, _scheme="https"),
            "tenant": request.url_for("tenant", tenant="blue"),
        }

    @app.get("/u/{key:uuid}/{x:float}")
    async def key(key: uuid.UUID, x: float) -> str:
        return f"{key} {x}"

    @app.get("/a/")
    async def a() -> str:
        return "a"

    @app.get("/b")
    async def b() -> str:
        return "b"

    @app.get("/p/{rest:path}")
    async def rest(rest: str) -> str:
        return rest

    @app.get("/", host="{tenant}.example.com", name="tenant")
    async def tenant(tenant: str) -> str:
        return tenant

    app.converter("even", Converter("[0-9]{1,6}", _even))

    @app.get("/even/{n:even}")
    async def even(n: Any) -> dict[str, int]:
        return {"n": n}

    @app.get("/assets/{name}", name="assets", build_only=True)
    async def assets(name: str) -> None: ...

    ask = serve(app)
    assert (ask.get("/a").status, ask.get("/a").headers["location"]) == (308, "/a/")
    assert ask.get("/b/").status == 404
    assert ask.get("/s/hello").text == "hello"
    assert (
        ask.get("/u/0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11/1.5").text
        == "0b3a1f8e-25a3-4c0e-9d2f-1f0c5a3b7d11 1.5"
    )
    assert ask.get("/p/x/y").text == "x/y"
    assert (ask.get("/even/4").status, ask.get("/even/5").status) == (200, 404)
    assert ask.get("/", {"host": "blue.example.com"}).text == "blue"
    assert ask.get("/assets/a.css").status == 404
    assert app.url_for("assets", name="a.css") == "/assets/a.css"
    links = json.loads(ask.get("/users/7/", {"host": "films.example:8000"}).text)
    assert links == {
        "here": "/users/7/",
        "outside": "http://films.example:8000/users/7/#top",
        "secure": "https://films.example:8000/users/7/",
        "tenant": "//blue.example.com:8000/",
    }
    assert (
        app.url_for("users.show", id=7, q="x y", tag=["a", "b"], _anchor="é")
        == "/users/7/?q=x+y&tag=a&tag=b#%C3%A9"
    )
    with pytest.raises(UnknownRoute, match=r"no route named 'users.shwo'; did you mean 'users.show'\?"):
        app.url_for("users.shwo", id=1)


def _even(text: str) -> int:
    number = int(text)
    if number % 2:
        raise ValueError(text)
    return number


def test_url_for_tells_what_is_missing_and_what_does_not_fit() -> None:
    app = echo_app()
    with pytest.raises(
        UnknownRoute, match=r"url_for\('integer'\) needs a value for n: /int/\{n:int\} \(test_routing.py:"
    ):
        app.url_for("integer")
    with pytest.raises(UnknownRoute, match="n='x' cannot stand in the path: it has to be of the kind 'int'"):
        app.url_for("integer", n="x")
    with pytest.raises(UnknownRoute, match=r"'\.\.'"):
        app.url_for("path", p="a/../b")
    assert app.url_for("echo.pair", name="ä/b", ending="js") == "/pair/%C3%A4%2Fb.js"


def test_an_encoded_slash_stays_in_its_segment(serve: Serve) -> None:
    app = App()

    @app.get("/films/{title}")
    async def film(title: str) -> str:
        return title

    @app.get("/films/{title}/cast")
    async def cast(title: str) -> str:
        return "cast"

    ask = serve(app)
    assert ask.get("/films/a%2Fcast").text == "a/cast"
    assert ask.get("/films/100%25").text == "100%"
    assert ask.get("/films/a%252Fcast").text == "a%2Fcast"


@pytest.mark.row("SEC-50")
@pytest.mark.parametrize("end", ["%0a", "%0A", "%0d", "%0d%0a", "%00", "%0b"])
def test_a_line_end_behind_a_path_leads_nowhere(serve: Serve, end: str) -> None:
    app = echo_app()

    @app.get("/admin")
    async def admin() -> str:
        return "secret"

    @app.get("/plain/{name}")
    async def plain(name: str) -> str:
        return name

    ask = serve(app)
    paths = [
        "/admin",
        "/int/7",
        "/re/ab-123",
        "/plain/x",
        "/pair/a.b",
        "/f/a/b",
        "/date/2026-11-20",
        "/hex/ff",
    ]
    assert {path: ask.get(path + end).status for path in paths} == dict.fromkeys(
        paths, 400 if end == "%00" else 404
    )


@pytest.mark.row("SEC-48")
def test_paths_that_are_no_text_are_refused(serve_raw: Serve, errors: Callable[[], list[Any]]) -> None:
    ask = serve_raw(echo_app())
    for target in ("/f/%00", "/f/%ff", "/f/\xff", "/%00", "/f/%c0%af", "/f/%ed%a0%80", "/pair/a%00.b"):
        assert ask.get(target).status in (400, 404), target
    assert errors() == []


def test_an_empty_path_is_no_root() -> None:
    app = App()

    @app.get("/")
    async def root() -> str:
        return "root"

    found = app.plan.handle(Request("GET", "", []))
    with pytest.raises(StopIteration) as done:
        found.send(None)
    assert done.value.value.status == 404


def test_two_routes_that_no_request_can_tell_apart_are_named_with_both_lines() -> None:
    app = App("twice")

    @app.get("/users/{id}")
    async def one(id: str) -> None: ...

    @app.get("/users/{name}")
    async def two(name: str) -> None: ...

    @app.post("/users/{other}")
    async def three(other: str) -> None: ...

    @app.any("/x")
    async def four() -> None: ...

    @app.any("/x")
    async def five() -> None: ...

    with pytest.raises(FreezeError) as failure:
        app.freeze()
    assert len(failure.value.problems) == 2
    told = str(failure.value)
    assert "the app has 2 problems" in told
    assert "GET /users/{name} is declared at test_routing.py:" in told
    assert "(twice.one) and at test_routing.py:" in told
    assert "(twice.two)" in told


def test_templates_of_one_shape_may_name_their_parameters_differently() -> None:
    app = App()

    @app.get("/films/{id:int}/{part}")
    async def show(id: int, part: str) -> list[Any]:
        return [id, part]

    @app.delete("/films/{key:int}/{piece}")
    async def delete(key: int, piece: str) -> list[Any]:
        return [key, piece]

    with Client(app) as client:
        assert client.get("/films/3/a").json() == [3, "a"]
        assert client.delete("/films/4/b").json() == [4, "b"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("films", "has to begin with a slash: '/films'"),
        ("/{", "is not closed"),
        ("/a}", "a closing brace without an opening one at position 2"),
        ("/{a}{b}", "two parameters need a text between them"),
        ("/{a}/{a}", "has the parameter 'a' twice"),
        ("/{1a}", "'1a' cannot be the name of a parameter"),
        (
            "/{a:nope}",
            "there is no converter 'nope'. There are: alpha, date, dt, float, int, one|other, path, re:PATTERN,",
        ),
        ("/{a:re:[}", "the pattern of 'a' is not valid"),
        ("/x{a:path}", "has to fill its segment"),
        ("/{a:path}/{b:path}", "only one parameter can take slashes"),
    ],
)
def test_a_template_that_cannot_be_read_is_told_with_its_line(template: str, message: str) -> None:
    app = App()

    @app.get(template)
    async def handler(request: Request) -> None: ...

    with pytest.raises(FreezeError) as failure:
        app.freeze()
    assert message in str(failure.value)
    assert "test_routing.py:" in str(failure.value)


def test_a_converter_that_fails_is_an_error_of_ours(serve: Serve, errors: Callable[[], list[Any]]) -> None:
    app = App()

    def broken(text: str) -> Any:
        raise KeyError(text)

    app.converter("broken", Converter(".+", broken))

    @app.get("/{x:broken}")
    async def handler(x: Any) -> None: ...

    assert serve(app).get("/a").status == 500
    assert len(errors()) == 1


def test_matching_takes_linear_time(pace: Callable[[], float]) -> None:
    app = precedence_app()

    @app.get("/z/{a}.{b}.{c}-x")
    async def parts(a: str, b: str, c: str) -> None: ...

    def cost(path: str) -> float:
        coroutine = app.plan.handle(Request("GET", path, []))
        coroutine.close()
        best = 1.0
        for _ in range(3):
            start = time.perf_counter()
            app.plan.handle(Request("GET", path, [])).close()
            best = min(best, time.perf_counter() - start)
        return best

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for shape in (
            "/y" + "/raw" * 2_000 + "x",
            "/" + "a/" * 4_000,
            "/z/" + "." * 8_000,
            "/z/" + "a." * 4_000 + "-",
        ):
            assert cost(shape) < 0.05 * pace(), shape[:20]
