"""Models of every kind in one app, and every place that a value may come from."""

import dataclasses
from typing import Any, TypedDict

import attrs
import pydantic
import pydantic.v1
import pytest

from segue import App, Body, File, Form, Query, Struct
from segue.formats import JSON, XML, HTMLForm, PydanticJSON
from segue.testing import Client


class InStruct(Struct):
    title: str
    year: int = 2000


@dataclasses.dataclass
class InDataclass:
    title: str
    year: int = 2000


class InTypedDict(TypedDict):
    title: str
    year: int


@attrs.define
class InAttrs:
    title: str
    year: int = 2000


class InPydantic(pydantic.BaseModel):
    title: str
    year: int = 2000


class InPydantic1(pydantic.v1.BaseModel):
    title: str
    year: int = 2000


class Holder(Struct):
    film: InPydantic


KINDS: list[Any] = [InStruct, InDataclass, InTypedDict, InAttrs, InPydantic, InPydantic1]


def app_of(kind: Any) -> App:
    app = App(json=PydanticJSON())

    async def echo(film: Any) -> Any:
        return film

    echo.__annotations__.update(film=Body[kind], **{"return": kind})
    app.post("/one")(echo)

    async def many(films: Any) -> Any:
        return films

    many.__annotations__.update(films=Body[list[kind]], **{"return": list[kind]})
    app.post("/many")(many)
    return app


@pytest.mark.row("LI4")
@pytest.mark.parametrize("kind", KINDS)
def test_models_of_every_kind_are_validated_and_sent(kind: Any) -> None:
    client = Client(app_of(kind))
    good = {"title": "Nuages", "year": 1940}
    assert client.post("/one", json=good).json() == good
    assert client.post("/many", json=[good]).json() == [good]
    bad = client.post("/one", json={"year": "x"})
    assert bad.status == 422
    assert bad.json()["errors"]
    assert "year" in bad.text
    assert client.post("/one", content=b"{", headers={"content-type": "application/json"}).status == 400


def test_every_bad_field_of_a_pydantic_model_is_told_also_inside_of_others() -> None:
    app = App(json=PydanticJSON())

    @app.post("/")
    async def echo(holder: Holder) -> Holder:
        return holder

    client = Client(app)
    assert client.post("/", json={"film": {"title": "a"}}).json() == {"film": {"title": "a", "year": 2000}}
    assert client.post("/", json={"film": {"year": "x"}}).json()["errors"] == [
        {
            "loc": ["body", "film"],
            "msg": "title: Field required; year: Input should be a valid integer, unable to parse string as an integer",
        }
    ]


@pytest.mark.row("BS1")
def test_values_from_everywhere_and_a_route_by_its_name() -> None:
    app = App("films")

    @app.post("/any", accepts=[JSON, HTMLForm, XML], name="any")
    async def anything(film: InStruct) -> InStruct:
        return film

    @app.post("/json")
    async def as_json(film: InStruct, q: Query[int]) -> list[Any]:
        return [film.title, q]

    @app.post("/form")
    async def as_form(film: Form[InStruct], poster: File, more: list[File]) -> list[Any]:
        return [film.title, poster.size, len(more)]

    client = Client(app)
    url = app.url_for("films.any")
    assert url == "/any"
    assert client.post(url, json={"title": "a"}).json()["title"] == "a"
    assert client.post(url, data={"title": "a"}).json()["title"] == "a"
    xml = b"<film><title>a</title></film>"
    assert client.post(url, content=xml, headers={"content-type": "text/xml"}).json()["title"] == "a"
    assert client.post(url, content=xml, headers={"content-type": "text/plain"}).status == 415
    assert client.post("/json?q=3", json={"title": "a"}).json() == ["a", 3]
    files = [("poster", b"123"), ("more", b"1"), ("more", b"2")]
    assert client.post("/form", data={"title": "a"}, files=files).json() == ["a", 3, 2]
