"""Lists as files: what is seen in the table, all pages of it, in a format for programs or for paper."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from markupsafe import Markup

from segue.core.results.streams import Stream
from segue.db.models.model import Keyed
from segue.formats.csv import CSV
from segue.formats.html import HTML
from segue.formats.json import JSON
from segue.formats.xml import XML
from segue.grid.asked import Asked
from segue.grid.cells import plain_text
from segue.grid.columns import Column
from segue.grid.listing import Row, cell_values
from segue.grid.naming import object_text
from segue.grid.visit import visit
from segue.http.errors import BadRequest
from segue.http.filenames import content_disposition
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["export"]

#: So many rows are laid out as one page: formats for people are made as a whole, those for programs row by row.
_MOST_AT_ONCE = {"html": 10_000, "pdf": 2_000}

_PLAIN = (str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID, type(None))
# What no XML can carry.
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}


async def export(grid: "Grid[Any]", request: Request, name: str) -> Response:
    """The list that is asked for as a file: all of it, in its order."""
    one = await visit(grid, request, 1)
    await grid.rights.demand(request, "export")
    await grid.rights.demand(request, "list")
    asked = Asked(grid.known, request.query, grid.prefix, grid.size)
    query = asked.found(one.query).order_by(*asked.sorting.orders)
    if asked.problem:
        raise BadRequest(asked.problem)
    fields = {
        "content-disposition": content_disposition(f"{grid.name}.{name}"),
        "cache-control": "private, no-store",
    }
    if name in _MOST_AT_ONCE:
        body, content_type = await _whole(grid, query, asked, name, request)
        return Response(body, 200, fields, content_type)
    writer = _STREAMED[name]()
    items = _items(grid, query, asked, xml=name == "xml")
    pieces = writer.stream(items)
    if isinstance(writer, CSV):
        pieces = _with_heading(writer, pieces, [column.name for column in grid.known.columns])
    # What fails before the first piece is an ordinary error.
    first = await anext(pieces, None)
    media_type = "text/tab-separated-values" if name == "tsv" else writer.media_types[0]
    content_type = media_type + ("; charset=utf-8" if media_type.startswith("text/") else "")
    stream = Stream(pieces, lambda piece: piece, first, getattr(pieces, "aclose", None))
    return Response(stream, 200, fields, content_type)


async def _items(
    grid: "Grid[Any]", query: Any, asked: Asked, *, xml: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """The rows as the values of their columns by name."""
    names = [column.name for column in grid.known.columns]
    async for row in _rows(grid, query, asked):
        values = [_value(one) for one in row]
        if xml:
            values = [one.translate(_CONTROLS) if isinstance(one, str) else one for one in values]
        yield dict(zip(names, values, strict=True))


async def _rows(grid: "Grid[Any]", query: Any, asked: Asked) -> AsyncIterator[list[Any]]:
    known = grid.known
    selected = bool(known.beside or asked.sorting.beside)
    async for one in known.loaded(query, asked.sorting).stream():
        yield cell_values(known.columns, Row(one[0], one[1:]) if selected else Row(one, ()))


async def _with_heading(
    writer: CSV, lines: AsyncIterator[bytes], names: Sequence[str]
) -> AsyncIterator[bytes]:
    """Lines of CSV below the names of the columns, which are there even where there is no row."""
    yield writer.encode([list(names)])
    async for line in lines:
        yield line


async def _whole(
    grid: "Grid[Any]", query: Any, asked: Asked, name: str, request: Request
) -> tuple[bytes, str]:
    """All rows laid out as one page, for people; and what kind of page it is."""
    most = _MOST_AT_ONCE[name]
    labels = _headings(grid.known.columns)
    rows: list[dict[str, str]] = []
    async for values in _rows(grid, query.limit(most + 1), asked):
        texts = [plain_text(_value(one)) for one in values]
        rows.append(dict(zip(labels, texts, strict=True)))
    if len(rows) > most:
        raise BadRequest(
            f"These are more than {most:,} rows, which is too much for {name.upper()}. Narrow them down first."
        )
    value = rows or [dict.fromkeys(labels, "")]
    if name == "html":
        return await request.app.threads.run(HTML().encode, value), "text/html; charset=utf-8"
    from segue.formats.pdf import PDF  # only who wants one has what it takes

    return await request.app.threads.run(PDF().encode, value), "application/pdf"


def _headings(columns: Sequence[Column[Any]]) -> list[str]:
    """The labels of the columns; those that are alike with their names behind."""
    labels = [str(one.label) for one in columns]
    return [
        f"{label} ({one.name})" if labels.count(label) > 1 else label
        for one, label in zip(columns, labels, strict=True)
    ]


def _value(value: Any) -> Any:
    """A value of a cell as programs read it."""
    if hasattr(value, "__html__"):
        return Markup(value.__html__()).striptags()  # noqa: S704 -- of what is HTML, only the text is taken
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Keyed):
        return object_text(value)
    if isinstance(value, list) and all(isinstance(one, Keyed) for one in value):
        return ", ".join([object_text(one) for one in value])
    return plain_text(value)


_STREAMED: dict[str, Callable[[], Any]] = {
    "csv": lambda: CSV(header=False),
    "tsv": lambda: CSV(delimiter="\t", header=False),
    "json": JSON,
    "xml": XML,
}
