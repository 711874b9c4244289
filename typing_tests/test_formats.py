"""Formats, drafts and roles of fields: what the checkers know about them; never run."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, assert_type

from segue import (
    App,
    Draft,
    Email,
    HTTPError,
    JSONCodec,
    Partial,
    Private,
    ReadOnly,
    Request,
    Shape,
    Struct,
    WebSocket,
    WriteOnly,
    argument,
    ensure_current,
    form_argument,
)
from segue.formats import (
    CSV,
    JSON,
    XML,
    Calendar,
    Event,
    Feed,
    Format,
    Formats,
    HTMLForm,
    Item,
    MessagePack,
    PlainFormat,
)
from segue.http.multipart import StreamedPart


class Film(Struct):
    title: str
    id: ReadOnly[int]
    owner: Private[str] = ""
    key: WriteOnly[str] = ""
    contact: Email | None = None


class Money:
    cents: int = 0


class Own:
    name = "own"
    media_types = ("text/x-own",)
    suffixes = ("own",)

    def encode(self, value: Any) -> bytes:
        return b""


class Plain(PlainFormat):
    name = "plain"
    media_types = ("text/x-plain",)
    suffixes = ()

    def encode(self, value: Any) -> bytes:
        return str(self.plain(value)).encode()


class Incomplete:
    name = "incomplete"


app = App(
    formats=[JSON, CSV(bom=True), XML, Own, Plain, "yaml"],
    accepts=[JSON, MessagePack, HTMLForm],
    json=JSONCodec(write={Money: lambda money: money.cents}, order="sorted"),
    suffixes=True,
    plugins=[Formats(Own)],
)
assert_type(Plain().with_codec(JSONCodec()), Plain)
app.format(Own)
app.format(Own())
one: Format = CSV()

App(formats=[Incomplete])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]


@app.post("/films", formats=[JSON], require_length=True)
async def add(draft: Draft[Film]) -> Film:
    assert_type(draft.create(id=3), Film)
    return draft.create(id=3)


@app.patch("/films")
async def change(changes: Partial[Film], request: Request) -> Annotated[Film, Shape(depth=1)]:
    film = Film("a", 7)
    assert_type(film.id, int)
    assert_type(film.owner, str)
    assert_type(film.contact, str | None)
    assert_type(changes.apply(film), Film)
    assert_type(changes.update(film), Film)
    changes.apply("no film")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ensure_current(request, film)
    return film


@app.get("/stream", formats=[CSV])
async def stream() -> AsyncIterator[Film]:
    yield Film("a", 7)


@app.websocket("/ws")
async def play(socket: WebSocket) -> None:
    assert_type(await socket.receive_as(Film), Film)
    await socket.send_value(Film("a", 7), binary=True)


async def ask(request: Request) -> None:
    assert_type(await request.media(Film), Film)
    assert_type(await request.media(Film, default=None), Film | None)
    assert_type(argument(request, "a"), str)
    assert_type(argument(request, "a", int), int)
    assert_type(argument(request, "a", int, default=None), int | None)
    assert_type(argument(request, "a", list[int], split=","), list[int])
    assert_type(await form_argument(request, "a", date), date)
    async for part in request.parts():
        assert_type(part, StreamedPart)
    raise HTTPError(409, "no", title="No", type="urn:no", code="N1", headers={}, extra={})


feed = Feed(title="a", link="/", items=[Item(title="a", link="/a")])
calendar = Calendar(title="a", events=[Event(title="a", start=date(2020, 1, 1))])
Event(title="a", start="now")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
