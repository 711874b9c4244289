"""What of a model comes in: roles of fields, drafts, parts."""

import dataclasses
from typing import Annotated, Any, TypedDict

import pytest

from segue import App, Body, Draft, Form, Meta, Partial, Private, Query, ReadOnly, Shape, Struct, WriteOnly
from segue.core.plan import FreezeError
from segue.formats import JSON, HTMLForm
from segue.testing import Client


class Director(Struct):
    name: str
    trusted: Private[bool] = False


class Film(Struct):
    title: Annotated[str, Meta(min_length=1)]
    id: ReadOnly[int]
    year: Annotated[int, Meta(ge=1888)] = 2000
    director: Director | None = None
    owner: Private[str] = "nobody"
    key: WriteOnly[str] = ""


@dataclasses.dataclass
class Reel:
    number: int
    id: ReadOnly[int] = 0


class Row(TypedDict):
    name: str
    size: int


FILM = Film("Nuages", 7, 1940)
FORGED = {"title": "A", "id": 666, "owner": "me", "director": {"name": "B", "trusted": True}, "key": "k"}


@pytest.fixture
def client() -> Client:
    app = App(accepts=[JSON, HTMLForm])

    @app.post("/films")
    async def add(draft: Draft[Film]) -> dict[str, Any]:
        film = draft.create(id=8)
        assert film.director is None or isinstance(film.director, Director)
        trusted = film.director and film.director.trusted
        return {
            "id": film.id,
            "owner": film.owner,
            "key": film.key,
            "trusted": trusted,
            "given": [*draft.fields],
        }

    @app.patch("/films")
    async def change(changes: Partial[Film]) -> dict[str, Any]:
        film = changes.apply(FILM)
        return {
            "same": film is FILM,
            "title": film.title,
            "id": film.id,
            "year": film.year,
            "owner": film.owner,
        }

    @app.post("/reels")
    async def reel(reel: Reel) -> dict[str, Any]:
        return vars(reel)

    @app.patch("/reels")
    async def wind(changes: Partial[Reel]) -> dict[str, Any]:
        return vars(changes.apply(Reel(1, 7)))

    @app.patch("/rows")
    async def row(changes: Partial[Row]) -> Row:
        return changes.apply({"name": "a", "size": 1})

    @app.get("/query")
    async def query(reel: Query[Reel]) -> dict[str, Any]:
        return vars(reel)

    @app.post("/form")
    async def form(reel: Form[Reel]) -> dict[str, Any]:
        return vars(reel)

    return Client(app)


@pytest.mark.row("LI5")
def test_what_a_client_may_not_say_is_never_taken(client: Client) -> None:
    made = client.post("/films", json=FORGED).json()
    given = ["title", "year", "director", "key"]
    assert made == {"id": 8, "owner": "nobody", "key": "k", "trusted": False, "given": given}
    assert client.patch("/films", json=FORGED).json()["id"] == 7
    assert client.post("/reels", json={"number": 1, "id": 666}).json() == {"number": 1, "id": 0}
    assert client.get("/query?number=1&id=666").json() == {"number": 1, "id": 0}
    assert client.post("/form", data={"number": "1", "id": "666"}).json() == {"number": 1, "id": 0}


@pytest.mark.row("LI5")
def test_a_part_changes_what_it_has_and_nothing_else(client: Client) -> None:
    changed = client.patch("/films", json={"title": "Playtime"}).json()
    assert changed == {"same": False, "title": "Playtime", "id": 7, "year": 1940, "owner": "nobody"}
    assert client.patch("/films", json={}).json()["title"] == "Nuages"
    assert client.patch("/films", data={"year": "1967"}).json()["year"] == 1967
    assert client.patch("/reels", json={"number": 3}).json() == {"number": 3, "id": 7}
    assert client.patch("/rows", json={"size": 3}).json() == {"name": "a", "size": 3}
    assert Film("Nuages", 7, 1940) == FILM


def test_what_is_there_is_validated(client: Client) -> None:
    bad = client.patch("/films", json={"title": "", "year": 1})
    assert [one["loc"] for one in bad.json()["errors"]] == [["body", "title"], ["body", "year"]]
    bad = client.post("/films", json={"year": 1})
    assert [one["loc"] for one in bad.json()["errors"]] == [["body", "title"], ["body", "year"]]
    assert client.patch("/films", json=[1]).status == 422
    assert client.patch("/films", content=b"x", headers={"content-type": "text/plain"}).status == 415


def test_a_part_says_what_it_has_and_may_change_the_thing_itself() -> None:
    app = App()
    film = Film("Nuages", 7)

    @app.patch("/")
    async def change(changes: Partial[Film]) -> list[Any]:
        return [
            "title" in changes,
            "year" in changes,
            bool(changes),
            changes.update(film) is film,
            film.title,
        ]

    assert Client(app).patch("/", json={"title": "B"}).json() == [True, False, True, True, "B"]
    assert Client(app).patch("/", json={}).json() == [False, False, False, True, "B"]


def test_a_model_that_no_body_can_make_is_an_error_when_the_app_is_frozen() -> None:
    app = App()

    @app.post("/")
    async def add(film: Film) -> None: ...

    with pytest.raises(FreezeError, match=r"'id' is ReadOnly.*take Draft\[Film\], whose create\(id=\.\.\.\)"):
        app.freeze()


def test_a_shape_holds_for_what_comes_in_too() -> None:
    app = App()

    @app.post("/")
    async def add(reel: Body[Annotated[Reel, Shape(rename="upper")]]) -> dict[str, Any]:
        return vars(reel)

    assert Client(app).post("/", json={"NUMBER": 3}).json() == {"number": 3, "id": 0}
