"""An app with parameters, bodies and results of every kind, for whoever compares what is said with what is done."""

import dataclasses
import enum
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NotRequired, TypedDict, TypeVar
from uuid import UUID

from msgspec import Struct

from segue import (
    App,
    Body,
    Cookie,
    Draft,
    File,
    Forbidden,
    Form,
    Header,
    JSONLines,
    Meta,
    NotFound,
    Partial,
    Query,
    ReadOnly,
    WriteOnly,
)  # fmt: skip
from segue.formats import CSV, JSON
from segue.openapi import OpenAPI

T = TypeVar("T")

hooks, told = App("hooks"), App("told")
app = App("wide", plugins=[OpenAPI("Wide", "1", webhooks=hooks)])


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


class Page(Struct, Generic[T]):
    items: list[T]
    next: int | None = None


class Circle(Struct, tag="circle"):
    radius: Annotated[float, Meta(ge=0)]


class Square(Struct, tag="square"):
    side: Annotated[int, Meta(ge=0, lt=1000)]


class Person(TypedDict):
    name: str
    age: NotRequired[int]


class Everything(Struct, kw_only=True):
    color: Color
    day: date
    moment: datetime
    hour: time
    length: timedelta
    id: UUID
    price: Decimal
    raw: bytes
    tags: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=3)]
    pair: tuple[int, str]
    names: set[str] = set()
    shape: Circle | Square
    person: Person
    points: dict[str, Point] = {}
    maybe: int | str | None = None
    choice: Literal[1, "a"] = 1
    flag: bool = False


class Filter(Struct):
    color: Color | None = None
    limit: Annotated[int, Meta(ge=1, le=50)] = 10
    tags: list[str] = []


class Signup(Struct):
    name: Annotated[str, Meta(min_length=2)]
    age: Annotated[int, Meta(ge=0)] | None = None


@app.post("/everything")
async def everything(it: Everything) -> Everything:
    return it


@app.get("/query")
async def query(
    search: Query[Filter], n: int, real: float, ids: list[int], choice: Literal["a", "b"], flag: bool = False
) -> Page[Point]:
    return Page([Point(real)] * len(ids), n)


@app.get("/written")
async def written(
    day: date, moment: datetime, id: UUID, price: Decimal, length: timedelta = timedelta(0)
) -> dict[str, Any]:
    return {"day": day, "moment": moment, "id": id, "price": price, "length": length}


@app.get("/headers")
async def headers(
    x_token: Header[int], lang: Header[str] = "en", session: Cookie[str] = "", count: Cookie[int] = 1
) -> dict[str, str]:
    return {"lang": lang}


@app.post("/form")
async def form(name: Form[str], age: Form[int] = 3, color: Form[Color] = Color.RED) -> str:
    return name


@app.post("/signup")
async def signup(it: Form[Signup]) -> Signup:
    return it


@app.post("/upload")
async def upload(file: File, note: Form[str] = "") -> dict[str, int]:
    return {"size": file.size}


@app.post("/uploads")
async def uploads(files: list[File]) -> dict[str, int]:
    return {"count": len(files)}


@app.put("/bytes")
async def octets(data: Body[bytes]) -> dict[str, int]:
    return {"length": len(data)}


@app.put("/text")
async def text(data: Body[str]) -> str:
    return data


@app.put("/numbers")
async def numbers(data: Body[list[int]]) -> list[int] | None:
    return data or None


@app.put("/point")
async def point(data: Point | None = None) -> Point | None:
    return data


@app.get("/points/{id:int}")
async def by_number(id: int) -> Point:
    if id > 100:
        raise NotFound("There are a hundred.")
    return Point(id)


@app.get("/bounded/{id}")
async def bounded(id: Annotated[int, Meta(ge=1)]) -> Point:
    return Point(id)


@app.get("/kinds/{id:uuid}/{day:date}/{real:float}")
async def kinds(id: UUID, day: date, real: float) -> None: ...


@app.get("/rest/{path:path}")
async def rest(path: str) -> str:
    return path


@app.get("/pattern/{code:re:[a-z]{2,3}}")
async def pattern(code: str) -> str:
    return code


@app.get("/colors/{color}")
async def named(color: Color) -> Color | str:
    return color.value


@app.delete("/points/{id:int}")
async def remove(id: int) -> None: ...


@app.get("/lines")
async def lines(count: Annotated[int, Meta(ge=0, le=5)] = 2) -> JSONLines[Point]:
    for number in range(count):
        yield Point(number)


@app.get("/pieces")
async def pieces() -> AsyncIterator[bytes]:
    yield b"piece"


@app.get("/created")
async def created() -> tuple[Point, Literal[201], dict[str, str]]:
    return Point(1), 201, {"location": "/"}


class User(Struct, kw_only=True):
    id: ReadOnly[int] = 0
    name: Annotated[str, Meta(min_length=1)]
    password: WriteOnly[str] = ""


@app.post("/users")
async def add_user(draft: Draft[User]) -> tuple[User, Literal[201]]:
    return draft.create(id=1), 201


@app.patch("/users/{id:int}")
async def change_user(id: int, changes: Partial[User]) -> User:
    return changes.apply(User(id=id, name="Ada", password="secret"))


@app.get("/users", formats=[JSON, CSV])
async def all_users() -> list[User]:
    return [User(id=1, name="Ada", password="secret")]


class Visitor:
    def __init__(self, name: str) -> None:
        self.name = name


def visitor(x_user: Header[str], level: Query[int] = 1) -> Visitor:
    if level < 0:
        raise Forbidden("Not below the ground.")
    return Visitor(x_user)


app.provide(Visitor, visitor)


@app.get("/whoami")
async def whoami(visitor: Visitor) -> dict[str, str]:
    return {"name": visitor.name}


@app.resource("/reels/{id:int}")
class Reel:
    """One reel."""

    async def get(self, id: int) -> Point:
        return Point(id)

    async def put(self, id: int, point: Point) -> Point:
        """Another one in its place."""
        return point


@hooks.post("/reel-added")
async def reel_added(point: Point) -> None: ...


@told.post("/")
async def ready(point: Point) -> tuple[None, Literal[202]]:
    return None, 202


@app.post("/orders", callbacks={"{$request.query.url}": told})
async def order(url: str) -> tuple[Point, Literal[201]]:
    return Point(len(url)), 201
