"""Grids and forms with the class names of other style sheets."""

from __future__ import annotations

import html.parser
from pathlib import Path
from typing import Any

import pytest
from bookshelf import Book, app_of, books
from browser import opened
from markupsafe import Markup

from segue import App, Struct
from segue.cache import Caching
from segue.grid import Action, Column, Grid
from segue.html import BOOTSTRAP, BULMA, ClassNames, FormOf, Page, Templates
from segue.security import Security
from segue.testing import Client, LiveServer


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(page)
    return found


def classes(page: str, tag: str) -> list[set[str]]:
    return [set((given.get("class") or "").split()) for name, given in elements(page) if name == tag]


def without(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """The elements and all that is said of them, but for classes and what is new in each page."""
    fresh = ("class", "value", "nonce", "href", "action")
    return [
        (tag, {name: value for name, value in given.items() if name not in fresh})
        for tag, given in elements(page)
    ]


@pytest.mark.parametrize("names", [BOOTSTRAP, BULMA])
def test_a_grid_and_its_forms_have_the_names_of_another_style_sheet(sqlite: str, names: ClassNames) -> None:
    plain = {"table": "table", "input": "form-control", "select": "form-select"}
    if names is BULMA:
        plain = {"table": "table", "input": "input", "select": "input"}
    app = app_of(
        sqlite, ("/books", books(class_names=names, name="dressed")), ("/plain", books(name="plain"))
    )
    with Client(app) as client:
        for path in ("/", "/new", "/1/edit", "/1"):
            page = client.get(f"/books{path}", headers={"accept": "text/html"})
            other = client.get(f"/plain{path}", headers={"accept": "text/html"}).text
            if page.status == 404:
                continue
            assert [tag for tag, _ in without(page.text)] == [tag for tag, _ in without(other)], path
            for tag, name in plain.items():
                for own, said in zip(
                    classes(page.text, tag),
                    [given for one, given in elements(page.text) if one == tag],
                    strict=True,
                ):
                    if tag == "input" and said.get("type") in ("hidden", "checkbox", "radio"):
                        continue
                    assert name in own, (path, tag, said)
                assert not any(name in own for own in classes(other, tag) if name not in ("table", "input"))
        assert "grid" in {one for own in classes(client.get("/books/").text, "section") for one in own}, (
            "its own names stay"
        )
        # To htmx, and to the script of the grid, it is the same.
        part = client.get("/books/", headers={"hx-request": "true"}).text
        assert not part.startswith("<!doctype")
        assert any(plain["table"] in own for own in classes(part, "table"))


class Address(Struct):
    street: str


class Guest(Struct):
    name: str
    comes: bool = False
    address: Address | None = None


class GuestForm(FormOf[Guest]):
    class_names = BOOTSTRAP.with_names({"input.wide": "x", "div.field": "col md:w-1/2"})


def test_a_form_and_its_parts() -> None:
    app = App(
        "dressed forms",
        plugins=[
            Templates(
                None,
                texts={
                    "whole.html": "{{ form }}",
                    "parts.html": "{{ form.start }}{{ form['name'].label }}{{ form['name'].input }}{{ form.comes }}{{ form.buttons }}{{ form.end }}",
                },
            )
        ],
    )

    @app.route("/{name}", methods=["GET", "POST"])
    async def shown(name: str, form: GuestForm) -> Page:
        return form.render(f"{name}.html")

    with Client(app) as client:
        for name in ("whole", "parts"):
            page = client.get(f"/{name}").text
            given = {one.get("name"): one.get("class") for tag, one in elements(page) if tag == "input"}
            assert given["name"] == "form-control"
            assert given["comes"] == "form-check-input"
            assert {"btn", "btn-primary"} in classes(page, "button")
            assert any({"field", "col", "md:w-1/2"} <= own for own in classes(page, "div"))
            assert {"form-label"} in classes(page, "label")
        wrong = client.post(
            "/whole", data={"name": '"><input class="a">'}, headers={"sec-fetch-site": "same-origin"}
        ).text
        assert classes(wrong, "input").count({"a"}) == 0, "what people write is no element"


def test_what_has_its_names_is_as_it_was_and_scripts_are_left_alone() -> None:
    page = '<p class="soft">a</p><button>x</button><script>let a = "<button>"</script><a href="/?a>b" class="button quiet">c</a><br><input type="checkbox" checked>'
    once = BOOTSTRAP.dress(page)
    assert once == (
        '<p class="soft text-body-secondary">a</p><button class="btn btn-primary">x</button><script>let a = "<button>"</script>'
        '<a href="/?a>b" class="button quiet btn btn-outline-secondary">c</a><br><input class="form-check-input" type="checkbox" checked>'
    )
    assert BOOTSTRAP.dress(once) == once
    for bad in ("", "a b", "a > b", "*", "p:hover"):
        with pytest.raises(ValueError, match="is no rule"):
            ClassNames({bad: "x"})
    with pytest.raises(ValueError, match="are no class names"):
        ClassNames({"p": '"><script>'})


@pytest.mark.row("P4-05")
@pytest.mark.requires("chromium")
@pytest.mark.parametrize("names", [BOOTSTRAP, BULMA])
def test_a_dressed_grid_does_all_that_a_grid_does(sqlite: str, tmp_path: Path, names: ClassNames) -> None:
    """Lists, searches, own columns, buttons of actions, boxes, forms, and parts of pages for scripts."""

    async def lend(books: Any) -> str:
        for one in books:
            one.lent = True
            await one.save()
        return f"{len(books)} lent."

    grid = Grid(
        Book,
        columns=[
            Book.title,
            Column(Book.year, "Century", show=lambda year: "" if year is None else year // 100 + 1),
            Book.lent,
        ],
        search=[Book.title],
        filters=[Book.lent],
        can={"write": True},
        actions=[Action("Lend", lend)],
        sort="title",
        class_names=names,
    )
    app = app_of(sqlite, ("/books", grid))
    app.install(Security(https=False))
    rows = "document.querySelectorAll('tbody tr').length"
    with LiveServer(app) as server, opened("about:blank", tmp_path / "profile") as tab:
        tab.command("Page.navigate", url=f"{server.url}/books/?q=orlando")
        tab.wait_for(f"{rows} == 1")
        assert tab.value("document.querySelector('tbody td:nth-child(3)').textContent") == "20"
        assert tab.value("document.querySelector('table').classList.contains('table')")
        # A box, and the button of an action for what is chosen.
        tab.value("document.querySelector('tbody input[type=checkbox]').click()")
        tab.value(
            "[...document.querySelectorAll('button[name=many]')].find(one => one.textContent == 'Lend').click()"
        )
        tab.wait_for("document.body.textContent.includes('1 lent.')")
        # The form: what was wrong is told there, and what is right is kept.
        tab.command("Page.navigate", url=f"{server.url}/books/?q=orlando")
        tab.wait_for(f"{rows} == 1")
        tab.value("[...document.querySelectorAll('tbody a')].find(one => one.textContent == 'Edit').click()")
        tab.wait_for("document.querySelector('form [name=year]') !== null")
        tab.value("document.querySelector('form [name=title]').value = 'Orlando: A Biography'")
        tab.value("document.querySelector('form [name=title]').form.requestSubmit()")
        tab.wait_for("document.body.textContent.includes('Orlando: A Biography')")
        tab.command("Page.navigate", url=f"{server.url}/books/?q=biography")
        tab.wait_for(f"{rows} == 1")


def test_the_page_around_a_grid_may_have_parts_that_are_kept_or_asked_for(sqlite: str) -> None:
    grid = books(name="around", template="around.html")
    app = app_of(sqlite, ("/books", grid))
    app.install(Caching())
    app.install(
        Templates(
            None, texts={"around.html": "{% cache %}<i>kept</i>{% endcache %}{{ load('/aside') }}{{ grid }}"}
        )
    )

    @app.get("/aside")
    async def aside() -> Markup:
        return Markup("<b>aside</b>")

    with Client(app) as client:
        for _ in range(2):
            assert client.get("/books/").text.startswith("<i>kept</i><b>aside</b><section")
