"""What people change in a grid: by links that were given to them, where they may, and nothing else than what they see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bookshelf import KEY, Book, Opinion, Writer, app_of, books, writers
from gridpages import cells, count, link, links, titles

from segue import App, Forbidden, Request
from segue.core.plan import FreezeError
from segue.db import Database
from segue.db.models.rules import row_rule
from segue.grid import Action, Grid
from segue.security import MemorySessions, Sessions, signed_in
from segue.testing import Client


class Visitor:
    def __init__(self, id: str) -> None:
        self.id = id
        self.principals = frozenset({id})


@pytest.fixture
def client(sqlite: str) -> Iterator[Client]:
    app = app_of(sqlite, ("/books", books(size=100)), ("/writers", writers()))

    @app.identifies
    def who(request: Request) -> Visitor | None:
        name = request.headers.get("x-visitor")
        return Visitor(name) if name else None

    with Client(app) as client:
        yield client


def edit_link(client: Client, title: str, **more: Any) -> str:
    return link(client.get("/books/", params={"q": title}, **more).text, "/edit/")


def test_an_object_is_created_changed_and_deleted(client: Client) -> None:
    new = link(client.get("/books/?q=Tonio").text, "/new?")
    form = client.get(new).text
    assert '<option value="2">Thomas Mann</option>' in form
    assert "shelf_secret" not in form
    wrong = client.post(new, data={"title": "", "year": "9999", "writer_id": "77"})
    assert wrong.status == 422
    assert wrong.text.count('class="error"') == 3
    assert 'value="9999"' in wrong.text
    made = client.post(
        new, data={"title": "Tonio Kröger", "year": "1903", "writer_id": "2"}, follow_redirects=False
    )
    assert (made.status, made.headers["location"]) == (303, "/books/?q=Tonio")
    page = client.get(made.headers["location"])
    assert titles(page.text) == ["Tonio Kröger"]
    assert "Tonio Kröger was created." in page.text
    edit = link(page.text, "/edit/")
    shown = client.get(edit).text
    assert 'value="Tonio Kröger"' in shown
    assert '<option value="2" selected>Thomas Mann</option>' in shown
    saved = client.post(edit, data={"title": "Tonio", "year": "", "writer_id": ""}, follow_redirects=False)
    assert saved.status == 303
    view = client.get(link(client.get("/books/?q=Tonio").text, "/view/")).text
    assert "<dt>Year</dt><dd></dd>" in view
    delete = link(view, "/delete/")
    assert "Really delete?" in client.get(delete).text
    assert count(client.get("/books/?q=Tonio").text) == "1 found"
    assert client.post(delete, follow_redirects=False).headers["location"].startswith("/books/")
    assert count(client.get("/books/?q=Tonio").text) == "0 found"
    assert client.get(delete).status == 404


@pytest.mark.row("W-16")
def test_links_that_nobody_gave_are_refused(client: Client) -> None:
    edit = edit_link(client, "Orlando")
    path, _, _ = edit.partition("?")
    key = path.rpartition("/")[2]
    for target in (
        path,
        f"/books/delete/{key}",
        "/books/new",
        edit.replace(f"/edit/{key}?", f"/delete/{key}?"),
        edit.replace(f"/edit/{key}?", f"/edit/{int(key) + 1}?"),
        f"{edit}&x=1",
        edit[:-1] + ("A" if edit[-1] != "A" else "B"),
    ):
        assert client.get(target).status == 403, target
        assert client.post(target, data={"title": "x"}).status == 403, target
    assert client.post("/books/act", data={"many": "delete", "key": key, "sure": "yes"}).status == 403
    assert titles(client.get("/books/?q=Orlando").text) == ["Orlando"]


def test_a_link_is_good_for_who_was_given_it_and_not_for_ever(client: Client, monkeypatch: Any) -> None:
    mine = {"x-visitor": "ada"}
    edit = edit_link(client, "Orlando", headers=mine)
    assert client.get(edit, headers=mine).status == 200
    assert client.get(edit, headers={"x-visitor": "eve"}).status == 403
    assert client.get(edit).status == 403
    import time

    now = time.time()
    monkeypatch.setattr("segue.security.links.time.time", lambda: now + 25 * 3600)
    assert client.get(edit, headers=mine).status == 403


def test_what_another_site_sends_is_refused(client: Client) -> None:
    edit = edit_link(client, "Orlando")
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert client.post(edit, data={"title": "Stolen"}, headers=foreign).status == 403
    act = link(client.get("/books/").text, "/act")
    assert client.post(act, data={"one": "delete:1", "sure": "yes"}, headers=foreign).status == 403
    assert count(client.get("/books/?q=Stolen").text) == "0 found"


@pytest.mark.row("SEC-62")
def test_only_fields_of_the_form_are_taken_and_objects_are_looked_for_anew(client: Client) -> None:
    edit = edit_link(client, "Orlando")
    more = {
        "id": "1",
        "shelf_secret": "taken",
        "writer": "2",
        "opinions.0.stars": "1",
        "lent_": "on",
        "version": "3",
        "_do": "delete",
    }
    form = {"title": "Orlando!", "binding": "cloth", "writer_id": "1", **more}
    assert client.post(edit, data=form, follow_redirects=False).status == 303
    assert titles(client.get("/books/?q=Orlando").text) == ["Orlando!"]
    view = client.get(link(client.get("/books/?q=Orlando").text, "/view/")).text
    assert "taken" not in view
    # Of a child, the object that it belongs to is that of the path, whatever the form says.
    below = client.get("/writers/of/1/books/").text
    new = link(below, "/new")
    assert "writer_id" not in client.get(new).text
    made = client.post(new, data={"title": "Flush", "writer_id": "2", "writer": "2"}, follow_redirects=False)
    assert made.headers["location"] == "/writers/of/1/books/"
    assert "Flush" in titles(client.get("/writers/of/1/books/").text)
    assert "Flush" not in titles(client.get("/writers/of/2/books/").text)
    # An object of somebody else is not found below this one, with a link of one's own neither.
    theirs = link(client.get("/writers/of/2/books/").text, "/edit/").partition("?")[0].rpartition("/")[2]
    assert client.get(f"/writers/of/1/books/view/{theirs}").status == 404
    act = link(below, "/act")
    forged = {"many": "delete", "key": theirs, "sure": "yes"}
    assert client.post(act, data=forged).status == 404
    assert client.post(act, data={**forged, "key": [theirs, "1 or 1=1"]}).status == 404
    assert count(client.get("/writers/of/2/books/").text) == "1 found"


def test_what_somebody_else_has_changed_meanwhile_is_not_lost(client: Client) -> None:
    edit = edit_link(client, "Orlando")
    seen = re.search(r'name="_seen" value="(\w+)"', client.get(edit).text)
    assert seen
    form = {"title": "Orlando", "writer_id": "1", "binding": "cloth", "marks": "3", "_seen": seen[1]}
    assert client.post(edit, data={**form, "year": "1927"}, follow_redirects=False).status == 303
    late = client.post(edit, data={**form, "year": "1926"})
    assert late.status == 422
    assert "Somebody else has changed this meanwhile. It is now: 1927" in late.text


def test_what_belongs_to_an_object_is_told_before_it_is_deleted(client: Client) -> None:
    page = client.get("/books/?q=Orlando").text
    asked = client.get(link(page, "/delete/")).text
    assert "<li>Opinions: 2</li>" in asked
    used = client.get("/writers/?q=Mann").text
    assert (
        client.post(link(used, "/delete/"), follow_redirects=False).status == 303
    )  # his books stay, without him
    assert cells(client.get("/books/?q=Zauberberg").text)[0][1] == ""


def test_what_is_in_use_is_not_deleted_and_that_is_told(sqlite: str) -> None:
    from segue.db import Field, Model, Ref

    class GridRoom(Model):
        name: Field[str]

    class GridChair(Model):
        name: Field[str]
        room: Ref[GridRoom]

    app = App(
        "rooms", plugins=[Database(sqlite, models=[GridRoom, GridChair]), Sessions(MemorySessions(), key=KEY)]
    )
    app.include(Grid(GridRoom, can={"write": True}), at="/rooms")

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        room = await GridRoom.create(name="Hall")
        await GridChair.create(name="Throne", room=room)
        yield

    with Client(app) as client:
        page = client.get("/rooms/").text
        answer = client.post(link(page, "/delete/"))
        assert answer.status == 409
        assert "still in use" in answer.text
        act = link(page, "/act")
        assert client.post(act, data={"many": "delete", "key": "1", "sure": "yes"}).status == 409
        assert titles(client.get("/rooms/").text) == ["Hall"]


def test_actions_with_one_and_with_those_that_are_selected(client: Client) -> None:
    page = client.get("/books/?q=o").text
    act = link(page, "/act")
    assert 'name="one" value="lend:2">Lend</button>' in page
    keys = re.findall(r'name="key" value="(\d+)"', page)
    question = client.post(act, data={"many": "lend", "key": keys})
    assert "Lend them all?" in question.text
    sure = re.findall(r'type="hidden" name="(many|sure|key)" value="([^"]*)"', question.text)
    assert len(sure) == 2 + len(keys)
    fields: dict[str, Any] = {
        "many": "lend",
        "sure": "yes",
        "key": [value for name, value in sure if name == "key"],
    }
    done = client.post(act, data=fields, follow_redirects=False)
    assert done.headers["location"] == "/books/?q=o"
    assert f"{len(keys)} lent." in client.get("/books/?q=o").text
    assert client.post(act, data={"many": "nothing", "key": keys}).status == 400
    assert client.post(act, data={"many": "lend"}, follow_redirects=False).status == 303
    assert "Nothing was selected." in client.get("/books/").text
    assert client.post(act, data={"many": "lend", "key": ["1", "999999"]}).status == 404
    assert client.post(act, data={"many": "lend", "key": [str(n) for n in range(600)]}).status == 400
    assert client.post(act, data={"many": "lend", "key": [str(n) for n in range(500)]}).status == 404


@pytest.mark.row("W-16")
def test_several_are_deleted_at_once_after_a_question(client: Client) -> None:
    page = client.get("/books/?q=atlas").text
    keys = re.findall(r'name="key" value="(\d+)"', page)[:3]
    act = link(page, "/act")
    asked = client.post(act, data={"many": "delete", "key": keys})
    assert "Delete: 3 Books" in asked.text
    assert count(client.get("/books/?q=atlas").text) == "27 found"
    client.post(act, data={"many": "delete", "key": keys, "sure": "yes"})
    assert count(client.get("/books/?q=atlas").text) == "24 found"


def test_an_action_that_fails_changes_nothing(sqlite: str) -> None:
    async def half(targets: Any) -> None:
        targets[0].title = "Half"
        await targets[0].save()
        raise Forbidden("Not this one.")

    app = app_of(
        sqlite,
        ("/books", Grid(Book, search=[Book.title], can={"write": True}, actions=[Action("Half", half)])),
    )
    with Client(app) as client:
        act = link(client.get("/books/").text, "/act")
        assert client.post(act, data={"many": "half", "key": ["1", "2"]}).status == 403
        assert count(client.get("/books/?q=Half").text) == "0 found"


@pytest.mark.row("W-17")
def test_children_are_browsed_with_the_way_back(client: Client) -> None:
    view = client.get(link(client.get("/writers/?q=Woolf").text, "/view/")).text
    below = client.get(link(view, "/of/1/books/")).text
    assert titles(below) == ["The Waves", "Orlando"]
    opinions = client.get("/writers/of/1/books/of/2/shelved_opinion/").text
    crumbs = re.search(r'<nav class="breadcrumbs".*?</nav>', opinions)
    assert crumbs
    assert links(crumbs[0], "/writers/") == [
        "/writers/", "/writers/view/1", "/writers/of/1/books/", "/writers/of/1/books/view/2",
    ]  # fmt: skip
    assert count(opinions) == "2 found"
    assert client.get("/writers/of/2/books/of/2/shelved_opinion/").status == 404
    new = link(opinions, "/new")
    made = client.post(new, data={"stars": "2", "text": "Hm"}, follow_redirects=False)
    assert made.headers["location"] == "/writers/of/1/books/of/2/shelved_opinion/"
    assert count(client.get(made.headers["location"]).text) == "3 found"


def test_without_a_word_about_it_nobody_may_write(sqlite: str) -> None:
    app = app_of(sqlite, ("/books", Grid(Book)), sessions=False)
    with Client(app) as client:
        page = client.get("/books/").text
        assert links(page, "/new") == links(page, "/edit/") == links(page, "/delete/") == []
        for path in ("new", "edit/1", "delete/1", "act"):
            assert client.post(f"/books/{path}").status == 404


def test_who_may_do_what_is_asked_for_pages_and_for_buttons(sqlite: str) -> None:
    async def old_ones(request: Request, row: Any) -> bool:
        return row is None or (row.year or 9999) < 1930

    def signed(request: Request) -> None:
        if "x-key" not in request.headers:
            raise Forbidden

    can = {"edit": old_ones, "delete": False, "create": signed, "export": False}
    grid = Grid(Book, columns=[Book.title, Book.year], search=[Book.title], can=can)  # type: ignore[arg-type] # a dict of rules
    with Client(app_of(sqlite, ("/books", grid))) as client:
        page = client.get("/books/?q=waves").text
        assert (
            links(page, "/edit/")
            == links(page, "/delete/")
            == links(page, "/new")
            == links(page, "export")
            == []
        )
        assert len(links(client.get("/books/?q=orlando").text, "/edit/")) == 1
        allowed = link(client.get("/books/", headers={"x-key": "1"}).text, "/new")
        assert client.get(allowed).status == 403
        assert client.get(allowed, headers={"x-key": "1"}).status == 200
        assert client.get("/books/export.csv").status == 404
        # A link that was good is worth nothing when the rule says no by now.
        edit = link(client.get("/books/?q=orlando").text, "/edit/")
        assert (
            client.post(edit, data={"title": "Orlando", "year": "1950"}, follow_redirects=False).status == 303
        )
        assert client.get(edit).status == 403


def test_one_function_may_decide_about_everything(sqlite: str) -> None:
    asked: set[tuple[str, bool]] = set()

    def can(request: Request, what: str, row: Any) -> bool:
        asked.add((what, row is None))
        return what in ("list", "view") or request.headers.get("x-role") == "editor"

    with Client(app_of(sqlite, ("/books", books(can=can)))) as client:
        page = client.get("/books/").text
        assert links(page, "/edit/") == links(page, "/new") == links(page, "export") == []
        assert client.get("/books/export.csv").status == 403
        editor = {"x-role": "editor"}
        page = client.get("/books/", headers=editor).text
        assert links(page, "/edit/")
        assert client.get(link(page, "/edit/"), headers=editor).status == 200
        assert client.get(link(page, "/edit/")).status == 403
    assert ("create", True) in asked
    assert ("edit", False) in asked


def test_row_rules_hold_in_lists_facets_pages_exports_and_choices(sqlite: str) -> None:
    from segue.db import Field, Model, Ref

    class GridTeam(Model):
        name: Field[str]
        hidden: Field[bool] = False  # type: ignore[assignment] # the default

    class GridPlayer(Model):
        name: Field[str]
        team: Ref[GridTeam | None]

    @row_rule(GridTeam)
    def shown() -> Any:
        return GridTeam.hidden == False  # noqa: E712 -- a question to the database

    @row_rule(GridPlayer)
    def with_us() -> Any:
        return GridPlayer.name != "Ghost"

    app = App(
        "teams",
        plugins=[Database(sqlite, models=[GridTeam, GridPlayer]), Sessions(MemorySessions(), key=KEY)],
    )
    app.include(
        Grid(
            GridPlayer,
            columns=[GridPlayer.name],
            filters=[GridPlayer.team, GridPlayer.name],
            can={"write": True},
        ),
        at="/players",
    )

    @app.lifespan
    async def filled(db: Database) -> Any:
        await db.create_all()
        seen, secret = await GridTeam.create(name="Seen"), await GridTeam.create(name="Secret", hidden=True)
        await GridPlayer.create(name="Anna", team=seen)
        await GridPlayer.create(name="Bert", team=secret)
        await GridPlayer.create(name="Ghost", team=seen)
        yield

    with Client(app) as client:
        page = client.get("/players/").text
        assert "Ghost" not in page
        assert "Secret" not in page
        assert client.get("/players/view/3").status == 404
        assert "Ghost" not in client.get("/players/export.csv").text
        edit = link(page, "/edit/1")
        assert "Secret" not in client.get(edit).text
        assert client.post(edit, data={"name": "Anna", "team_id": "2"}).status == 422
        # What is hidden, and was there before, stays where nobody changes it; its name is not told.
        bert = link(page, "/edit/2")
        form = client.get(bert).text
        assert '<option value="2" selected>2</option>' in form
        assert "Secret" not in form
        assert (
            client.post(bert, data={"name": "Bertram", "team_id": "2"}, follow_redirects=False).status == 303
        )
        act = link(page, "/act")
        assert client.post(act, data={"one": "delete:3", "sure": "yes"}).status == 404


def test_an_app_without_protection_is_told_what_a_grid_that_writes_needs(sqlite: str) -> None:
    app = app_of(sqlite, ("/books", Grid(Book, can={"write": True}, children=[Opinion.book])), sessions=False)
    with pytest.raises(FreezeError, match="list a plugin that does that") as raised:
        app.freeze()
    assert "test_writing.py:" in str(raised.value)


def test_an_own_form_is_used(sqlite: str) -> None:
    from segue.html import FormOf

    class Short(FormOf[Writer]):
        only = ("name",)

        async def check_name(self, name: str) -> None:
            if await Writer.where(Writer.name == name).exists():
                raise ValueError("This writer is there already.")

    with Client(app_of(sqlite, ("/writers", Grid(Writer, form=Short, can={"write": True})))) as client:
        new = link(client.get("/writers/").text, "/new")
        assert "country" not in client.get(new).text.lower()
        refused = client.post(new, data={"name": "Thomas Mann", "country": "x"})
        assert refused.status == 422
        assert "This writer is there already." in refused.text


def test_who_has_to_sign_in_sees_the_list_and_is_sent_there_by_its_links(sqlite: str) -> None:
    can = {"write": signed_in(login="/login")}
    app = app_of(sqlite, ("/books", Grid(Book, columns=[Book.title], can=can)))

    @app.identifies
    def who(request: Request) -> Visitor | None:
        name = request.headers.get("x-visitor")
        return Visitor(name) if name else None

    with Client(app) as client:
        page = client.get("/books/")
        assert page.status == 200
        assert links(page.text, "/edit/") == links(page.text, "/new") == []
        ada = {"x-visitor": "ada"}
        edit = link(client.get("/books/", headers=ada).text, "/edit/")
        assert client.get(edit, headers=ada).status == 200
        assert client.get(edit, headers={"x-visitor": "eve"}, follow_redirects=False).status == 403


def test_the_way_back_leads_to_this_list_and_nowhere_else(client: Client) -> None:
    for back in (
        "%0d%0aSet-Cookie:%20a=b",
        "https://evil.example/",
        "%22%3E%3Cscript%3E",
        "a%23b",
        "x" * 3000,
    ):
        page = client.get(f"/books/view/1?back={back}").text
        assert "<script>" not in page
        for one in links(page, "/books/"):
            assert one.startswith("/books/")
        edit = link(page, "/edit/")
        saved = client.post(edit, data={"title": "The Waves"}, follow_redirects=False)
        assert saved.status == 303
        assert saved.headers["location"].startswith("/books/")
        assert "set-cookie" not in saved.headers or "a=b" not in saved.headers["set-cookie"]


def test_a_grid_may_be_included_several_times(sqlite: str) -> None:
    grid = Grid(Book, search=[Book.title], can={"write": True}, children=[Opinion.book])
    app = app_of(sqlite, ("/books", grid))
    app.include(grid, at="/{lang}/buecher", name="translated")
    with Client(app) as client:
        page = client.get("/de/buecher/?q=orlando").text
        assert link(page, "/view/").startswith("/de/buecher/view/")
        edit = link(page, "/edit/")
        assert (
            client.post(edit, data={"title": "Orlando"}, follow_redirects=False)
            .headers["location"]
            .startswith("/de/buecher/")
        )
        assert client.get(edit.replace("/de/", "/fr/")).status == 403
        assert client.get("/de/buecher/of/2/shelved_opinion/").status == 200
        with pytest.raises(TypeError, match="is not copied"):
            grid.copy()
