"""The look, where a person would look: in a browser, light and dark, narrow and wide, on paper, and by axe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from browser import Tab, opened
from looking import BLOCKED, SIZES, findings, look
from msgspec import Meta, field

from segue import App, NotFound, Struct
from segue.html import FormOf, Page, Templates
from segue.html.forms import Radios, Textarea, Widget
from segue.security import Security
from segue.testing import Client, LiveServer


class Track(Struct):
    title: Annotated[str, Meta(max_length=40)]


class Film(Struct):
    title: Annotated[str, Meta(max_length=80, description="As on the poster")]
    year: Annotated[int, Meta(ge=1890)]
    kind: Literal["short", "long"]
    summary: str = ""
    colour: bool = False
    tracks: list[Track] = field(default_factory=list)


class FilmForm(FormOf[Film]):
    widgets: ClassVar[dict[str, Widget]] = {"kind": Radios(), "summary": Textarea()}


def gallery() -> App:
    app = App(
        "gallery",
        plugins=[Security(hosts=["127.0.0.1", "testserver"], https=False), Templates(Path(__file__).parent)],
    )

    @app.route("/", methods=["GET", "POST"])
    async def everything(form: FilmForm) -> Page:
        return form.render("gallery.html")

    @app.get("/lost")
    async def lost() -> None:
        raise NotFound("There is no such film.")

    return app


@contextlib.contextmanager
def shown(path: str, profile: Path) -> Iterator[Tab]:
    with LiveServer(gallery()) as server, opened(f"{server.url}{path}", profile, BLOCKED) as tab:
        tab.wait_for("document.readyState === 'complete'")
        yield tab


@pytest.mark.requires("chromium", "axe")
@pytest.mark.parametrize("path", ["/", "/lost"])
def test_axe_finds_nothing_serious_at_any_size_in_light_and_dark(path: str, tmp_path: Path) -> None:
    with shown(path, tmp_path) as tab:
        for size in SIZES:
            for scheme in ("light", "dark"):
                look(tab, size, scheme)
                assert findings(tab) == [], (size, scheme)
                overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert tab.value(overflow) <= 0, (size, scheme)
        assert [one for one in tab.complaints if "404" not in one] == []


@pytest.mark.requires("chromium", "axe")
def test_what_is_wrong_with_a_form_is_found_by_axe_to_be_told_well(tmp_path: Path) -> None:
    with shown("/", tmp_path) as tab:
        tab.value("document.querySelector('form[method=post]').noValidate = true")
        tab.value("document.querySelector('form[method=post] .buttons button').click()")
        tab.wait_for("document.querySelectorAll('[aria-invalid]').length > 0")
        for scheme in ("light", "dark"):
            look(tab, "phone", scheme)
            assert findings(tab) == []


@pytest.mark.requires("chromium")
def test_on_paper_there_is_the_page_and_nothing_to_press(tmp_path: Path) -> None:
    with shown("/", tmp_path) as tab:
        tab.command("Emulation.setEmulatedMedia", media="print")
        visible = "[...document.querySelectorAll('{}')].filter(one => one.offsetParent !== null).length"
        assert tab.value(visible.format(".tools, nav, .buttons, .skip")) == 0
        assert tab.value(visible.format("h1, td, dd")) > 8
        assert tab.value("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_two_apps_with_pages_side_by_side_share_the_style_sheet() -> None:
    outer = App("outer")
    for name in ("one", "two"):
        app = App(name, plugins=[Templates(None, texts={"p.html": "{% extends 'segue/page.html' %}"})])
        app.get(f"/{name}", name="page", template="p.html")(_nothing)
        outer.include(app)
    client = Client(outer)
    assert client.get("/_segue/__init__.py").status == 404
    pages = [client.get(path).text for path in ("/one", "/two")]
    (sheet,) = {page.partition('rel="stylesheet" href="')[2].partition('"')[0] for page in pages}
    assert client.get(sheet).headers["cache-control"] == "public, max-age=31536000, immutable"
    below = App("below")
    below.include(outer, at="/deep")
    assert Client(below).get("/deep" + sheet).status == 200
    assert f'href="/deep{sheet}"' in Client(below).get("/deep/two").text


async def _nothing() -> dict[str, str]:
    return {}
