"""Modules with prefixes and hosts of their own, in groups, in modules; configured by a file of YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue import App, Config, Request
from segue.testing import Client


@pytest.mark.row("EM-01")
def test_modules_nest_have_hosts_and_come_in_groups(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(
        "name: club\nhosts:\n  admin: admin.example.com\nprefixes: [films, people]\nlimits: {page: 20}\n"
    )
    config = Config()
    config.load(tmp_path / "app.yaml")
    assert (config["hosts.admin"], config["limits.page"]) == ("admin.example.com", 20)

    notes = App("notes")

    @notes.get("/{id:int}")
    async def note(id: int, request: Request) -> dict[str, object]:
        return {"id": id, "self": request.url_for("note", id=id), "page": config["limits.page"]}

    # A module in a module in a module: their prefixes add up.
    archive = App("archive")
    archive.include(notes, at="/notes")
    films = App("films")
    films.include(archive, at="/archive")
    # A group: routes that are declared once, for all modules that are in it.
    common = App("common")
    seen: list[str] = []

    @common.before
    async def count(request: Request) -> None:
        seen.append(request.path)

    @common.get("/about")
    async def about(request: Request) -> str:
        return request.url_for("about")

    admin = App("admin")

    @admin.get("/")
    async def desk() -> str:
        return "desk"

    app = App(config["name"])
    app.include(films, at="/films")
    for prefix in config["prefixes"]:
        app.include(common, at=f"/{prefix}", name=f"{prefix}_common")
    app.include(admin, host=config["hosts.admin"])
    app.include(common, host=config["hosts.admin"], name="admin_common")

    with Client(app) as client:
        found = client.get("/films/archive/notes/7").json()
        assert found == {"id": 7, "self": "/films/archive/notes/7", "page": 20}
        assert app.url_for("films.archive.notes.note", id=7) == "/films/archive/notes/7"
        assert [client.get(f"/{one}/about").text for one in ("films", "people")] == [
            "/films/about",
            "/people/about",
        ]
        assert seen == ["/films/about", "/people/about"]
        admins = {"host": "admin.example.com"}
        assert client.get("/", headers=admins).text == "desk"
        assert client.get("/about", headers=admins).status == 200
        assert client.get("/").status == 404
        assert client.get("/about").status == 404
