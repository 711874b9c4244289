"""JSON bodies: what is refused before it is read, what is no JSON, and every field that is not valid."""

import json
import time
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from segue import App, Body, Meta, Struct
from segue.testing import Client

Serve = Callable[[App], Any]
AS_JSON = {"content-type": "application/json"}


class Film(Struct):
    title: Annotated[str, Meta(min_length=1)]
    year: Annotated[int, Meta(ge=1888)] = 2000
    extra: Any = None


def app() -> App:
    app = App()

    @app.post("/films")
    async def create(film: Film) -> Film:
        return film

    @app.post("/any")
    async def whatever(value: Body[Any]) -> Any:
        return {"value": value}

    @app.post("/large", max_body=3_000_000)
    async def large(value: Body[Any]) -> dict[str, int]:
        return {"length": len(value)}

    @app.post("/tiny", max_body=10)
    async def tiny(value: Body[Any]) -> Any:
        return value

    return app


@pytest.mark.row("FX9")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "",
        "application/x-www-form-urlencoded",
        "text/json",
        "application/jsonx",
        "multipart/form-data",
    ],
)
def test_a_body_that_does_not_say_that_it_is_json_is_refused(serve: Serve, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = serve(app())("POST", "/films", headers, b'{"title":"x"}')
    assert answer.status == 415
    assert "application/json" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.film+json"]
)
def test_a_body_that_says_so_is_taken(serve: Serve, content_type: str) -> None:
    assert serve(app())("POST", "/films", {"content-type": content_type}, b'{"title":"x"}').status == 200


@pytest.mark.row("SEC-34")
def test_hostile_json_is_a_400_or_a_documented_value_and_never_a_500(
    serve: Serve, errors: Callable[[], list[Any]]
) -> None:
    ask = serve(app())

    def send(body: bytes, path: str = "/any") -> tuple[int, bytes]:
        answer = ask("POST", path, AS_JSON, body)
        return answer.status, answer.body

    deep = 100_000
    refused = [
        b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep, b"[" * 65 + b"]" * 65,
        b'{"title":"x","extra":' + b"[" * deep + b"]" * deep + b"}",
        b'["\\"", ' + b"[" * 70 + b"]" * 70 + b"]",
        b"NaN", b"[Infinity]", b"-Infinity", b"\xef\xbb\xbf{}", b'"\\ud800"', b'"\\udc00x"', b'"\xff"', b'"\xed\xa0\x80"',
        b"", b" ", b"{", b"{'a':1}", b'{"a":1} x', b"01", b"1.", b"[1,]", b'"\n"', b"\x00", b"nul",
    ]  # fmt: skip
    for body in refused:
        for path in ("/any", "/films"):
            status, _ = send(body, path)
            assert status == 400, (path, body[:40])
    # A number that is too large for a float or an int is no value, not a failure.
    for number in (b"9" * 900_000, b"1e999", b"-1e999", b"0." + b"9" * 900_000, b"1" + b"0" * 5_000):
        assert send(number)[0] in (200, 400, 422)
        assert send(b'{"title":"x","year":' + number + b"}", "/films")[0] in (400, 422)
    # Of a repeated key, the last counts; 64 levels are allowed, and brackets inside of texts are none.
    assert send(b'{"title":"a","title":"b"}', "/films") == (200, b'{"title":"b","year":2000,"extra":null}')
    assert send(b"[" * 64 + b"]" * 64)[0] == 200
    assert send(json.dumps(["[{" * 100, '\\"[[', "]" * 200]).encode())[0] == 200
    assert send(json.dumps([[{"a": ["[", "x"]}]] * 1000).encode())[0] == 200
    assert errors() == []


def test_a_body_has_a_limit(serve: Serve) -> None:
    ask = serve(app())
    body = b'["' + b"x" * 1_000_000 + b'"]'
    assert ask("POST", "/any", AS_JSON, body).status == 413
    assert ask("POST", "/large", AS_JSON, body).text == '{"length":1}'
    assert ask("POST", "/tiny", AS_JSON, b'["' + b"x" * 10 + b'"]').status == 413
    assert ask("POST", "/tiny", AS_JSON, b"[1]").text == "[1]"


def test_looking_at_the_depth_takes_linear_time(pace: Callable[[], float]) -> None:
    from segue.core.binding.json_body import check_depth

    for body in (
        b"[]" * 500_000,
        b'"\\"' * 300_000,
        b'[{"a":"["},' * 80_000,
        b'"' * 999_999,
        b"[" * 32 + b"]" * 32 + b'"[' * 400_000,
    ):
        start = time.perf_counter()
        try:
            check_depth(body)
        except Exception:  # noqa: BLE001 -- only the time counts
            pass
        assert time.perf_counter() - start < 0.5 * pace(), body[:20]


def test_digits_of_any_length_are_no_failure(serve: Serve, errors: Callable[[], list[Any]]) -> None:
    digits = b"9" * 5_000
    assert serve(app())("POST", "/films", AS_JSON, b'{"title":"x","year":' + digits + b"}").status == 422
    assert errors() == []


@pytest.mark.parametrize("year", ["1999.0", "1.999e3", "1999"])
def test_a_whole_number_is_an_integer_however_it_is_written(serve: Serve, year: str) -> None:
    body = f'{{"title":"x","year":{year}}}'.encode()
    answer = serve(app())("POST", "/films", AS_JSON, body)
    assert json.loads(answer.body)["year"] == 1999


@pytest.mark.parametrize("year", ["1999.5", "1e999", "-1e999", "1e30"])
def test_other_numbers_are_no_integers(serve: Serve, year: str) -> None:
    body = f'{{"title":"x","year":{year}}}'.encode()
    answer = serve(app())("POST", "/films", AS_JSON, body)
    assert answer.status == 422
    assert json.loads(answer.body)["errors"][0]["loc"] == ["body", "year"]


class Line(Struct):
    item: str
    counts: tuple[int, ...] = ()


def test_what_a_type_does_not_have_may_be_as_deep_as_it_likes_but_not_deeper_than_it_can_be_read() -> None:
    app = App()

    @app.post("/lines")
    async def lines(lines: Body[list[Line]]) -> str:
        return str(len(lines))

    with Client(app) as client:
        for levels, status in ((100, 200), (100_000, 400)):
            body = b'[{"item":"a","other":' + b"[" * levels + b"]" * levels + b"}]"
            assert client.post("/lines", content=body, headers=AS_JSON).status == status
            # Another look is taken where a number may be another one's way to write an integer.
            body = b'[{"item":"a","counts":[1.0],"other":' + b"[" * levels + b"]" * levels + b"}]"
            assert client.post("/lines", content=body, headers=AS_JSON).status == 400
        assert client.post("/lines", content=b'[{"item":"a","counts":[1.0]}]', headers=AS_JSON).text == "1"


@pytest.mark.row("CP15")
def test_json_in_and_out_with_a_length_demanded() -> None:
    app = App()

    @app.post("/", require_length=True)
    async def echo(body: Body[dict[str, int]]) -> dict[str, int]:
        return body

    client = Client(app)
    reply = client.post("/", json={"a": 1})
    assert (reply.content_type, reply.json()) == ("application/json", {"a": 1})
    assert client.post("/", content=b"{}", headers={"content-type": "text/plain"}).status == 415
    assert client.post("/", content=b"{", headers={"content-type": "application/json"}).status == 400
    pieces = client.post("/", content=iter([b"{}"]), headers={"content-type": "application/json"})
    assert pieces.status == 411
