"""All built-in pages, in a browser that reaches nobody but the app: they work, ask nobody else, and keep to their policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browser import opened
from looking import BLOCKED, findings, look

from segue import App, NotFound, Struct
from segue.auth import Auth
from segue.db import Database, Field, Model, field
from segue.debug import Debugger, Toolbar
from segue.formats import HTML, JSON
from segue.grid import Grid
from segue.html import FormOf, Templates
from segue.mail import Mail
from segue.openapi import Elements, OpenAPI
from segue.security import MemorySessions, Security, Sessions, new_key
from segue.site import Site, create_page, detail_page, list_page
from segue.testing import LiveServer

SHOWN = "document.body.innerText"


class OfflineFilm(Model):
    title: Field[str] = field(min_length=1, max_length=80)
    year: Field[int] = field(ge=1890, le=2100)


class Note(Struct):
    text: str


def app_of(url: str, folder: Path, *, development: bool) -> App:
    auth = Auth(origin="https://films.example")
    app = App(
        "films",
        debug=development,
        plugins=[
            Database(url, models=[OfflineFilm, *auth.models], migrate=True),
            Templates(None),
            Security(https=False),
            Sessions(MemorySessions(), key=new_key()),
            Mail("memory:", sender="films@example.com"),
            auth,
            Site(),
            OpenAPI(title="Films", version="1"),
            Elements(),
            Toolbar(),
            Debugger(),
        ],
    )
    app.development = development
    app.include(Grid(OfflineFilm, can={"write": True}), at="/grid")
    app.static("/files", folder, listing=True)
    app.get("/films", name="films")(list_page(OfflineFilm.all().order_by(OfflineFilm.title), to="film"))
    app.get("/films/{id:int}", name="film")(detail_page(OfflineFilm))
    app.route("/films/new", methods=["GET", "POST"])(create_page(FormOf[OfflineFilm], to="film"))

    @app.get("/data", formats=[HTML, JSON])
    async def data() -> list[Note]:
        return [Note("Nuages")]

    @app.get("/lost")
    async def lost() -> None:
        raise NotFound("no such film")

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("broken")

    @app.lifespan
    async def filled() -> Any:
        await OfflineFilm.create(title="Nuages", year=1953)
        yield

    return app


#: Of each page, what is to be seen on it; some only while one develops. ``axe`` looks at those that are our own.
PAGES = {
    "/docs": ("document.querySelectorAll('.opblock').length > 0", False),
    "/elements": (f"{SHOWN}.includes('ENDPOINTS')", False),
    "/lost": (f"{SHOWN}.includes('no such film')", True),
    "/films": ("document.querySelector('main a').textContent === 'Nuages'", True),
    "/films/1": (f"{SHOWN}.includes('1953')", True),
    "/films/new": ("document.querySelector('form [name=title]') !== null", True),
    "/grid/": ("document.querySelector('tbody').innerText.includes('Nuages')", True),
    "/login": ("document.querySelector('[type=password]') !== null", True),
    "/register": ("document.querySelector('[type=password]') !== null", True),
    "/password/forgot": ("document.querySelector('form input') !== null", True),
    "/files/": (f"{SHOWN}.includes('a.txt')", True),
    "/data": (f"{SHOWN}.includes('Nuages')", True),
}
DEVELOPING = {
    "/fails": ("document.querySelector('form.console') !== null", True),
    "/_debug/": ("document.querySelectorAll('tbody tr').length > 0", True),
    "/_debug/app": (f"{SHOWN}.includes('films')", True),
}


@pytest.mark.requires("chromium", "axe")
@pytest.mark.timeout(300)  # axe reads thirteen pages, twice each
@pytest.mark.parametrize("development", [False, True])
def test_built_in_pages_work_offline_and_ask_nobody_else(development: bool, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    app = app_of(f"sqlite:///{tmp_path}/films.db", folder, development=development)
    wrong: list[Any] = []
    with LiveServer(app) as server, opened(f"{server.url}/films", tmp_path / "profile", BLOCKED) as tab:
        for path, (seen, own) in (DEVELOPING if development else PAGES).items():
            tab.complaints.clear()
            tab.command("Page.navigate", url=f"{server.url}{path}")
            tab.wait_for(f"location.pathname === {path!r} && document.readyState === 'complete' && ({seen})")
            asked = tab.value("performance.getEntriesByType('resource').map(entry => entry.name)")
            wrong += [
                (path, one) for one in asked if not one.startswith((f"{server.url}/", "data:", "blob:"))
            ]
            # That an error page has the status of its error is no complaint.
            told = [json.loads(one) for one in tab.complaints]
            wrong += [
                (path, one)
                for one in told
                if one.get("entry", {}).get("source") != "network" or "status of" not in one["entry"]["text"]
            ]
            for size, scheme in (("phone", "light"), ("desktop", "dark")) if own else ():
                look(tab, size, scheme)
                wrong += [(path, size, scheme, one) for one in findings(tab)]
                if tab.value("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                    wrong.append((path, size, "is wider than the screen"))
    assert wrong == []
