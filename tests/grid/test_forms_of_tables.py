"""Forms and tables of a model, all of what SQLFORM and Sprox do: made of a table, of none, of two; with files, checks and keys that are good for once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from bookshelf import KEY
from gridpages import cells, link
from msgspec import Meta

from segue import App, File, SeeOther, Struct
from segue.db import Database, Field, Model, Ref, field
from segue.grid import Column, Grid
from segue.html import FormOf, ImageInput, Page, Templates
from segue.html.forms import Hidden, Widget
from segue.security import MemorySessions, Sessions
from segue.testing import Client

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Owner(Model, table="formtable_owner"):
    name: Field[str] = field(max_length=40, unique=True, label="Full name", help="As on the door")


class Dog(Model, table="formtable_dog"):
    name: Field[str] = field(max_length=20, pattern=r"^[A-Z]")
    born: Field[int | None] = field(default=None, ge=1990, le=2030)
    notes: Field[str] = field(text=True, default="")
    picture: Field[str] = field(default="", max_length=100)
    owner: Ref[Owner | None]


class DogForm(FormOf[Dog]):
    """Of the table, but without one field, with another demanded and a third hidden."""

    once = True
    exclude = ("picture",)
    required = ("born",)
    widgets: ClassVar[Mapping[str, Widget]] = {"notes": Hidden()}

    async def options_owner_id(self) -> list[tuple[int, str]]:
        return [(one.id, one.name) for one in await Owner.order_by(Owner.name)]

    async def check_name(self, name: str) -> None:
        if await Dog.where(Dog.name == name, Dog.owner_id.is_null()).exists():
            raise ValueError("There is a dog of this name already.")


class Picture(Struct):
    """A form of no table."""

    title: Annotated[str, Meta(min_length=1)]
    file: Annotated[File, ImageInput(max_size=10_000)]


class Both(Struct):
    """A form of two tables."""

    owner: Owner
    dog_name: Annotated[str, Meta(max_length=20)]


def app_of(url: str, folder: Path) -> App:
    app = App(
        "dogs",
        plugins=[
            Database(url, models=[Owner, Dog]),
            Templates(None, texts={"form.html": "{{ form }}"}),
            Sessions(MemorySessions(), key=KEY),
        ],
    )
    app.include(
        Grid(
            Dog,
            columns=[Dog.name, Column(Dog.born, "Year"), Dog.owner],
            search=[Dog.name],
            can={"write": True},
        ),
        at="/table",
    )

    @app.lifespan
    async def filled(db: Database) -> AsyncIterator[None]:
        await db.create_all()
        await Owner.create(name="Ada")
        yield

    @app.route("/dogs/new", methods=["GET", "POST"])
    async def new(form: DogForm) -> Page:
        if await form.save():
            raise SeeOther("/table/")
        return form.render("form.html")

    @app.route("/picture", methods=["GET", "POST"])
    async def picture(form: FormOf[Picture]) -> Any:
        if form.valid:
            await form.value.file.save(folder)
            return f"{form.value.title} kept"
        return form

    @app.route("/both", methods=["GET", "POST"])
    async def both(form: FormOf[Both], db: Database) -> Any:
        if form.valid:
            async with db.transaction():
                owner = await form.value.owner.save()
                await Dog.create(name=form.value.dog_name, owner=owner)
            raise SeeOther("/table/")
        return form

    return app


@pytest.fixture
def client(sqlite: str, tmp_path: Path) -> Any:
    with Client(app_of(sqlite, tmp_path)) as client:
        yield client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.row("W-15", "TG-14")
def test_a_form_of_a_table_omits_demands_hides_and_checks(client: Client) -> None:
    page = client.get("/dogs/new").text
    assert "picture" not in page
    assert re.search(r'<input type="number"[^>]*name="born" required min="1990" max="2030"', page)
    assert '<input type="hidden" id="dog-notes" name="notes"' in page
    assert '<option value="1">Ada</option>' in page
    assert 'pattern="' in page
    key = {"_once": hidden(page, "_once")}
    wrong = client.post("/dogs/new", data={"name": "rex", "born": "", "owner_id": "7", **key})
    assert wrong.status == 422
    assert wrong.text.count('class="error"') == 3
    assert 'value="rex"' in wrong.text
    right = {"name": "Rex", "born": "2020", "picture": "/etc/passwd", "id": "77", **key}
    assert client.post("/dogs/new", data=right, follow_redirects=False).status == 303
    assert cells(client.get("/table/").text) == [["Rex", "2020", ""]]
    # The same form once more, from the history or by a second click.
    assert client.post("/dogs/new", data=right).status == 422
    fresh = {"_once": hidden(client.get("/dogs/new").text, "_once")}
    assert "There is a dog of this name already." in client.post("/dogs/new", data={**right, **fresh}).text
    view = client.get(link(client.get("/table/").text, "/view/")).text
    assert "passwd" not in view


@pytest.mark.row("W-15")
def test_what_a_table_has_is_updated_and_deleted_and_changes_meanwhile_are_seen(client: Client) -> None:
    fresh = {"_once": hidden(client.get("/dogs/new").text, "_once")}
    client.post("/dogs/new", data={"name": "Rex", "born": "2020", **fresh})
    edit = link(client.get("/table/").text, "/edit/")
    seen = {"_seen": hidden(client.get(edit).text, "_seen")}
    assert (
        client.post(edit, data={"name": "Max", "born": "2020", **seen}, follow_redirects=False).status == 303
    )
    late = client.post(edit, data={"name": "Rex", "born": "2021", **seen})
    assert late.status == 422
    assert "Somebody else has changed this meanwhile. It is now: Max" in late.text
    assert client.post(link(client.get("/table/").text, "/delete/"), follow_redirects=False).status == 303
    assert cells(client.get("/table/").text) == []


@pytest.mark.row("W-15")
def test_a_form_of_no_table_takes_files_and_looks_at_them(client: Client, tmp_path: Path) -> None:
    page = client.get("/picture").text
    assert 'enctype="multipart/form-data"' in page
    for name, content in (("a.png", b"<script>"), ("a.png", PNG + b"x" * 20_000)):
        refused = client.post("/picture", data={"title": "x"}, files={"file": (name, content, "image/png")})
        assert refused.status == 422
        assert 'id="picture-file-error"' in refused.text
    kept = client.post("/picture", data={"title": "Rex"}, files={"file": ("../../rex.png", PNG, "image/png")})
    assert kept.text == "Rex kept"
    assert [one.name for one in tmp_path.glob("*.png")] == ["rex.png"]
    assert client.post("/picture", data={"title": ""}).text.count('class="error"') == 2


@pytest.mark.row("W-15")
def test_a_form_of_two_tables_saves_both(client: Client) -> None:
    page = client.get("/both").text
    assert "Full name" in page
    assert "As on the door" in page
    wrong = client.post("/both", data={"owner.name": "", "dog_name": "x" * 30})
    assert wrong.status == 422
    assert wrong.text.count('class="error"') == 2
    assert (
        client.post("/both", data={"owner.name": "Bob", "dog_name": "Otto"}, follow_redirects=False).status
        == 303
    )
    assert cells(client.get("/table/").text) == [["Otto", "", "Bob"]]
