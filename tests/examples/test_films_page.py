"""The page of the film example in a browser: searched as one types, told of new films, in light and dark."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx2
import pytest
from browser import opened

from segue.testing import LiveServer

pytestmark = pytest.mark.requires("chromium")

TITLES = "[...document.querySelectorAll('tbody a')].map(link => link.textContent)"
# How far apart the darkest and the lightest of paper and ink are, as WCAG 2.2 computes it.
CONTRAST = """
(() => {
  const light = color => color.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return Math.min(...["h1", "header p", "tbody a", "tbody td", "label", "caption", "footer a"].map(name => {
    const ink = light(getComputedStyle(document.querySelector(name)).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }));
})()
"""


def test_the_page_lives(server: LiveServer, client: httpx2.Client, tmp_path: Path) -> None:
    with opened(f"{server.url}/", tmp_path / "profile") as page:
        page.wait_for("document.readyState === 'complete' && socket.readyState === 1")
        assert len(page.value(TITLES)) == 20
        page.value("form.q.value = 'amelie'; form.q.dispatchEvent(new Event('input'))")
        page.wait_for(f"{TITLES}.length === 1")
        assert page.value(TITLES) == ["Le Fabuleux destin d'Amélie Poulain"]
        assert page.value("document.querySelector('tbody tr').innerText").split("\t")[1:] == [
            "2001", "Jean-Pierre Jeunet", "Comedy", "8.5",
        ]  # fmt: skip

        client.post("/films", json={"title": "<b>A film for all</b>"})
        page.wait_for("document.getElementById('news').textContent === 'Just added: <b>A film for all</b>'")

        page.value(
            "form.genre.value = 'Western';"
            "setTimeout(() => form.genre.dispatchEvent(new Event('change', { bubbles: true })))"
        )
        page.wait_for("location.search.includes('genre=Western') && document.readyState === 'complete'")
        assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_in_light_and_dark(server: LiveServer, tmp_path: Path, scheme: str) -> None:
    with opened(f"{server.url}/?q=love", tmp_path / "profile", "--window-size=360,800") as page:
        page.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        page.wait_for("document.readyState === 'complete' && document.querySelector('tbody a') !== null")
        paper = page.value("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(24, 24, 27)") == (scheme == "dark")
        assert page.value(CONTRAST) >= 4.5
        assert page.value("document.documentElement.scrollWidth <= innerWidth")
        shot = base64.b64decode(page.command("Page.captureScreenshot", format="png")["data"])
        assert shot.startswith(b"\x89PNG")
        assert len(shot) > 10_000
