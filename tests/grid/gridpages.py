"""What tests read in the pages of a grid."""

from __future__ import annotations

import html
import re

__all__ = ["cells", "count", "facet", "link", "links", "titles"]


def links(page: str, part: str) -> list[str]:
    """The URLs in a page, of links and of forms, that have ``part`` in them."""
    found = re.findall(r'(?:href|action)="([^"]*)"', page)
    return [html.unescape(one) for one in found if part in html.unescape(one)]


def link(page: str, part: str) -> str:
    found = links(page, part)
    assert found, f"no link with {part!r}"
    return found[0]


def cells(page: str) -> list[list[str]]:
    """The texts of the table, row by row, without boxes and buttons."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found: list[list[str]] = []
    for row in body.split("<tr>")[1:]:
        own = re.findall(r'<td(?! class="grid-)(?:[^>]*)>(.*?)</td>', row, re.DOTALL)
        found.append([html.unescape(re.sub(r"<[^>]+>", "", one)) for one in own])
    return found


def titles(page: str) -> list[str]:
    return [row[0] for row in cells(page)]


def count(page: str) -> str:
    found = re.search(r'class="soft grid-count"[^>]*>(.*?)</p>', page)
    assert found
    return found[1]


def facet(page: str, legend: str) -> dict[str, str]:
    """The options of a facet and how many there are of each."""
    found = re.search(rf"<legend>{re.escape(legend)}</legend>(.*?)</fieldset>", page, re.DOTALL)
    assert found, f"no facet {legend!r}"
    options = re.findall(r'<span>(.*?)</span>(?:<span class="soft grid-number">(.*?)</span>)?', found[1])
    return {html.unescape(label): number for label, number in options}
