"""One value in every format: numbers, names, text that means harm."""

import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import yaml

from segue import App, Body, Query, Struct
from segue.formats import CSV, HTML, JSON, JSONP, XML, YAML, JSONLines, MessagePack, Text
from segue.testing import Client


class Actor(Struct):
    name: str


class Film(Struct):
    title: str
    actors: list[Actor] = []  # noqa: RUF012 -- a Struct copies it
    note: str | None = None


FILM = Film('<b>"Nuages"</b> & ä', [Actor("Django"), Actor("Stéphane")])
PLAIN = msgspec.to_builtins(FILM)


@pytest.mark.parametrize(
    ("one", "read"),
    [
        (JSON(), msgspec.json.decode),
        (JSON(indent=2), msgspec.json.decode),
        (MessagePack(), msgspec.msgpack.decode),
        (YAML(), yaml.safe_load),
        (JSONLines(), lambda data: json.loads(data.splitlines()[0])),
    ],
)
def test_what_is_written_can_be_read(one: Any, read: Callable[[bytes], Any]) -> None:
    assert read(one.encode(FILM)) == PLAIN


def test_xml_has_the_names_of_models_and_fields() -> None:
    root = ET.fromstring(XML().encode(FILM))
    assert (root.tag, root.findtext("title"), root.findtext("note")) == ("film", FILM.title, "")
    assert [one.findtext("name") for one in root.findall("actors/item")] == ["Django", "Stéphane"]
    many = ET.fromstring(XML(root="films").encode([FILM]))
    assert [many.tag, *[one.tag for one in many]] == ["films", "film"]


@pytest.mark.parametrize(
    "value",
    [
        {"a b": 1},
        {"1a": 1},
        {"": 1},
        {"a><b": 1},
        {"a": "\x00"},
        {"a": "\x1b"},
        {"a": "\ud800"},
        {"a": "\ufffe"},
    ],
)
def test_xml_refuses_names_and_characters_that_it_cannot_carry(value: Any) -> None:
    with pytest.raises(ValueError, match=r"element|carry"):
        XML().encode(value)


def test_text_is_for_reading() -> None:
    assert Text().encode("hello") == b"hello"
    assert Text().encode(FILM).decode() == (
        'title: <b>"Nuages"</b> & ä\nactors:\n  - name: Django\n  - name: Stéphane\nnote: \n'
    )
    assert Text().encode([1, None, True]) == b"1\n\ntrue\n"


HUGE = [Decimal("1e1000000"), Decimal("-1e-1000000"), Decimal("NaN"), 1e308, float("inf"), 10**4000]


@pytest.mark.row("SEC-40")
@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("one", [JSON, JSONLines, CSV, XML, HTML, MessagePack, YAML, Text])
def test_a_number_is_not_written_longer_than_it_is(one: Any, number: Any, pace: Callable[[], float]) -> None:
    if number == 10**4000 and one is MessagePack:
        with pytest.raises(OverflowError):
            one().encode([{"n": number}])
        return
    empty = len(one().encode([{"n": ""}]))
    begun = time.perf_counter()
    assert len(one().encode([{"n": number}])) - empty < 4_050
    assert time.perf_counter() - begun < pace()


@pytest.mark.row("SEC-40")
@pytest.mark.parametrize("text", ["1e1000000", "1e400", "1E+999999999", "-1e-999999999", "9" * 100_000])
def test_a_number_that_would_be_written_without_end_is_not_taken(text: str) -> None:
    class Sums(Struct):
        total: Decimal

    app = App(accepts=[JSON, XML])

    @app.post("/sum")
    async def sums(sums: Sums) -> str:
        return f"{sums.total:f}"

    @app.post("/{kind}")
    async def body(kind: str, number: Body[float | int]) -> list[float]:
        return [number]

    @app.get("/decimal")
    async def decimal(n: Query[Decimal]) -> str:
        return f"{n:f}"

    @app.get("/number")
    async def number(n: Query[float]) -> str:
        return str(n)

    client = Client(app)
    headers = {"content-type": "application/json"}
    replies = [
        client.get("/decimal", params={"n": text[:3000]}),
        client.get("/number", params={"n": text[:3000]}),
        client.post("/any", content=text.encode(), headers=headers),
        client.post("/sum", content=b'{"total": %b}' % text.encode(), headers=headers),
        client.post("/sum", content=b'{"total": "%b"}' % text.encode(), headers=headers),
        client.post(
            "/sum", content=b"<s><total>%b</total></s>" % text.encode(), headers={"content-type": "text/xml"}
        ),
    ]
    for reply in replies:
        assert reply.status in (200, 422), reply.text[:200]
        assert len(reply.content) < 7_000


# In the spirit of the lists that scanners send: the ways out of text, of an attribute, of a script.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></table><img src=x onerror=alert(1)>",
    "<!--><script>alert(1)//-->",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028alert(1)\u2029",
    "</script><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<\x00script>alert(1)</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("value", [lambda t: t, lambda t: [t], lambda t: {t: t}, lambda t: [{t: {"a": [t]}}]])
def test_no_text_becomes_html(text: str, value: Callable[[str], Any]) -> None:
    app = App()

    @app.get("/{path:path}", formats=[JSON, HTML, JSONP])
    async def index(path: str) -> Any:
        return value(text)

    client = Client(app)
    reply = (
        client.get(f"/{text}", headers={"accept": "text/html"})
        if "\x00" not in text
        else client.get("/a", headers={"accept": "text/html"})
    )
    found = reply.text.split("<main", 1)[1]
    for harm in ("<script", "<svg", "<img", "onload=alert(1)>", "' onmouseover", "<!--"):
        assert harm not in found
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    script = client.get("/a?callback=f", headers={"accept": "text/javascript"})
    assert "<" not in script.text
    assert "\u2028" not in script.text
    assert client.get("/a").json() == value(text)
    assert client.get("/a").content_type == "application/json"


def test_what_is_html_already_stays() -> None:
    class Markup(str):
        __slots__ = ()

        def __html__(self) -> str:
            return str(self)

    assert HTML().encode(Markup("<p>")) == b"<p>"
    assert HTML(fragment=True).encode(["<p>"]) == b"<ul><li>&lt;p&gt;</li></ul>"
    assert b'<th scope="col">a</th>' in HTML(fragment=True).encode([{"a": 1}])


@pytest.mark.parametrize(
    "name", ["alert(1)//", "a-b", "a.", "1a", "a;b", "a" * 100, "ä", "a\n", "../a", "a[0]"]
)
def test_jsonp_calls_nothing_but_a_name(name: str) -> None:
    app = App()

    @app.get("/", formats=[JSON, JSONP])
    async def index() -> dict[str, int]:
        return {"a": 1}

    client = Client(app, headers={"accept": "text/javascript"})
    assert client.get("/", params={"callback": name}).status == 400
    reply = client.get("/", params={"callback": "app.on$Data"})
    assert reply.text == '/**/app.on$Data({"a":1});'
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert client.get("/").text == '{"a":1}'
