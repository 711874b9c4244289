"""The page in a browser: Swagger UI, with nothing from anywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import opened

from segue import App, Struct
from segue.openapi import OpenAPI
from segue.testing import LiveServer

pytestmark = pytest.mark.requires("chromium")

# Every other host is a name that does not resolve.
BLOCKED = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
ASKED = "performance.getEntriesByType('resource').map(entry => entry.name)"


class Film(Struct):
    title: str


def shop() -> App:
    app = App("shop", plugins=[OpenAPI(title="Shop", version="1.0")])

    @app.get("/films/{id}")
    async def show(id: int) -> Film:
        """One film."""
        return Film(f"Film {id}")

    @app.post("/films")
    async def add(film: Film) -> Film:
        """Adds a film."""
        return film

    return app


def test_the_page_shows_operations_and_tries_them_offline(tmp_path: Path) -> None:
    with (
        LiveServer(shop()) as server,
        opened(f"{server.url}/docs", tmp_path / "profile", BLOCKED) as page,
    ):
        page.wait_for("document.querySelectorAll('.opblock').length === 2")
        assert not page.value("document.getElementById('plain')")
        assert page.value("document.querySelector('.info .title').textContent").startswith("Shop")

        page.value("document.querySelector('.opblock-get .opblock-summary-control').click()")
        page.wait_for("document.querySelector('.opblock-get .try-out__btn') !== null")
        page.value("document.querySelector('.opblock-get .try-out__btn').click()")
        page.wait_for("document.querySelector('tr[data-param-name=id] input:not([disabled])') !== null")
        page.value("document.querySelector('tr[data-param-name=id] input').focus()")
        page.command("Input.insertText", text="7")
        page.value("document.querySelector('tr[data-param-name=id] input').blur()")
        page.wait_for("document.querySelector('.opblock-get .execute') !== null")
        page.value("document.querySelector('.opblock-get .execute').click()")
        page.wait_for("document.querySelector('.live-responses-table')?.innerText.includes('Film 7')")

        assert [name for name in page.value(ASKED) if not name.startswith((server.url, "data:"))] == []
        assert page.complaints == []
