"""Forms of models of a database: created, changed, refused by the model, changed by somebody else meanwhile."""

import re
from pathlib import Path
from typing import Any, ClassVar

import pytest

from segue import App, SeeOther
from segue.db import Database, Field, Model, Ref, field
from segue.html import FormOf, Page, Templates
from segue.html.forms import Input, Textarea, Widget
from segue.testing import Client


class Painter(Model):
    name: Field[str] = field(max_length=80)


class Painting(Model):
    title: Field[str] = field(max_length=20, unique=True)
    story: Field[str] = field(text=True, default="")
    year: Field[int] = field(ge=1200, default=1900)
    painter: Ref[Painter]


class Brush(Input):
    scripts = ("/static/brush.js",)
    styles = ("/static/brush.css",)


class PaintingOf(FormOf[Painting]):
    widgets: ClassVar[dict[str, Widget]] = {"story": Textarea(), "year": Brush("range")}

    async def options_painter_id(self) -> list[tuple[int, str]]:
        return [(one.id, one.name) for one in await Painter.order_by(Painter.name)]

    async def check_title(self, title: str) -> None:
        if title == "Untitled":
            raise ValueError("Every painting has a title.")


def app_of(folder: Path) -> App:
    app = App(
        plugins=[
            Database(f"sqlite:///{folder}/paintings.db", models=[Painter, Painting]),
            Templates(None, texts={"form.html": "{{ form }}"}),
        ]
    )

    @app.lifespan
    async def tables(db: Database) -> Any:
        await db.create_all()
        await Painter.create(name="Corot")
        yield

    @app.route("/new", methods=["GET", "POST"])
    async def new(form: PaintingOf) -> Page:
        if saved := await form.save():
            raise SeeOther(f"/{saved.id}")
        return form.render("form.html")

    @app.route("/{id:int}", methods=["GET", "POST"])
    async def edit(id: int, form: PaintingOf) -> Page:
        form.edit(await Painting.get(id))
        if await form.save():
            raise SeeOther("/")
        return form.render("form.html")

    @app.get("/json/{id:int}")
    async def shown(id: int) -> Painting:
        return await Painting.get(id)

    return app


RIGHT = {"title": "Chartres", "story": "a\r\nb", "year": "1830", "painter_id": "1"}


@pytest.mark.row("DJ-17")
def test_a_model_is_created_and_changed(tmp_path: Path) -> None:
    with Client(app_of(tmp_path)) as client:
        page = client.get("/new").text
        assert '<option value="1">Corot</option>' in page
        assert 'name="id"' not in page
        assert page.startswith('<link rel="stylesheet" href="/static/brush.css">')
        assert page.endswith('</form><script src="/static/brush.js"></script>')
        assert (
            '<input type="range" id="painting-year" name="year" min="1200" step="1"' in page
            or 'type="range"' in page
        )
        wrong = client.post("/new", data={**RIGHT, "title": "Untitled", "year": "1", "painter_id": "7"})
        assert wrong.status == 422
        assert wrong.text.count('class="error"') == 3
        assert ">\na\nb</textarea>" in wrong.text.replace("\r\n", "\n")
        made = client.post("/new", data=RIGHT, follow_redirects=False)
        assert (made.status, made.headers["location"]) == (303, "/1")
        stored = client.get("/json/1").json()
        assert (stored["title"], stored["story"], stored["year"], stored["painter_id"]) == (
            "Chartres", "a\nb", 1830, 1,
        )  # fmt: skip
        edit = client.get("/1").text
        assert 'value="Chartres"' in edit
        assert '<option value="1" selected>Corot</option>' in edit
        changed = client.post(
            "/1", data={**RIGHT, "year": "1840", "_seen": seen(edit)}, follow_redirects=False
        )
        assert changed.status == 303
        assert client.get("/json/1").json()["year"] == 1840


def seen(page: str) -> str:
    found = re.search(r'name="_seen" value="(\w+)"', page)
    assert found
    return found[1]


def test_what_somebody_else_has_changed_is_not_lost(tmp_path: Path) -> None:
    with Client(app_of(tmp_path)) as client:
        client.post("/new", data=RIGHT, follow_redirects=False)
        mine, theirs = client.get("/1").text, client.get("/1").text
        other = {**RIGHT, "year": "1850", "_seen": seen(theirs)}
        assert client.post("/1", data=other, follow_redirects=False).status == 303
        late = client.post("/1", data={**RIGHT, "title": "Cathedral", "_seen": seen(mine)})
        assert late.status == 422
        assert "Somebody else has changed this meanwhile. It is now: 1850" in late.text
        assert client.get("/json/1").json()["title"] == "Chartres"
        assert 'value="Cathedral"' in late.text
        again = {**RIGHT, "title": "Cathedral", "_seen": seen(late.text)}
        assert client.post("/1", data=again, follow_redirects=False).status == 303
        assert client.get("/json/1").json()["year"] == 1830


def test_what_the_model_refuses_is_told_beside_the_field(tmp_path: Path) -> None:
    class Named(Model):
        name: Field[str] = field(max_length=80)

        async def validate(self) -> None:
            if self.name == "taken":
                raise ValueError("This name is taken.")

    app = App(plugins=[Database(f"sqlite:///{tmp_path}/named.db", models=[Named]), Templates(None)])

    @app.lifespan
    async def tables(db: Database) -> Any:
        await db.create_all()
        yield

    @app.post("/")
    async def add(form: FormOf[Named]) -> Any:
        return {"id": saved.id} if (saved := await form.save()) else form

    with Client(app) as client:
        refused = client.post("/", data={"name": "taken"})
        assert refused.status == 422
        assert "<p>This name is taken.</p>" in refused.text
        assert client.post("/", json={"name": "taken"}).json()["errors"] == [
            {"loc": ["body"], "msg": "This name is taken."}
        ]
        assert client.post("/", data={"name": "free"}).json() == {"id": 1}
