"""What stands around the table of a list: search, filters, downloads, pages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import escape

from segue.grid.facets import Facet, Option, Range
from segue.grid.paging import COUNTED
from segue.grid.searchbuilder import builder
from segue.grid.texts import (
    APPLY,
    CLEAR,
    EXPORT,
    FILTERS,
    FIRST,
    FOUND,
    FROM,
    MANY_FOUND,
    NEXT,
    PAGES,
    PREVIOUS,
    SEARCH,
    TO,
)
from segue.html.attribute import quoted

if TYPE_CHECKING:
    from segue.grid.shownlist import ShownList

__all__ = ["downloads", "filters", "pages", "search", "summary"]


def search(shown: "ShownList") -> str:
    """The search, with all else that is asked for hidden in it."""
    asked, plan = shown.asked, shown.plan
    if not plan.search:
        return ""
    name = f"{asked.prefix}q"
    hidden = _hidden(asked.pairs(without=("q",)))
    label = escape(SEARCH)
    return (
        f'<form method="get" action="{quoted(shown.path)}" role="search" data-grid-form>{hidden}'
        f'<input type="search" name="{name}" value="{quoted(asked.text)}" maxlength="200" aria-label="{label}" '
        f'autocomplete="off"><button class="quiet">{label}</button></form>'
    )


def filters(shown: "ShownList") -> str:
    """The facets and the search builder, in a form of their own."""
    asked = shown.asked
    if not shown.found.facets and not shown.builds:
        return ""
    prefix = f"{asked.prefix}f."
    taken = tuple(
        name for facet, _ in shown.found.facets for name in _names(facet, f"{asked.prefix}f.", asked.prefix)
    )
    parts = [
        f'<form method="get" action="{quoted(shown.path)}" class="grid-filters" data-grid-form>',
        _hidden(asked.pairs(without=(*taken, "where"))),
    ]
    for facet, options in shown.found.facets:
        parts.append(
            _range(shown, facet, prefix) if isinstance(facet, Range) else _values(facet, options, prefix)
        )
    if shown.builds:
        parts.append(builder(shown))
    clear = ""
    if asked.narrowed:
        clear = f'<a class="button quiet small" href="{quoted(shown.path)}">{escape(CLEAR)}</a>'
    parts.append(f'<div class="buttons"><button class="small">{escape(APPLY)}</button>{clear}</div></form>')
    opened = " open" if asked.given or asked.where else ""
    return (
        f'<details class="grid-panel"{opened}><summary>{escape(FILTERS)}</summary>{"".join(parts)}</details>'
    )


def summary(shown: "ShownList") -> str:
    """How many were found."""
    total = shown.found.total
    text = MANY_FOUND.of(COUNTED) if total is None else FOUND.of(total)
    return f'<p class="soft grid-count" role="status">{escape(text)}</p>'


def downloads(shown: "ShownList") -> str:
    """Links to the list as a file."""
    if not shown.exports:
        return ""
    query = shown.asked.url()
    items = "".join(
        [
            f'<li><a href="{quoted(shown.links.export(one, query))}" download>{one.upper()}</a></li>'
            for one in shown.exports
        ]
    )
    return f'<details class="grid-menu"><summary class="button quiet">{escape(EXPORT)}</summary><ul>{items}</ul></details>'


def pages(shown: "ShownList") -> str:
    """Links to other pages: by number, or on and back where there are too many to be counted."""
    found, asked = shown.found, shown.asked
    if found.before is None and found.after is None:
        return ""
    parts: list[str] = []
    counted = found.total is not None and not asked.after and not asked.before
    if not counted and found.before is not None:
        parts.append(_page(shown, asked.url(), escape(FIRST)))
    if found.before is not None:
        parts.append(_page(shown, found.before, escape(PREVIOUS), "prev"))
    if counted and found.total is not None:
        last = -(-found.total // asked.size)
        previous = 0
        for number in _near(asked.number, last):
            if number > previous + 1:
                parts.append("<li><span>…</span></li>")
            if number == asked.number:
                parts.append(f'<li><span aria-current="page">{number}</span></li>')
            else:
                parts.append(_page(shown, asked.url(page=number), str(number)))
            previous = number
    if found.after is not None:
        parts.append(_page(shown, found.after, escape(NEXT), "next"))
    return f'<nav class="pages" aria-label="{escape(PAGES)}"><ul>{"".join(parts)}</ul></nav>'


def _page(shown: "ShownList", query: str, text: str, rel: str = "") -> str:
    mark = f' rel="{rel}"' if rel else ""
    return f'<li><a href="{quoted(shown.path + query)}"{mark}>{text}</a></li>'


def _near(number: int, last: int) -> list[int]:
    """The numbers of pages that are shown: the first, the last, and those around."""
    return sorted({1, last, *range(max(1, number - 2), min(last, number + 2) + 1)})


def _hidden(pairs: Sequence[tuple[str, str]]) -> str:
    return "".join(
        [f'<input type="hidden" name="{quoted(name)}" value="{quoted(text)}">' for name, text in pairs]
    )


def _names(facet: Facet, prefix: str, own: str) -> list[str]:
    """The names of its fields, as ``Asked.pairs`` knows them."""
    name = f"{prefix}{facet.name}".removeprefix(own)
    return [f"{name}.from", f"{name}.to"] if isinstance(facet, Range) else [name]


def _values(facet: Facet, options: Sequence[Option], prefix: str) -> str:
    if not options:
        return ""
    name = quoted(prefix + facet.name)
    boxes = [
        f'<label><input type="checkbox" name="{name}" value="{quoted(one.text)}"{" checked" if one.chosen else ""}> '
        f"<span>{escape(one.label)}</span>"
        + ("" if one.number is None else f'<span class="soft grid-number">{one.number:,}</span>')
        + "</label>"
        for one in options
    ]
    return f'<fieldset class="grid-facet"><legend>{escape(facet.label)}</legend>{"".join(boxes)}</fieldset>'


def _range(shown: "ShownList", facet: Range, prefix: str) -> str:
    given = shown.asked.given.get(facet.name)
    parts: list[str] = []
    for end, label in (("from", FROM), ("to", TO)):
        name = f"{prefix}{facet.name}.{end}"
        text = given.texts.get(name, [""])[0] if given is not None else ""
        step = ' step="any"' if facet.control == "number" else ""
        parts.append(
            f'<label><span>{escape(label)}</span><input type="{facet.control}"{step} name="{quoted(name)}" value="{quoted(text)}"></label>'
        )
    return f'<fieldset class="grid-facet grid-range"><legend>{escape(facet.label)}</legend>{"".join(parts)}</fieldset>'
