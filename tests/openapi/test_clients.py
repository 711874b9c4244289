"""Clients: made from the document of an app, checked strictly, and used against a live server."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import importlib.util
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import msgspec
import pytest

from segue import App, Event, EventStream
from segue.openapi import About, describe
from segue.openapi.clients import python_client, typescript_client
from segue.testing import LiveServer

sys.path.insert(0, str(Path(__file__).parent))
import wide


def document(app: App) -> dict[str, Any]:
    return describe(app.plan, About(title=app.name, version="1"))


def loaded(text: str, folder: Path, name: str) -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are looked up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wide_client(tmp_path: Path) -> Iterator[ModuleType]:
    yield loaded(python_client(document(wide.app)), tmp_path, "wide_client")
    del sys.modules["wide_client"]


# --- Python ----------------------------------------------------------------------------------------------------------


USE_OF_FILMS = """
import datetime
from films_client import ApiError, AsyncClient, Client, Film, NewFilm, Page, ServerEvent

def use(client: Client) -> None:
    page: Page = client.index(q="x", year=1999, sort="title")
    film: Film = client.show(id=page.films[0].id)
    day: datetime.date | None = film.released
    made: Film = client.add(body=NewFilm(title="x", minutes=3))
    lines: list[Film] = list(client.export_lines())
    text: str = client.export_csv()
    event: ServerEvent[Film] = next(iter(client.feed(last_event_id=3)))
    event.data.title

async def use_async(client: AsyncClient) -> None:
    film: Film = await client.show(id=3)
    async for one in client.export_lines():
        film = one
"""
MISUSE_OF_FILMS = """
from films_client import Client, NewFilm

def use(client: Client) -> None:
    client.index(q=3)
    client.index(sort="size")
    client.show()
    client.show(id="3")
    client.add(body={"title": "x"})
    NewFilm(minutes=3)
    client.show(id=3).titel
"""


@pytest.mark.requires("mypy")
def test_a_python_client_is_strictly_typed(films: ModuleType, tmp_path: Path) -> None:
    for name, app in (("films", films.app), ("wide", wide.app)):
        (tmp_path / f"{name}_client.py").write_text(python_client(document(app)), encoding="utf-8")
    (tmp_path / "use.py").write_text(USE_OF_FILMS, encoding="utf-8")
    (tmp_path / "misuse.py").write_text(MISUSE_OF_FILMS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = done.stdout.splitlines()
    assert [line.split(":")[:2] for line in told if "note:" not in line] == [
        ["misuse.py", str(number)] for number in range(5, 12)
    ], done.stdout + done.stderr


def test_a_python_client_of_the_films(films: ModuleType, tmp_path: Path) -> None:
    client_of = loaded(python_client(document(films.app)), tmp_path, "films_client")
    try:
        with LiveServer(films.app) as server, client_of.Client(server.url) as client:
            page = client.index(q="amelie")
            assert (page.total, page.films[0].released) == (1, datetime.date(2001, 11, 2))
            assert client.show(id=7) == films_as(client_of, films, 7)
            added = client.add(body=client_of.NewFilm(title="Slam", minutes=90))
            assert (added.title, added.minutes) == ("Slam", 90)
            assert sum(1 for _ in client.export_lines()) == 3202
            assert client.export_csv().startswith("id,title,")
            event = next(iter(client.feed(last_event_id=3201)))
            assert (event.event, event.data.title) == ("film", "Slam")
            with pytest.raises(client_of.ApiError) as caught:
                client.show(id=9999)
            assert (caught.value.status, caught.value.problem.detail) == (404, "There is no film 9999.")
            with pytest.raises(client_of.ApiError) as caught:
                client.index(size=1000)
            assert caught.value.problem.errors[0].loc == ["query", "size"]
    finally:
        del sys.modules["films_client"]


def films_as(client_of: ModuleType, films: ModuleType, number: int) -> Any:
    return msgspec.convert(msgspec.to_builtins(films.films[number - 1]), client_of.Film)


def test_an_async_python_client(wide_client: ModuleType) -> None:
    async def use(url: str) -> None:
        async with wide_client.AsyncClient(url) as client:
            assert (await client.by_number(id=3)).x == 3
            assert [one.x async for one in client.lines(count=3)] == [0, 1, 2]
            with pytest.raises(wide_client.ApiError, match="There are a hundred"):
                await client.by_number(id=101)

    with LiveServer(wide.app) as server:
        asyncio.run(use(server.url))


def test_every_kind_of_value_goes_there_and_back(wide_client: ModuleType) -> None:
    with LiveServer(wide.app) as server, wide_client.Client(server.url) as client:
        moment = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.UTC)
        sent = {
            "color": "red",
            "day": datetime.date(2026, 11, 20),
            "moment": moment,
            "hour": datetime.time(10, 30),
            "length": datetime.timedelta(days=-1),
            "id": uuid.UUID(int=7),
            "price": decimal.Decimal("9.90"),
            "raw": b"\x00\xff",
            "tags": ["a"],
            "pair": (1, "x"),
            "shape": wide_client.Square(side=3),
            "person": wide_client.Person(name="Ada"),
        }
        got = client.everything(body=wide_client.EverythingInput(**sent))
        assert {name: getattr(got, name) for name in sent} == sent
        assert (got.choice, got.points, got.maybe) == (1, {}, None)

        found = client.query(n=1, real=0.5, ids=[1, 2], choice="b", flag=True, tags=["x", "y"])
        assert (len(found.items), found.next) == (2, 1)
        assert (
            client.written(day=sent["day"], moment=moment, id=sent["id"], price=sent["price"])["price"]
            == "9.90"
        )
        assert client.headers(x_token=1, lang="de", session="abc") == {"lang": "de"}
        assert client.form(name="Ada & Eve", age=3, color="blue") == "Ada & Eve"
        assert client.signup(name="Ada").name == "Ada"
        assert client.upload(file=b"12345", note="n") == {"size": 5}
        assert client.uploads(files=[b"1", ("name.txt", b"2")]) == {"count": 2}
        assert client.octets(body=b"123") == {"length": 3}
        assert client.text(body="päng") == "päng"
        assert client.numbers(body=[]) is None
        assert client.point() is None
        assert client.rest(path="a b/c") == "a b/c"
        assert client.pieces() == b"piece"
        assert client.remove(id=1) is None
        assert client.created().x == 1


def test_a_client_may_bring_its_own_connections(wide_client: ModuleType) -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(f"{request.method} {request.url} {request.headers['x-key']}")
        return httpx2.Response(200, json={"x": 1, "y": 2})

    http = httpx2.Client(transport=httpx2.MockTransport(answer), headers={"x-key": "secret"})
    with wide_client.Client("https://api.example.com/v1/", http=http) as client:
        assert client.by_number(id=3).y == 2
    assert seen == ["GET https://api.example.com/v1/points/3 secret"]


def test_names_that_python_has_get_another(tmp_path: Path) -> None:
    app = App("odd")

    @app.get("/{id}", name="class")
    async def odd(id: int, **more: Any) -> dict[str, Any]:
        return {}

    @app.get("/close", name="close")
    async def close(self_: str = "") -> str:
        """Has \\ and \"\"\" in it."""
        return ""

    text = python_client(document(app))
    compile(text, "odd_client.py", "exec")
    assert "def class_(self, *, id: int)" in text
    assert "def close_(self" in text


# --- TypeScript ------------------------------------------------------------------------------------------------------

STRICT = [
    "--strict",
    "--noUncheckedIndexedAccess",
    "--exactOptionalPropertyTypes",
    "--target",
    "es2022",
    "--module",
    "es2022",
]
USE = """
import { ApiError, Client, type Film, type Page, type ServerEvent } from "./films.js";

const client = new Client({ baseUrl: process.argv[2]! });
const page: Page = await client.index({ q: "amelie" });
const film: Film = await client.show({ id: 7 });
const added: Film = await client.add({ body: { title: "Slam", minutes: 90 } });
let count = 0;
for await (const one of client.exportLines()) count += one.id > 0 ? 1 : 0;
const csv: string = await client.exportCsv();
let event: ServerEvent<Film> | undefined;
for await (event of client.feed({ "last-event-id": 3201 })) break;
let failure: unknown;
try { await client.index({ size: 1000 }) } catch (error) { failure = error }
const problem = failure instanceof ApiError ? [failure.status, failure.problem.errors?.[0]?.loc] : [];
console.log(JSON.stringify({ total: page.total, title: film.title, added: added.title, count, csv: csv.slice(0, 9), event, problem }));
process.exit(0);
"""
MISUSE = """
import { Client } from "./films.js";
const client = new Client();
client.index({ q: 3 });
client.index({ sort: "size" });
client.show({});
client.show({ id: "3" });
client.add({ body: { minutes: 3 } });
(await client.show({ id: 3 })).titel;
"""
NODE_TYPES = "declare const process: { argv: string[]; exit(code: number): void };\n"


def tsc(folder: Path, *files: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["tsc", *STRICT, *files], cwd=folder, capture_output=True, text=True)


@pytest.mark.requires("tsc", "node")
def test_a_typescript_client_is_strictly_typed_and_works(films: ModuleType, tmp_path: Path) -> None:
    for name, app in (("films", films.app), ("wide", wide.app)):
        (tmp_path / f"{name}.ts").write_text(typescript_client(document(app)), encoding="utf-8")
    (tmp_path / "use.ts").write_text(USE, encoding="utf-8")
    (tmp_path / "node.d.ts").write_text(NODE_TYPES, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    checked = tsc(tmp_path, "use.ts", "wide.ts", "node.d.ts")
    assert checked.returncode == 0, checked.stdout
    with LiveServer(films.app) as server:
        done = subprocess.run(["node", "use.js", server.url], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said.pop("event")["data"]["title"] == "Slam"
    assert said == {
        "total": 1, "title": films.films[6].title, "added": "Slam", "count": 3202, "csv": "id,title,",
        "problem": [422, ["query", "size"]],
    }  # fmt: skip


@pytest.mark.requires("tsc")
def test_a_typescript_client_refuses_what_the_app_would(films: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "films.ts").write_text(typescript_client(document(films.app)), encoding="utf-8")
    (tmp_path / "misuse.ts").write_text(MISUSE, encoding="utf-8")
    told = tsc(tmp_path, "misuse.ts").stdout.splitlines()
    lines = [line.partition("(")[2].partition(",")[0] for line in told if line.startswith("misuse.ts(")]
    assert lines == [str(number) for number in range(4, 10)]


def test_a_renamed_field_is_renamed_in_the_clients() -> None:
    def made(field: str) -> App:
        kind = msgspec.defstruct("Film", [(field, int)])
        app = App("shop")

        async def show() -> Any: ...

        show.__annotations__["return"] = kind
        app.get("/film")(show)
        return app

    assert "    size: int\n" in python_client(document(made("size")))
    assert "    length: int\n" in python_client(document(made("length")))
    assert "  size: number;" in typescript_client(document(made("size")))
    assert "  length: number;" in typescript_client(document(made("length")))


def test_events_that_are_text_stay_text(tmp_path: Path) -> None:
    app = App("live")

    @app.get("/ticks")
    async def ticks() -> EventStream[Event]:
        yield Event(data="one")
        yield Event(data="two\nlines", event="tick", id="2")

    client_of = loaded(python_client(document(app)), tmp_path, "live_client")
    try:
        with LiveServer(app) as server, client_of.Client(server.url) as client:
            got = [(one.event, one.id, one.data) for one in client.ticks()]
        assert got == [("message", "", "one"), ("tick", "2", "two\nlines")]
    finally:
        del sys.modules["live_client"]
