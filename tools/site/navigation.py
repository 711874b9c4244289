"""The navigation of the site: what `docs/index.md` lists, in its order, under its headings."""

import re
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"(?P<depth>##+) (?P<title>.+)")
_PAGE = re.compile(r"- \[(?P<title>[^\]]+)\]\((?P<path>[^)#:]+\.md)\)")
_DECISION = re.compile(r"(?P<number>\d+)\. \[(?P<title>[^\]]+)\]\((?P<path>[^)]+\.md)\)")

Entry = dict[str, Any]


def navigation(pages: Path, reference: list[tuple[str, str]]) -> list[Entry]:
    """The entries of the site, as Zensical's `nav` has them; ``reference`` are titles and paths of pages that were generated."""
    found: list[Entry] = [{"Home": "index.md"}]
    section: list[Entry] = []
    inner: list[Entry] = []
    for line in (pages / "index.md").read_text(encoding="utf-8").splitlines():
        if heading := _HEADING.match(line):
            inner = []
            if len(heading["depth"]) == 2:
                section = inner
                found.append({heading["title"]: section})
            else:
                section.append({heading["title"]: inner})
        elif page := _PAGE.match(line):
            inner.append(entry(pages, page["title"], page["path"], reference))
    return [alone(one) for one in found]


def entry(pages: Path, title: str, path: str, reference: list[tuple[str, str]]) -> Entry:
    """One page; the two lists of pages, decisions and the reference, bring theirs along."""
    if path == "decisions/README.md":
        listed = _DECISION.finditer((pages / path).read_text(encoding="utf-8"))
        return {title: [path, *({one["title"]: f"decisions/{one['path']}"} for one in listed)]}
    if path == "reference/names.md":
        return {title: [path, *({name: written} for name, written in reference)]}
    return {title: path}


def alone(one: Entry) -> Entry:
    """A heading with one page below it is that page."""
    ((title, inner),) = one.items()
    if isinstance(inner, list) and len(inner) == 1:
        return {title: next(iter(inner[0].values()))}
    return one
