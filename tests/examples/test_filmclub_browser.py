"""The film club in a browser: with and without JavaScript, light and dark, on a desk and on a phone, and by axe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Tab, opened
from journey_process import Serving

import segue
from segue.security import new_key

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "filmclub"
AXE = ROOT / ".cache" / "ui" / "axe" / "axe.min.js"
PAGES = [
    "/en/",
    "/en/?q=nobody+has+made+this",
    "/en/films/178",
    "/en/genres/drama",
    "/en/people/3",
    "/en/login",
    "/de/top-ten",
]
LOADED = "document.readyState === 'complete'"
SERIOUS = """axe.run().then(({violations}) => violations.filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => one.id + ": " + one.nodes.map(node => node.html).slice(0, 3).join(" ")))"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the film club, with a database and posters of its own."""
    folder = tmp_path_factory.mktemp("club")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(EXAMPLE)
        patch.setenv("SECURITY_KEY", new_key())
        patch.setenv("DATABASE_URL", f"sqlite:///{folder}/club.db")
        patch.setenv("MEDIA_URL", f"{folder}/media")
        patch.setenv("MAIL_URL", "memory:")
        migrated = subprocess.run(
            [sys.executable, "-m", "segue", "db", "migrate"],
            env={**os.environ, "PYTHONPATH": str(Path(segue.__file__).parents[1])},
            capture_output=True,
            text=True,
        )
        assert migrated.returncode == 0, migrated.stderr
        with Serving("app:app", "--workers", "1", "--grace", "1") as serving:
            yield f"http://127.0.0.1:{serving.port}"
            assert not any("Traceback" in line for line in serving.log), "".join(serving.log)


def go(tab: Tab, url: str) -> None:
    tab.command("Page.navigate", url=url)
    tab.wait_for(f"location.href === '{url}' && {LOADED}")


def foreign(tab: Tab, club: str) -> list[str]:
    asked: list[str] = tab.value("performance.getEntriesByType('resource').map(one => one.name)")
    return [one for one in asked if not one.startswith((f"{club}/", "data:"))]


@pytest.mark.requires("chromium")
def test_films_are_found_while_somebody_types(club: str, tmp_path: Path) -> None:
    with opened(f"{club}/", tmp_path / "profile") as tab:
        tab.wait_for(f"location.pathname === '/en/' && {LOADED}")
        tab.value("document.body.dataset.same = 'page'")
        tab.value("q.value = 'jeunet amelie'; q.dispatchEvent(new Event('input', {bubbles: true}))")
        tab.wait_for("document.querySelector('h1').textContent.startsWith('1 film for')")
        assert (
            tab.value("document.querySelector('.films h3').textContent")
            == "Le Fabuleux destin d'Amélie Poulain"
        )
        assert tab.value("location.search") == "?q=jeunet+amelie&sort=known"
        assert tab.value("document.body.dataset.same") == "page"
        assert foreign(tab, club) == []
        assert tab.complaints == []


@pytest.mark.requires("chromium")
def test_films_are_found_without_a_script(club: str, tmp_path: Path) -> None:
    with opened("about:blank", tmp_path / "profile") as tab:
        tab.command("Emulation.setScriptExecutionDisabled", value=True)
        go(tab, f"{club}/en/")
        tab.value("document.getElementById('q').value = 'blade runner'")
        tab.value("document.querySelector('form.search').submit()")
        tab.wait_for("location.search.startsWith('?q=blade+runner') && document.querySelector('h1') !== null")
        tab.value("document.querySelector('.films h3 a').click()")
        tab.wait_for("document.querySelector('h1')?.textContent === 'Blade Runner'")
        tab.value("document.querySelector('dl a').click()")
        tab.wait_for("document.querySelector('h1')?.textContent === 'Ridley Scott'")


@pytest.mark.requires("chromium", "axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_axe_finds_nothing_serious(club: str, tmp_path: Path, scheme: str, width: int) -> None:
    with opened("about:blank", tmp_path / "profile") as tab:
        tab.command("Page.setBypassCSP", enabled=True)  # for axe itself
        tab.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        tab.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 400,
        )
        for path in PAGES:
            go(tab, f"{club}{path}")
            assert tab.value(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            ), path
            tab.value(AXE.read_text(encoding="utf-8") + ";0")
            assert tab.value(SERIOUS) == [], path
            assert foreign(tab, club) == []
