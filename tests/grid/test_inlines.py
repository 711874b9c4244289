"""What belongs to an object is edited along with it: chosen from lists, and as rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bookshelf import KEY, Book, Opinion, Topic, Writer, app_of, books
from gridpages import cells, count, link

from segue import App
from segue.core.plan import FreezeError
from segue.db import Database, Field, Many, Model, field
from segue.db.models.rules import row_rule
from segue.grid import Grid
from segue.security import MemorySessions, Sessions
from segue.testing import Client

ROW = re.compile(r'name="shelved_opinion\.(\d+)\.row_key" value="([^"]*)"')
FORM = {"title": "Orlando", "year": "1928", "binding": "cloth", "marks": "3", "writer_id": "1"}


@pytest.fixture
def client(sqlite: str) -> Iterator[Client]:
    with Client(app_of(sqlite, ("/books", books(inline=[Book.topics, Opinion.book])))) as client:
        yield client


def edit_of(client: Client, title: str) -> str:
    return link(client.get("/books/", params={"q": title}).text, "/edit/")


def opinion(at: int, key: str, stars: int, text: str) -> dict[str, str]:
    return {
        f"shelved_opinion.{at}.row_key": key,
        f"shelved_opinion.{at}.stars": str(stars),
        f"shelved_opinion.{at}.text": text,
    }


def test_rows_are_changed_added_and_taken_away_with_their_object(client: Client) -> None:
    edit = edit_of(client, "Orlando")
    page = client.get(edit).text
    assert ROW.findall(page) == [("0", "1"), ("1", "2")]
    assert '<option value="1">sea</option>' in page
    sent = {**FORM, "topics": ["1", "2"], **opinion(0, "2", 1, "Worse"), **opinion(1, "", 3, "New")}
    assert client.post(edit, data=sent, follow_redirects=False).status == 303
    page = client.get(edit).text
    assert [key for _, key in ROW.findall(page)] == ["2", "4"]
    assert "Worse</textarea>" in page
    assert page.count(" selected>sea") == page.count(" selected>war") == 1
    nothing = client.post(edit, data=FORM, follow_redirects=False)
    assert nothing.status == 303
    assert ROW.findall(client.get(edit).text) == []
    assert count(client.get("/books/?q=Orlando&f.topics=").text) == "1 found"


def test_an_object_is_created_with_what_belongs_to_it(client: Client) -> None:
    new = link(client.get("/books/").text, "/new")
    wrong = client.post(new, data={"title": "New", **opinion(0, "", 9, "")})
    assert wrong.status == 422
    assert wrong.text.count('class="error"') == 2
    assert 'value="9"' in wrong.text
    made = client.post(
        new, data={"title": "New", "topics": ["2"], **opinion(0, "", 4, "x")}, follow_redirects=False
    )
    assert made.status == 303
    assert cells(client.get("/books/?q=New").text) == [["New", "", "", "", "1", "war"]]


@pytest.mark.row("SEC-62")
def test_rows_of_others_cannot_be_reached(client: Client) -> None:
    edit = edit_of(client, "Orlando")
    for key in ("3", "99", "x", "1,2"):
        refused = client.post(edit, data={**FORM, "title": "Taken", **opinion(0, key, 1, "Mine now")})
        assert refused.status == 422
        assert "This row is not there any more." in refused.text
    assert count(client.get("/books/?q=Taken").text) == "0 found"  # all of it, or nothing
    assert "Long</textarea>" in client.get(edit_of(client, "Zauberberg")).text
    assert client.post(edit, data={**FORM, "topics": ["77"]}).status == 422
    assert client.post(edit, data={**FORM, "topics": ["1 or 1=1"]}).status == 422
    more = {"shelved_opinion.0.book_id": "3", "shelved_opinion.0.book": "3", "shelved_opinion.0.id": "3"}
    assert (
        client.post(edit, data={**FORM, **opinion(0, "1", 2, "x"), **more}, follow_redirects=False).status
        == 303
    )
    assert "Long</textarea>" in client.get(edit_of(client, "Zauberberg")).text


def test_a_row_that_somebody_else_has_added_meanwhile_is_not_lost(client: Client) -> None:
    edit = edit_of(client, "Orlando")
    page = client.get(edit).text
    seen = re.search(r'name="_seen" value="(\w+)"', page)
    assert seen
    both = {**opinion(0, "1", 5, "Marvellous"), **opinion(1, "2", 4, "Fine")}
    added = {**FORM, **both, **opinion(2, "", 1, "Third"), "_seen": seen[1]}
    assert client.post(edit, data=added, follow_redirects=False).status == 303
    late = client.post(edit, data={**FORM, **both, "_seen": seen[1]})
    assert late.status == 422
    assert "Somebody else has changed this meanwhile" in late.text
    assert len(ROW.findall(client.get(edit).text)) == 3


def test_what_rules_hide_stays_where_others_are_chosen(sqlite: str) -> None:
    class GridKind(Model):
        name: Field[str]

    class GridThing(Model):
        name: Field[str]
        kinds: Many[GridKind]

    hidden = True

    @row_rule(GridKind)
    def shown() -> Any:
        return GridKind.name != "secret" if hidden else None

    app = App(
        "things",
        plugins=[Database(sqlite, models=[GridKind, GridThing]), Sessions(MemorySessions(), key=KEY)],
    )
    app.include(Grid(GridThing, can={"write": True}, inline=[GridThing.kinds]), at="/things")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        thing = await GridThing.create(name="lamp")
        kinds = [await GridKind.create(name=name) for name in ("light", "secret", "old")]
        await thing.add(GridThing.kinds, kinds[0], kinds[1])
        yield

    with Client(app) as client:
        edit = link(client.get("/things/").text, "/edit/")
        assert "secret" not in client.get(edit).text
        assert client.post(edit, data={"name": "lamp", "kinds": ["3"]}, follow_redirects=False).status == 303
        hidden = False
        page = client.get(edit).text
        assert re.findall(r"<option[^>]* selected>(\w+)", page) == ["old", "secret"]


def test_buttons_of_rows_work_without_a_script(client: Client) -> None:
    edit = edit_of(client, "Orlando")
    both = {**FORM, **opinion(0, "1", 5, "Marvellous"), **opinion(1, "2", 4, "Fine")}
    page = client.post(edit, data={**both, "_do": "add:shelved_opinion"}).text
    assert [key for _, key in ROW.findall(page)] == ["1", "2", ""]
    page = client.post(edit, data={**both, "_do": "remove:shelved_opinion.0"}).text
    assert [key for _, key in ROW.findall(page)] == ["2"]
    assert [key for _, key in ROW.findall(client.get(edit).text)] == ["1", "2"]  # nothing is saved by them


def test_what_is_there_already_is_told_beside_its_field(sqlite: str) -> None:
    class GridLabel(Model):
        name: Field[str] = field(max_length=40, unique=True)

    app = App("labels", plugins=[Database(sqlite, models=[GridLabel]), Sessions(MemorySessions(), key=KEY)])
    app.include(Grid(GridLabel, can={"write": True}), at="/labels")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        await GridLabel.create(name="red")
        yield

    with Client(app) as client:
        new = link(client.get("/labels/").text, "/new")
        refused = client.post(new, data={"name": "red"})
        assert refused.status == 422
        assert 'id="gridlabel-name-error">There is one with this already.</p>' in refused.text


@pytest.mark.parametrize("wrong", [Book.writer, Writer.books, Topic.name, "topics"])
def test_what_does_not_belong_to_the_object_is_told(sqlite: str, wrong: Any) -> None:
    with pytest.raises(FreezeError, match="inline= lists relations"):
        app_of(sqlite, ("/books", books(inline=[wrong]))).freeze()
