"""Every link inside the documentation leads somewhere, and every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]

_CODE = re.compile(r"^(?P<ticks> *`{3,})[^`\n]*\n.*?^(?P=ticks)$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)(?P<path>[^)#\s]+)(?:#[^)\s]*)?\)")


def links(page: Path) -> list[Path]:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    return [(page.parent / found["path"]).resolve() for found in _LINK.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert [target for target in links(page) if not target.exists()] == []


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_no_page_of_the_site_links_out_of_it(page: Path) -> None:
    assert [target for target in links(page) if not target.is_relative_to(DOCS)] == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached, ahead = set(), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md" and page.exists():
            reached.add(page)
            ahead += links(page)
    assert sorted(set(DOCS.rglob("*.md")) - reached) == []
