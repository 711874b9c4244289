"""Converters of path parameters, with their options, and several in one segment."""

from datetime import date, datetime
from typing import Any

import pytest

from segue import App, Converter, Request
from segue.core.plan import FreezeError
from segue.testing import Client


def values(template: str, *paths: str) -> list[Any]:
    """What the parameters of ``template`` are for each path; the status where it is not 200."""
    app = App()
    found: list[Any] = []

    @app.get(template)
    async def handler(request: Request) -> None:
        found.append(dict(request.params))

    with Client(app) as client:
        for path in paths:
            answer = client.get(path)
            if answer.status != 204:
                found.append(answer.status)
    return found


@pytest.mark.row("SA2")
def test_a_file_name_and_its_ending() -> None:
    template = "/files/{file:int}.{ext:jpg|png}"
    assert values(template, "/files/123.png", "/files/123.gif", "/files/x.png", "/files/123.jpg.png") == [
        {"file": 123, "ext": "png"},
        404,
        404,
        404,
    ]


@pytest.mark.row("SA2")
def test_the_kinds_that_sanic_has() -> None:
    assert values("/{x:alpha}", "/abC", "/ab1", "/caf%C3%A9") == [{"x": "abC"}, 404, 404]
    assert values("/{x:slug}", "/a-b-2", "/a--b", "/-a", "/A") == [{"x": "a-b-2"}, 404, 404, 404]
    assert values("/{x:ymd}", "/2026-11-20", "/2026-13-20") == [{"x": date(2026, 11, 20)}, 404]
    assert values("/in/{x:strorempty}", "/in/", "/in/a", "/in/a/b") == [{"x": ""}, {"x": "a"}, 404]
    assert values("/{x:re:[a-z]{3}}", "/abc", "/abcd") == [{"x": "abc"}, 404]
    assert values("/{x:int}/{y:float}", "/3/2.5", "/3/x") == [{"x": 3, "y": 2.5}, 404]


@pytest.mark.row("SA2")
def test_slashes_are_strict_for_a_route_before_an_included_app_before_the_app() -> None:
    inner = App("inner", slashes="ignore")
    for path, options in (("/route", {"slashes": "strict"}), ("/group", {})):

        @inner.get(f"{path}/", name=path[1:], **options)
        async def handler() -> str:
            return "ok"

    app = App(slashes="redirect")
    app.include(inner, at="/in")

    @app.get("/own/")
    async def own() -> str:
        return "ok"

    with Client(app) as client:
        assert [client.get(path).status for path in ("/in/route", "/in/group", "/own")] == [404, 200, 308]


@pytest.mark.row("FC3")
def test_several_fields_of_a_segment() -> None:
    template = "/repos/{o}/{r}/compare/{a}...{b}"
    assert values(
        template, "/repos/segue/web/compare/v1.0...main", "/repos/segue/web/compare/v1.0..main"
    ) == [
        {"o": "segue", "r": "web", "a": "v1.0", "b": "main"},
        404,
    ]
    assert values("/{a}.{b}", "/x.y", "/x.y.z", "/x.") == [{"a": "x", "b": "y"}, {"a": "x", "b": "y.z"}, 404]


@pytest.mark.row("FC3")
def test_numbers_have_bounds_and_digits() -> None:
    assert values("/{n:int(min=1, max=500)}", "/1", "/500", "/0", "/501", "/-1") == [
        {"n": 1},
        {"n": 500},
        404,
        404,
        404,
    ]
    assert values("/{n:int(4)}", "/2026", "/26", "/12026") == [{"n": 2026}, 404, 404]
    assert values("/{n:int(digits=2, min=10)}", "/09", "/10") == [404, {"n": 10}]
    assert values("/{x:float(min=0, max=1)}", "/0.5", "/1.5") == [{"x": 0.5}, 404]


@pytest.mark.row("FC3")
def test_times_are_written_as_the_template_says() -> None:
    app = App()

    @app.get('/at/{when:dt("%d.%m.%Y")}')
    async def at(when: datetime) -> str:
        return when.isoformat()

    @app.get("/iso/{when:dt}")
    async def iso(when: datetime) -> str:
        return when.isoformat()

    with Client(app) as client:
        assert client.get("/at/20.11.2026").text == "2026-11-20T00:00:00"
        assert client.get("/at/2026-11-20").status == 404
        assert client.get("/iso/2026-11-20T10:00:00Z").text == "2026-11-20T10:00:00+00:00"
    assert app.url_for("at", when=datetime(2026, 11, 20)) == "/at/20.11.2026"  # noqa: DTZ001 -- of no zone


@pytest.mark.row("FC3")
def test_the_same_template_twice_is_a_conflict_also_with_options() -> None:
    app = App()
    for name in ("one", "two"):

        @app.get("/{n:int(min=1)}", name=name)
        async def handler(n: int) -> int | str:
            return str(n)

    with pytest.raises(FreezeError, match="no request can tell them apart"):
        app.freeze()


@pytest.mark.row("FC3")
def test_a_converter_of_your_own_may_take_options() -> None:
    def hexadecimal(length: int = 6) -> Converter:
        return Converter(
            f"[0-9a-f]{{{length}}}", lambda text: int(text, 16), lambda value: f"{value:0{length}x}", kind=int
        )

    app = App()
    app.converter("hex", Converter("[0-9a-f]+", lambda text: int(text, 16), kind=int, options=hexadecimal))

    @app.get("/{color:hex(6)}")
    async def color(color: int) -> int | str:
        return str(color)

    with Client(app) as client:
        assert [client.get(path).text for path in ("/0000ff", "/00ff00")] == ["255", "65280"]
        assert client.get("/ff").status == 404
    assert app.url_for("color", color=255) == "/0000ff"


def test_a_url_is_only_written_with_values_that_the_route_takes() -> None:
    app = App()

    @app.get("/{n:int(4, max=3000)}/{ext:jpg|png}/{rest:strorempty}", name="file")
    async def file(n: int, ext: str, rest: str) -> str:
        return f"{n} {ext} {rest}"

    assert app.url_for("file", n=26, ext="png", rest="") == "/0026/png/"
    for wrong in ({"n": 3001, "ext": "png"}, {"n": 1, "ext": "gif"}):
        with pytest.raises(LookupError, match="cannot stand in the path"):
            app.url_for("file", rest="", **wrong)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("/{x:uuid(3)}", "the converter 'uuid' takes no options"),
        ("/{x:int(least=3)}", "the options of 'int', (least=3), are not understood"),
        ("/{x:int(3}", "there is no converter 'int(3'"),
        ("/{x:int(open)}", "are not understood"),
        ("/{x:int(40)}", "an int has from 1 to 18 digits"),
    ],
)
def test_options_that_cannot_be_read_are_told_at_freeze(template: str, told: str) -> None:
    app = App()

    @app.get(template)
    async def handler(request: Request) -> None: ...

    with pytest.raises(FreezeError) as caught:
        app.freeze()
    assert told in str(caught.value)
