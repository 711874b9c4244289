"""A page of a list: its rows, how many there are, and what it can be narrowed down by."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from segue.grid.asked import Asked
from segue.grid.columns import Column
from segue.grid.facets import Facet, Option
from segue.grid.paging import COUNTED
from segue.grid.plan import ListPlan

__all__ = ["Found", "Row", "cell_values", "found"]


class Row(NamedTuple):
    """An object of a list, with the values that were asked for beside it."""

    target: Any
    beside: Sequence[Any]


class Found(NamedTuple):
    """What was found. ``total``: None where there are more than are counted. ``before`` and ``after``: the queries
    of the pages before and after this one; None where there is none.
    """

    rows: Sequence[Row]
    total: int | None
    before: str | None
    after: str | None
    facets: Sequence[tuple[Facet, Sequence[Option]]]


async def found(plan: ListPlan, base: Any, asked: Asked) -> Found:
    """Asks the database for a page: one statement for the rows, one that counts at most 10,000 of them, one for each facet."""
    query = asked.found(base)
    rows, more = await _rows(plan, query, asked)
    total = await _total(query, asked, rows, more=more)
    counted = total is not None
    facets = [
        (one, await one.options(asked.found(base, without=one), asked.given.get(one.name), counted=counted))
        for one in plan.facets
    ]
    before, after = _neighbours(plan, asked, rows, total, more=more)
    return Found(rows, total, before, after, facets)


async def _rows(plan: ListPlan, query: Any, asked: Asked) -> tuple[list[Row], bool]:
    """The rows, and whether there are more in the direction that was asked for."""
    sorting, size = asked.sorting, asked.size
    turned = bool(asked.before)
    if asked.before or asked.after:
        query = query.where(sorting.beyond(asked.before or asked.after, before=turned))
    query = query.order_by(*(sorting.reversed() if turned else sorting.orders)).limit(size + 1)
    if asked.number > 1 and not (asked.before or asked.after):
        query = query.offset((asked.number - 1) * size)
    given = await plan.loaded(query, sorting)
    selected = bool(plan.beside or sorting.beside)
    rows = [Row(one[0], one[1:]) for one in given] if selected else [Row(one, ()) for one in given]
    more = len(rows) > size
    del rows[size:]
    if turned:
        rows.reverse()
    return rows, more


async def _total(query: Any, asked: Asked, rows: Sequence[Row], *, more: bool) -> int | None:
    """How many there are; None for more than 10,000. What is seen at once is not counted by the database."""
    if not more and not asked.before and not asked.after and (rows or asked.number == 1):
        return (asked.number - 1) * asked.size + len(rows)
    number: int = await query.order_by().limit(COUNTED + 1).count()
    return None if number > COUNTED else number


def _neighbours(
    plan: ListPlan, asked: Asked, rows: Sequence[Row], total: int | None, *, more: bool
) -> tuple[str | None, str | None]:
    """The queries of the pages before and after."""
    if total is not None and not asked.before and not asked.after:
        before = asked.url(page=asked.number - 1) if asked.number > 1 else None
        after = asked.url(page=asked.number + 1) if asked.number * asked.size < total else None
        return before, after
    if not rows:
        return (asked.url() if asked.after or asked.number > 1 else None), None
    skipped = len(plan.beside)
    first, last = rows[0], rows[-1]
    is_first = not asked.after and not asked.before and asked.number == 1
    before = (
        None if is_first else asked.url(before=asked.sorting.cursor(first.target, first.beside[skipped:]))
    )
    after = asked.url(after=asked.sorting.cursor(last.target, last.beside[skipped:]))
    if asked.before:
        return (before if more else None), after
    return before, (after if more else None)


def cell_values(columns: Sequence[Column[Any]], row: Row) -> list[Any]:
    """The values of one row, column by column."""
    beside = iter(row.beside)
    return [one.value(row.target) if one.expression is None else next(beside) for one in columns]
