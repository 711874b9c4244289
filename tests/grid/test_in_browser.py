"""Grids in a browser: with scripts and without, on a desk and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bookshelf import Book, app_of, books, writers
from browser import Tab, opened

from segue.security import Security
from segue.testing import LiveServer

AXE = Path(__file__).resolve().parents[2] / ".cache" / "ui" / "axe" / "axe.min.js"
ROWS = "[...document.querySelectorAll('tbody tr')].map(row => row.querySelector('a').textContent)"


def click(tab: Tab, selector: str) -> None:
    tab.wait_for(f"document.querySelector({selector!r}) !== null")
    tab.value(f"document.querySelector({selector!r}).click()")


def fill(tab: Tab, selector: str, text: str) -> None:
    tab.wait_for(f"document.querySelector({selector!r}) !== null")
    tab.value(
        f"(field => {{ field.focus(); field.value = {text!r}; field.dispatchEvent(new Event('input', {{bubbles: true}})) }})"
        f"(document.querySelector({selector!r}))"
    )


@pytest.mark.row("CW-14", "W-16", "W-17")
@pytest.mark.requires("chromium")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scripts", [False, True])
def test_people_work_with_a_grid(sqlite: str, tmp_path: Path, scripts: bool, width: int) -> None:
    app = app_of(sqlite, ("/books", books(size=10)), ("/writers", writers()))
    app.install(Security(https=False))  # a strict policy: nothing of the page may break it
    with LiveServer(app) as server, opened("about:blank", tmp_path / "profile") as tab:
        # Only the scripts of the page are off; those that ask about it run.
        tab.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        tab.command("Page.navigate", url=f"{server.url}/books/")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 10")
        assert tab.value("document.documentElement.scrollWidth") <= width
        assert tab.value("!document.querySelector('[data-all]').hidden") is scripts
        tab.value("window.stays = true")

        # Facets: with a script they act at once, and the page stays.
        tab.value("document.querySelector('.grid-panel').open = true")
        assert tab.value("document.documentElement.scrollWidth") <= width
        tab.value("document.querySelector('[name=\"f.opinions.has\"][value=yes]').click()")
        if not scripts:
            click(tab, ".grid-filters .buttons button")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 2")
        assert tab.value("new URLSearchParams(location.search).get('f.opinions.has')") == "yes"
        assert tab.value(ROWS) == ["Der Zauberberg", "Orlando"]
        assert (tab.value("window.stays") is True) is scripts
        assert tab.value("document.querySelector('.grid-panel').open")

        # Words, beside what is chosen already.
        fill(tab, "[type=search]", "virginia")
        if not scripts:
            click(tab, "[role=search] button")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 1")
        assert tab.value("new URLSearchParams(location.search).get('f.opinions.has')") == "yes"
        if scripts:
            assert tab.value("document.activeElement.name") == "q"
            tab.value("history.back()")
            tab.wait_for("document.querySelectorAll('tbody tr').length == 2")
            tab.value("history.forward()")
            tab.wait_for("document.querySelectorAll('tbody tr').length == 1")

        # Order and pages.
        tab.command("Page.navigate", url=f"{server.url}/books/")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 10")
        click(tab, "thead th:nth-child(4) a")
        tab.wait_for("document.querySelector('th[aria-sort=ascending]') !== null")
        click(tab, "nav.pages a[rel=next]")
        tab.wait_for("document.querySelector('nav.pages [aria-current]').textContent == '2'")

        # A question is asked before those that are selected are lent.
        if scripts:
            click(tab, "[data-all]")
            assert tab.value("document.querySelectorAll('tbody :checked').length") == 10
            click(tab, "[data-all]")
        click(tab, "tbody input[type=checkbox]")
        click(tab, "button[name=many][value=lend]")
        tab.wait_for("document.body.innerText.includes('Lend them all?')")
        click(tab, "main button")
        tab.wait_for("document.body.innerText.includes('1 lent.')")
        assert tab.value("document.querySelector('nav.pages [aria-current]').textContent") == "2"

        # One is changed, another one is deleted.
        click(tab, "tbody tr a[href*='/edit/']")
        fill(tab, "[name=title]", "Changed <b>")
        click(tab, ".buttons button")
        tab.wait_for("document.body.innerText.includes('Changed <b> was saved.')")
        click(tab, "tbody tr a[href*='/delete/']")
        tab.wait_for("document.body.innerText.includes('Really delete?')")
        click(tab, "main button")
        tab.wait_for("document.body.innerText.includes('was deleted.')")

        # From a writer to her books, to what readers think, and back.
        tab.command("Page.navigate", url=f"{server.url}/writers/")
        click(tab, "tbody a")
        click(tab, "nav.tabs a")
        click(tab, "tbody tr:nth-child(2) a")
        click(tab, "nav.tabs a")
        tab.wait_for("document.querySelectorAll('nav.breadcrumbs li').length == 5")
        click(tab, ".tools a.button")
        fill(tab, "[name=stars]", "5")
        fill(tab, "[name=text]", "Again!")
        click(tab, ".buttons button")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 3")
        assert tab.value("document.documentElement.scrollWidth") <= width
        click(tab, "nav.breadcrumbs li:nth-child(3) a")
        tab.wait_for("document.querySelectorAll('tbody tr').length == 2")
        assert [one for one in tab.complaints if "favicon" not in one] == []


@pytest.mark.requires("chromium", "axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(sqlite: str, tmp_path: Path, scheme: str) -> None:
    app = app_of(sqlite, ("/books", books(size=10, inline=[Book.topics])), ("/writers", writers()))
    with LiveServer(app) as server, opened("about:blank", tmp_path / "profile") as tab:
        tab.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        for path, opens in (
            ("/books/?f.opinions.has=yes&where=nonsense", ""),
            ("/writers/of/1/books/view/1", ""),
            ("/writers/of/1/books/", "a[href*='/edit/']"),
            ("/books/", "a[href*='/delete/']"),
        ):
            tab.command("Page.navigate", url=f"{server.url}{path}")
            tab.wait_for("document.readyState === 'complete' && document.querySelector('h1') !== null")
            if opens:
                tab.value(f"document.querySelector({opens!r}).click()")
                tab.wait_for("document.querySelector('form.form') !== null")
            assert findings(tab) == [], (path, opens)


def findings(tab: Tab) -> list[Any]:
    """What axe finds that is serious."""
    tab.value(AXE.read_text(encoding="utf-8") + ";0")
    found = tab.value(
        "axe.run().then(({violations}) => violations.filter(one => ['serious', 'critical'].includes(one.impact))"
        ".map(one => [one.id, one.nodes.map(node => node.html + ' ' + node.failureSummary)]))"
    )
    return list(found)
