"""The site that `make docs` builds: in a browser from the file system, with every other host out of reach."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import opened
from looking import BLOCKED, SIZES, findings, look

# One of each kind: the list, prose with code, tables, a long reference, and a page full of figures.
LOOKED_AT = [
    "index.html",
    "guide/routing.html",
    "reference/cli.html",
    "reference/api/segue.formats.html",
    "benchmarks.html",
]
# The theme keeps its search apart from the page.
SEARCH = "[...document.querySelectorAll('*')].find(one => one.shadowRoot)?.shadowRoot"
LOADED = "performance.getEntriesByType('resource').map(one => one.name)"

pytestmark = [pytest.mark.requires("zensical", "griffe"), pytest.mark.timeout(300)]


class Anchors(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if place := told.get("id"):
            self.places.add(place)
        if tag == "a" and (link := told.get("href")):
            self.links.append(link)
        if tag in {"script", "img", "link", "iframe"} and (source := told.get("src") or told.get("href")):
            self.loads.append(source)


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Anchors]:
    return {page.resolve(): Anchors(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}


def test_every_link_and_anchor_of_the_site_leads_somewhere(pages: dict[Path, Anchors]) -> None:
    assert len(pages) > 200
    lost = []
    for page, found in pages.items():
        if page.name == "404.html":  # its links are from the root of where it is served
            continue
        for link in found.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (page.parent / unquote(url.path)).resolve() if url.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                lost.append((page.name, link))
            elif url.fragment and target in pages and unquote(url.fragment) not in pages[target].places:
                lost.append((page.name, link))
    assert lost == []


def test_no_page_loads_anything_from_elsewhere(pages: dict[Path, Anchors]) -> None:
    elsewhere = {one for found in pages.values() for one in found.loads if urlsplit(one).netloc}
    assert elsewhere == set()


def test_what_is_for_the_tests_is_not_in_the_pages(site: Path) -> None:
    told = [page.name for page in site.rglob("*.html") if "<!-- check" in page.read_text(encoding="utf-8")]
    assert told == []


@pytest.mark.requires("chromium")
def test_the_search_finds_pages_without_a_server(site: Path, tmp_path: Path) -> None:
    with opened((site / "index.html").as_uri(), tmp_path / "profile", BLOCKED) as tab:
        tab.wait_for("document.readyState === 'complete'")
        tab.value("document.querySelector('button.md-search__button').click()")
        tab.wait_for(f"!!{SEARCH}?.querySelector('input')")
        tab.value(f"{SEARCH}.querySelector('input').focus()")
        tab.command("Input.insertText", text="middleware")
        tab.wait_for(f"{SEARCH}.querySelector('a')?.href.includes('guide/middleware.html')")
        assert [one for one in tab.value(LOADED) if not one.startswith("file:")] == []
        assert tab.complaints == []


@pytest.mark.requires("chromium", "axe")
@pytest.mark.parametrize("path", LOOKED_AT)
def test_a_page_can_be_read_by_everybody_at_any_size(site: Path, path: str, tmp_path: Path) -> None:
    with opened((site / path).as_uri(), tmp_path / "profile", BLOCKED) as tab:
        tab.wait_for("document.readyState === 'complete'")
        for size, (width, _) in SIZES.items():
            look(tab, size, "light")
            assert tab.value("document.documentElement.scrollWidth") <= width, size
        assert [one for one in tab.value(LOADED) if not one.startswith(("file:", "data:"))] == []
        assert tab.complaints == []
        for size in SIZES:
            for scheme in ("light", "dark"):
                look(tab, size, scheme)
                tab.wait_for("document.getAnimations().length == 0")  # colours change little by little
                assert findings(tab) == [], (size, scheme)
