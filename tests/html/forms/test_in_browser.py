"""Forms in a browser, without scripts and with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from browser import Tab, opened
from msgspec import Meta, field

from segue import App, SeeOther, Struct
from segue.html import FormOf, Page, Templates
from segue.security import Security
from segue.testing import LiveServer


class Track(Struct):
    title: Annotated[str, Meta(max_length=20, pattern=r"^[\w '-]+$")]


class Record(Struct):
    name: str
    tracks: list[Track] = field(default_factory=list)


def app_of(saved: list[Any]) -> App:
    page = '<!doctype html><html lang="en"><head><title>Record</title></head><body>{{ form }}</body></html>'
    done = "<!doctype html><title>Done</title><h1>Done</h1>"
    app = App(plugins=[Templates(None, texts={"page.html": page, "done.html": done}), Security()])

    @app.route("/", methods=["GET", "POST"])
    async def record(form: FormOf[Record]) -> Page:
        if form.valid:
            saved.append(form.value)
            raise SeeOther("/done")
        return form.render("page.html")

    @app.get("/done", template="done.html")
    async def end() -> dict[str, str]:
        return {}

    return app


def click(tab: Tab, selector: str) -> None:
    tab.wait_for(f"document.querySelector({selector!r}) !== null")
    tab.value(f"document.querySelector({selector!r}).click()")


@pytest.mark.row("DJ-17")
@pytest.mark.requires("chromium")
@pytest.mark.parametrize("scripts", [False, True])
def test_rows_come_and_go_and_the_form_is_sent(tmp_path: Path, scripts: bool) -> None:
    saved: list[Any] = []
    with LiveServer(app_of(saved)) as server, opened("about:blank", tmp_path / "profile") as tab:
        # Only the scripts of the page are off; those that ask about it run.
        tab.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.command("Page.navigate", url=server.url)
        click(tab, "#record-add-tracks")
        tab.wait_for("document.querySelectorAll('fieldset.row').length == 1")
        assert tab.value("window.segueRows === true") is scripts
        if scripts:
            assert tab.value("document.activeElement.id") == "record-tracks-0-title"
        tab.value("document.getElementById('record-tracks-0-title').value = 'Nuagés'")
        assert tab.value("document.getElementById('record-tracks-0-title').validity.valid")
        tab.value("document.getElementById('record-tracks-0-title').value = '<'")
        assert tab.value("document.getElementById('record-tracks-0-title').validity.patternMismatch")
        tab.value("document.getElementById('record-tracks-0-title').value = 'Nuagés'")
        click(tab, "#record-add-tracks")
        tab.wait_for("document.querySelectorAll('fieldset.row').length == 2")
        assert tab.value("document.getElementById('record-tracks-0-title').value") == "Nuagés"
        tab.value("document.getElementById('record-tracks-1-title').value = 'Daphne'")
        click(tab, "#record-up-tracks-1")
        tab.wait_for("document.getElementById('record-tracks-0-title').value == 'Daphne'")
        # The browser refuses what the server would.
        click(tab, ".buttons button")
        assert tab.value("document.querySelector('#record-name').validity.valueMissing")
        assert not saved
        tab.value("document.getElementById('record-name').value = 'Swing'")
        click(tab, ".buttons button")
        tab.wait_for("document.title == 'Done'")
        assert [one for one in tab.complaints if "favicon" not in one] == []
    assert saved == [Record("Swing", [Track("Daphne"), Track("Nuagés")])]
