"""What the annotation of a result lets out."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import pytest

from segue import (
    App,
    Event,
    EventStream,
    JSONCodec,
    JSONLines,
    Private,
    ReadOnly,
    Response,
    Shape,
    Struct,
    WriteOnly,
)
from segue.testing import Client


class Public(Struct):
    name: str
    friends: "list[Public]" = []  # noqa: RUF012 -- a Struct copies it


class Other(Struct):
    name: str
    password: str = "secret"


class User(Public):
    password: str = "secret"


class Flat(Struct):
    name: str


class FlatUser(Flat):
    password: str = "secret"


class Dict(TypedDict):
    name: str
    nick: NotRequired[str]


@dataclasses.dataclass
class Data:
    name: str


@dataclasses.dataclass
class DataUser(Data):
    password: str = "secret"


class Row:
    """A row of some library: attributes, and no type that JSON knows."""

    def __init__(self) -> None:
        self.name, self.password = "a", "secret"


class Club(Struct):
    boss: Public
    members: dict[str, Flat]


def answer(returns: Any, value: Any) -> Any:
    app = App()

    async def handler() -> Any:
        return value

    handler.__annotations__["return"] = returns
    app.get("/")(handler)
    return Client(app).get("/")


@pytest.mark.row("FX4")
@pytest.mark.parametrize(
    ("returns", "value"),
    [
        (Public, User("a")),
        (Public, Other("a")),
        (Public, Public("a", [User("b")])),
        (Public, {"name": "a", "password": "secret"}),
        (Flat, FlatUser("a")),
        (Flat, Row()),
        (list[Flat], [Flat("a"), FlatUser("b")]),
        (list[Public], [Public("a", [User("b", [User("c")])])]),
        (dict[str, Flat], {"a": FlatUser("a")}),
        (Flat | None, FlatUser("a")),
        (Flat | Response, FlatUser("a")),
        (tuple[Flat, int], (FlatUser("a"), 201)),
        (tuple[Flat, int, dict[str, str]], (FlatUser("a"), 201, {"x": "y"})),
        (Dict, {"name": "a", "password": "secret"}),
        (Data, DataUser("a")),
        (list[Data], [DataUser("a")]),
        (Club, Club(User("a"), {"x": FlatUser("b")})),
        (Annotated[Flat, "a note"], FlatUser("a")),
    ],
)
def test_only_what_is_declared_leaves(returns: Any, value: Any) -> None:
    reply = answer(returns, value)
    assert reply.status in (200, 201)
    assert "name" in reply.text
    assert "secret" not in reply.text
    assert "password" not in reply.text


def test_items_of_a_stream_too() -> None:
    app = App()

    @app.get("/")
    async def index() -> JSONLines[Flat]:
        yield FlatUser("a")

    @app.get("/nested")
    async def nested() -> AsyncIterator[Public]:
        yield Public("a", [User("b")])

    assert Client(app).get("/").text == '{"name":"a"}\n'
    assert "secret" not in Client(app).get("/nested").text


def test_events_too_in_the_json_of_the_app() -> None:
    app = App(json=JSONCodec(write={Row: lambda row: row.name}))

    @app.get("/")
    async def index() -> EventStream[Flat | Event]:
        yield FlatUser("a")
        yield Event(data=FlatUser("b"), id="7")
        yield Event(comment="c")

    @app.get("/any")
    async def anything() -> EventStream[Any]:
        yield [Row()]

    assert Client(app).get("/").text == 'data: {"name":"a"}\n\nid: 7\ndata: {"name":"b"}\n\n: c\n\n'
    assert Client(app).get("/any").text == 'data: ["a"]\n\n'


def test_what_is_just_that_is_sent_as_it_is_and_without_annotation_nothing_is_filtered() -> None:
    assert answer(list[Flat], [Flat("a")]).json() == [{"name": "a"}]
    assert answer(Any, FlatUser("a")).json() == {"name": "a", "password": "secret"}
    assert answer(dict[str, Any], {"a": FlatUser("a")}).json() == {"a": {"name": "a", "password": "secret"}}


def test_a_result_of_another_type_is_a_500_that_names_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.get("/")
    async def index() -> Flat:
        return {"nam": "a"}  # type: ignore[return-value] # what is tested

    assert Client(app, raise_server_exceptions=False).get("/").status == 500
    assert "says that it returns Flat, but it returned {'nam': 'a'}" in caplog.text


class Cat(Struct, tag=True):
    name: str
    secret: Private[str] = "secret"


class Dog(Struct, tag=True):
    name: str
    age: int | msgspec.UnsetType = msgspec.UNSET


class Account(Struct, rename="camel"):
    user_name: str
    id: ReadOnly[int] = 7
    password: WriteOnly[str] = "secret"
    password_hash: Private[str] = "secret"


@pytest.mark.parametrize("returns", [Account, Any, Account | None, list[Account]])
def test_private_and_write_only_fields_never_leave(returns: Any) -> None:
    value: Any = Account("a")
    many = returns == list[Account]
    reply = answer(returns, [value] if many else value)
    found = reply.json()[0] if many else reply.json()
    assert found == {"userName": "a", "id": 7}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (Cat("a"), {"type": "Cat", "name": "a"}),
        (Dog("b"), {"type": "Dog", "name": "b"}),
        (Dog("b", 3), {"type": "Dog", "name": "b", "age": 3}),
    ],
)
def test_of_tagged_models_each_keeps_its_own_fields(value: Any, sent: Any) -> None:
    assert answer(Cat | Dog, value).json() == sent
    assert answer(list[Cat | Dog], [value]).json() == [sent]


class Director(Struct):
    name: str
    email: str = "secret"


class Film(Struct):
    title: str
    year: int = 2000
    director: Director | None = None


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        (Shape(exclude=("year",)), {"title": "a", "director": {"name": "b", "email": "secret"}}),
        (Shape(exclude=("director.email",)), {"title": "a", "year": 2000, "director": {"name": "b"}}),
        (Shape(depth=0), {"title": "a", "year": 2000}),
        (
            Shape(rename="upper", exclude=("year", "director.email")),
            {"TITLE": "a", "DIRECTOR": {"NAME": "b"}},
        ),
        (Shape(rename={"title": "name"}, depth=0), {"name": "a", "year": 2000}),
    ],
)
def test_a_shape_says_how_a_model_looks_in_one_place(shape: Shape, sent: Any) -> None:
    assert answer(Annotated[Film, shape], Film("a", director=Director("b"))).json() == sent
    assert answer(list[Annotated[Film, shape]], [Film("a", director=Director("b"))]).json() == [sent]


class Day(Struct):
    day: date
    of: Flat
    name: str | None = None


def test_what_stands_for_a_type_in_python_does_so_in_results() -> None:
    class Name(str):
        __slots__ = ()

    value = Day(datetime(2020, 1, 2, tzinfo=UTC), FlatUser("a"), Name("n"))
    assert answer(Day, value).json() == {"day": "2020-01-02T00:00:00Z", "of": {"name": "a"}, "name": "n"}
