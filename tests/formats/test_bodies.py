"""Bodies in other formats than JSON, chosen by their Content-Type."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from segue import App, Body, File, Meta, Request, Struct
from segue.core.plan import FreezeError
from segue.formats import CSV, JSON, RSS, XML, YAML, HTMLForm, JSONLines, MessagePack
from segue.testing import Client


class Actor(Struct):
    name: str
    born: date | None = None


class Film(Struct):
    title: Annotated[str, Meta(min_length=1)]
    year: Annotated[int, Meta(ge=1888)]
    color: bool = False
    tags: list[str] = []  # noqa: RUF012 -- a Struct copies it
    actors: list[Actor] = []  # noqa: RUF012 -- a Struct copies it


NUAGES = Film("Nuages", 1940, True, ["a", "b"], [Actor("Django", date(1910, 1, 23))])
PLAIN: Any = msgspec.to_builtins(NUAGES)


class Flat(Struct):
    title: str
    year: int
    color: bool = False
    tags: list[str] = []  # noqa: RUF012 -- a Struct copies it
    poster: File | None = None


BODIES = {
    "application/json": msgspec.json.encode(PLAIN),
    "application/vnd.films+json": msgspec.json.encode(PLAIN),
    "application/vnd.msgpack": msgspec.msgpack.encode(PLAIN),
    "application/yaml": b"title: Nuages\nyear: 1940\ncolor: true\ntags: [a, b]\nactors: [{name: Django, born: 1910-01-23}]",
    "application/xml": b"<film><title>Nuages</title><year>1940</year><color>true</color><tags><t>a</t><t>b</t></tags>"
    b"<actors><a><name>Django</name><born>1910-01-23</born></a></actors></film>",
    "text/xml; charset=utf-8": b"<f:film xmlns:f='urn:f'><f:title>Nuages</f:title><f:year>1940</f:year><color>true</color>"
    b"<tags><t>a</t><t>b</t></tags><actors><a><name>Django</name><born>1910-01-23</born></a></actors></f:film>",
}


@pytest.fixture
def client() -> Client:
    app = App()

    @app.post("/films", accepts=[JSON, MessagePack, YAML, XML, HTMLForm])
    async def add(film: Film) -> Film:
        return film

    @app.post("/many", accepts=[CSV, JSONLines, XML])
    async def many(films: Body[list[Film]]) -> list[Film]:
        return films

    return Client(app)


@pytest.mark.parametrize(("content_type", "body"), BODIES.items(), ids=BODIES)
def test_one_class_in_every_format(client: Client, content_type: str, body: bytes) -> None:
    reply = client.post("/films", content=body, headers={"content-type": content_type})
    assert reply.json(Film) == NUAGES


@pytest.mark.parametrize("files", [{}, {"poster": b"png"}], ids=["urlencoded", "multipart"])
def test_the_same_class_from_an_html_form(client: Client, files: dict[str, bytes]) -> None:
    data = {"title": "Nuages", "year": "1940", "color": "on", "tags": ["a", "b"]}
    fields = [
        (name, one) for name, value in data.items() for one in (value if isinstance(value, list) else [value])
    ]
    app = App()

    @app.post("/", accepts=[JSON, HTMLForm])
    async def add(film: Flat) -> list[Any]:
        return [
            film.title,
            film.year,
            film.color,
            film.tags,
            film.poster and film.poster.read().decode(),
        ]

    client = Client(app)
    reply = client.post("/", data=fields, files=files)
    assert reply.json() == ["Nuages", 1940, True, ["a", "b"], "png" if files else None]
    bad = client.post("/", data={"year": "x"})
    assert (bad.status, [one["loc"] for one in bad.json()["errors"]]) == (
        422,
        [["form", "title"], ["form", "year"]],
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"title": "", "year": 1700, "actors": [{"born": "x"}]}'),
        ("application/yaml", b"{title: '', year: 1700, actors: [{born: x}]}"),
        (
            "application/msgpack",
            msgspec.msgpack.encode({"title": "", "year": 1700, "actors": [{"born": "x"}]}),
        ),
        ("text/xml", b"<f><title></title><year>1700</year><actors><a><born>x</born></a></actors></f>"),
    ],
)
def test_every_bad_field_is_named_whatever_the_format(client: Client, content_type: str, body: bytes) -> None:
    reply = client.post("/films", content=body, headers={"content-type": content_type})
    assert reply.status == 422
    assert [one["loc"] for one in reply.json()["errors"]] == [
        ["body", "title"],
        ["body", "year"],
        ["body", "actors", 0, "name"],
        ["body", "actors", 0, "born"],
    ]


def test_an_unknown_type_is_a_415_that_says_what_fits(client: Client) -> None:
    for content_type in ("text/plain", "", "application/x-www-form-urlencoded2"):
        reply = client.post("/many", content=b"x", headers={"content-type": content_type})
        assert reply.status == 415
        assert reply.headers["accept"].startswith("text/csv, application/jsonl, ")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/msgpack", b"\xdd\xff\xff\xff\xff"),
        ("application/msgpack", b"\x91" * 100_000),
        ("application/yaml", b"a: [1"),
        ("application/yaml", b"!!python/object/apply:os.system ['true']"),
        ("application/yaml", b"{? [1]\n: 2}"),
        ("application/xml", b"<a><b></a>"),
        ("application/xml", b""),
        ("application/xml", b"<a><title>x</title><title>y</title></a>"),
        ("application/xml", b"\xff\xfe\x00"),
    ],
)
def test_what_is_not_the_format_is_a_400(client: Client, content_type: str, body: bytes) -> None:
    assert client.post("/films", content=body, headers={"content-type": content_type}).status == 400


LAUGHS = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


@pytest.mark.row("SEC-43")
@pytest.mark.parametrize(
    ("content_type", "body"),
    {
        "billion laughs": (
            "text/xml",
            b"<!DOCTYPE a [<!ENTITY l0 'ha'>" + LAUGHS + b"]><a><title>&l9;</title></a>",
        ),
        "external entity": (
            "text/xml",
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><title>&x;</title></a>',
        ),
        "external DTD": (
            "text/xml",
            b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a><title>x</title></a>',
        ),
        "parameter entity": ("text/xml", b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>'),
        "DTD in UTF-16": (
            "text/xml",
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
        ),
        "instruction": ("text/xml", b"<?xml-stylesheet href='http://127.0.0.1:1/'?><a/>"),
        "deep XML": ("text/xml", b"<a>" * 10_000 + b"</a>" * 10_000),
        "deep JSON": ("application/json", b"[" * 10_000 + b"]" * 10_000),
        "deep MessagePack": ("application/msgpack", b"\x91" * 10_000 + b"\x01"),
        "deep YAML": ("application/yaml", b"[" * 10_000 + b"]" * 10_000),
        "YAML aliases": ("application/yaml", b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]"),
    }.values(),
)
def test_what_would_expand_fetch_or_nest_without_end_is_refused(
    client: Client, content_type: str, body: bytes
) -> None:
    reply = client.post("/films", content=body, headers={"content-type": content_type})
    assert (reply.status, "root:" in reply.text) == (400, False)


def test_rows_of_csv_are_models(client: Client) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [["title", "year", "color"], ["Nuages", "1940", "true"], ['A "b", c\nd', "1967", ""]]
    )
    headers = {"content-type": "text/csv"}
    reply = client.post("/many", content=b"\xef\xbb\xbf" + out.getvalue().encode(), headers=headers)
    assert reply.json(list[Film]) == [Film("Nuages", 1940, True), Film('A "b", c\nd', 1967)]
    bad = client.post("/many", content=b"title,year\nA,x\n,1\n", headers=headers)
    assert [one["loc"] for one in bad.json()["errors"]] == [
        ["body", 0, "year"],
        ["body", 1, "title"],
        ["body", 1, "year"],
    ]
    for broken in (b"title,title\na,b\n", b"title,year\na\n", b'title,year\n"a', b"\xff,\n"):
        assert client.post("/many", content=broken, headers=headers).status == 400


def test_json_lines_and_a_list_of_one_in_xml(client: Client) -> None:
    lines = b'{"title":"A","year":1900}\n{"title":"B","year":1901}\n'
    reply = client.post("/many", content=lines, headers={"content-type": "application/jsonl"})
    assert [one["title"] for one in reply.json()] == ["A", "B"]
    one = b"<films><film><title>A</title><year>1900</year></film></films>"
    assert len(client.post("/many", content=one, headers={"content-type": "text/xml"}).json()) == 1


def test_a_large_body_is_read_elsewhere_than_on_the_loop(client: Client) -> None:
    rows = b"<film><title>A</title><year>1900</year></film>" * 5_000
    reply = client.post("/many", content=b"<l>" + rows + b"</l>", headers={"content-type": "text/xml"})
    assert len(reply.json()) == 5_000


@pytest.mark.row("FC7")
def test_media_is_read_by_its_type_once_and_has_a_default() -> None:
    class Lines:
        name, media_types, suffixes, texts = "lines", ("text/x-lines",), (), True

        def encode(self, value: Any) -> bytes:
            return "\n".join(value).encode()

        def decode(self, data: bytes, type: Any) -> Any:
            return data.decode().split("\n")

    app = App(accepts=[JSON, MessagePack, HTMLForm, CSV, YAML, Lines], formats=[JSON, MessagePack, Lines])

    @app.post("/")
    async def echo(request: Request) -> Any:
        first = await request.media(default=["nothing"])
        assert await request.media(default=["nothing"]) is first
        return first

    @app.post("/typed")
    async def typed(request: Request) -> Any:
        return await request.media(list[int])

    client = Client(app)

    def send(content_type: str, body: bytes, path: str = "/", accept: str = "*/*") -> Any:
        return client.post(path, content=body, headers={"content-type": content_type, "accept": accept})

    assert send("application/json", b"[1]").json() == [1]
    assert send("application/x-msgpack", msgspec.msgpack.encode([1])).json() == [1]
    assert send("application/yaml", b"- 1").json() == [1]
    assert send("text/x-lines", b"a\nb", accept="text/x-lines").text == "a\nb"
    assert send("text/csv", b"a,b\n").json() == [["a", "b"]]
    assert msgspec.msgpack.decode(send("application/json", b"[1]", accept="application/msgpack").content) == [
        1
    ]
    assert client.post("/").json() == ["nothing"]
    assert send("text/nobody", b"x").status == 415
    assert send("application/json", b"[").status == 400
    assert send("application/json", b'["x"]', "/typed").json()["errors"][0]["loc"] == ["body", 0]
    assert send("text/x-lines", b"1\n2", "/typed").json() == [1, 2]


def test_a_format_that_cannot_be_read_is_said_when_the_app_is_frozen() -> None:
    app = App()

    @app.post("/a", accepts=[RSS])
    async def a(film: Film) -> None: ...

    with pytest.raises(FreezeError, match="'rss' is only for results"):
        app.freeze()


def test_a_form_is_for_models_only_and_a_mapping_where_nothing_is_asked() -> None:
    app = App(accepts=[JSON, HTMLForm])

    @app.post("/list")
    async def many(numbers: Body[list[int]]) -> list[int]:
        return numbers

    @app.post("/any")
    async def anything(request: Request) -> Any:
        return await request.media()

    client = Client(app)
    assert client.post("/list", data={"a": "1"}).status == 415
    assert client.post("/any", data=[("a", "1"), ("b", "2"), ("b", "3")]).json() == {
        "a": "1",
        "b": ["2", "3"],
    }


@dataclass
class Price:
    amount: Decimal
    currency: str = "EUR"


def test_a_dataclass_keeps_its_defaults_in_every_format() -> None:
    app = App(accepts=[JSON, XML])

    @app.post("/")
    async def price(price: Price) -> dict[str, Any]:
        return vars(price)

    client = Client(app)
    xml = client.post("/", content=b"<p><amount>1.50</amount></p>", headers={"content-type": "text/xml"})
    assert (
        xml.json()
        == client.post("/", json={"amount": "1.50"}).json()
        == {"amount": "1.50", "currency": "EUR"}
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/xml", b"<p><x>nan</x></p>"),
        ("text/xml", b"<p><x>inf</x></p>"),
        ("text/xml", b"<p><x>1e999</x></p>"),
        ("application/yaml", b"x: .nan"),
        ("application/yaml", b"x: -.inf"),
        ("application/msgpack", msgspec.msgpack.encode({"x": float("nan")})),
    ],
)
def test_a_number_is_finite_whatever_the_format(content_type: str, body: bytes) -> None:
    class Point(Struct):
        x: float

    app = App(accepts=[XML, YAML, MessagePack])

    @app.post("/")
    async def add(point: Point) -> Point:
        return point

    reply = Client(app).post("/", content=body, headers={"content-type": content_type})
    assert (reply.status, reply.json()["errors"][0]["loc"]) == (422, ["body", "x"])
